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
    if rows.empty or windows == 1:
        return rows
    engaged, window = rows["first_engaged_at"], pd.Timedelta(hours=window_hours)
    is_ripe = engaged + windows * window <= engaged.max() + window
    got_there = is_ripe & (rows["outcome_at"] < engaged + windows * window)
    if rows.loc[got_there, "lead_key"].nunique() <= rows.loc[rows["label"] == 1, "lead_key"].nunique():
        return rows
    later = rows[is_ripe].assign(**{"label": got_there[is_ripe] * 1, WINDOWS: windows})
    both: pd.DataFrame = pd.concat([rows.assign(**{WINDOWS: 1}), later], ignore_index=True)
    return both
