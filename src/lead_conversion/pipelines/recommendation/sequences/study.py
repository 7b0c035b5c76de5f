"""How leads go through each campaign's steps, what each step is worth there, and which sequence would do better."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.recommendation.candidates import sides_of
from lead_conversion.pipelines.recommendation.effects.elements import Comparison, each_group, name_campaigns
from lead_conversion.pipelines.recommendation.effects.estimation import study_comparisons
from lead_conversion.pipelines.recommendation.effects.harms import drives_away
from lead_conversion.pipelines.recommendation.effects.intervals import reach_of
from lead_conversion.pipelines.recommendation.effects.step_outcomes import order_rows
from lead_conversion.pipelines.recommendation.effects.tested import list_tested
from lead_conversion.pipelines.recommendation.effects.values import BOOKED, Outcomes
from lead_conversion.pipelines.recommendation.exposure.decision_points import steps_sent_to
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT
from lead_conversion.pipelines.recommendation.parameters import EffectParameters, RecommendationParameters
from lead_conversion.pipelines.recommendation.sequences.policies import (
    DECISIONS,
    SKIP,
    Change,
    PolicyValue,
    propose_changes,
    value_policy,
)

NO_BETTER = "Nothing to change: no decision point that leads still come to has a better arm."
UNCHANGEABLE = (
    "A step does worse than skipping it, and yet no change of the sequence is proposed: no other step would be left, "
    "or nobody comes there any more, or skipping it makes more leads leave."
)
UNTOLD = "Nobody can tell yet: at no decision point did enough leads get either of two arms."
HARMFUL, DEAD, WORKS, DRIVES_AWAY, UNCLEAR = "harmful", "dead", "works", "drives away", "can't tell"


def study_sequences(
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    step_outcomes: Mapping[str, Outcomes],
    primary_campaign_steps: pd.DataFrame,
    decided_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
    seed: int,
) -> dict[str, Any]:
    """For each campaign: its funnel, what its steps and waits do, where to stop, and the sequence that would do better.

    A step is harmful where it is flagged, works where its interval is above zero (but drives leads away where far more
    leave than at other steps: what that costs later does not show), is dead where even the upper end of
    its posterior interval is less than the smallest effect that a test is planned for; else nobody can tell yet.
    Writing on does harm after the step from which on the effects of all later steps, each times the leads that come
    there, add up to less than nothing. What a registered test decided is told among its own leads, as the effects are.

    Returns:
        One entry a campaign under `campaigns`, in order of id. Effects are absolute changes of the chance to book;
        the proposal's value is for a lead that comes into the campaign's own order, of all changes at once and of the
        sum of its parts, which leave out how they play together; missing, with the reason, where too few leads lived
        it.
    """
    knobs = parameters.effects
    rows = order_rows(risk_set)
    mature = rows.loc[rows["is_mature"]]
    effects = effects.assign(drives_away=drives_away(effects, knobs))
    own = mature.loc[mature["sequence_variant"] == OWN_VARIANT]
    names, senders = name_campaigns(primary_campaign_steps), steps_sent_to(primary_campaign_steps)
    orders = primary_campaign_steps.drop_duplicates("step_id").set_index("step_id")["step_order"]
    campaigns = [int(key) for key in sorted(own["campaign_id"].dropna().unique())]
    proposals = {campaign_id: propose_changes(effects, campaign_id, knobs) for campaign_id in campaigns}
    values = _value_proposals(
        proposals, mature, {BOOKED: step_outcomes[BOOKED]}, primary_campaign_steps, decided_tests, parameters, seed
    )
    return {
        "campaigns": [
            {
                "campaign_id": campaign_id,
                "name": names[campaign_id],
                "funnel": (funnel := _funnel(own.loc[own["campaign_id"] == campaign_id], orders, effects, parameters)),
                "waits": _waits(effects.loc[effects["campaign_id"] == campaign_id], orders),
                "channels": _channels(funnel),
                "stopping": _find_stop(funnel, knobs),
                "proposal": _tell_proposal(proposals[campaign_id], values.get(campaign_id), funnel, senders, knobs)
                | ({} if _is_compared(effects, campaign_id) else {"reason": UNTOLD}),
            }
            for campaign_id in campaigns
        ]
    }


def _value_proposals(
    proposals: dict[int, list[Change]],
    mature: pd.DataFrame,
    bookings: Mapping[str, Outcomes],
    campaign_steps: pd.DataFrame,
    decided_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
    seed: int,
) -> dict[int, PolicyValue | None]:
    needed = {change.comparison for changes in proposals.values() for change in changes}
    if not needed:
        return {}
    tested = list_tested(mature, campaign_steps, decided_tests, parameters)
    comparisons = {comparison.name: comparison for comparison in tested.comparisons if comparison.name in needed}
    # One thread of linear algebra: sums come out the same on every machine.
    with threadpool_limits(limits=1):
        inquiries = {
            comparison.name: study.look_into(comparison, parameters.effects)
            for study, of_study in study_comparisons(list(comparisons.values()), mature, bookings, parameters, seed)
            for comparison in of_study
        }
        return {
            campaign_id: value_policy(changes, inquiries, mature, campaign_id, _lived_since(changes, comparisons))
            for campaign_id, changes in proposals.items()
            if changes
        }


def _lived_since(changes: list[Change], comparisons: dict[str, Comparison]) -> pd.Timestamp:
    """From which enrolment on leads got each of the changes' arms."""
    got = [comparisons[change.comparison].rows.query("arm == @change.arm") for change in changes]
    return pd.Timestamp(pd.Series([rows["enrolled_at"].min() for rows in got]).max())


def _funnel(
    met: pd.DataFrame, orders: pd.Series, effects: pd.DataFrame, parameters: RecommendationParameters
) -> list[dict[str, Any]]:
    """One entry a step of the campaign's own order, in the order in which leads come there."""
    ordered = met.sort_values(["lead_key", "met_at", "step_id"])
    journeys = ordered.groupby("lead_key")
    ordered = ordered.assign(
        goes_on=journeys["step_id"].shift(-1).notna(),
        hours_to_next=-journeys["met_at"].diff(-1).dt.total_seconds() / SECONDS_AN_HOUR,
        hours_so_far=(ordered["met_at"] - ordered["enrolled_at"]).dt.total_seconds() / SECONDS_AN_HOUR,
    )
    by_step = dict(each_group(ordered, "step_id"))
    steps = effects.loc[effects["element_type"] == "step"].to_dict("records")
    of_steps = {str(step["element_id"]): dict(step) for step in steps}
    entered = int(ordered["lead_key"].nunique())
    return [
        {"step_id": int(step_id), "step_order": int(orders[step_id])}
        | _stage(by_step[step_id], entered, of_steps.get(str(step_id)), parameters)
        for step_id in sorted(by_step, key=lambda key: (by_step[key]["steps_met"].median(), key))
    ]


def _stage(
    rows: pd.DataFrame, entered: int, effect: dict[Any, Any] | None, parameters: RecommendationParameters
) -> dict[str, Any]:
    ends = rows.loc[~rows["goes_on"]]
    return {
        "channel": str(rows["channel"].iloc[0]),
        "leads": len(rows),
        "share_of_entered": len(rows) / entered,
        "sent": float((~rows["is_skipped"]).mean()),
        "booked_here": float(ends["booked"].sum() / len(rows)),
        "opted_out_here": float((ends["opted_out"] & ~ends["booked"]).sum() / len(rows)),
        "ended_otherwise": float((~ends["opted_out"] & ~ends["booked"]).sum() / len(rows)),
        "hours_since_enrolment": _median(rows["hours_so_far"]),
        "hours_to_next": _median(rows["hours_to_next"]),
        "verdict": _verdict(effect, parameters),
        "keeping": None if effect is None else _tell(effect),
    }


def _median(hours: pd.Series) -> float | None:
    known = hours.dropna()
    return float(known.median()) if len(known) else None


def _tell(effect: dict[Any, Any]) -> dict[str, float]:
    figures = ("effect", "ci_low", "ci_high", "posterior", "posterior_low", "posterior_high")
    return {name: float(effect[name]) for name in figures}


def _verdict(effect: dict[Any, Any] | None, parameters: RecommendationParameters) -> str:
    if effect is None:
        return UNCLEAR
    if effect["flagged"]:
        return HARMFUL
    if effect["ci_low"] > 0:
        return DRIVES_AWAY if effect["drives_away"] else WORKS
    return DEAD if 100 * effect["posterior_high"] < parameters.experiments.minimal_effect_points else UNCLEAR


def _waits(effects: pd.DataFrame, orders: pd.Series) -> list[dict[str, Any]]:
    waits = effects.loc[effects["element_type"] == "wait"].sort_values(["step_id", "contrast"])
    return [
        {
            "step_id": int(wait["step_id"]),
            "step_order": int(orders[wait["step_id"]]),
            **dict(zip(("own", "other"), sides_of(wait), strict=True)),
            "effect": float(wait["effect"]),
            "ci_low": float(wait["ci_low"]),
            "ci_high": float(wait["ci_high"]),
        }
        for wait in waits.to_dict("records")
    ]


def _channels(funnel: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a step adds by its channel and that of the step before: precision-weighted means of keeping it."""
    before = ["none", *(stage["channel"] for stage in funnel)]
    pairs: dict[tuple[str, str], list[dict[str, float]]] = {}
    for previous, stage in zip(before, funnel, strict=False):
        if stage["keeping"]:
            pairs.setdefault((previous, stage["channel"]), []).append(stage["keeping"])
    told = []
    for (previous, channel), kept in sorted(pairs.items()):
        precision = np.array([1 / max(each["ci_high"] - each["ci_low"], np.finfo(float).eps) ** 2 for each in kept])
        mean = float(precision @ [each["effect"] for each in kept] / precision.sum())
        half = 1 / (2 * math.sqrt(precision.sum()))
        told.append(
            {
                "after": previous,
                "channel": channel,
                "steps": len(kept),
                "effect": mean,
                "ci_low": mean - half,
                "ci_high": mean + half,
            }
        )
    return told


def _is_compared(effects: pd.DataFrame, campaign_id: int) -> bool:
    """Whether there is anything to choose by at any decision point of the campaign."""
    own = effects.loc[effects["campaign_id"] == campaign_id]
    return bool(own["element_type"].isin(DECISIONS).any())


def _find_stop(funnel: list[dict[str, Any]], knobs: EffectParameters) -> dict[str, Any]:
    """The step after which to stop, and what all later ones together bring a lead that comes into the campaign.

    No step to stop after and later ones all the same: not one of them is worth sending.
    """
    known = [stage for stage in funnel if stage["keeping"]]
    if not known:
        return {"after_step_id": None, "later_steps": 0, "effect": None, "ci_low": None, "ci_high": None}
    reach = reach_of(knobs.confidence_level)
    share = np.array([stage["share_of_entered"] for stage in known])
    worth = share * np.array([stage["keeping"]["posterior"] for stage in known])
    noise = share * [(s["keeping"]["posterior_high"] - s["keeping"]["posterior_low"]) / 2 / reach for s in known]
    last = int(np.cumsum([0.0, *worth]).argmax()) - 1
    first_known = funnel.index(known[0])
    before = funnel[first_known - 1]["step_id"] if first_known else None
    tail, error = float(worth[last + 1 :].sum()), float(np.sqrt((noise[last + 1 :] ** 2).sum()))
    return {
        "after_step_id": known[last]["step_id"] if last >= 0 else before,
        "later_steps": len(known) - last - 1,
        "effect": tail,
        "ci_low": tail - reach * error,
        "ci_high": tail + reach * error,
    }


def _tell_proposal(
    changes: list[Change],
    value: PolicyValue | None,
    funnel: list[dict[str, Any]],
    senders: dict[int, list[int]],
    knobs: EffectParameters,
) -> dict[str, Any]:
    come_there = {stage["step_id"]: stage["share_of_entered"] for stage in funnel}
    told = [
        {
            "decision": change.decision,
            "step_id": change.step_id,
            "to": change.arm,
            "label": change.label,
            "gain": change.gain,
            "sent_from": senders.get(change.step_id, []) if change.arm == SKIP else [],
        }
        for change in changes
    ]
    is_told = value is not None and value.effective_leads >= knobs.min_leads_per_arm
    is_worse = any(stage["keeping"] and stage["keeping"]["posterior"] < -knobs.margin for stage in funnel)
    few = "Too few leads lived all of the changes to value them at once."
    return {
        "changes": told,
        "value": value.tell(knobs.confidence_level) if value and is_told else None,
        "expected_sum_of_parts": float(sum(each.gain * come_there.get(each.step_id, 0.0) for each in changes)),
        "reason": None if is_told else few if changes else UNCHANGEABLE if is_worse else NO_BETTER,
    }
