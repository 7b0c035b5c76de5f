"""The rows that the agency's tools would have kept of a batch of journeys, up to the end."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lead_conversion.simulation.campaigns import ORG_ID, Agency, Bools, Floats, Ints
from lead_conversion.simulation.draws import happen
from lead_conversion.simulation.journeys import Journeys
from lead_conversion.simulation.people import LANGUAGE_OF_COUNTRY, Leads
from lead_conversion.simulation.prompts import AGENT_NAME, CHANNELS, EMAIL, SMS, VOICE
from lead_conversion.simulation.replies import Writer, tag_reply, write_first, write_reply

Texts = NDArray[np.object_]
Tables = dict[str, pd.DataFrame]

CONTACTS = "education.contacts"
CAMPAIGNS = "education.campaigns"
STEPS = "education.campaign_steps"
PROMPTS = "education.prompt_templates"
VARIANTS = "education.campaign_sequence_variants"
ENROLLMENTS = "education.campaign_enrollments"
ACTIVITIES = "education.campaign_activities"
MESSAGES = "dbo.Education_Cory_Communication_Log"
BOOKINGS = "education.booking_appointments"
STATUSES = "education.contact_status_history"

AGENT_EMAIL = "cory@northlight.example"
AGENT_PHONE = "+12065550100"
_IF_SILENT = '{"if": "no_reply", "goto": "next"}'
_VARIANTS = (None, "A", "B")  # no variant where the campaign has only one order
_MINUTE = 1 / 60
_OUTCOMES = (
    ("sent", "delivered", "clicked"),
    ("delivered", "opened", "clicked"),
    ("no_answer", "voicemail", "connected"),
)
_FAILED = ("failed", "bounced", "failed")
_FAILED_SHARE = (0.12, 0.05, 0.04)  # of the attempts that did not get through
_TYPE_IDS = np.array((1, 3, 2))


@dataclass(frozen=True)
class FirstIds:
    """The id that the next new row of each kind gets."""

    contact: int = 100_001
    enrollment: int = 500_001
    activity: int = 3_000_001
    appointment: int = 70_001
    status: int = 900_001


def _before_end(frame: pd.DataFrame, column: str, agency: Agency) -> pd.DataFrame:
    """The rows that had arrived when the database was read, oldest first."""
    arrived = frame[frame[column] < np.datetime64(agency.spec.end, "us")]
    return arrived.sort_values(column, kind="stable", ignore_index=True)


def _logged(hours: Floats, rng: np.random.Generator) -> Floats:
    """When a row came into the database: mostly at once, now and then hours later."""
    late = happen(rng, 0.015, len(hours))
    return hours + rng.exponential(_MINUTE, len(hours)) + late * rng.uniform(1.0, 9.0, len(hours))


def _known(hours: Floats, end: float) -> Bools:
    return np.nan_to_num(hours, nan=np.inf) < end


def campaign_tables(agency: Agency) -> Tables:
    """The configuration of the campaigns as it stands at the end."""
    spec, steps = agency.spec, agency.order.shape[-1]
    starts = np.maximum(agency.starts_at - 24.0, 0.0)
    campaigns = pd.DataFrame(
        {
            "campaign_id": agency.campaign_ids,
            "org_id": ORG_ID,
            "name": [agency.theme_name(c) for c in range(len(starts))],
            "objective": [t.objective for t in agency.themes],
            "status": np.where(np.isfinite(agency.pauses_at), "paused", "active"),
            "created_at": spec.moments(starts),
        }
    )
    position = np.argsort(agency.order[:, 0].ravel(), kind="stable") % steps
    edited = np.isfinite(agency.edited_at)
    created = starts[agency.campaign_of_step]
    step_table = pd.DataFrame(
        {
            "step_id": agency.step_ids,
            "campaign_id": agency.campaign_of_step + 1,
            "step_order": position + 1,
            "name": [
                f"{_stage(int(p), steps)} by {CHANNELS[c]}" for p, c in zip(position, agency.channel, strict=True)
            ],
            "channel": np.array(CHANNELS)[agency.channel],
            "wait_hours": agency.wait[:, 0].ravel(),
            "decision_point": [_IF_SILENT if p < steps - 1 else None for p in position],
            "is_active": True,
            "created_at": spec.moments(np.where(edited, agency.edited_at, created)),
        }
    )
    step, slot = np.nonzero(agency.prompt_ids > 0)
    until = agency.live_until[step, slot]
    prompt_table = pd.DataFrame(
        {
            "prompt_id": agency.prompt_ids[step, slot],
            "step_id": agency.step_ids[step],
            "version": slot + 1,
            "subject": [agency.prompts[s][p].subject for s, p in zip(step, slot, strict=True)],
            "body": [agency.prompts[s][p].body for s, p in zip(step, slot, strict=True)],
            "created_at": spec.moments(agency.live_from[step, slot]),
            "retired_at": spec.moments(np.where(until < spec.hours, until, np.nan)),
        }
    )
    campaign, place = np.nonzero(agency.has_variant[:, None] & np.ones(steps, dtype=bool))
    variant_table = pd.DataFrame(
        {
            "campaign_id": campaign + 1,
            "sequence_variant": "B",
            "step_id": agency.step_ids[agency.order[campaign, 1, place]],
            "step_order": place + 1,
            "wait_hours": agency.wait[campaign, 1, place],
        }
    )
    return {
        CAMPAIGNS: campaigns,
        STEPS: step_table,
        PROMPTS: prompt_table,
        VARIANTS: variant_table,
    }


def _stage(position: int, steps: int) -> str:
    if position == 0:
        return "First contact"
    if position == steps - 1:
        return "Last note"
    return ("Follow-up", "Detail", "Example", "Reminder")[(position - 1) % 4]


def record_batch(
    agency: Agency,
    profile: pd.DataFrame,
    leads: Leads,
    journeys: Journeys,
    first: FirstIds,
    rng: np.random.Generator,
) -> Tables:
    """The rows of a batch in every table of events, before any fault."""
    contact_ids = first.contact + np.arange(len(leads))
    activities, sent = _activities(agency, leads, journeys, first, rng)
    return {
        CONTACTS: _contacts(agency, profile, leads, journeys, contact_ids),
        ENROLLMENTS: _enrollments(agency, leads, journeys, contact_ids, first),
        ACTIVITIES: activities,
        MESSAGES: _messages(agency, profile, journeys, sent, rng),
        BOOKINGS: _bookings(agency, profile, journeys, contact_ids, first, rng),
        STATUSES: _statuses(agency, journeys, contact_ids, first, rng),
    }


def _contacts(
    agency: Agency, profile: pd.DataFrame, leads: Leads, journeys: Journeys, contact_ids: Ints
) -> pd.DataFrame:
    spec, end = agency.spec, agency.spec.hours
    moments = np.stack(
        [
            leads.arrived_at,
            journeys.first_engaged_at,
            journeys.booked_at,
            journeys.qualified_at,
            journeys.customer_at,
            journeys.opted_out_at,
        ]
    )
    updated = np.where(moments < end, moments, -np.inf).max(axis=0)
    status = np.select(
        [
            journeys.customer_at < end,
            journeys.qualified_at < end,
            journeys.opted_out_at < end,
            journeys.first_engaged_at < end,
        ],
        ["customer", "qualified", "disqualified", "contacted"],
        "new",
    )
    return profile.assign(
        contact_id=contact_ids,
        org_id=ORG_ID,
        qualification_status=status,
        opted_out=journeys.opted_out_at < end,
        created_at=spec.moments(leads.arrived_at),
        updated_at=spec.moments(updated),
    )


def _enrollments(agency: Agency, leads: Leads, journeys: Journeys, contact_ids: Ints, first: FirstIds) -> pd.DataFrame:
    spec, end = agency.spec, agency.spec.hours
    last_due = np.nanmax(journeys.due_at, axis=1)
    ended = np.fmin(journeys.booked_at, np.fmin(journeys.opted_out_at, journeys.stopped_at))
    completed = np.where(np.isfinite(ended), np.inf, last_due)
    status = np.select(
        [journeys.opted_out_at < end, ended < end, completed < end],
        ["opted_out", "stopped", "completed"],
        "active",
    )
    closed = np.minimum(ended, completed)
    frame = pd.DataFrame(
        {
            "enrollment_id": first.enrollment + np.arange(len(leads)),
            "org_id": ORG_ID,
            "campaign_id": leads.campaign + 1,
            "contact_id": contact_ids,
            "sequence_variant": np.array(_VARIANTS, dtype=object)[
                np.where(agency.has_variant[leads.campaign], 1 + leads.variant, 0)
            ],
            "enrolled_at": spec.moments(leads.enrolled_at),
            "status": status,
            "ended_at": spec.moments(np.where(closed < end, closed, np.nan)),
        }
    )
    return frame[leads.enrolled_at < end]


def _outcomes(channel: Ints, level: Ints, is_sent: Bools, rng: np.random.Generator) -> Texts:
    named = np.array(_OUTCOMES, dtype=object)[channel, level]
    failed = (level == 0) & (rng.random(len(level)) < np.array(_FAILED_SHARE)[channel])
    named[failed] = np.array(_FAILED, dtype=object)[channel[failed]]
    return np.where(is_sent, named, "skipped")


@dataclass(frozen=True)
class _Sent:
    """The attempts that went out: lead, position, and when they were done."""

    lead: Ints
    position: Ints
    done_at: Floats
    logged_at: Floats


def _activities(
    agency: Agency, leads: Leads, journeys: Journeys, first: FirstIds, rng: np.random.Generator
) -> tuple[pd.DataFrame, _Sent]:
    spec = agency.spec
    lead, k = np.nonzero(journeys.is_met & _known(journeys.due_at, spec.hours))
    step, is_sent = journeys.step[lead, k], journeys.is_sent[lead, k]
    channel, level = agency.channel[step], journeys.level[lead, k]
    due = journeys.due_at[lead, k]
    alternative = journeys.alternative[lead, k]
    wait = agency.wait[leads.campaign[lead], leads.variant[lead], k]
    wait = wait * np.where(alternative == 1, agency.wait_ratio[step], 1.0)
    since = np.where(k > 0, journeys.due_at[lead, np.maximum(k - 1, 0)], leads.enrolled_at[lead])
    was_before_edit = since < agency.edited_at[step]
    wait = wait * np.where(was_before_edit, agency.wait_before_edit[step], 1.0)

    is_call = is_sent & (channel == VOICE)
    started = due + rng.uniform(0.0, 3.0, len(due)) * _MINUTE
    mean_seconds = np.array((18.0, 35.0, 210.0))[level]
    seconds = np.round(rng.gamma(3.0, mean_seconds / 3.0) + 3)
    done = started + np.where(is_call, seconds / 3600, 0.0)
    logged = _logged(done, rng)
    outcome = _outcomes(channel, level, is_sent, rng)
    prompt = agency.prompt_ids[step, journeys.slot[lead, k]].astype(float)
    frame = pd.DataFrame(
        {
            "org_id": ORG_ID,
            "enrollment_id": first.enrollment + lead,
            "step_id": agency.step_ids[step],
            "prompt_id": np.where(is_sent, prompt, np.nan),
            "channel": np.array(CHANNELS, dtype=object)[channel],
            "outcome": outcome,
            "wait_hours": np.round(wait, 2),
            "scheduled_at": spec.moments(due),
            "call_started_at": spec.moments(np.where(is_call, started, np.nan)),
            "completed_at": spec.moments(np.where(is_sent, done, np.nan)),
            "duration_seconds": np.where(is_call, seconds, np.nan),
            "created_at": spec.moments(np.where(is_sent, logged, started)),
        }
    )
    frame = _before_end(frame, "created_at", agency)
    frame.insert(0, "activity_id", first.activity + np.arange(len(frame)))
    silent_call = np.isin(outcome, ("no_answer", "failed")) & (channel == VOICE)
    told = is_sent & ~silent_call
    return frame, _Sent(lead[told], k[told], done[told], logged[told])


def _message_ids(count: int, rng: np.random.Generator) -> Texts:
    return np.array([f"msg{v:016x}" for v in rng.integers(0, 2**62, count).tolist()], dtype=object)


def _render(agency: Agency, profile: pd.DataFrame, sent: _Sent, journeys: Journeys) -> list[str]:
    """The prompts as they went out: with the lead's own name, company and link in their places."""
    bodies = {
        (s, p): _as_format(prompt.body) for s, prompts in enumerate(agency.prompts) for p, prompt in enumerate(prompts)
    }
    steps = journeys.step[sent.lead, sent.position].tolist()
    slots = journeys.slot[sent.lead, sent.position].tolist()
    first, company = profile["first_name"].tolist(), profile["company"].tolist()
    return [
        bodies[s, p].format(
            first_name=first[i],
            company=company[i],
            agent_name=AGENT_NAME,
            booking_link=f"https://book.northlight.example/{i + 1:05d}{k}",
        )
        for i, k, s, p in zip(sent.lead.tolist(), sent.position.tolist(), steps, slots, strict=True)
    ]


def _as_format(template: str) -> str:
    return template.replace("{{", "{").replace("}}", "}")


def _subjects(agency: Agency, profile: pd.DataFrame, sent: _Sent, journeys: Journeys) -> Texts:
    steps = journeys.step[sent.lead, sent.position].tolist()
    slots = journeys.slot[sent.lead, sent.position].tolist()
    company = profile["company"].tolist()
    templates = ((i, agency.prompts[s][p].subject) for i, s, p in zip(sent.lead.tolist(), steps, slots, strict=True))
    return np.array([t and _as_format(t).format(company=company[i]) for i, t in templates], dtype=object)


def _messages(
    agency: Agency, profile: pd.DataFrame, journeys: Journeys, sent: _Sent, rng: np.random.Generator
) -> pd.DataFrame:
    spec = agency.spec
    email, phone = (profile[c].to_numpy(dtype=object) for c in ("email", "phone"))
    ghl = profile["ghl_contact_id"].to_numpy(dtype=object)
    channel = agency.channel[journeys.step[sent.lead, sent.position]]
    rendered = _render(agency, profile, sent, journeys)
    outbound = pd.DataFrame(
        {
            "lead": sent.lead,
            "channel": channel,
            "direction": "outbound",
            "subject": _subjects(agency, profile, sent, journeys),
            "body": np.array(rendered, dtype=object),
            "timestamp": sent.done_at,
            "created_at": sent.logged_at,
            "conversation_tags": None,
        }
    )
    inbound = _inbound(agency, profile, journeys, (sent, rendered), rng)
    frame = pd.concat([outbound, inbound], ignore_index=True)
    lead = frame.pop("lead").to_numpy(dtype=np.int64)
    channel = frame["channel"].to_numpy(dtype=np.int64)
    is_email, is_out = channel == EMAIL, (frame["direction"] == "outbound").to_numpy()
    own = np.where(is_email, email[lead], phone[lead])
    agent = np.where(is_email, AGENT_EMAIL, AGENT_PHONE)
    frame["channel"] = np.array(CHANNELS, dtype=object)[channel]
    frame["message_id"] = _message_ids(len(frame), rng)
    frame["ghl_contact_id"] = ghl[lead]
    frame["sender"] = np.where(is_out, agent, own)
    frame["recipient"] = np.where(is_out, own, agent)
    frame["thread_id"] = [g and f"t{c}{g[:12]}" for g, c in zip(ghl[lead], channel, strict=True)]
    frame["type_id"] = _TYPE_IDS[channel]
    frame["timestamp"] = spec.moments(frame["timestamp"].to_numpy(dtype=float))
    frame["created_at"] = spec.moments(frame["created_at"].to_numpy(dtype=float))
    return _before_end(frame, "created_at", agency)


def _inbound(
    agency: Agency,
    profile: pd.DataFrame,
    journeys: Journeys,
    outbound: tuple[_Sent, list[str]],
    rng: np.random.Generator,
) -> pd.DataFrame:
    sent, rendered = outbound
    end = agency.spec.hours
    text_of = dict(zip(zip(sent.lead.tolist(), sent.position.tolist(), strict=True), rendered, strict=True))
    lead, k = np.nonzero(_known(journeys.replied_at, end))
    response = journeys.response[lead, k]
    channel = agency.channel[journeys.step[lead, k]]
    # An answer to a call is spoken on the line or comes as a text message afterwards.
    channel = np.where((channel == VOICE) & happen(rng, 0.5, len(lead)), SMS, channel)
    first, last, email, phone, city, country = (
        profile[c].tolist() for c in ("first_name", "last_name", "email", "phone", "city", "country")
    )
    bodies, tags = [], []
    speaks = happen(rng, 0.7, len(lead))
    for i, position, meaning, by, own in zip(
        lead.tolist(), k.tolist(), response.tolist(), channel.tolist(), speaks, strict=True
    ):
        language = LANGUAGE_OF_COUNTRY.get(country[i], "en") if own else "en"
        writer = Writer(first[i], last[i], email[i], phone[i], city[i], language, by)
        reply = write_reply(meaning, writer, text_of.get((i, position), ""), rng)
        bodies.append(reply.body)
        tags.append(tag_reply(meaning, reply, rng))
    early = np.flatnonzero(_known(journeys.wrote_first_at, end))
    replied = np.r_[journeys.replied_at[lead, k], journeys.wrote_first_at[early]]
    return pd.DataFrame(
        {
            "lead": np.r_[lead, early],
            "channel": np.r_[channel, np.where(pd.isna(profile["phone"])[early], EMAIL, SMS)],
            "direction": "inbound",
            "subject": None,
            "body": np.array(bodies + [write_first(rng).body for _ in early], dtype=object),
            "timestamp": replied,
            "created_at": _logged(replied, rng),
            "conversation_tags": np.array([*tags, *[None] * len(early)], dtype=object),
        }
    )


def _bookings(
    agency: Agency,
    profile: pd.DataFrame,
    journeys: Journeys,
    contact_ids: Ints,
    first: FirstIds,
    rng: np.random.Generator,
) -> pd.DataFrame:
    spec, end = agency.spec, agency.spec.hours
    lead = np.flatnonzero(journeys.booked_at < end)
    booked = journeys.booked_at[lead]
    call = np.round((booked + journeys.call_lag[lead] - 1.0) * 2) / 2  # calls begin on the half hour
    unsure, comes, calls_off = (happen(rng, share, len(lead)) for share in (0.15, 0.45, 0.35))
    is_over = call + 1.0 < end
    status = np.select(
        [
            ~is_over & unsure,
            ~is_over,
            np.isfinite(journeys.qualified_at[lead]) | comes,
            calls_off,
        ],
        ["requested", "scheduled", "completed", "cancelled"],
        "no_show",
    )
    asked = np.where(happen(rng, 0.6, len(lead)), booked - rng.uniform(0, 0.2, len(lead)), np.nan)
    frame = pd.DataFrame(
        {
            "org_id": ORG_ID,
            "contact_id": contact_ids[lead].astype(float),
            "ghl_contact_id": profile["ghl_contact_id"].to_numpy(dtype=object)[lead],
            "status": status,
            "requested_at": spec.moments(asked),
            "scheduled_at": spec.moments(call),
            "created_at": spec.moments(booked),
            "updated_at": spec.moments(np.where(is_over, call + 1.0, booked)),
        }
    )
    frame = _before_end(frame, "created_at", agency)
    frame.insert(0, "appointment_id", first.appointment + np.arange(len(frame)))
    return frame


def _statuses(
    agency: Agency,
    journeys: Journeys,
    contact_ids: Ints,
    first: FirstIds,
    rng: np.random.Generator,
) -> pd.DataFrame:
    spec = agency.spec
    refused = np.where(happen(rng, 0.4, len(contact_ids)), journeys.stopped_at, np.inf)
    refused = np.where(np.isfinite(journeys.qualified_at), np.inf, refused)
    lost = np.minimum(refused, journeys.opted_out_at)
    changes: Mapping[tuple[str, str], Floats] = {
        ("new", "contacted"): journeys.first_engaged_at,
        ("contacted", "qualified"): journeys.qualified_at,
        ("contacted", "disqualified"): lost,
        ("qualified", "customer"): journeys.customer_at,
    }
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "org_id": ORG_ID,
                    "contact_id": contact_ids[changed := at < spec.hours],
                    "old_status": old,
                    "new_status": new,
                    "changed_at": spec.moments(at[changed]),
                }
            )
            for (old, new), at in changes.items()
        ],
        ignore_index=True,
    )
    frame = _before_end(frame, "changed_at", agency)
    frame.insert(0, "status_id", first.status + np.arange(len(frame)))
    return frame
