"""Features of leads at landmarks: what was known strictly before."""

from itertools import pairwise
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.feature_engineering.events import Leads, Seen, Times, describe_events, see_events
from lead_conversion.pipelines.feature_engineering.families import express
from lead_conversion.pipelines.feature_engineering.families.measures import (
    gather_times,
    last_attempt,
    last_prompt,
    order_times,
)
from lead_conversion.pipelines.feature_engineering.parameters import DECIDE_VALUES, FeatureParameters
from lead_conversion.pipelines.feature_engineering.rates import look_up_rates

KEYS = ["lead_key", "landmark_hours", "is_scoring_row", "landmark_at"]


def compute_features(  # noqa: PLR0913, PLR0917 - Kedro passes each input as an argument
    feature_landmarks: Table,
    primary_contacts: Table,
    primary_engagement_logs: Table,
    primary_outcomes: Table,
    primary_campaign_steps: Table,
    feature_prompts: Table,
    feature_rates: Table,
    target: Targets,
    features: FeatureParameters,
) -> list[Table]:
    """One row a lead and landmark, of what was known strictly before it; columns as in contracts/features.py.

    Known is an event or outcome that had happened and had been recorded. One join brings them to the landmarks, one
    aggregation makes the features. The rows come in slices of whole leads, in order, each computed when it is read, so
    that memory does not grow with the leads; events are stored in order of lead, and a slice reads its own.
    """
    described = describe_events(primary_engagement_logs, primary_outcomes, primary_campaign_steps, feature_prompts)
    slices = []
    for before, last in slice_leads(feature_landmarks, features.landmarks_a_slice):
        is_mine = (_.lead_key > before) & (_.lead_key <= last)
        landmarks = feature_landmarks.filter(is_mine)
        histories = aggregate_histories(see_events(landmarks, described.filter(is_mine), features))
        contacts = primary_contacts.filter(is_mine)
        slices.append(complete_features(landmarks, histories, contacts, feature_rates, target))
    return slices


def describe_recipe(features: FeatureParameters) -> dict[str, Any]:
    """What decided the values of the features, by name of the setting: a model reads them as they were made then."""
    return features.model_dump(mode="json", include=DECIDE_VALUES)


def complete_features(landmarks: Table, histories: Table, contacts: Table, rates: Table, target: Targets) -> Table:
    """The features of the histories, with those of the contact, of the moment, and of what was known of others."""
    contacts = contacts.drop("first_engaged_at", "first_campaign_id", "opted_out_at", "is_opted_out_now")
    leads = _in_campaign(landmarks.join(histories, "landmark_id").join(contacts, "lead_key"))
    rated = _with_rates(leads, rates, target)
    return (
        rated.mutate(**express(Leads, rated))
        .select(*KEYS, *[feature.name for feature in FEATURES])
        .order_by(["lead_key", "is_scoring_row", "landmark_hours"])
    )


def aggregate_histories(seen: Seen) -> Table:
    """One row a landmark: the features of its events, and what was tried last, by which rates are looked up."""
    tried, prompted, gathered = last_attempt(seen), last_prompt(seen), gather_times(seen)
    histories = seen.group_by("landmark_id").agg(
        **express(Seen, seen),
        **gathered,
        last_campaign_id=tried["campaign_id"],
        last_variant=tried["sequence_variant"],
        last_step_id=tried["step_id"],
        last_prompt_id=prompted["prompt_id"],
    )
    times = order_times(histories)
    return times.mutate(**express(Times, times)).drop(*gathered, "gaps", "latencies")


def _in_campaign(leads: Table) -> Table:
    """With the campaign and the order of steps that a lead is in: its last attempt's, else its first enrolment's."""
    is_tried, is_enrolled = leads.last_campaign_id.notnull(), leads.enrolled_at < leads.landmark_at
    return leads.mutate(
        campaign_id=ibis.cases((is_tried, leads.last_campaign_id), (is_enrolled, leads.enrolled_campaign_id)),
        variant=ibis.cases((is_tried, leads.last_variant), (is_enrolled, leads.enrolled_variant)),
    )


def slice_leads(landmarks: Table, size: int) -> list[tuple[str, str]]:
    """The leads in parts of about so many landmarks: the lead before each part, and its last one."""
    last = landmarks.mutate(part=_.landmark_id // size).group_by("part").agg(key=_.lead_key.max())
    keys = dict.fromkeys(last.order_by("part").key.to_pandas())
    return list(pairwise(["", *keys])) or [("", "")]


def _with_rates(leads: Table, rates: Table, target: Targets) -> Table:
    """The rates that were known at the landmark; from the end of the lead's own shortest window on, of that moment."""
    own_window = ibis.interval(days=min(spec.window_days for _name, spec in target.items()))
    lookup_at = ibis.least(_.landmark_at, _.first_engaged_at + own_window)
    return look_up_rates(leads.mutate(lookup_day=lookup_at.truncate("D")), rates)
