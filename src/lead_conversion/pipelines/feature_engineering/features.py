"""Features of leads at landmarks."""

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.feature_engineering import families
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters

KEYS = ["lead_key", "landmark_hours", "is_scoring_row"]


def compute_features(
    feature_landmarks: Table,
    primary_contacts: Table,
    primary_engagement_logs: Table,
    primary_campaign_steps: Table,
    feature_campaign_rates: Table,
    features: FeatureParameters,
) -> Table:
    """One row a lead and landmark, of what was known strictly before it; columns as in contracts/features.py.

    Known is an event that had happened and had been recorded.
    """
    described = _described_events(primary_engagement_logs, primary_campaign_steps)
    known = (
        (described.lead_key == feature_landmarks.lead_key)
        & (described.occurred_at < feature_landmarks.landmark_at)
        & (described.logged_at < feature_landmarks.landmark_at)
    )
    joined = feature_landmarks.left_join(described, known).drop("lead_key_right", "logged_at")
    events = joined.group_by([*KEYS, "landmark_at", "first_engaged_at"]).agg(
        **families.interaction(features.settling_hours),
        **families.timing(),
        **families.content(),
        **families.campaign(),
    )
    contacts = primary_contacts.drop("first_engaged_at", "opted_out_at", "first_campaign_id")
    attributed = events.join(contacts, "lead_key").mutate(**families.attribution())
    return (
        _with_campaign_rate(attributed, feature_campaign_rates)
        .select(*KEYS, "landmark_at", *[feature.name for feature in FEATURES])
        .order_by(KEYS)
    )


def measure_campaigns(
    primary_labels: Table, primary_contacts: Table, target: Targets, features: FeatureParameters
) -> Table:
    """A campaign's rate of the first target as it was known from each day on: of leads whose label window was over.

    One row a campaign and day on which a window ended; it holds from `known_from_at`, the start of the next day, until
    `known_until_at`. The estimate is the posterior mean of a binomial with a beta prior of `campaign_prior_leads`
    leads at the rate of all campaigns so far.
    """
    mature = primary_labels.filter((_.target == target.names[0]) & _.state.isin(("positive", "negative"))).join(
        primary_contacts.filter(_.first_campaign_id.notnull()).select("lead_key", "first_campaign_id"), "lead_key"
    )
    daily = (
        mature.mutate(known_from_at=_.window_end_at.truncate("D") + ibis.interval(days=1))
        .group_by(["first_campaign_id", "known_from_at"])
        .agg(leads=_.count(), booked=(_.state == "positive").sum())
    )
    of_campaign = ibis.cumulative_window(group_by="first_campaign_id", order_by="known_from_at")
    of_all = ibis.range_window(preceding=None, following=0, order_by="known_from_at")
    following = ibis.window(group_by="first_campaign_id", order_by="known_from_at")
    prior = features.campaign_prior_leads
    return (
        daily.mutate(
            campaign_leads=_.leads.sum().over(of_campaign),
            campaign_booked=_.booked.sum().over(of_campaign),
            all_leads=_.leads.sum().over(of_all),
            all_booked=_.booked.sum().over(of_all),
            known_until_at=_.known_from_at.lead().over(following),
        )
        .mutate(campaign_rate=(_.campaign_booked + prior * _.all_booked / _.all_leads) / (_.campaign_leads + prior))
        .select(
            "first_campaign_id", "known_from_at", "known_until_at", "campaign_leads", "campaign_booked", "campaign_rate"
        )
        .order_by(["first_campaign_id", "known_from_at"])
    )


def _described_events(events: Table, campaign_steps: Table) -> Table:
    """Events with the position of their step and the length of their prompt."""
    orders = campaign_steps.group_by("step_id").agg(step_order=_.step_order.min())
    prompts = campaign_steps.filter(_.prompt_id.notnull()).group_by("prompt_id").agg(prompt_chars=_.body.length().max())
    return (
        events.left_join(orders, "step_id")
        .drop("step_id_right")
        .left_join(prompts, "prompt_id")
        .drop("prompt_id_right")
        .drop("org_id", "enrolled_at", "tags")
    )


def _with_campaign_rate(described: Table, rates: Table) -> Table:
    known = (
        (described.campaign == rates.first_campaign_id.cast("string"))
        & (described.landmark_at >= rates.known_from_at)
        & (rates.known_until_at.isnull() | (described.landmark_at < rates.known_until_at))
    )
    return described.left_join(rates.drop("campaign_leads", "campaign_booked"), known)
