"""The engagement score: points for what a lead did, exponentially decayed.

What earns how many points, and the half-lives, stand in the configuration (`features.engagement`). A reply of 72 hours
ago counts half with a half-life of 72 hours; what is 10 half-lives old counts for a thousandth. Each event's points are
kept to the millionth.
"""

from ibis.expr.types import FloatingValue

from lead_conversion.pipelines.feature_engineering.events import MICRO, Seen
from lead_conversion.pipelines.feature_engineering.families.measures import number


def engagement_score(seen: Seen) -> FloatingValue:
    """Points, slowly decayed."""
    return number(seen.micro_points.sum().fill_null(0)) / MICRO


def engagement_score_now(seen: Seen) -> FloatingValue:
    """Points, quickly decayed."""
    return number(seen.micro_points_now.sum().fill_null(0)) / MICRO


def engagement_trend(seen: Seen) -> FloatingValue:
    """The quickly decayed points over the slowly decayed ones, all as gains: gains and losses would cancel."""
    lately = number(seen.micro_points_now.abs().sum())
    return lately / number(seen.micro_points.abs().sum()).nullif(0)
