"""Moments that roll through time: what was known before each learns, what came after it judges.

Everything here happens inside the rows that it is given, which hold no lead of the holdout:

    earlier │ embargo │ later          first origin
    earlier ───────── │ embargo │ later         second origin ──▶ first_engaged_at

All landmarks of a lead stand on one side, and a lead that learns had its label window over at the origin.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Origin:
    """Rows of the leads that were known at a moment, and rows of the leads that came from it on."""

    earlier: pd.DataFrame
    later: pd.DataFrame

    @property
    def has_both_labels(self) -> bool:
        """Whether positives and negatives stand on both sides, so that a model can learn and be judged."""
        return all(side["label"].min() < side["label"].max() for side in (self.earlier, self.later))


def split_by_time(rows: pd.DataFrame, later_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Earlier and later leads, without an embargo; all landmarks of a lead on one side."""
    engaged = rows.drop_duplicates("lead_key")["first_engaged_at"]
    later_from = engaged.quantile(1 - later_share, interpolation="higher")
    is_later = rows["first_engaged_at"] >= later_from
    return rows[~is_later], rows[is_later]


def roll_origins(rows: pd.DataFrame, first_share: float, origins: int, embargo_hours: float) -> list[Origin]:
    """Origins that part the later leads into spans of about equal size; each learns from all that was known by then.

    Args:
        rows: one row a lead and landmark, with first_engaged_at and label.
        first_share: share of the leads that came before the first origin.
        origins: how many; fewer come back where the leads are too few to fill both sides.
        embargo_hours: a lead that learns was first engaged longer than this before the origin.
    """
    if rows.empty or not origins:
        return []
    engaged = rows.drop_duplicates("lead_key")["first_engaged_at"]
    shares = np.linspace(first_share, 1, origins, endpoint=False)
    begins = [pd.Timestamp(begin) for begin in engaged.quantile(shares, interpolation="higher").unique()]
    ends = [*begins[1:], pd.Timestamp.max]
    at = rows["first_engaged_at"]
    embargo = timedelta(hours=embargo_hours)
    rolled = [
        Origin(rows[at < begin - embargo], rows[(at >= begin) & (at < end)])
        for begin, end in zip(begins, ends, strict=True)
    ]
    return [origin for origin in rolled if len(origin.earlier) and len(origin.later)]
