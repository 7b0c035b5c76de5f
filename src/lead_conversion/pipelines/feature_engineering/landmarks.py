"""The moments at which leads are described."""

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import MOMENT

SECONDS_AN_HOUR = 3600


def place_landmarks(primary_contacts: Table, primary_as_of: dict[str, str], target: Targets) -> Table:
    """One row a lead and landmark.

    Landmarks are the configured hours after first engagement, as far as the as-of has come; and, for leads whose
    longest label window is still open, the as-of itself, for scoring.
    """
    as_of = ibis.literal(primary_as_of["as_of"]).cast(MOMENT)
    engaged = primary_contacts.filter(_.first_engaged_at.notnull()).select("lead_key", "first_engaged_at")
    hours = ibis.memtable({"landmark_hours": list(target.landmarks_hours)})
    history = engaged.cross_join(hours).mutate(
        landmark_at=(_.first_engaged_at + (_.landmark_hours * SECONDS_AN_HOUR).cast("int64").as_interval("s")).cast(
            MOMENT
        ),
        is_scoring_row=ibis.literal(value=False),
    )
    longest = ibis.interval(days=max(spec.window_days for _name, spec in target.items()))
    scoring = (
        engaged.filter(_.first_engaged_at + longest > as_of)
        .mutate(landmark_at=as_of, is_scoring_row=ibis.literal(value=True))
        .mutate(
            landmark_hours=(_.landmark_at.epoch_seconds() - _.first_engaged_at.epoch_seconds()) / SECONDS_AN_HOUR,
        )
    )
    columns = ["lead_key", "landmark_hours", "landmark_at", "is_scoring_row", "first_engaged_at"]
    past = history.filter(_.landmark_at <= as_of)
    return (
        past.select(columns).union(scoring.select(columns)).order_by(["lead_key", "is_scoring_row", "landmark_hours"])
    )
