from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pandas as pd
import pytest
from configured import CLEAN
from entity_rows import CONTACT, EVENT, key, rows

from lead_conversion.contracts import intermediate
from lead_conversion.pipelines.data_engineering.shifts import judge_imports

ZONES = {"paris": "Europe/Paris", "austin": "America/Chicago", "perth": "Australia/Perth"}
DAYS = pd.date_range("2026-03-01", periods=60)  # clocks change on 8 March in Austin and on 29 March in Paris


def attempts(name, days, hours, *, logged=None, as_local=False):
    """An attempt a day and hour on the lead, made at that hour of its place; recorded at once or at a time of day."""
    zone = ZoneInfo(ZONES[name])
    found = []
    for day in days:
        for hour in hours:
            local = datetime(day.year, day.month, day.day, hour, 17, tzinfo=zone)
            happened = local.astimezone(UTC).replace(tzinfo=None)
            recorded = happened + timedelta(minutes=1)
            if logged:
                recorded = datetime.combine(happened.date() + timedelta(days=2), logged)
            written = local.replace(tzinfo=None) if as_local else happened
            found.append(
                {"lead_key": key(name), "happened_at": happened, "occurred_at": written, "logged_at": recorded}
            )
    return found


USUAL = [row for name in ZONES for row in attempts(name, DAYS, range(8, 20))]
NIGHT = time(2, 30)
MORNING = time(5, 45)


def judged(*imports, usual=USUAL, odds=CLEAN.min_import_odds):
    frame = pd.DataFrame([*usual, *(row for batch in imports for row in batch)])
    frame["event_key"] = [key(f"e{number}x") for number in range(len(frame))]
    frame = frame.assign(direction="outbound", outcome="sent").reindex(columns=[*EVENT, "happened_at"])
    schema = EVENT | {"happened_at": "timestamp(6)"}
    moments = [name for name, kind in schema.items() if kind.startswith("timestamp")]
    frame[moments] = frame[moments].astype("datetime64[us]")
    events = ibis.memtable(
        frame.astype({name: object for name in frame if name not in moments}), schema=ibis.schema(schema)
    )
    contacts = rows(CONTACT, *[{"lead_key": name, "timezone": zone} for name, zone in ZONES.items()])
    knobs = CLEAN.model_copy(update={"min_import_odds": odds})
    found = intermediate.shifts.validate(judge_imports(events, contacts, knobs)).to_pandas()
    return frame.merge(found, on="event_key", how="left")


def share(events, batch):
    """The share of an import's rows that are taken to be local times."""
    rows_of = events[len(USUAL) :].iloc[batch]
    return rows_of["is_local_time"].eq(other=True).mean()


def test_import_of_local_times_is_found_and_its_shift_takes_each_row_back_to_when_it_happened():
    local = [row for name in ZONES for row in attempts(name, DAYS, (9, 13, 18), logged=NIGHT, as_local=True)]
    events = judged(local)
    assert share(events, slice(None)) == 1.0
    found = events[events["is_local_time"].eq(other=True)]
    mended = found["occurred_at"] - pd.to_timedelta(found["shift_seconds"], unit="s")
    assert (mended == found["happened_at"]).all()


def test_import_of_sound_times_and_times_that_were_recorded_as_they_happened_are_left_alone():
    sound = [row for name in ZONES for row in attempts(name, DAYS, (9, 13, 18), logged=NIGHT)]
    assert judged(sound)["is_local_time"].isna().all()


def test_one_job_of_local_times_says_nothing_about_another():
    local = attempts("austin", DAYS, (9, 13, 18), logged=NIGHT, as_local=True)
    sound = attempts("austin", DAYS, (9, 13, 18), logged=MORNING)
    events = judged(local, sound)
    assert share(events, slice(0, len(local))) == 1.0
    assert share(events, slice(len(local), None)) == 0.0


def test_job_that_was_mended_half_way_is_judged_night_by_night():
    hours = (8, 10, 12, 14, 16, 18)
    local = attempts("austin", DAYS[:30], hours, logged=NIGHT, as_local=True)
    sound = attempts("austin", DAYS[30:], hours, logged=NIGHT)
    events = judged(local, sound)
    assert share(events, slice(0, len(local))) > 0.9
    assert share(events, slice(len(local), None)) == 0.0


def test_a_single_odd_hour_condemns_no_import():
    sound = attempts("austin", DAYS[:9], (9, 13, 18), logged=NIGHT)
    odd = attempts("austin", DAYS[9:10], (3,), logged=NIGHT)
    assert share(judged(sound, odd), slice(None)) == 0.0


def test_agent_that_writes_around_the_clock_gives_no_evidence():
    usual = [row for name in ZONES for row in attempts(name, DAYS[:20], range(24))]
    local = attempts("austin", DAYS[:20], range(0, 24, 5), logged=NIGHT, as_local=True)
    events = judged(local, usual=usual)
    assert events["is_local_time"].eq(other=True).sum() == 0


def test_evidence_that_is_short_of_the_odds_is_said_and_not_acted_on():
    local = attempts("austin", DAYS[:1], (9, 14, 15, 16, 17), logged=NIGHT, as_local=True)
    weak, enough = (judged(local, odds=odds) for odds in (150, 20))
    assert (share(weak, slice(None)), share(enough, slice(None))) == (0.0, 1.0)
    assert np.log(20) < weak["log_odds"].max() < np.log(150)


def test_times_after_their_record_speak_for_local_time():
    # Noon in Perth, written as noon UTC, is 8 hours later: after an import of the morning.
    early = [row | {"logged_at": row["happened_at"].normalize() + timedelta(hours=5)} for row in _perth_at_noon()]
    assert share(judged(early), slice(None)) == 1.0


def _perth_at_noon():
    found = attempts("perth", DAYS[:10], (12,), logged=NIGHT, as_local=True)
    return [row | {"happened_at": pd.Timestamp(row["happened_at"])} for row in found]


@pytest.mark.parametrize("timezone", [None, "Nowhere/At_All", "../etc"])
def test_lead_whose_zone_is_not_known_is_not_judged(timezone, monkeypatch):
    monkeypatch.setitem(ZONES, "austin", "America/Chicago")
    local = attempts("austin", DAYS, (9, 18), logged=NIGHT, as_local=True)
    monkeypatch.setitem(ZONES, "austin", timezone)
    assert share(judged(local), slice(None)) == 0.0


def test_no_events_give_no_shifts():
    found = judge_imports(rows(EVENT), rows(CONTACT), CLEAN)
    assert intermediate.shifts.validate(found).count().execute() == 0
