"""Features as Ibis expressions over one join of landmarks with the events before them, a function a family.

Every function gives name → expression. `attribution` reads the contact; the others aggregate the joined events, so a
lead without events before its landmark has counts of 0 and missing measures. Sums are of integers or decided by order,
for sums of floating-point numbers depend on the thread count.
"""

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, NumericValue, Value

SECONDS_AN_HOUR = 3600
MINUTES_A_DAY = 24 * 60
DELIVERED = ("delivered", "opened", "clicked", "connected")
OPENED = ("opened", "clicked")


def attribution() -> dict[str, Value]:
    """Who the lead is and where it came from; known since the contact was created."""
    categories = ["lead_source", "landing_page", "industry", "seniority", "company_size", "country"]
    return {
        **{name: _[name].fill_null("unknown") for name in categories},
        "crm_score": _.crm_score,
        "site_visits_30d": _.site_visits_30d.cast("float64"),
        "lead_age_hours": _hours(_.created_at, _.landmark_at),
        "hours_since_engaged": _hours(_.first_engaged_at, _.landmark_at),
        "landmark_hour": _.landmark_at.hour().cast("float64"),
        "landmark_weekday": _.landmark_at.day_of_week.index().cast("float64"),
    }


def interaction(settling_hours: float) -> dict[str, Value]:
    """What was tried, what arrived, what came back.

    A message counts as opened or clicked only `settling_hours` after it was sent: the source does not say when it was.
    """
    settled = _.occurred_at <= _.landmark_at - ibis.interval(seconds=int(settling_hours * SECONDS_AN_HOUR))
    is_opened = settled & _.outcome.isin(OPENED)
    outbound = (_.direction == "outbound") & (_.outcome != "skipped")
    replied = _is_reply()
    last_day = _.occurred_at >= _.landmark_at - ibis.interval(hours=24)
    return {
        "n_outbound": _count(outbound),
        **{f"n_outbound_{channel}": _count(outbound & (_.channel == channel)) for channel in ("sms", "email", "voice")},
        "n_outbound_24h": _count(outbound & last_day),
        "n_delivered": _count(_.outcome.isin(DELIVERED)),
        "n_opened": _count(is_opened),
        "n_clicked": _count(settled & (_.outcome == "clicked")),
        "n_failed": _count(_.outcome.isin(("failed", "bounced"))),
        "n_skipped": _count(_.outcome == "skipped"),
        "n_connected": _count(_.outcome == "connected"),
        "n_replies": _count(replied),
        "n_replies_24h": _count(replied & last_day),
        "last_step_order": _latest(_.step_order.cast("float64"), outbound),
        "open_share": _share(is_opened, settled & outbound & (_.channel != "voice")),
        "reply_share": _share(replied, outbound),
    }


def timing() -> dict[str, Value]:
    """How long ago things happened."""
    outbound = (_.direction == "outbound") & (_.outcome != "skipped")
    replied = _is_reply()
    return {
        "hours_since_outbound": _hours(_.occurred_at, _.landmark_at).min(where=outbound),
        "hours_since_reply": _hours(_.occurred_at, _.landmark_at).min(where=replied),
        "first_reply_hours": _hours(_.first_engaged_at, _.occurred_at).min(where=replied),
    }


def content() -> dict[str, Value]:
    """What the replies said, as far as their features tell, and what was last written to the lead."""
    replied = _is_reply()
    words = _.reply_words.sum(where=replied).cast("float64")
    return {
        "n_positive_replies": _count(replied & (_.reply_intent == "positive")),
        "n_negative_replies": _count(replied & (_.reply_intent == "negative")),
        "n_objections": _count(replied & _.reply_objection.notnull()),
        "n_questions": _count(replied & _.reply_has_question.fill_null(False)),
        "mean_reply_words": words / _count(replied).nullif(0),
        "last_reply_intent": _latest(_.reply_intent, replied).fill_null("none"),
        "last_objection": _latest(_.reply_objection, replied & _.reply_objection.notnull()).fill_null("none"),
        "last_prompt_chars": _latest(
            _.prompt_chars.cast("float64"), (_.direction == "outbound") & (_.outcome != "skipped")
        ),
    }


def campaign() -> dict[str, Value]:
    """The campaign that tried the lead last."""
    outbound = _.direction == "outbound"
    return {"campaign": _latest(_.campaign_id.cast("string"), outbound).fill_null("none")}


def _is_reply() -> BooleanValue:
    """An inbound event that answers or says something; the mere contact by which a lead came in does neither."""
    return (_.direction == "inbound") & ((_.occurred_at > _.first_engaged_at) | _.reply_words.notnull())


def _count(condition: BooleanValue) -> NumericValue:
    return condition.sum().fill_null(0).cast("float64")


def _share(part: BooleanValue, whole: BooleanValue) -> NumericValue:
    return _count(part) / _count(whole).nullif(0)


def _latest(value: Value, where: BooleanValue) -> Value:
    return value.last(where=where, order_by=["occurred_at", "event_key"])


def _hours(start: Value, end: Value) -> NumericValue:
    return (end.epoch_seconds() - start.epoch_seconds()).cast("float64") / SECONDS_AN_HOUR
