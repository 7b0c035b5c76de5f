"""Leads tell who converts by what they do after the window, too.

Whoever gets there in the third week is more like those who did in the first than like those who never do. So models
learn from each lead twice: by whether it got there within the target's window, and, where that is known by then, by
whether it did within several windows; each of the two has its clock (clock.py), and the rest is in common. What is
predicted, judged and calibrated stays the target's own window.

A model of more frequent outcomes is sharper and a little beside the point: on few leads that is a gain, on many nothing
(a power prior, Ibrahim & Chen 2000, with both weights one).
"""

import pandas as pd

from lead_conversion.pipelines.modelling.clock import WINDOWS


def add_later_outcomes(rows: pd.DataFrame, windows: int, window_hours: float) -> pd.DataFrame:
    """The rows as they are, and once more those of leads whose `windows` windows are over, labelled by these.

    `rows` hold first_engaged_at and outcome_at of leads whose window is over. What is known is what was known at the
    end of the last one's window, so nothing comes from later than the labels themselves. Nothing is added where the
    positive leads would be no more, for the leads that came last are left out.
    """
    if rows.empty:
        return rows
    window = pd.Timedelta(hours=window_hours)
    ripe = rows[rows["first_engaged_at"] + windows * window <= rows["first_engaged_at"].max() + window]
    got_there = ripe["outcome_at"] < ripe["first_engaged_at"] + windows * window
    if ripe.loc[got_there, "lead_key"].nunique() <= rows.loc[rows["label"] == 1, "lead_key"].nunique():
        return rows
    later = ripe.assign(**{"label": got_there * 1, WINDOWS: windows})
    both: pd.DataFrame = pd.concat([rows.assign(**{WINDOWS: 1}), later], ignore_index=True)
    return both
