"""Who is described when, with which label, and on which side of the split.

A target's mature leads are ordered by first engagement and cut by time:

    train │ calibration │ embargo │ holdout ──▶ first_engaged_at

Models of the training leads, and of ever more of the calibration leads, predict the calibration leads that come next
(rehearsal.py); in the end both train. The embargo is at least the label window long, so every outcome that trained or
calibrated was known before the first lead of the holdout was engaged. All landmarks of a lead stand on its side of the
cuts.
"""

from datetime import timedelta
from typing import cast

import pandas as pd

from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.modelling.parameters import SplitParameters

EXAMPLE_TYPES = {
    "lead_key": "str", "target": "str", "landmark_hours": "float64", "landmark_at": "datetime64[us]",
    "first_engaged_at": "datetime64[us]", "outcome_at": "datetime64[us]", "label": "Int64", "split": "str",
    "campaign_id": "Int64", "source": "str",
}  # fmt: skip
KEYS = ["target", "lead_key", "landmark_hours", "split"]


def assign_splits(
    primary_labels: pd.DataFrame,
    primary_contacts: pd.DataFrame,
    feature_leads: pd.DataFrame,
    primary_as_of: dict[str, str],
    target: Targets,
    split: SplitParameters,
) -> pd.DataFrame:
    """The examples of each target: mature leads at their landmarks with label and split, active leads to be scored.

    One row a lead, target and landmark. `label` is 1 or 0, null on rows to be scored; `split` is train, calibration,
    embargo, holdout or scoring. `outcome_at` is when the lead got there, after its window too, null if not
    by the as-of. `campaign_id` is the campaign of the lead's first attempt.
    """
    as_of = pd.Timestamp(parse_moment(primary_as_of["as_of"]))
    contacts = primary_contacts[["lead_key", "first_campaign_id", "lead_source", "is_opted_out_now"]]
    landmarks = feature_leads[["lead_key", "landmark_hours", "landmark_at", "is_scoring_row"]]
    rows = primary_labels.merge(landmarks, on="lead_key").merge(contacts, on="lead_key", how="left", validate="m:1")
    rows = rows.rename(columns={"first_campaign_id": "campaign_id"}).assign(
        source=rows["lead_source"].fillna("unknown")
    )
    parts = []
    for name, spec in target.items():
        of_target = rows[rows["target"] == name]
        history = _history_rows(of_target, spec, as_of)
        parts += [history.assign(split=_split_history(history, spec, split)), _scoring_rows(of_target, as_of)]
    examples = pd.concat(parts).sort_values(KEYS, ignore_index=True)
    return examples[list(EXAMPLE_TYPES)].astype(EXAMPLE_TYPES)


def _history_rows(rows: pd.DataFrame, spec: Target, as_of: pd.Timestamp) -> pd.DataFrame:
    """Mature leads at the landmarks at which they were still open."""
    at_landmark = ~rows["is_scoring_row"].astype(bool) & rows["landmark_hours"].isin(spec.landmarks_hours)
    mature = rows["state"].isin(["positive", "negative"]) & (rows["window_end_at"] <= as_of)
    return rows[at_landmark & mature & _is_open(rows)].assign(label=lambda kept: (kept["state"] == "positive") * 1)


def _scoring_rows(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Active leads at the as-of."""
    undecided = (rows["state"] == "immature") & rows["outcome_at"].isna() & (rows["window_end_at"] > as_of)
    reachable = rows["opted_out_at"].isna() & ~rows["is_opted_out_now"].fillna(value=False).astype(bool)
    active = rows[rows["is_scoring_row"].astype(bool) & undecided & reachable]
    return active.assign(label=pd.Series(pd.NA, index=active.index, dtype="Int64"), split="scoring")


def _is_open(rows: pd.DataFrame) -> pd.Series:
    """Neither the target reached nor opted out strictly before the landmark, and the label window not over at it."""
    reached = rows["outcome_at"] < rows["landmark_at"]
    left = rows["opted_out_at"] < rows["landmark_at"]
    return ~reached & ~left & (rows["landmark_at"] < rows["window_end_at"])


def _split_history(history: pd.DataFrame, spec: Target, split: SplitParameters) -> pd.Series:
    engaged = history.drop_duplicates("lead_key")["first_engaged_at"]
    holdout_from = _cut(engaged, 1 - split.holdout_share)
    embargo_from = holdout_from - timedelta(days=spec.window_days + split.extra_embargo_days)
    calibration_from = _cut(engaged[engaged < embargo_from], 1 - split.calibration_share)
    sides = pd.Series("train", index=history.index, dtype="str")
    for side, begins in (("calibration", calibration_from), ("embargo", embargo_from), ("holdout", holdout_from)):
        sides[history["first_engaged_at"] >= begins] = side
    return sides


def _cut(moments: pd.Series, share: float) -> pd.Timestamp:
    """The moment before which about this share lies; leads of one moment are never parted."""
    return cast("pd.Timestamp", moments.quantile(share, interpolation="higher"))
