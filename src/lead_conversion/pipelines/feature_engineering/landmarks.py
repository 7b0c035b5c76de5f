"""The moments at which leads are described."""

from dataclasses import asdict, fields
from datetime import datetime, timedelta

import ibis
import pandas as pd
from ibis import _
from ibis.expr.types import Table

from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import MOMENT, SECONDS_AN_HOUR, parse_moment
from lead_conversion.kernel.zones import ZoneSpan, zone_spans
from lead_conversion.pipelines.feature_engineering.events import second_of

COLUMNS = ["lead_key", "landmark_hours", "landmark_at", "is_scoring_row", "first_engaged_at"]
CLOCK = ["offset_seconds", "earlier_offset_seconds", "offset_changed_at"]
ZONES = ibis.schema(
    {
        "timezone": "string",
        "from_at": MOMENT,
        "until_at": MOMENT,
        "offset_seconds": "int64",
        "earlier_offset_seconds": "int64",
        "offset_changed_at": MOMENT,
    }
)


def place_landmarks(primary_contacts: Table, primary_as_of: dict[str, str], target: Targets) -> Table:
    """One row a lead and landmark, with the offset of the lead's own clock from UTC.

    Landmarks are the configured hours after first engagement, as far as the as-of has come; and, for leads whose
    longest label window is still open, the as-of itself, for scoring. Between its first engagement and the record of
    it nobody could have known of the lead: there it is absent. `landmark_id` counts them in order of lead, kind
    and hours. The clock stood at `earlier_offset_seconds` until `offset_changed_at`; null where the zone is not known.
    """
    as_of = parse_moment(primary_as_of["as_of"])
    engaged = primary_contacts.drop_null("first_engaged_at").select(
        "lead_key", "first_engaged_at", "engagement_logged_at", "timezone"
    )
    moments = _past(engaged, as_of, target).union(_now(engaged, as_of, target))
    zones = _zones(engaged, as_of)
    is_in_span = [
        moments.timezone == zones.timezone,
        moments.landmark_at >= zones.from_at,
        moments.landmark_at < zones.until_at,
    ]
    placed = moments.left_join(zones, is_in_span)
    order = ["lead_key", "is_scoring_row", "landmark_hours"]
    return (
        placed.mutate(landmark_id=ibis.row_number().over(order_by=order))
        .select("landmark_id", *COLUMNS, *CLOCK)
        .order_by(order)
    )


def _past(engaged: Table, as_of: datetime, target: Targets) -> Table:
    hours = ibis.memtable({"landmark_hours": list(target.landmarks_hours)})
    since_engaged = (_.landmark_hours * SECONDS_AN_HOUR).cast("int64").as_interval("s")
    moments = engaged.cross_join(hours).mutate(
        landmark_at=(_.first_engaged_at + since_engaged).cast(MOMENT), is_scoring_row=ibis.literal(value=False)
    )
    is_known = (_.engagement_logged_at < _.landmark_at) | (_.landmark_hours == 0)
    return moments.filter((_.landmark_at <= as_of) & is_known).select(*COLUMNS, "timezone")


def _now(engaged: Table, as_of: datetime, target: Targets) -> Table:
    longest = ibis.interval(days=max(spec.window_days for _name, spec in target.items()))
    moments = engaged.filter(_.first_engaged_at + longest > as_of).mutate(
        landmark_at=ibis.literal(as_of).cast(MOMENT), is_scoring_row=ibis.literal(value=True)
    )
    passed = second_of(_.landmark_at) - second_of(_.first_engaged_at)
    return moments.mutate(landmark_hours=passed / SECONDS_AN_HOUR).select(*COLUMNS, "timezone")


def _zones(engaged: Table, as_of: datetime) -> Table:
    """The spans of each zone that a lead names, each with the offset before it."""
    names = engaged.select("timezone").distinct().drop_null("timezone").order_by("timezone").to_pandas()["timezone"]
    first = engaged.first_engaged_at.min().to_pandas()
    spans = [] if pd.isna(first) else zone_spans(list(names), first - timedelta(days=1), as_of + timedelta(days=1))
    columns = [field.name for field in fields(ZoneSpan)]
    frame = pd.DataFrame([asdict(span) for span in spans], columns=columns)
    by_zone = frame.groupby("timezone")
    is_changed = by_zone.cumcount() > 0
    frame = frame.assign(
        earlier_offset_seconds=by_zone["offset_seconds"].shift(1).astype("Int64"),
        offset_changed_at=frame["from_at"].where(is_changed),
    )
    return ibis.memtable(frame[list(ZONES.names)], schema=ZONES)
