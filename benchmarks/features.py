"""What features cost: the same 40 by this project, pandas, Polars and Featuretools, beside a bare scan of the columns.

uv run --group bench python benchmarks/features.py                      # 100,000, 1 and 10 million events
uv run --group bench python benchmarks/features.py --events 50000000
uv run python benchmarks/features.py                                    # without Polars

20 events a lead, in the order of the primary layer, and one landmark a lead, as at scoring. Everyone reads the same
Parquet files and writes one, with 2 threads, in a process of its own that does it twice; the better time counts. DuckDB
has the memory that the project's configuration allows. Featuretools runs in an environment of its own, which uv makes
(features_in_featuretools.py), on one thread; it is given the known events, with flags of what is to be counted, by
pandas, whose time is not counted. All must find the same values.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
from ibis import _

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from configured import FEATURES as PARAMETERS
from configured import TARGETS

from lead_conversion.contracts.features import FEATURES
from lead_conversion.datasets.staged import StagedSlices
from lead_conversion.datasets.staging import staged_path
from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.feature_engineering.events import describe_events, see_events
from lead_conversion.pipelines.feature_engineering.features import aggregate_histories, slice_leads

THREADS = 2
MEMORY_LIMIT = "1GB"  # conf/base/globals.yml
EVENTS_A_LEAD = 20
FEATURETOOLS = Path(__file__).with_name("features_in_featuretools.py")
# `make install` puts it there.
UV = shutil.which("uv") or shutil.which("uv", path=Path(__file__).parents[1] / ".tools" / "bin")
# Above so many events they are left out.
LARGEST = {
    "with_featuretools": 1_000_000, "with_pandas": 10_000_000, "with_polars": 10_000_000, "ours_default": 1_000_000,
}  # fmt: skip

CHANNELS = ("sms", "email", "voice")
HOURS = {"1h": 1, "6h": 6, "24h": 24, "72h": 72, "7d": 168}
OUTCOMES = {
    "n_delivered": ("delivered", "opened", "clicked", "connected"),
    "n_opened": ("opened", "clicked"),
    "n_clicked": ("clicked",),
    "n_failed": ("failed", "bounced"),
    "n_connected": ("connected",),
}
COUNTS = (
    "n_outbound", *(f"n_outbound_{name}" for name in (*HOURS, *CHANNELS)),
    "n_replies", *(f"n_replies_{name}" for name in (*HOURS, *CHANNELS)), *OUTCOMES, "n_skipped", "n_positive_replies",
)  # fmt: skip
SHARES = {
    "reply_share": ("n_replies", "n_outbound"),
    **{f"reply_share_{channel}": (f"n_replies_{channel}", f"n_outbound_{channel}") for channel in CHANNELS},
    "open_share": ("opened_messages", "settled_messages"),
}
FORTY = (
    *COUNTS, *SHARES, "call_seconds", "hours_since_outbound", "hours_since_reply", "first_reply_hours", "last_channel",
    "last_step_order", "n_steps_tried", "mean_gap_hours", "longest_gap_hours", "mean_reply_words",
)  # fmt: skip
READ = [
    "lead_key", "event_key", "channel", "direction", "outcome", "step_id", "occurred_at", "logged_at",
    "duration_seconds", "reply_words", "reply_intent",
]  # fmt: skip
# What Featuretools is given: the flags, and what its primitives read.
GIVEN = [
    "event_key", "landmark_id", "occurred_at", "is_attempt", "is_reply", *COUNTS, "opened_messages", "settled_messages",
    "call_seconds", "engaged_hours", "gap_hours", "channel", "step_id", "step_order", "reply_words",
]  # fmt: skip
SETTLING_SECONDS = int(PARAMETERS.settling_hours * SECONDS_AN_HOUR)

# Of 20 events of a lead about 4 are replies; some events lie after the landmark or were recorded after it.
EVENTS = """
    WITH numbered AS (
        SELECT i, i // {a_lead} AS lead, hash(i // {a_lead}, 1) AS of_lead, hash(i, 2) AS a, hash(i, 3) AS b,
            hash(i, 4) AS c, hash(i, 5) AS d
        FROM range({events}) AS numbers(i)
    ), placed AS (
        SELECT *, b % 5 = 0 AS is_inbound,
            TIMESTAMP '2025-05-02' + to_seconds((of_lead % 2592000)::BIGINT) AS engaged_at
        FROM numbered
    ), timed AS (
        SELECT *, engaged_at + to_seconds(
                (a % (3600 + 1.02 * epoch(TIMESTAMP '2025-06-01' - engaged_at))::UBIGINT)::BIGINT
            ) AS happened_at
        FROM placed
    )
    SELECT md5('e' || i) AS event_key, {lead_key} AS lead_key, 1::BIGINT AS org_id, (b // 5 % 6)::BIGINT AS campaign_id,
        (b // 30 % 48)::BIGINT AS step_id, (b // 30 % 144)::BIGINT AS prompt_id,
        if(b // 30 % 2 = 0, 'A', 'B') AS sequence_variant, engaged_at AS enrolled_at,
        ['sms', 'email', 'voice'][1 + (c % 3)::INT] AS channel,
        if(is_inbound, 'inbound', 'outbound') AS direction,
        CASE
            WHEN is_inbound THEN 'replied'
            WHEN c % 3 = 2 THEN ['connected', 'no_answer', 'voicemail', 'skipped'][1 + (c // 3 % 4)::INT]
            ELSE ['sent', 'delivered', 'opened', 'clicked', 'failed', 'skipped'][1 + (c // 3 % 6)::INT]
        END AS outcome,
        24.0::DOUBLE AS planned_wait_hours, happened_at AS occurred_at,
        happened_at + to_seconds((d % 20)::BIGINT) AS logged_at,
        CASE WHEN c % 3 = 2 THEN (d // 20 % 400)::BIGINT END AS duration_seconds,
        CASE WHEN is_inbound THEN (d % 200)::BIGINT END AS reply_chars,
        CASE WHEN is_inbound THEN 1 + (d % 40)::BIGINT END AS reply_words,
        CASE WHEN is_inbound THEN d // 40 % 4 = 0 END AS reply_has_question,
        CASE WHEN is_inbound THEN ['positive', 'negative', 'neutral'][1 + (d // 160 % 3)::INT] END AS reply_intent,
        CASE WHEN is_inbound AND d // 480 % 5 = 0 THEN 'price' END AS reply_objection,
        CASE WHEN is_inbound THEN d // 480 % 20 = 1 END AS reply_is_opt_out,
        CASE WHEN is_inbound THEN if(d // 480 % 2 = 0, 'en', 'de') END AS reply_language,
        CASE WHEN is_inbound THEN (d // 480 % 2001)::DOUBLE / 1000 - 1 END AS reply_sentiment,
        CASE WHEN is_inbound THEN d // 480 % 9 = 0 END AS reply_is_urgent,
        CASE WHEN is_inbound THEN d // 480 % 7 = 0 END AS reply_wants_meeting,
        CASE WHEN is_inbound THEN d // 480 % 8 = 0 END AS reply_asks_price,
        NULL::VARCHAR AS tags, NULL::VARCHAR AS mended, NULL::VARCHAR AS noted
    FROM timed
    ORDER BY lead, occurred_at, event_key
"""
# In the order of the leads' numbers, so that nothing has to be sorted by key.
LEAD_KEY = "lpad(lead::VARCHAR, 10, '0') || left(md5(lead::VARCHAR), 22)"
LANDMARKS = """
    WITH engaged AS (
        SELECT lead, {lead_key} AS lead_key,
            TIMESTAMP '2025-05-02' + to_seconds((hash(lead, 1) % 2592000)::BIGINT) AS first_engaged_at
        FROM range({leads}) AS leads(lead)
    ), moments AS (
        SELECT *, epoch(TIMESTAMP '2025-06-01' - first_engaged_at) / 3600 AS landmark_hours, TRUE AS is_scoring_row
        FROM engaged
        UNION ALL
        SELECT *, unnest({hours}::DOUBLE[]), FALSE FROM engaged
    )
    SELECT row_number() OVER (ORDER BY lead_key, is_scoring_row, landmark_hours) - 1 AS landmark_id, lead_key,
        landmark_hours, first_engaged_at + to_seconds((landmark_hours * 3600)::BIGINT) AS landmark_at, is_scoring_row,
        first_engaged_at, 7200::BIGINT AS offset_seconds, 3600::BIGINT AS earlier_offset_seconds,
        NULL::TIMESTAMP AS offset_changed_at
    FROM moments
    WHERE landmark_at <= TIMESTAMP '2025-06-01'
    ORDER BY landmark_id
"""
# Of ten leads two booked a call, and another one was qualified.
OUTCOMES_REACHED = """
    SELECT md5('o' || i) AS outcome_key, lead_key, IF(i % 3 = 0, 'qualified', 'call_booked') AS outcome_type,
        first_engaged_at + to_hours((hash(i, 6) % 336)::BIGINT) AS occurred_at, occurred_at AS logged_at
    FROM (SELECT row_number() OVER (ORDER BY lead_key) AS i, lead_key, first_engaged_at
          FROM '{folder}/landmarks.parquet')
    WHERE hash(lead_key, 5) % 10 < 3
    ORDER BY lead_key
"""
STEPS = "SELECT i::BIGINT AS step_id, 1 + (i % 8)::BIGINT AS step_order FROM range(48) AS steps(i)"
PROMPTS = """
    SELECT i::BIGINT AS prompt_id, NULL::TIMESTAMP AS prompt_created_at,
        100 + i::BIGINT AS prompt_chars, 20 + i::BIGINT AS prompt_words,
        i % 3::BIGINT AS prompt_questions, i % 2 = 0 AS prompt_has_ask, i % 3 = 0 AS prompt_has_link,
        i % 4::BIGINT AS prompt_placeholders, i % 5 = 0 AS prompt_has_pressure, i % 7 = 0 AS prompt_has_opt_out,
        50.0::DOUBLE + i % 40 AS prompt_reading_ease, (i % 21)::DOUBLE / 10 - 1 AS prompt_sentiment,
        'en' AS prompt_language, (i % 21)::DOUBLE / 20 AS prompt_like_offer, (i % 20)::DOUBLE / 20 AS prompt_like_proof,
        (i % 19)::DOUBLE / 20 AS prompt_like_help, (i % 18)::DOUBLE / 20 AS prompt_like_reminder,
        (i % 17)::DOUBLE / 20 AS prompt_like_hurry
    FROM range(144) AS prompts(i)
"""


def bare_scan(folder: Path, target: Path) -> None:
    """DuckDB looks at each value of the columns that the 40 features read."""
    largest = ", ".join(f"max({column}) AS {column}" for column in READ)
    with duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute(f"COPY (SELECT {largest} FROM '{folder / 'events.parquet'}') TO '{target}'")


def ours(folder: Path, target: Path) -> None:
    """The project's own families: 40 of their features, of all leads at once."""
    _aggregate(folder, "landmarks", target, FORTY, landmarks_a_slice=sys.maxsize)


def ours_sliced(folder: Path, target: Path) -> None:
    """The same a slice of leads at a time, as the pipeline does, so that memory does not grow with them."""
    _aggregate(folder, "landmarks", target, FORTY)


def ours_whole(folder: Path, target: Path) -> None:
    """All features that the project reads off events, in slices too."""
    _aggregate(folder, "landmarks", target, [feature.name for feature in FEATURES])


def ours_default(folder: Path, target: Path) -> None:
    """The same at each landmark of the default configuration."""
    _aggregate(folder, "all_landmarks", target, [feature.name for feature in FEATURES])


def _aggregate(
    folder: Path,
    landmarks: str,
    target: Path,
    names: Sequence[str],
    landmarks_a_slice: int = PARAMETERS.landmarks_a_slice,
) -> None:
    connection = ibis.duckdb.connect(threads=THREADS, memory_limit=MEMORY_LIMIT, temp_directory=str(folder / "spilled"))
    moments, *described = (
        connection.read_parquet(folder / f"{name}.parquet", table_name=name)
        for name in (landmarks, "events", "outcomes", "steps", "prompts")
    )
    events = describe_events(*described)
    aggregated = []
    for before, last in slice_leads(moments, landmarks_a_slice):
        some, mine = (table.filter((_.lead_key > before) & (_.lead_key <= last)) for table in (moments, events))
        histories = aggregate_histories(see_events(some, mine, PARAMETERS))
        of_events = [name for name in names if name in histories.columns]
        aggregated.append(histories.select("landmark_id", *of_events))
    StagedSlices(filepath=str(target), connection={"backend": "duckdb"}).save(aggregated)
    staged_path(target).rename(target)
    connection.disconnect()


def with_pandas(folder: Path, target: Path) -> None:
    """Columns of what is to be counted, and group-bys of them."""
    seen = _flagged(folder)
    by_landmark = seen.groupby("landmark_id", sort=True)
    result = by_landmark[[*COUNTS, "opened_messages", "settled_messages", "call_seconds"]].sum()
    attempts, replies = seen[seen["is_attempt"]], seen[seen["is_reply"]]
    result["hours_since_outbound"] = attempts.groupby("landmark_id")["age_hours"].min()
    result["hours_since_reply"] = replies.groupby("landmark_id")["age_hours"].min()
    result["first_reply_hours"] = replies.groupby("landmark_id")["engaged_hours"].min()
    result["mean_reply_words"] = replies.groupby("landmark_id")["reply_words"].mean()
    result["n_steps_tried"] = attempts.groupby("landmark_id")["step_id"].nunique()
    # .last() would pass over what is missing.
    last = attempts.drop_duplicates("landmark_id", keep="last").set_index("landmark_id")
    result["last_channel"], result["last_step_order"] = last["channel"], last["step_order"]
    gaps = seen.loc[seen["gap_hours"].notna()].groupby("landmark_id")["gap_hours"]
    result["mean_gap_hours"], result["longest_gap_hours"] = gaps.mean(), gaps.max()
    _finish(result, folder).to_parquet(target)


def _flagged(folder: Path) -> pd.DataFrame:
    """The events that the landmarks see, in order, with a column for each thing that is counted."""
    landmarks = pd.read_parquet(
        folder / "landmarks.parquet", columns=["landmark_id", "lead_key", "landmark_at", "first_engaged_at"]
    )
    events = pd.read_parquet(folder / "events.parquet", columns=READ)
    for name in ("channel", "direction", "outcome", "reply_intent"):
        events[name] = events[name].astype("category")
    events = events.merge(pd.read_parquet(folder / "steps.parquet"), on="step_id", how="left")
    seen = events.merge(landmarks, on="lead_key").drop(columns="lead_key")
    seen = seen[(seen["occurred_at"] < seen["landmark_at"]) & (seen["logged_at"] < seen["landmark_at"])]
    seen = seen.drop(columns="logged_at").sort_values(["landmark_id", "occurred_at", "event_key"])
    age = (seen["landmark_at"] - seen["occurred_at"]).dt.total_seconds()
    since_engaged = (seen["occurred_at"] - seen["first_engaged_at"]).dt.total_seconds()
    is_outbound, is_skipped, is_call = (
        seen["direction"] == "outbound",
        seen["outcome"] == "skipped",
        seen["channel"] == "voice",
    )
    is_attempt = is_outbound & ~is_skipped
    is_reply = (seen["direction"] == "inbound") & ((since_engaged > 0) | seen["reply_words"].notna())
    is_settled = (age > seen["duration_seconds"].fillna(0)).where(is_call, age >= SETTLING_SECONDS)
    of = {"n_outbound": is_attempt, "n_replies": is_reply}
    seen = seen.assign(
        is_attempt=is_attempt, is_reply=is_reply, age_hours=age / 3600, engaged_hours=since_engaged / 3600
    )
    seen = seen.assign(
        **of,
        **{
            f"{name}_{span}": flag & (age <= hours * 3600) for name, flag in of.items() for span, hours in HOURS.items()
        },
        **{
            f"{name}_{channel}": flag & (seen["channel"] == channel)
            for name, flag in of.items()
            for channel in CHANNELS
        },
        **{name: is_settled & seen["outcome"].isin(outcomes) for name, outcomes in OUTCOMES.items()},
        n_skipped=is_outbound & is_skipped,
        n_positive_replies=is_reply & (seen["reply_intent"] == "positive"),
        settled_messages=is_attempt & is_settled & ~is_call,
    )
    touches = seen.loc[is_attempt | is_reply, ["landmark_id", "engaged_hours"]]
    return seen.assign(
        opened_messages=seen["settled_messages"] & seen["n_opened"],
        call_seconds=seen["duration_seconds"].where(seen["n_connected"], 0).fillna(0),
        gap_hours=touches.groupby("landmark_id")["engaged_hours"].diff(),
    )


def _finish(result: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """A row for each landmark, shares, and what stands for none."""
    landmarks = pd.read_parquet(folder / "landmarks.parquet", columns=["landmark_id"])["landmark_id"]
    result = result.reindex(pd.Index(landmarks, name="landmark_id"))
    for name in (*COUNTS, "call_seconds", "n_steps_tried"):
        result[name] = result[name].fillna(0).astype("float64")
    for name, (part, whole) in SHARES.items():
        result[name] = result[part] / result[whole].where(result[whole] > 0)
    result["last_channel"] = result["last_channel"].astype("object").fillna("none")
    return result[list(FORTY)].reset_index()


def with_polars(folder: Path, target: Path) -> None:
    """One lazy query, streamed."""
    import polars as pl  # noqa: PLC0415  as above

    c = pl.col
    landmarks = pl.scan_parquet(folder / "landmarks.parquet")
    events = pl.scan_parquet(folder / "events.parquet").select(READ)
    seen = (
        events.join(pl.scan_parquet(folder / "steps.parquet"), on="step_id", how="left")
        .join(landmarks.select("landmark_id", "lead_key", "landmark_at", "first_engaged_at"), on="lead_key")
        .filter((c.occurred_at < c.landmark_at) & (c.logged_at < c.landmark_at))
        .with_columns(
            age=(c.landmark_at - c.occurred_at).dt.total_seconds(),
            second=(c.occurred_at - c.first_engaged_at).dt.total_seconds(),
            n_outbound=(c.direction == "outbound") & (c.outcome != "skipped"),
            n_skipped=(c.direction == "outbound") & (c.outcome == "skipped"),
        )
        .with_columns(
            n_replies=(c.direction == "inbound") & ((c.second > 0) | c.reply_words.is_not_null()),
            is_settled=pl.when(c.channel == "voice")
            .then(c.age > c.duration_seconds.fill_null(0))
            .otherwise(c.age >= SETTLING_SECONDS),
        )
        .with_columns(
            **{
                f"{name}_{span}": c(name) & (c.age <= hours * 3600)
                for name in ("n_outbound", "n_replies")
                for span, hours in HOURS.items()
            },
            **{
                f"{name}_{channel}": c(name) & (c.channel == channel)
                for name in ("n_outbound", "n_replies")
                for channel in CHANNELS
            },
            **{name: c.is_settled & c.outcome.is_in(outcomes) for name, outcomes in OUTCOMES.items()},
            n_positive_replies=c.n_replies & (c.reply_intent == "positive"),
            settled_messages=c.n_outbound & c.is_settled & (c.channel != "voice"),
        )
        .with_columns(opened_messages=c.settled_messages & c.n_opened)
    )
    gaps = c.second.filter(c.n_outbound | c.n_replies).sort().diff()
    last = [c.channel, c.step_order]
    aggregated = seen.group_by("landmark_id").agg(
        *[c(name).sum().cast(pl.Float64) for name in (*COUNTS, "opened_messages", "settled_messages")],
        call_seconds=c.duration_seconds.filter(c.n_connected).sum().cast(pl.Float64),
        hours_since_outbound=c.age.filter(c.n_outbound).min() / 3600,
        hours_since_reply=c.age.filter(c.n_replies).min() / 3600,
        first_reply_hours=c.second.filter(c.n_replies).min() / 3600,
        mean_reply_words=c.reply_words.filter(c.n_replies).mean(),
        n_steps_tried=c.step_id.filter(c.n_outbound).drop_nulls().n_unique().cast(pl.Float64),
        mean_gap_hours=gaps.mean() / 3600,
        longest_gap_hours=gaps.max() / 3600,
        **{
            f"last_{value.meta.output_name()}": value.filter(c.n_outbound)
            .sort_by(c.occurred_at.filter(c.n_outbound), c.event_key.filter(c.n_outbound))
            .last()
            for value in last
        },
    )
    result = landmarks.select("landmark_id").join(aggregated, on="landmark_id", how="left")
    result = result.with_columns(
        *[c(name).fill_null(0) for name in (*COUNTS, "call_seconds", "n_steps_tried")],
        last_channel=c.last_channel.fill_null("none"),
        last_step_order=c.last_step_order.cast(pl.Float64),
    )
    shares = {name: pl.when(c(whole) > 0).then(c(part) / c(whole)) for name, (part, whole) in SHARES.items()}
    result.with_columns(**shares).select("landmark_id", *FORTY).sink_parquet(target)


CONTENDERS: dict[str, Callable[[Path, Path], None]] = {
    contender.__name__: contender
    for contender in (bare_scan, ours, ours_sliced, with_polars, with_pandas, ours_whole, ours_default)
}


def make_world(folder: Path, events: int) -> None:
    """Seeded events, landmarks, steps and prompts, as Parquet files."""
    leads = events // EVENTS_A_LEAD
    hours = [float(hours) for hours in TARGETS.landmarks_hours]
    tables = {
        "events": EVENTS.format(events=events, a_lead=EVENTS_A_LEAD, lead_key=LEAD_KEY),
        "all_landmarks": LANDMARKS.format(leads=leads, hours=hours, lead_key=LEAD_KEY),
        "landmarks": LANDMARKS.format(leads=leads, hours=[], lead_key=LEAD_KEY),
        "outcomes": OUTCOMES_REACHED.format(folder=folder),
        "steps": STEPS,
        "prompts": PROMPTS,
    }
    settings = {"threads": THREADS, "memory_limit": "3GB", "temp_directory": str(folder / "spilled")}
    with duckdb.connect(config=settings) as connection:
        for name, query in tables.items():
            connection.execute(f"COPY ({query}) TO '{folder / name}.parquet'")


def measure(contender: str, folder: Path) -> dict[str, Any]:
    """What a contender costs, told by a process of its own; or why it is left out."""
    if contender == "with_featuretools":
        if not UV:
            return {"left_out": "uv is not installed"}
        _flagged(folder)[GIVEN].to_parquet(folder / "flagged.parquet", index=False)
        command = [UV, "run", "--python", sys.executable, "--script", str(FEATURETOOLS), str(folder)]
    elif contender == "with_polars" and not find_spec("polars"):
        return {"left_out": "polars is not installed"}
    else:
        command = [sys.executable, __file__, "--only", contender, "--folder", str(folder)]
    environment = os.environ | {"POLARS_MAX_THREADS": str(THREADS)}
    told = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if told.returncode:
        why = [
            line for line in told.stderr.splitlines() if re.search("error|exception|no solution", line, re.IGNORECASE)
        ]
        return {"left_out": why[-1].strip()[:160] if why else f"exit code {told.returncode}"}
    cost: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return cost


def tell(contender: str, folder: Path) -> None:
    """Do it twice, and print the better time and the peak of memory."""
    times = []
    for _attempt in range(2):
        wall, processor = time.perf_counter(), time.process_time()
        CONTENDERS[contender](folder, folder / f"{contender}.parquet")
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    seconds, processor_seconds = (min(each) for each in zip(*times, strict=True))
    # Not getrusage, whose peak begins with that of the process that started this one.
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024
    print(json.dumps({"seconds": seconds, "processor": processor_seconds, "peak": peak}))


def unequal(folder: Path, contender: str) -> list[str]:
    """The features of which a contender finds other values than the project."""
    expected, found = (
        pd.read_parquet(folder / f"{each}.parquet").set_index("landmark_id").sort_index()
        for each in ("ours", contender)
    )
    wrong = []
    for name in FORTY:
        try:
            pd.testing.assert_series_equal(expected[name], found[name], check_dtype=False, rtol=1e-9)
        except AssertionError:
            wrong.append(name)
    return wrong


def compare(events: int) -> None:
    """Everyone on the same events; a table, as ratios over the bare scan."""
    folder = Path(tempfile.mkdtemp())
    try:
        make_world(folder, events)
        size = f"{events:,} events, {events // EVENTS_A_LEAD:,} leads"
        print(f"\n{size:<34} times the scan   (processor)   seconds   peak MiB")
        scan: dict[str, Any] = {}
        for contender in (*CONTENDERS, "with_featuretools"):
            if events > LARGEST.get(contender, events):
                continue
            cost = measure(contender, folder)
            scan = scan or cost
            if "left_out" in cost:
                print(f"{contender:<18} left out: {cost['left_out']}")
                continue
            differs = unequal(folder, contender) if contender.startswith("with_") else []
            times, processor = (cost[each] / scan[each] for each in ("seconds", "processor"))
            print(
                f"{contender:<34} {times:>14.1f} {processor:>13.1f} {cost['seconds']:>9.2f} {cost['peak']:>10,.0f}"
                + (f"   OTHER VALUES: {', '.join(differs)}" if differs else ""),
                flush=True,
            )
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--only", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        tell(options.only, options.folder)
        return
    print(f"{len(FORTY)} features, {THREADS} threads, DuckDB with {MEMORY_LIMIT}")
    for events in options.events:
        compare(events)


if __name__ == "__main__":
    main()
