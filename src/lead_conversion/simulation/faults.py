"""What is known to be wrong in the source's data, planted row by row and written down.

Shares are of the rows that a fault can befall. The ledger names every row that was touched, so
that a test can ask whether each fault was found and whether any clean row was refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.kernel.windows import HOURS_A_DAY
from lead_conversion.simulation.campaigns import Agency, Floats
from lead_conversion.simulation.draws import at_share, happen, pick
from lead_conversion.simulation.people import Leads
from lead_conversion.simulation.records import (
    ACTIVITIES,
    BOOKINGS,
    CAMPAIGNS,
    CONTACTS,
    MESSAGES,
    PROMPTS,
    STEPS,
    FirstIds,
    Tables,
)
from lead_conversion.simulation.replies import quote_thread
from lead_conversion.simulation.zones import utc_offset

SHARES = {
    "repeated_message_id": 0.010,
    "missing_message_id": 0.004,
    "reimported_activity": 0.008,
    "unknown_enrollment": 0.002,
    "unknown_step": 0.002,
    "unknown_prompt": 0.003,
    "unknown_ghl_contact": 0.004,
    "missing_ghl_contact": 0.003,
    "channel_spelling": 0.12,
    "outcome_spelling": 0.06,
    "direction_spelling": 0.08,
    "industry_spelling": 0.12,
    "lead_source_spelling": 0.12,
    "mojibake": 0.03,
    "html_entities": 0.02,
    "zero_width": 0.01,
    "emoji": 0.03,
    "long_thread": 0.01,
    "completed_before_started": 0.010,
    "timestamp_after_created": 0.006,
    "timestamp_in_1970": 0.001,
    "timestamp_in_2099": 0.001,
    "event_before_contact": 0.002,
    "booking_before_first_event": 0.008,
    "local_time_as_utc": 0.010,
    "arrives_late": 0.5,
    "same_person_twice": 0.012,
    "void_booking": 0.05,
    "booking_by_ghl_contact_only": 0.05,
}
_CHANNEL_SPELLINGS = {
    "sms": ("SMS", "Sms", "text", " sms"),
    "email": ("e-mail", "Email", "EMAIL", "email "),
    "voice": ("call", "phone", "Voice", "Call "),
}
_OUTCOME_SPELLINGS = {
    "no_answer": ("no-answer", "No Answer", "no answer"),
    "voicemail": ("left_voicemail", "Voicemail", "left voicemail"),
    "delivered": ("Delivered", "DELIVERED", "delivered "),
    "opened": ("Opened", "open"),
    "clicked": ("Clicked", "click"),
    "connected": ("Connected", "answered"),
    "sent": ("Sent", " sent"),
    "bounced": ("Bounced", "bounce"),
    "failed": ("Failed", "FAILED"),
    "skipped": ("Skipped", "skipped "),
}
_DIRECTION_SPELLINGS = {
    "inbound": ("in", "Inbound", "INBOUND", " inbound"),
    "outbound": ("out", "Outbound", "OUTBOUND", "outbound "),
}
_ID_COLUMNS = {
    CONTACTS: "contact_id",
    ACTIVITIES: "activity_id",
    MESSAGES: "message_id",
    BOOKINGS: "appointment_id",
    STEPS: "step_id",
    PROMPTS: "prompt_id",
    CAMPAIGNS: "campaign_id",
}
_MANGLED = "['áéíóúñçãßüöä]"
_ESCAPED = "[&'\"<>]"
_EMOJI = ("🙂", "👍", "🙏🏽", "📚", "🚀", "😅")
_ZERO_WIDTH = ("\u200b", "\u200d", "\ufeff")
_ORPHAN = 900_000_000
_SECOND = np.timedelta64(1_000_000, "us")


@dataclass
class Faults:
    """Plants faults in the tables of a batch; a table's index labels follow its rows."""

    agency: Agency
    tables: Tables
    rng: np.random.Generator
    touched: list[tuple[str, str, "pd.Index[int]"]] = field(default_factory=list)

    def _share(self, fault: str) -> float:
        return min(SHARES[fault] * self.agency.spec.fault_rate, 1.0)

    def _befall(self, fault: str, table: str, can: "pd.Series[bool]") -> "pd.Index[int]":
        """The rows that the fault befalls among those that it can; each goes into the ledger."""
        able = can.index[can.to_numpy(dtype=bool)]
        hit = able[happen(self.rng, self._share(fault), len(able))]
        self.touched.append((fault, table, hit))
        return hit

    def _every(self, table: str) -> "pd.Series[bool]":
        return pd.Series(True, index=self.tables[table].index)

    def _append(self, table: str, rows: pd.DataFrame) -> "pd.Index[int]":
        frame = self.tables[table]
        start = int(frame.index.max()) + 1 if len(frame) else 0
        rows = rows.set_axis(pd.RangeIndex(start, start + len(rows)), axis=0)
        self.tables[table] = pd.concat([frame, rows]) if len(rows) else frame
        return rows.index

    def misspell(self) -> None:
        """Channel, outcome, direction, industry and source as different tools write them."""
        for table, column, spellings in (
            (ACTIVITIES, "channel", _CHANNEL_SPELLINGS),
            (MESSAGES, "channel", _CHANNEL_SPELLINGS),
            (ACTIVITIES, "outcome", _OUTCOME_SPELLINGS),
            (MESSAGES, "direction", _DIRECTION_SPELLINGS),
        ):
            frame = self.tables[table]
            hit = self._befall(f"{column}_spelling", table, self._every(table))
            draw = self.rng.random(len(hit))
            frame.loc[hit, column] = [
                at_share(spellings[right], d) for right, d in zip(frame.loc[hit, column], draw, strict=True)
            ]
        frame = self.tables[CONTACTS]
        for column in ("industry", "lead_source"):
            hit = self._befall(f"{column}_spelling", CONTACTS, frame[column].notna())
            forms: tuple[Callable[[str], str], ...] = (
                str.upper,
                str.title,
                lambda s: f" {s}",
                lambda s: f"{s.replace('_', ' ').title()} ",
            )
            form = self.rng.integers(len(forms), size=len(hit))
            frame.loc[hit, column] = [forms[f](s) for s, f in zip(frame.loc[hit, column], form, strict=True)]

    def garble_texts(self) -> None:
        """Bodies in a wrong encoding, with entities, hidden characters, emoji, endless threads."""
        frame = self.tables[MESSAGES]
        inbound = frame["direction"].eq("inbound")
        by_email = inbound & frame["channel"].eq("email")
        garblers: dict[str, tuple[pd.Series[bool], str, Callable[[str], str]]] = {
            "mojibake": (self._every(MESSAGES), _MANGLED, _to_mojibake),
            "html_entities": (self._every(MESSAGES), _ESCAPED, _to_entities),
            "zero_width": (self._every(MESSAGES), "", self._hide_characters),
            "emoji": (inbound, "", lambda text: f"{text} {pick(self.rng, _EMOJI)}"),
            "long_thread": (by_email, "", lambda text: quote_thread(text, text, "Fri", 25)),
        }
        for fault, (can, pattern, garble) in garblers.items():
            # One garbling takes away what the next would have changed: look at the text as it is by now.
            hit = self._befall(fault, MESSAGES, can & frame["body"].str.contains(pattern))
            frame.loc[hit, "body"] = [garble(text) for text in frame.loc[hit, "body"]]

    def _hide_characters(self, text: str) -> str:
        place = int(self.rng.integers(1, max(2, len(text))))
        return text[:place] + _ZERO_WIDTH[place % len(_ZERO_WIDTH)] + text[place:]

    def shift_times(self, leads: Leads, first: FirstIds) -> None:
        """Times that cannot be, and local times written as UTC in nightly imports."""
        activities, messages = self.tables[ACTIVITIES], self.tables[MESSAGES]
        done, called = activities["completed_at"], activities["call_started_at"]
        hit = self._befall("completed_before_started", ACTIVITIES, called.notna())
        activities.loc[hit, "completed_at"] = called[hit] - 45 * _SECOND

        lead = activities["enrollment_id"].to_numpy() - first.enrollment
        zone = pd.Series(leads.zone[lead], index=activities.index)
        can = done.notna() & self._offset(done, zone).ne(pd.Timedelta(0)) & ~activities.index.isin(hit)
        hit = self._befall("local_time_as_utc", ACTIVITIES, can)
        imported = done[hit].dt.ceil("D") + pd.Timedelta(hours=2, minutes=30)
        arrived = imported < np.datetime64(self.agency.spec.end, "us")
        self._drop(ACTIVITIES, hit[~arrived.to_numpy()])
        hit, imported = hit[arrived.to_numpy()], imported[arrived]
        activities = self.tables[ACTIVITIES]
        for column in ("completed_at", "call_started_at", "scheduled_at"):
            at = activities.loc[hit, column]
            activities.loc[hit, column] = at + self._offset(at, zone[hit])
        activities.loc[hit, "created_at"] = imported

        arrived_at = pd.Series(self.agency.spec.moments(leads.arrived_at)[lead], done.index)
        can = activities["completed_at"].notna() & activities["call_started_at"].isna()
        hit = self._befall("event_before_contact", ACTIVITIES, can & ~can.index.isin(hit))
        days = pd.to_timedelta(self.rng.integers(2, 30, len(hit)), unit="D")
        activities.loc[hit, "completed_at"] = arrived_at[hit] - days

        taken = pd.Series(False, index=messages.index)
        moved: dict[str, Callable[[pd.Index[int]], Any]] = {
            "timestamp_after_created": lambda rows: (
                messages.loc[rows, "created_at"] + pd.to_timedelta(self.rng.integers(1, 12, len(rows)), unit="h")
            ),
            "timestamp_in_1970": lambda _: pd.Timestamp("1970-01-01"),
            "timestamp_in_2099": lambda _: pd.Timestamp("2099-12-31 23:59:59"),
        }
        for fault, when in moved.items():
            hit = self._befall(fault, MESSAGES, ~taken)
            messages.loc[hit, "timestamp"] = when(hit)
            taken[hit] = True

    def _offset(self, at: "pd.Series[pd.Timestamp]", zone: "pd.Series[int]") -> "pd.Series[pd.Timedelta]":
        """Local time less UTC at each moment, in the zone of its row."""
        since_start = (at - np.datetime64(self.agency.spec.start, "us")) / pd.Timedelta(hours=1)
        hours = np.asarray(since_start, dtype=np.float64)
        zones = np.asarray(zone, dtype=np.int64)
        offset = utc_offset(self.agency.spec, zones, hours)
        return pd.Series(pd.to_timedelta(offset, unit="h"), index=at.index)

    def _drop(self, table: str, rows: "pd.Index[int]") -> None:
        """Take rows out of the table and, since no one can find them, out of the ledger."""
        self.tables[table] = self.tables[table].drop(rows)
        self.touched = [
            (fault, t, hit.difference(rows, sort=False) if t == table else hit) for fault, t, hit in self.touched
        ]

    def delay_last_rows(self) -> None:
        """Half of what happened in the last six hours comes at the very end, or after it."""
        end = pd.Timestamp(self.agency.spec.end)
        for table in (ACTIVITIES, MESSAGES):
            frame = self.tables[table]
            can = frame["created_at"] > end - pd.Timedelta(hours=6)
            hit = self._befall("arrives_late", table, can)
            comes = happen(self.rng, 0.5, len(hit))
            frame.loc[hit[comes], "created_at"] = end - _SECOND
            self._drop(table, hit[~comes])

    def lose_links(self) -> None:
        """Keys that point nowhere, as no database kept them."""
        frame = self.tables[ACTIVITIES]
        sent = frame["prompt_id"].notna()
        for fault, column in (
            ("unknown_enrollment", "enrollment_id"),
            ("unknown_step", "step_id"),
            ("unknown_prompt", "prompt_id"),
        ):
            hit = self._befall(fault, ACTIVITIES, sent)
            frame.loc[hit, column] = frame.loc[hit, column] + _ORPHAN
        frame = self.tables[MESSAGES]
        hit = self._befall("unknown_ghl_contact", MESSAGES, frame["ghl_contact_id"].notna())
        frame.loc[hit, "ghl_contact_id"] = frame.loc[hit, "ghl_contact_id"].str[::-1] + "x"
        hit = self._befall("missing_ghl_contact", MESSAGES, self._every(MESSAGES))
        frame.loc[hit, ["ghl_contact_id", "thread_id"]] = None

    def repeat_rows(self) -> None:
        """Webhooks that were retried, and activities that were imported a second time."""
        frame = self.tables[MESSAGES]
        hit = self._befall("missing_message_id", MESSAGES, self._every(MESSAGES))
        frame.loc[hit, "message_id"] = None
        can = frame["message_id"].notna()
        picked = can.index[can & happen(self.rng, self._share("repeated_message_id"), len(can))]
        again = frame.loc[picked].copy()
        later = again["created_at"] + self.rng.integers(1, 90, len(again)) * _SECOND
        again["created_at"] = later
        again = again[later < np.datetime64(self.agency.spec.end, "us")]
        self.touched.append(("repeated_message_id", MESSAGES, self._append(MESSAGES, again)))

        frame = self.tables[ACTIVITIES]
        can = frame["completed_at"].notna()
        picked = can.index[can & happen(self.rng, self._share("reimported_activity"), len(can))]
        again = frame.loc[picked].copy()
        again["created_at"] = again["created_at"].dt.ceil("D") + pd.Timedelta(days=3, hours=2)
        again = again[again["created_at"] < np.datetime64(self.agency.spec.end, "us")]
        again["activity_id"] = frame["activity_id"].max() + 1 + np.arange(len(again))
        self.touched.append(("reimported_activity", ACTIVITIES, self._append(ACTIVITIES, again)))

    def double_people(self, first: FirstIds) -> None:
        """The same person as a second contact, with an address written in another way."""
        frame = self.tables[CONTACTS]
        picked = frame.index[happen(self.rng, self._share("same_person_twice"), len(frame))]
        twin = frame.loc[picked].copy()
        twin["contact_id"] = first.contact + len(frame) + np.arange(len(twin))
        form, days = self.rng.random(len(twin)), self.rng.uniform(1, 20, len(twin))
        shouts, shares_id, has_id = (happen(self.rng, share, len(twin)) for share in (0.5, 0.3, 0.7))
        by_phone = twin["phone"].notna().to_numpy() & (
            twin["email"].isna().to_numpy() | happen(self.rng, 0.4, len(twin))
        )
        twin["phone"] = [
            _rewrite_phone(p, d) if keep else None for p, d, keep in zip(twin["phone"], form, by_phone, strict=True)
        ]
        twin["email"] = [
            None if phone else f" {e.upper()}" if loud else f"{e.title()} "
            for e, loud, phone in zip(twin["email"], shouts, by_phone, strict=True)
        ]
        twin["ghl_contact_id"] = [
            g if same else g and g[::-1] if any_ else None
            for g, same, any_ in zip(twin["ghl_contact_id"], shares_id, has_id, strict=True)
        ]
        twin["notes"] = None
        twin["qualification_status"], twin["opted_out"] = "new", False
        later = twin["created_at"] + pd.to_timedelta(days, unit="D").round("ms")
        twin["created_at"] = twin["updated_at"] = later
        twin = twin[twin["created_at"] < np.datetime64(self.agency.spec.end, "us")]
        twin["contact_id"] = first.contact + len(frame) + np.arange(len(twin))
        self.touched.append(("same_person_twice", CONTACTS, self._append(CONTACTS, twin)))

    def disturb_bookings(self, leads_first_engaged: Floats, first: FirstIds) -> None:
        """Bookings under one id only, bookings that our side took back, bookings logged too early."""
        frame = self.tables[BOOKINGS]
        spec = self.agency.spec
        engaged = pd.Series(spec.moments(leads_first_engaged))
        lead = frame["contact_id"].astype(np.int64) - first.contact
        # In a world without effects a lead may book of whom every step was skipped: it has no first event.
        is_engaged = pd.Series(engaged.reindex(lead).notna().to_numpy(), index=frame.index)
        hit = self._befall("booking_before_first_event", BOOKINGS, is_engaged)
        minutes = pd.to_timedelta(self.rng.integers(5, 600, len(hit)), unit="m")
        frame.loc[hit, "created_at"] = engaged[lead[hit]].to_numpy() - minutes
        can = frame["ghl_contact_id"].notna()
        hit = self._befall("booking_by_ghl_contact_only", BOOKINGS, can)
        frame.loc[hit, "contact_id"] = np.nan
        plain = frame.index.difference(hit)
        frame.loc[plain[happen(self.rng, 0.05, len(plain))], "ghl_contact_id"] = None

        contacts = self.tables[CONTACTS]
        known = engaged.index[engaged.notna() & (engaged < pd.Timestamp(spec.end))]
        count = self.rng.binomial(len(frame), self._share("void_booking")) if len(known) else 0
        owner = np.sort(self.rng.choice(known, count))
        created = engaged[owner].to_numpy() + pd.to_timedelta(
            self.rng.uniform(1, 20 * HOURS_A_DAY, count), unit="h"
        ).round("ms")
        void = pd.DataFrame(
            {
                "org_id": frame["org_id"].iloc[0] if len(frame) else 1,
                "contact_id": (first.contact + owner).astype(float),
                "ghl_contact_id": contacts["ghl_contact_id"].reindex(owner).to_numpy(),
                "status": "void",
                "requested_at": pd.NaT,
                "scheduled_at": created + pd.Timedelta(days=2),
                "created_at": created,
                "updated_at": created + pd.Timedelta(hours=1),
            }
        ).astype({"requested_at": "datetime64[us]"})
        void = void[void["created_at"] < np.datetime64(spec.end, "us")]
        void["appointment_id"] = first.appointment + len(frame) + np.arange(len(void))
        self.touched.append(("void_booking", BOOKINGS, self._append(BOOKINGS, void)))

    def ledger(self) -> pd.DataFrame:
        """One row a fault and row: its id as text, and its place in the batch's table."""
        return _ledger(self.tables, self.touched)


def _ledger(tables: Tables, touched: list[tuple[str, str, "pd.Index[int]"]]) -> pd.DataFrame:
    parts = []
    for fault, table, hit in touched:
        frame = tables[table]
        ids = frame.loc[hit, _ID_COLUMNS[table]]
        parts.append(
            pd.DataFrame(
                {
                    "fault": fault,
                    "table_name": table,
                    "row_id": np.array([None if pd.isna(i) else str(i) for i in ids], dtype=object),
                    "row_number": frame.index.get_indexer(hit),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


_CURLED = "\u2019"


def _to_mojibake(text: str) -> str:
    """Text in UTF-8 that was read as Windows-1252, after an editor had curled its apostrophes."""
    return text.replace("'", _CURLED).encode().decode("cp1252", errors="replace")


def _to_entities(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&quot;")
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def _rewrite_phone(phone: str, draw: float) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    if len(digits) in (10, 11) and digits[-7:-4] == "555":
        area, line = digits[-10:-7], digits[-4:]
        return (f"+1-{area}-555-{line}", f"({area})555-{line}", f"1 {area} 555 {line}")[int(draw * 3)]
    return f"+{digits[:2]} {digits[2:5]} {digits[5:]}"


def plant_faults(
    agency: Agency,
    tables: Tables,
    leads: Leads,
    first_engaged_at: Floats,
    first: FirstIds,
    rng: np.random.Generator,
) -> tuple[Tables, pd.DataFrame]:
    """The tables of a batch with the source's faults in them, and the ledger of what was done."""
    if agency.spec.fault_rate == 0:
        return tables, _ledger(tables, [("none", CONTACTS, tables[CONTACTS].index[:0])])
    # How many texts can be garbled hangs on their wording: by draws of its own, garbling moves no other fault.
    faults = Faults(agency, dict(tables), rng.spawn(1)[0])
    faults.garble_texts()
    faults.rng = rng
    faults.shift_times(leads, first)
    faults.delay_last_rows()
    faults.disturb_bookings(first_engaged_at, first)
    faults.lose_links()
    faults.repeat_rows()
    faults.double_people(first)
    faults.misspell()
    return faults.tables, faults.ledger()


def drift_configuration(agency: Agency, tables: Tables) -> tuple[Tables, pd.DataFrame]:
    """The campaigns' tables as they look after a year of edits, and the ledger of the drift.

    Edited waits, retired prompts and paused campaigns are part of the world; a repeated step
    order and a step that was switched off before it had a prompt are added here.
    """
    steps, prompts, campaigns = tables[STEPS], tables[PROMPTS], tables[CAMPAIGNS]
    if agency.spec.fault_rate == 0:
        return tables, _ledger(tables, [("none", STEPS, steps.index[:0])])
    steps = steps.copy()
    last = int(steps["campaign_id"].max())
    in_last = steps.index[steps["campaign_id"] == last]
    repeated = in_last[-1:]
    steps.loc[repeated, "step_order"] = steps.loc[in_last[-2], "step_order"]
    unused = steps.loc[[in_last[-1]]].assign(
        step_id=int(steps["step_id"].max()) + 1,
        step_order=agency.order.shape[-1] + 1,
        name="Extra note, not in use",
        is_active=False,
    )
    unused.index = pd.Index([int(steps.index.max()) + 1])
    drifted = tables | {STEPS: pd.concat([steps, unused])}
    return drifted, _ledger(
        drifted,
        [
            ("step_edited_in_place", STEPS, steps.index[np.isfinite(agency.edited_at)]),
            ("repeated_step_order", STEPS, repeated),
            ("step_without_prompt", STEPS, unused.index),
            ("retired_prompt", PROMPTS, prompts.index[prompts["retired_at"].notna()]),
            ("paused_campaign", CAMPAIGNS, campaigns.index[campaigns["status"] == "paused"]),
        ],
    )
