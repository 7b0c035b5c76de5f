"""What was known of each lead when it met a step: what decided who got what, and who books anyway."""

import pandas as pd

from lead_conversion.kernel.windows import SECONDS_AN_HOUR

ATTRIBUTES = ("lead_source", "industry", "seniority", "job_function", "company_size", "country")
HISTORY_DTYPES = {
    **dict.fromkeys(ATTRIBUTES, "str"),
    "crm_score": "float64",
    "site_visits_30d": "float64",
    "has_email": "bool",
    "has_phone": "bool",
    "steps_met": "int64",
    "steps_skipped": "int64",
    "hours_since_enrolled": "float64",
    "hours_since_attempt": "float64",
    "last_channel": "str",
    "last_outcome": "str",
    "last_result": "str",
    "replies": "int64",
    "positive_replies": "int64",
    "objections": "int64",
    "last_intent": "str",
}
# What was known when a step's arm was chosen. The wait before a step is chosen right after the step before it: how long
# ago that was, and what had become of it by then, are the wait's own doing.
TRAITS = (*ATTRIBUTES, "crm_score", "site_visits_30d")
AT_ENROLMENT = (*TRAITS, "has_email", "has_phone")
BEFORE_WAIT = (
    *AT_ENROLMENT, "steps_met", "steps_skipped", "last_channel", "last_result", "replies", "positive_replies",
    "objections", "last_intent",
)  # fmt: skip
AT_STEP = tuple(name for name in HISTORY_DTYPES if name != "last_result")
UNKNOWN, NONE, UNSETTLED = "unknown", "none", "unsettled"


def describe_histories(
    met: pd.DataFrame, logs: pd.DataFrame, contacts: pd.DataFrame, settling_hours: float
) -> pd.DataFrame:
    """What was known before each step was met; columns as in `HISTORY_DTYPES`, rows as in `met`.

    Nothing of the step itself and nothing after it, but for two things: `last_result` is what became of the last
    attempt in the end (`last_outcome` is "unsettled" where the source may still write over it), and addresses are those
    of now, for the source keeps no others.

    Args:
        met: lead_key, campaign_id, step_id, met_at, enrolled_at and is_skipped of each step met.
        logs: all events.
        contacts: one row a lead.
        settling_hours: after which an opening or a click is taken to be known.
    """
    known = contacts.set_index("lead_key").reindex(met["lead_key"]).set_index(met.index)
    described = pd.DataFrame({name: known[name].fillna(UNKNOWN) for name in ATTRIBUTES}, index=met.index)
    return described.assign(
        crm_score=known["crm_score"],
        site_visits_30d=known["site_visits_30d"],
        has_email=known["email_key"].notna(),
        has_phone=known["phone_key"].notna(),
        **_journeys_so_far(met),
        hours_since_enrolled=_hours(met["met_at"] - met["enrolled_at"]),
        **_last_attempts(met, logs, settling_hours),
        **_replies_so_far(met, logs, known["first_engaged_at"]),
    )


def _journeys_so_far(met: pd.DataFrame) -> dict[str, pd.Series]:
    """Steps of the campaign that the lead had met, and how many of them were skipped."""
    ordered = met.sort_values(["lead_key", "campaign_id", "met_at", "step_id"])
    journeys = ordered.groupby(["lead_key", "campaign_id"])
    skipped = journeys["is_skipped"].cumsum() - ordered["is_skipped"].astype("int64")
    return {"steps_met": journeys.cumcount().reindex(met.index), "steps_skipped": skipped.reindex(met.index)}


def _last_attempts(met: pd.DataFrame, logs: pd.DataFrame, settling_hours: float) -> dict[str, pd.Series]:
    is_attempt = logs["direction"].eq("outbound") & logs["outcome"].ne("skipped")
    attempts = logs.loc[is_attempt].sort_values(["occurred_at", "event_key"])
    last = _last_before(met, attempts[["lead_key", "occurred_at", "channel", "outcome"]])
    hours = _hours(met["met_at"] - last["occurred_at"])
    # An answer is an event of its own, and may have come to this step.
    is_settled = ((hours >= settling_hours) | last["channel"].eq("voice")) & last["outcome"].ne("replied")
    result = last["outcome"].fillna(UNKNOWN).where(last["occurred_at"].notna(), NONE)
    return {
        "hours_since_attempt": hours,
        "last_channel": last["channel"].fillna(NONE),
        "last_outcome": result.where(is_settled | result.eq(NONE), UNSETTLED),
        "last_result": result,
    }


def _replies_so_far(met: pd.DataFrame, logs: pd.DataFrame, first_engaged_at: pd.Series) -> dict[str, pd.Series]:
    """Replies, not the mere contact by which a lead came in: that says nothing and is its first event."""
    inbound = logs.loc[logs["direction"].eq("inbound")]
    began = first_engaged_at.set_axis(met["lead_key"]).groupby(level=0).first().astype("datetime64[us]")
    is_later = inbound["occurred_at"] > began.reindex(inbound["lead_key"]).set_axis(inbound.index)
    is_reply = inbound["reply_words"].notna() | is_later
    replies = inbound.loc[is_reply].sort_values(["occurred_at", "event_key"])
    by_lead = replies["lead_key"]
    counted = replies.assign(
        replies=1,
        positive_replies=replies["reply_intent"].eq("positive").astype("int64"),
        objections=replies["reply_objection"].notna().astype("int64"),
    )
    names = ["replies", "positive_replies", "objections"]
    counted[names] = counted.groupby(by_lead)[names].cumsum()
    last = _last_before(met, counted[["lead_key", "occurred_at", "reply_intent", *names]])
    return {**{name: last[name].fillna(0) for name in names}, "last_intent": last["reply_intent"].fillna(NONE)}


def _last_before(met: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Each row's last event strictly before it; of two at one moment the one that stands later."""
    kinds = {"lead_key": "str", "occurred_at": "datetime64[us]"}
    rows = met[["lead_key", "met_at"]].astype({"lead_key": "str"}).rename_axis("row").reset_index()
    matched = pd.merge_asof(
        rows.sort_values("met_at"),
        events.astype(kinds).sort_values("occurred_at", kind="stable"),
        left_on="met_at",
        right_on="occurred_at",
        by="lead_key",
        allow_exact_matches=False,
    )
    return matched.set_index("row").reindex(met.index)


def _hours(span: pd.Series) -> pd.Series:
    hours: pd.Series = span.dt.total_seconds() / SECONDS_AN_HOUR
    return hours
