"""One row a lead and step met: who was at risk, what was done, and what came of it."""

from datetime import datetime

import pandas as pd

from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.exposure.histories import HISTORY_DTYPES, describe_histories
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import planned_waits
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters

RISK_SET_DTYPES = {
    "lead_key": "str",
    "campaign_id": "Int64",
    "step_id": "Int64",
    "prompt_id": "Int64",
    "sequence_variant": "str",
    "channel": "str",
    "enrolled_at": "datetime64[us]",
    "met_at": "datetime64[us]",
    "planned_wait_hours": "float64",
    "variant_wait_hours": "float64",
    "is_skipped": "bool",
    "is_reachable": "bool",
    "is_mature": "bool",
    "booked": "bool",
    "bounced": "bool",
    "opted_out": "bool",
    "replied_negative": "bool",
    "booked_at": "datetime64[us]",
    "opted_out_at": "datetime64[us]",
    "replied_negative_at": "datetime64[us]",
    **HISTORY_DTYPES,
}
BOOKING = "call_booked"
# What becomes of an attempt at an address that does not work, whatever it says.
BOUNCED = ("failed", "bounced")
LONGEST_CALL = pd.Timedelta(hours=4)


def build_risk_sets(
    primary_engagement_logs: pd.DataFrame,
    primary_outcomes: pd.DataFrame,
    primary_campaign_steps: pd.DataFrame,
    primary_contacts: pd.DataFrame,
    primary_labels: pd.DataFrame,
    primary_as_of: dict[str, str],
    target: Targets,
    parameters: RecommendationParameters,
) -> pd.DataFrame:
    """The risk set: each lead at each step it met while neither booked nor opted out.

    Leads engaged before bookings were recorded are absent: whether they booked is not known. So are attempts of a step
    that belongs to no campaign: nobody knows what else could have been sent.
    A skipped step was met too. `booked`, `opted_out` and `replied_negative` say what happened in
    [met_at, met_at + horizon); they are the final answer only where `is_mature`. `bounced` says that
    the attempt did not reach any address. `booked_at`, `opted_out_at` and `replied_negative_at` say when the lead did
    so first from then on.

    Returns:
        One row a (lead_key, step_id), ordered by them; columns as in `RISK_SET_DTYPES`.
        `variant_wait_hours` is the wait of the step in the lead's own sequence variant.
    """
    as_of = parse_moment(primary_as_of["as_of"])
    horizon = pd.Timedelta(days=parameters.horizon_days)
    is_known = ~primary_engagement_logs["lead_key"].isin(left_truncated_leads(primary_labels, target))
    met = _first_attempts(primary_engagement_logs.loc[is_known], primary_campaign_steps, as_of)
    leads = met["lead_key"]
    booked_at = _look_up(leads, _first_moment(primary_outcomes, BOOKING, as_of))
    opted_out_at = _look_up(leads, _first_moment(primary_outcomes, "opted_out", as_of))
    met["is_mature"] = met["met_at"] + horizon <= as_of
    met["booked"] = falls_within(booked_at, met["met_at"], horizon)
    met["opted_out"] = falls_within(opted_out_at, met["met_at"], horizon)
    met["bounced"] = met["outcome"].isin(BOUNCED)
    met["booked_at"] = booked_at
    met["opted_out_at"] = opted_out_at
    met["replied_negative_at"] = _next_negative_reply(met, primary_engagement_logs)
    met["replied_negative"] = falls_within(met["replied_negative_at"], met["met_at"], horizon)
    met = met.join(describe_histories(met, primary_engagement_logs, primary_contacts, parameters.settling_hours))
    met["is_reachable"] = met["has_email"].where(met["channel"] == "email", met["has_phone"])
    at_risk = ~(booked_at < met["met_at"]) & ~(opted_out_at < met["met_at"])
    return (
        met.loc[at_risk, list(RISK_SET_DTYPES)]
        .astype(RISK_SET_DTYPES)
        .sort_values(["lead_key", "step_id"], ignore_index=True)
    )


def left_truncated_leads(primary_labels: pd.DataFrame, target: Targets) -> pd.Series:
    """The keys of the leads that were engaged before bookings were recorded, each once, in order."""
    of_bookings = [name for name, spec in target.items() if spec.outcome == BOOKING]
    is_truncated = primary_labels["target"].isin(of_bookings) & (primary_labels["reason"] == "left_truncated")
    return primary_labels.loc[is_truncated, "lead_key"].drop_duplicates().sort_values(ignore_index=True)


def _first_attempts(logs: pd.DataFrame, campaign_steps: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The first attempt of each step on each lead, with the step's campaign and variant's wait."""
    attempts = logs.loc[(logs["direction"] == "outbound") & logs["lead_key"].notna() & logs["step_id"].notna()]
    # occurred_at is when a call ended; a call booked while talking must come after the step was met
    seconds = attempts["duration_seconds"].astype("float64")
    is_believable = seconds.between(0, LONGEST_CALL.total_seconds())
    duration = pd.to_timedelta(seconds.where(is_believable, 0).round(), unit="s")
    met_at = attempts["occurred_at"].astype("datetime64[us]") - duration
    attempts = attempts.assign(
        met_at=met_at.astype("datetime64[us]"),
        is_skipped=attempts["outcome"].eq("skipped").fillna(value=False),
        sequence_variant=attempts["sequence_variant"].fillna("A"),
    )
    attempts = attempts.loc[attempts["met_at"] <= as_of].sort_values(["met_at", "event_key"])
    attempts = attempts.drop_duplicates(["lead_key", "step_id"]).drop(columns="campaign_id")
    attempts["step_id"] = attempts["step_id"].astype("Int64")
    step_campaigns = campaign_steps[["step_id", "campaign_id"]].astype("Int64").dropna()
    attempts = attempts.merge(step_campaigns.drop_duplicates("step_id"), on="step_id")
    return attempts.merge(planned_waits(campaign_steps), on=["step_id", "sequence_variant"], how="left")


def _first_moment(outcomes: pd.DataFrame, outcome_type: str, as_of: datetime) -> pd.Series:
    of_type = outcomes.loc[(outcomes["outcome_type"] == outcome_type) & (outcomes["occurred_at"] <= as_of)]
    return of_type.groupby("lead_key")["occurred_at"].min()


def falls_within(moment: pd.Series, start: pd.Series, span: pd.Timedelta) -> pd.Series:
    """Whether each moment lies in [start, start + span); one that never came does not."""
    return (moment >= start) & (moment < start + span)


def _look_up(leads: pd.Series, moments: pd.Series) -> pd.Series:
    """Each lead's moment; a lead without one has none, also where nobody has one."""
    found = moments.astype("datetime64[us]").reindex(leads)
    return pd.Series(found.to_numpy(), index=leads.index)


def _next_negative_reply(met: pd.DataFrame, logs: pd.DataFrame) -> pd.Series:
    """When the lead next answered with a no, from the moment the step was met on."""
    is_negative = logs["direction"].eq("inbound") & logs["reply_intent"].eq("negative")
    replies = logs.loc[is_negative & logs["lead_key"].notna(), ["lead_key", "occurred_at"]]
    replies = replies.astype({"lead_key": "str", "occurred_at": "datetime64[us]"})
    rows = met[["lead_key", "met_at"]].astype({"lead_key": "str"}).rename_axis("row").reset_index()
    matched = pd.merge_asof(
        rows.sort_values("met_at"),
        replies.sort_values("occurred_at"),
        left_on="met_at",
        right_on="occurred_at",
        by="lead_key",
        direction="forward",
    )
    return matched.set_index("row")["occurred_at"].reindex(met.index)
