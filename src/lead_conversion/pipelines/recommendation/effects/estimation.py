"""What each element does to the chance of a booked call, adjusted for who got it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.effects.contrasts import Account, Contrast, Inquiry, Study
from lead_conversion.pipelines.recommendation.effects.elements import Comparison, Element
from lead_conversion.pipelines.recommendation.effects.harms import GUARDRAILS, tell_guardrails
from lead_conversion.pipelines.recommendation.effects.heterogeneity import describe_segments, tell_differences
from lead_conversion.pipelines.recommendation.effects.intervals import reach_of
from lead_conversion.pipelines.recommendation.effects.proportions import adjust_for_multiple_tests, e_value
from lead_conversion.pipelines.recommendation.effects.randomisation import (
    are_leads_told_apart,
    could_have_seen_choice,
    doubt_chance,
    kinds_dealt_by_chance,
)
from lead_conversion.pipelines.recommendation.effects.shrinkage import shrink_effects
from lead_conversion.pipelines.recommendation.effects.step_outcomes import order_rows
from lead_conversion.pipelines.recommendation.effects.tested import Answer, Tested, list_tested
from lead_conversion.pipelines.recommendation.effects.text_effects import estimate_text_features
from lead_conversion.pipelines.recommendation.effects.text_prior import learn_from_wording
from lead_conversion.pipelines.recommendation.effects.values import (
    BOOKED,
    PLACES,
    Outcomes,
    learn_values,
    own_fold,
)
from lead_conversion.pipelines.recommendation.exposure.histories import AT_ENROLMENT, AT_STEP, BEFORE_WAIT
from lead_conversion.pipelines.recommendation.exposure.traffic import count_exposed_leads, step_before
from lead_conversion.pipelines.recommendation.parameters import EffectParameters, RecommendationParameters

log = logging.getLogger(__name__)
RANDOMISED, ADJUSTED, ASSOCIATION_ONLY = "A", "B", "C"
EFFECT_DTYPES = {
    "element_type": "str",
    "element_id": "str",
    "campaign_id": "Int64",
    "step_id": "Int64",
    "contrast": "str",
    "effect": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "p_value": "float64",
    "q_value": "float64",
    "n_treated": "int64",
    "n_control": "int64",
    "rate_treated": "float64",
    "rate_control": "float64",
    "overlap": "float64",
    "effective_leads": "float64",
    "check_effect": "float64",
    "text_mean": "float64",
    "text_sd": "float64",
    "text_doubt": "float64",
    **dict.fromkeys(("posterior", "posterior_low", "posterior_high"), "float64"),
    "sensitivity": "float64",
    "evidence_grade": "str",
    "tested_by": "str",
    "flagged": "bool",
    **{f"{name}_{figure}": "float64" for name in GUARDRAILS.values() for figure in ("effect", "ci_low", "ci_high")},
    "bounce_effect": "float64",
    "bounce_q": "float64",
    "bounces_differ": "bool",
    "guardrails_worse": "str",
    "guardrails_better": "str",
    "differs_by": "str",
    "differs_q": "float64",
    "differs": "bool",
    "segment": "str",
    "segment_effect": "float64",
    "segment_ci_low": "float64",
    "segment_ci_high": "float64",
    "others_effect": "float64",
    "label": "str",
    "exposed_leads_month": "float64",
    "hypothesis": "str",
}
# By what chance is known to have dealt the arms: what a registered test showed, or their looks.
LOOKS: Literal["looks"] = "looks"
Dealt = Answer | Literal["looks"]
# What says something to every lead of a comparison, if not the same, and so cannot change whether its address works.
CONTROLLED = ("prompt", "wait")
# When the arm of an element is chosen, and so what may be adjusted for.
CHOSEN_AT = {"prompt": "step", "step": "step", "wait": "wait", "order": "enrolment", "campaign": "enrolment"}
KNOWN_AT = {"step": AT_STEP, "wait": BEFORE_WAIT, "enrolment": AT_ENROLMENT}


def estimate_effects(
    risk_set: pd.DataFrame,
    step_outcomes: Mapping[str, Outcomes],
    primary_campaign_steps: pd.DataFrame,
    primary_as_of: dict[str, str],
    decided_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
    seed: int,
) -> pd.DataFrame:
    """The change in the chance of a booked call that each element makes, among mature leads at risk.

    Arms are compared while all of them were live, adjusted for what was known when they were chosen: each lead's value,
    learned across all steps and arms, and its chance of each arm (augmented inverse propensity weighting, Robins,
    Rotnitzky and Zhao 1994; cross-fitted by lead, Chernozhukov et al. 2018). Of a step counts what it brought at once
    and what is to be expected of the next one. Grade B asks for overlap and for a linear regression that agrees; what
    is left is an association, C. Neither knows of a cause that nobody recorded. Grade A asks beyond B that chance
    dealt the arms, as far as everything recorded can tell. Where a registered test decided, its own result is told, at
    the leads of the look that decided and with the looks allowed for; that is grade A too, unless its arms differ in
    what was known of the leads.

    Returns:
        One row an element and contrast, columns as in `EFFECT_DTYPES`, ordered by element; none where nobody booked, or
        everybody did. Effects are absolute changes of probability, the rates are not adjusted; `overlap` is the share
        of leads that could have got any of the arms; `sensitivity` the E-value of the interval's limit nearest zero.
        `flagged` says that the effect is below zero at the false discovery rate, and its estimate by more than the
        margin of relevance; of prompts, where their wording foretells what they do at other steps, it says so of the
        effect with the wording counted (`text_doubt`). `posterior` is the effect with its noise taken off
        (`shrink_effects`). Rows with the same `hypothesis` are one test seen from both sides. `bounce_effect` is a
        negative control (Lipsitch et al. 2010, Epidemiology 21:383): what a prompt or a wait seems to do to attempts
        that reach no address; where that is beyond chance (`bounces_differ`), its arms are not alike and the grade is
        C.
    """
    knobs = parameters.effects
    rows = order_rows(risk_set)
    exposed = count_exposed_leads(
        rows, primary_campaign_steps, parse_moment(primary_as_of["as_of"]), knobs.traffic_weeks
    )
    mature = rows.loc[rows["is_mature"]]
    tested = list_tested(mature, primary_campaign_steps, decided_tests, parameters)
    for experiment_id, reason in tested.unheard.items():
        log.warning("What test %s decided is not told as its own result: %s.", experiment_id, reason)
    comparisons = tested.comparisons
    # One thread of linear algebra: sums come out the same on every machine.
    with threadpool_limits(limits=1):
        inquiries = {
            comparison.name: study.look_into(comparison, knobs)
            for study, of_study in study_comparisons(comparisons, mature, step_outcomes, parameters, seed)
            for comparison in of_study
        }
        dealt = _find_dealt_by_chance(tested, inquiries, mature, knobs)
        found = [
            row
            for comparison in comparisons
            for element in comparison.elements
            if (row := _estimate(inquiries[comparison.name], element, exposed, knobs, dealt.get(comparison.name)))
        ]
        found += estimate_text_features(inquiries, mature, primary_campaign_steps, exposed, knobs)
    if not found:
        return pd.DataFrame(columns=list(EFFECT_DTYPES)).astype(EFFECT_DTYPES)
    with threadpool_limits(limits=1):
        return _judge(pd.DataFrame(found), primary_campaign_steps, knobs)


def study_comparisons(
    comparisons: list[Comparison],
    mature: pd.DataFrame,
    by_event: Mapping[str, Outcomes],
    parameters: RecommendationParameters,
    seed: int,
) -> Iterator[tuple[Study, list[Comparison]]]:
    """The comparisons by the moment at which their arms are chosen, with what was known of the leads by then."""
    by_moment: dict[str, list[Comparison]] = {moment: [] for moment in KNOWN_AT}
    for comparison in comparisons:
        by_moment[CHOSEN_AT[comparison.element_type]].append(comparison)
    for moment, chosen_then in by_moment.items():
        if not chosen_then:
            continue
        index = pd.concat([comparison.rows["met_at"] for comparison in chosen_then]).index.unique().sort_values()
        rows, fold = mature.loc[index], by_event[BOOKED].fold[index]
        known = KNOWN_AT[moment]
        accounts = {
            event: _account(mature, index, outcomes, event, moment, parameters, seed)
            for event, outcomes in by_event.items()
        }
        bookings = accounts.pop(BOOKED)
        # The wait before a step is chosen right after the step before.
        chosen_at = rows["met_at"]
        if moment == "wait":
            chosen_at = step_before(mature, "met_at").loc[index].fillna(rows["enrolled_at"])
        bounces = None if moment == "enrolment" else _count_bounces(rows)
        segments = describe_segments(rows, known)
        yield Study.of(rows, known, chosen_at, fold, bookings, accounts, bounces, segments), chosen_then


def _account(
    mature: pd.DataFrame,
    index: pd.Index,
    outcomes: Outcomes,
    event: str,
    moment: str,
    parameters: RecommendationParameters,
    seed: int,
) -> Account:
    """What came of the rows whose arm was chosen at a moment, and what was to be expected by what was known then."""

    def expect(rows: pd.DataFrame, known: Sequence[str]) -> NDArray[np.float64]:
        fold = outcomes.fold[rows.index]
        return own_fold(learn_values(rows, fold, known, parameters.value_model, seed, event), fold)

    if moment == "enrolment":
        rows = mature.loc[index]
        happened = rows[event].to_numpy(dtype=np.float64)
        return Account.of(expect(rows, KNOWN_AT[moment]), happened, happened[None, :])
    if moment == "wait":
        # Few steps have a wait to compare; what a lead is worth is told by all.
        value = expect(mature, [*PLACES, *BEFORE_WAIT])[mature.index.get_indexer(index)]
    else:
        value = outcomes.value[index]
    return Account.of(value, outcomes.outcome[index], outcomes.outcomes_without[:, index])


def _count_bounces(rows: pd.DataFrame) -> Account:
    """Attempts that reached no address: a negative control, for no wording and no wait makes an address work."""
    bounced = rows["bounced"].to_numpy(dtype=np.float64)
    return Account.of(np.full(len(rows), bounced.mean()), bounced, bounced[None, :])


def _find_dealt_by_chance(
    tested: Tested, inquiries: dict[str, Inquiry], mature: pd.DataFrame, knobs: EffectParameters
) -> dict[str, Dealt]:
    """By name, comparisons whose arms chance dealt: a test did, or neither they nor more of their kind look steered.

    Where of most leads nothing is recorded of who they are, nothing could look steered, and only a test tells. A
    registered test gives no right to the grade where its arms differ in what was known of the leads, or where it was
    stopped because its arms were not filled by chance, or by a guardrail.
    """
    kinds = {comparison.name: comparison.element_type for comparison in tested.comparisons}
    doubts = {name: doubt_chance(inquiry) for name, inquiry in inquiries.items() if inquiry.periods}
    untold = {name: doubt for name, doubt in doubts.items() if name not in tested.answers}
    by_chance = kinds_dealt_by_chance(untold, kinds, knobs.randomisation.alpha)
    can_look = are_leads_told_apart(mature)
    looks_it = {name for name in untold if can_look and kinds[name] in by_chance} - tested.distrusted
    return {
        name: tested.answers.get(name, LOOKS)
        for name, doubt in doubts.items()
        if doubt >= knobs.randomisation.alpha and (name in tested.answers or name in looks_it)
    }


def _estimate(
    inquiry: Inquiry,
    element: Element,
    exposed: dict[tuple[str, str], float],
    knobs: EffectParameters,
    dealt: Dealt | None,
) -> dict[str, object] | None:
    contrast = inquiry.contrast({element.arm}, set(element.others))
    if not contrast or not contrast.is_told or min(contrast.n_treated, contrast.n_control) < knobs.min_leads_per_arm:
        return None
    return {
        "element_type": element.element_type,
        "element_id": element.element_id,
        "campaign_id": element.campaign_id,
        "step_id": element.step_id,
        "contrast": element.contrast,
        **_figures(contrast, knobs),
        **(_control(contrast) if element.element_type in CONTROLLED else {}),
        "evidence_grade": _grade(contrast, knobs, is_by_looks=dealt == LOOKS),
        **(_tell_answer(dealt, element.arm) if isinstance(dealt, Answer) else {}),
        **tell_differences(inquiry, {element.arm}, set(element.others), knobs),
        "label": element.label,
        "exposed_leads_month": exposed.get((element.element_type, element.element_id), 0.0),
        "hypothesis": _hypothesis(inquiry, element),
    }


def _figures(contrast: Contrast, knobs: EffectParameters) -> dict[str, Any]:
    reach = reach_of(knobs.confidence_level) * contrast.error
    low, high = contrast.effect - reach, contrast.effect + reach
    effect, low, high = np.clip([contrast.effect, low, high], -1, 1).tolist()
    return {
        "effect": effect,
        "ci_low": low,
        "ci_high": high,
        "error_of_leads": contrast.error_of_leads,
        "p_value": float(2 * ndtr(-abs(contrast.effect) / contrast.error)) if contrast.error else 1.0,
        "n_treated": contrast.n_treated,
        "n_control": contrast.n_control,
        "rate_treated": contrast.rate_treated,
        "rate_control": contrast.rate_control,
        "overlap": contrast.overlap,
        "effective_leads": contrast.effective_leads,
        "check_effect": contrast.check,
        **tell_guardrails(contrast.guardrails, knobs),
        "bounce_effect": np.nan,
        "bounce_p": np.nan,
        "tested_by": "",
        "sensitivity": e_value(contrast.adjusted_control, low, high),
    }


def _control(contrast: Contrast) -> dict[str, float]:
    """The negative control: what the element seems to do to bounces, and the p-value of that being chance."""
    effect, error = contrast.bounces or (np.nan, 0.0)
    return {"bounce_effect": effect, "bounce_p": float(2 * ndtr(-abs(effect) / error)) if error else 1.0}


def _grade(contrast: Contrast, knobs: EffectParameters, *, is_by_looks: bool) -> str:
    if contrast.overlap < knobs.least_overlap or abs(contrast.effect - contrast.check) > contrast.error:
        return ASSOCIATION_ONLY
    is_shown = is_by_looks and could_have_seen_choice(contrast, knobs.randomisation)
    return RANDOMISED if is_shown else ADJUSTED


def _tell_answer(answer: Answer, arm: str) -> dict[str, Any]:
    """What a test showed, in the place of what its leads would show now: they stopped at a look that favoured it."""
    told = answer.told_of(arm)
    strength = e_value(told["rate_control"], told["ci_low"], told["ci_high"])
    return told | {"error_of_leads": np.nan, "sensitivity": strength, "evidence_grade": RANDOMISED}


def _hypothesis(inquiry: Inquiry, element: Element) -> str:
    """Two arms seen from either side are one hypothesis; of three arms each side is its own."""
    arms = sorted({arm for period in inquiry.periods for arm in period.arms})
    is_mirror = arms in (sorted((element.arm, other)) for other in element.others)
    return f"{inquiry.name}: {' '.join(arms) if is_mirror else element.arm}"


def _judge(rows: pd.DataFrame, campaign_steps: pd.DataFrame, knobs: EffectParameters) -> pd.DataFrame:
    hypothesis = rows["hypothesis"].to_numpy(dtype=object)
    q_values = adjust_for_multiple_tests(rows["p_value"].to_numpy(dtype=np.float64), hypothesis)
    differs_q, bounce_q = (_adjust_known(rows[name], hypothesis) for name in ("differs_p", "bounce_p"))
    bounces_differ = bounce_q < 1 - knobs.confidence_level
    rows = learn_from_wording(rows, campaign_steps, knobs)
    is_sure = (q_values <= knobs.false_discovery_rate) & rows["text_doubt"].isna()
    is_sure |= rows["text_doubt"] <= knobs.text_prior.most_doubt
    is_worse = is_sure & (rows["effect"] < -knobs.margin)
    judged = rows.assign(
        q_value=q_values,
        flagged=is_worse,
        bounce_q=bounce_q,
        # Arms of which one meets more dead addresses are not alike, whatever was adjusted for.
        bounces_differ=bounces_differ,
        evidence_grade=rows["evidence_grade"].mask(bounces_differ, ASSOCIATION_ONLY),
        differs_q=differs_q,
        differs=differs_q <= knobs.false_discovery_rate,
    )
    ordered = judged.sort_values(
        ["element_type", "campaign_id", "step_id", "element_id", "contrast"], ignore_index=True
    )
    shrunken = shrink_effects(ordered, knobs.confidence_level, knobs.margin, ordered["error_of_leads"])
    return shrunken[list(EFFECT_DTYPES)].astype(EFFECT_DTYPES)


def _adjust_known(tails: pd.Series, hypothesis: NDArray[np.object_]) -> NDArray[np.float64]:
    """The q-values of the rows that have a p-value; missing for the others."""
    found, is_known = np.full(len(tails), np.nan), tails.notna().to_numpy()
    if is_known.any():
        known = tails.to_numpy(dtype=np.float64)[is_known]
        found[is_known] = adjust_for_multiple_tests(known, hypothesis[is_known])
    return found
