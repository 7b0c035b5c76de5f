# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = ["featuretools==1.31.*", "pandas<3", "pyarrow", "setuptools<81"]
# ///
"""The 40 features of features.py by Featuretools, in an environment of its own: 1.31 works with pandas 2 only.

features.py starts it with uv, in a folder with landmarks.parquet and flagged.parquet, the known events with a column
for each thing that is counted. All 40 are made of Featuretools' own primitives: counts of flags, ratios of counts, and
what the lead's attempts, replies and touches, as dataframes of their own, have to tell.
"""

import json
import re
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

warnings.simplefilter("ignore")
import featuretools as ft  # noqa: E402  its imports warn
from featuretools import primitives as of  # noqa: E402

SHARES = {
    "reply_share": ("n_replies", "n_outbound"),
    **{f"reply_share_{name}": (f"n_replies_{name}", f"n_outbound_{name}") for name in ("sms", "email", "voice")},
    "open_share": ("opened_messages", "settled_messages"),
}


def relate(folder: Path) -> ft.EntitySet:
    """The landmarks, one a lead, and what each of them saw."""
    entities = ft.EntitySet("campaigns")
    landmarks = pd.read_parquet(folder / "landmarks.parquet", columns=["landmark_id", "landmark_at"])
    entities.add_dataframe(landmarks, "landmarks", index="landmark_id")
    events = pd.read_parquet(folder / "flagged.parquet")
    parts = {
        "events": events.drop(
            columns=["channel", "step_id", "step_order", "engaged_hours", "gap_hours", "reply_words"]
        ),
        "attempts": events.loc[
            events["is_attempt"], ["event_key", "landmark_id", "occurred_at", "channel", "step_id", "step_order"]
        ],
        "replies": events.loc[
            events["is_reply"], ["event_key", "landmark_id", "occurred_at", "engaged_hours", "reply_words"]
        ],
        "touches": events.loc[
            events["is_attempt"] | events["is_reply"], ["event_key", "landmark_id", "occurred_at", "gap_hours"]
        ],
    }
    kinds = {"step_id": "Categorical", "channel": "Categorical", "step_order": "Double", "reply_words": "Double"}
    for name, part in parts.items():
        entities.add_dataframe(
            part,
            name,
            index="event_key",
            time_index="occurred_at",
            logical_types={column: kind for column, kind in kinds.items() if column in part},
        )
        entities.add_relationship("landmarks", "landmark_id", name, "landmark_id")
    return entities


def define(entities: ft.EntitySet) -> dict[str, ft.FeatureBase]:
    """The 40 features by name."""

    def feature(dataframe: str, column: str, primitive: of.AggregationPrimitive) -> ft.Feature:
        return ft.Feature(entities[dataframe].ww[column], parent_dataframe_name="landmarks", primitive=primitive)

    flags = [name for name in entities["events"].columns if name.startswith("n_") or name.endswith("_messages")]
    features = {name: feature("events", name, of.NumTrue) for name in flags}
    for name, (part, whole) in SHARES.items():
        features[name] = ft.Feature([features[part], features[whole]], primitive=of.DivideNumeric)
    features |= {
        "call_seconds": feature("events", "call_seconds", of.Sum),
        "hours_since_outbound": feature("attempts", "occurred_at", of.TimeSinceLast(unit="hours")),
        "hours_since_reply": feature("replies", "occurred_at", of.TimeSinceLast(unit="hours")),
        "first_reply_hours": feature("replies", "engaged_hours", of.Min),
        "last_channel": feature("attempts", "channel", of.Last),
        "last_step_order": feature("attempts", "step_order", of.Last),
        "n_steps_tried": feature("attempts", "step_id", of.NumUnique),
        "mean_gap_hours": feature("touches", "occurred_at", of.AvgTimeBetween(unit="hours")),
        "longest_gap_hours": feature("touches", "gap_hours", of.Max),
        "mean_reply_words": feature("replies", "reply_words", of.Mean),
    }
    return features


def compute(folder: Path, target: Path) -> None:
    entities = relate(folder)
    features = define(entities)
    cutoffs = entities["landmarks"][["landmark_id", "landmark_at"]].rename(columns={"landmark_at": "time"})
    matrix = ft.calculate_feature_matrix(list(features.values()), entities, cutoffs, include_cutoff_time=False)
    matrix = matrix.rename(columns={feature.get_name(): name for name, feature in features.items()})
    none = {name: 0 for name in features if name.startswith("n_") or name == "call_seconds"}
    matrix = matrix.assign(last_channel=matrix["last_channel"].astype("object").fillna("none")).fillna(none)
    matrix[list(SHARES)] = matrix[list(SHARES)].replace(float("inf"), None)
    matrix.reset_index().to_parquet(target)


def main() -> None:
    folder = Path(sys.argv[1])
    times = []
    for _attempt in range(2):
        wall, processor = time.perf_counter(), time.process_time()
        compute(folder, folder / "with_featuretools.parquet")
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    seconds, processor_seconds = (min(each) for each in zip(*times, strict=True))
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024
    print(json.dumps({"seconds": seconds, "processor": processor_seconds, "peak": peak}))


if __name__ == "__main__":
    main()
