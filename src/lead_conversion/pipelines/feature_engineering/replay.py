"""Whether features hold anything of the future: computed again from a database cut at the landmark, they must be equal.

At each moment, rates are measured again from what had happened and been recorded before it, and a sample of leads is
described again at its last landmark up to there, each lead by its own events before that landmark. What the source
shows only as it is now, without a time, cannot be cut: attributes of a contact, positions of steps.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import ibis
import pandas as pd
from ibis import _
from ibis.expr.types import Table

from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import MOMENT
from lead_conversion.pipelines.feature_engineering.features import KEYS, compute_features
from lead_conversion.pipelines.feature_engineering.labels import label_conversions
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters
from lead_conversion.pipelines.feature_engineering.rates import measure_rates

EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001, times are naive UTC
NAMES = [feature.name for feature in FEATURES]


def replay_features(  # noqa: PLR0913, PLR0917 - a replay needs all that features are made of, and the features
    feature_leads: Table,
    feature_landmarks: Table,
    primary_contacts: Table,
    primary_engagement_logs: Table,
    primary_campaign_steps: Table,
    primary_outcomes: Table,
    feature_prompts: Table,
    target: Targets,
    features: FeatureParameters,
) -> dict[str, Any]:
    """The moments, the landmarks compared at each, and each feature that differs, with the landmarks at which it does.

    Equal is equal to the last bit. A landmark without features on one side differs in all of them. Rates need all
    leads and are cut at the moment, the sampled histories at their own landmarks.
    """
    moments = _choose_moments(feature_landmarks, features.replay.moments)
    if not moments:
        return {"moments": [], "landmarks": 0, "differing": {}}
    rates, samples = [], []
    for moment in moments:
        contacts = _cut_contacts(primary_contacts, moment)
        events, outcomes = (_cut(table, moment) for table in (primary_engagement_logs, primary_outcomes))
        labels = label_conversions(contacts, outcomes, {"as_of": moment.isoformat()}, target, features).cache()
        rates.append(measure_rates(labels, contacts, events, outcomes, target, features).cache())
        samples.append(_last_landmarks(feature_landmarks, contacts, moment, features.replay.leads_a_moment))
    sampled = _one_a_lead(samples).cache()
    described_again = compute_features(
        sampled.drop("moment"),
        cut_enrolments(primary_contacts, sampled),
        _cut_histories(primary_engagement_logs, sampled),
        _cut_histories(primary_outcomes, sampled),
        primary_campaign_steps,
        _cut_prompts(feature_prompts, moments[-1]),
        _follow_one_another(rates, moments),
        target,
        features,
    )
    again = pd.concat([piece.to_pandas() for piece in described_again])
    described = feature_leads.semi_join(sampled, KEYS).to_pandas()
    differing = _count_differing(described, again)
    compared = sampled.group_by("moment").agg(landmarks=_.count()).order_by("moment").to_pandas()
    return {
        "moments": [
            {"moment": found.moment.isoformat(), "landmarks": int(found.landmarks)} for found in compared.itertuples()
        ],
        "landmarks": len(described),
        "differing": {name: rows for name, rows in differing.items() if rows},
    }


def _choose_moments(landmarks: Table, count: int) -> list[datetime]:
    """Moments of landmarks, spread evenly over them: the middles of as many equal parts."""
    history = landmarks.filter(~_.is_scoring_row).select("landmark_at").order_by("landmark_at")
    rows = int(history.count().to_pandas())
    positions = sorted({int((part + 0.5) * rows / count) for part in range(count)}) if rows else []
    found = [history.limit(1, offset=position).to_pandas()["landmark_at"].iloc[0] for position in positions]
    return [moment.to_pydatetime() for moment in dict.fromkeys(found)]


def _cut(table: Table, moment: datetime) -> Table:
    """What had happened and had been recorded strictly before the moment."""
    return table.filter((_.occurred_at < moment) & (_.logged_at < moment))


def _cut_contacts(contacts: Table, moment: datetime) -> Table:
    """The leads of whose engagement it was known, and of those who left only those who had."""
    known = contacts.filter((_.first_engaged_at < moment) & (_.engagement_logged_at < moment))
    return known.mutate(opted_out_at=(_.opted_out_at < moment).ifelse(_.opted_out_at, None))


def cut_enrolments(contacts: Table, landmarks: Table) -> Table:
    """The leads that are described, with their enrolment where it came strictly before the landmark."""
    own = contacts.join(landmarks.select("lead_key", "landmark_at"), "lead_key")
    enrolment = ("enrolled_campaign_id", "enrolled_variant", "enrolled_at")
    is_before = own.enrolled_at < own.landmark_at
    return own.mutate(**{name: is_before.ifelse(own[name], None) for name in enrolment}).drop("landmark_at")


def _cut_histories(table: Table, landmarks: Table) -> Table:
    """The events or outcomes of the leads that are described, each up to its landmark."""
    own = table.join(landmarks.select("lead_key", "landmark_at"), "lead_key")
    return own.filter((_.occurred_at < _.landmark_at) & (_.logged_at < _.landmark_at)).drop("landmark_at")


def _cut_prompts(prompts: Table, moment: datetime) -> Table:
    """The prompts that had been written."""
    return prompts.filter((_.prompt_created_at < moment).fill_null(True))


def _last_landmarks(landmarks: Table, contacts: Table, moment: datetime, leads: int) -> Table:
    """The last landmark up to the moment of each of the leads that were described last."""
    so_far = landmarks.filter(~_.is_scoring_row & (_.landmark_at <= moment)).semi_join(contacts, "lead_key")
    latest_first = [ibis.desc("landmark_at"), ibis.asc("landmark_id")]
    of_lead = ibis.window(group_by="lead_key", order_by=latest_first)
    last = so_far.mutate(position=ibis.row_number().over(of_lead)).filter(_.position == 0).drop("position")
    return last.order_by(latest_first).limit(leads).mutate(moment=ibis.literal(moment).cast(MOMENT))


def _one_a_lead(samples: Sequence[Table]) -> Table:
    """The samples together; a lead stands in the first of its own only, for a history can be cut at one place."""
    of_lead = ibis.window(group_by="lead_key", order_by="moment")
    together = reduce(lambda left, right: left.union(right), samples)
    return together.mutate(position=ibis.row_number().over(of_lead)).filter(_.position == 0).drop("position")


def _follow_one_another(rates: Sequence[Table], moments: Sequence[datetime]) -> Table:
    """The rates of each day, as measured at the first moment from there on."""
    days_after = [moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) for moment in moments]
    begins = [EARLIEST, *days_after]
    held = [
        table.mutate(
            known_from_at=ibis.greatest(_.known_from_at, begin), known_until_at=ibis.least(_.known_until_at, end)
        ).filter(_.known_from_at < _.known_until_at)
        for table, begin, end in zip(rates, begins, days_after, strict=False)
    ]
    return reduce(lambda left, right: left.union(right), held)


def _count_differing(described: pd.DataFrame, again: pd.DataFrame) -> dict[str, int]:
    """For each feature the landmarks at which it is not the same."""
    first, second = (frame.set_index(KEYS)[NAMES].sort_index() for frame in (described, again))
    both = first.index.union(second.index)
    is_alone = ~(both.isin(first.index) & both.isin(second.index))
    first, second = first.reindex(both), second.reindex(both)
    differs = (first != second) & ~(first.isna() & second.isna())
    return {name: int((differs[name] | is_alone).sum()) for name in NAMES}
