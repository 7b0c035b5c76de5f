"""What tests are to tell: whether a proposed change does better, and what nobody can tell yet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy.special import ndtr
from scipy.stats import norm

from lead_conversion.lifecycle.experiments import Arm
from lead_conversion.pipelines.recommendation.candidates import (
    CHANGES,
    find_live_rivals,
    has_harmless_alternative,
    identify,
    place_of,
    places_of,
    sides_of,
)
from lead_conversion.pipelines.recommendation.effects.intervals import error_of
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

# One change has a test of its own.
LEAST_CHANGES = 2
CHOOSE_VERSION, CHANGE_WAIT, CHANGE_SEQUENCE = "choose_version", "change_wait", "change_sequence"
ARMS = {
    "edit_prompt": ("the current text is sent", "{words} sent instead"),
    CHOOSE_VERSION: ("this version is sent", "{words} sent instead"),
    "skip_step": ("the step is sent", "the step is skipped"),
    CHANGE_WAIT: ("the wait is {current}", "the wait is {alternative}"),
    "change_order": ("the order is {current}", "the order is {alternative}"),
    CHANGE_SEQUENCE: ("the sequence is as it is", "{words} made at once"),
}
PLACE = ("element_type", "element_id", "campaign_id", "step_id", "contrast", "change")
FIGURES = ("effect", "ci_low", "ci_high", "posterior", "posterior_low", "posterior_high")


@dataclass(frozen=True)
class Question:
    """What one test is to tell of an element of a campaign.

    Attributes:
        test_id: the test's name.
        recommendation_id: the change that it would prove; None for a whole sequence and an open question.
        place: what is tested where, by the names in `PLACE`.
        hypothesis: in words.
        arms: what the leads of each get, in words.
        told_by: how each arm is told in the database; None where that is not known before the test.
        wording: the text by which a new prompt is known in the database once a person has written it there.
        difference: absolute change of probability that the test is to see.
        so_far: of an open question the element's effect as far as it is known, its evidence grade, and `worth`: booked
            calls a month that knowing would bring.
    """

    test_id: str
    recommendation_id: str | None
    place: Mapping[str, Any]
    hypothesis: str
    arms: tuple[str, str]
    told_by: tuple[Arm, Arm | None]
    difference: float
    wording: str | None = None
    so_far: Mapping[str, Any] | None = None


def ask_of_change(recommendation: Mapping[str, Any]) -> Question:
    """Whether a recommended change does better, at the size that its evidence lets expect."""
    version = (recommendation["edit"] or {}).get("version")
    proposed = recommendation["proposed_text"]
    words = (
        _name_versions([version])
        if version
        else "the proposed text is"
        if proposed
        else "a new text, which a person has to write, is"
    )
    control, treatment = arms = _name_arms(recommendation, words)
    return Question(
        test_id=recommendation["experiment_id"],
        recommendation_id=recommendation["id"],
        place={key: recommendation[key] for key in PLACE},
        hypothesis=f"{recommendation['label']}: more leads book a call where {treatment} than where {control}.",
        arms=arms,
        told_by=_tell_arms(recommendation, [version] if version else []),
        wording=None if version else proposed,
        difference=-recommendation["evidence"]["shrunken_effect"],
    )


def ask_of_sequences(sequences: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Whether all changes that are proposed for a campaign do better at once, where there are two or more.

    One change may be too small for the traffic and all of them not. The size is the smaller one of the value of the
    whole, which is rather too large for being chosen by the same leads, and of the sum of its parts, noise taken off.
    """
    questions = []
    for sequence in sequences:
        proposal, campaign_id = sequence["proposal"], sequence["campaign_id"]
        if not proposal["value"] or len(proposal["changes"]) < LEAST_CHANGES:
            continue
        place = dict.fromkeys(PLACE) | {"element_type": "sequence", "change": CHANGE_SEQUENCE}
        place |= {"element_id": str(campaign_id), "campaign_id": campaign_id, "contrast": f"{OWN_VARIANT} - proposed"}
        words = f"the {len(proposal['changes'])} changes of its proposed sequence are"
        control, treatment = arms = _name_arms(place, words)
        questions.append(
            Question(
                test_id=f"test-sequence-{campaign_id}",
                recommendation_id=None,
                place=place,
                hypothesis=f"{sequence['name']}: more leads book a call where {treatment} than where {control}.",
                arms=arms,
                told_by=(Arm(mark="variant", told_as=(OWN_VARIANT,)), None),
                difference=min(proposal["value"]["effect"], proposal["expected_sum_of_parts"]),
            )
        )
    return [question for question in questions if question.difference > 0]


def find_open_questions(
    effects: pd.DataFrame, recommendations: Sequence[Mapping[str, Any]], knobs: EffectParameters
) -> list[Question]:
    """What nobody can tell yet, the answer worth most first; at most one question a place, none where a change is.

    Nobody can tell of an element that leads still meet whose interval reaches below the margin and that is not flagged.
    An alternative that makes more leads leave is nothing to choose, nor is a prompt's version that is no longer live.
    The answer is worth what choosing after it would bring beyond choosing now (expected value of perfect information,
    Raiffa and Schlaifer 1961), times the leads that meet the element in a month.
    """
    if effects.empty:
        return []
    spread = error_of(effects["posterior_low"], effects["posterior_high"], knobs.confidence_level)
    told = effects.assign(
        spread=spread,
        worth=value_of_knowing(effects["posterior"], spread) * effects["exposed_leads_month"],
        place=places_of(effects),
    )
    is_open = (
        told["element_type"].isin(CHANGES)
        & (told["exposed_leads_month"] > 0)
        & (told["ci_low"] < -knobs.margin)
        & ~told["flagged"]
        & ~told["place"].isin({place_of(each) for each in recommendations})
    )
    ranked = told.loc[is_open].sort_values(
        ["worth", "element_type", "element_id", "contrast"], ascending=[False, True, True, True]
    )
    questions: dict[str, Question] = {}
    for element in ranked.to_dict("records"):
        question = _ask_of_element({str(key): value for key, value in element.items()}, effects)
        if question:
            questions.setdefault(element["place"], question)
    return list(questions.values())


def value_of_knowing(mean: pd.Series, spread: pd.Series) -> pd.Series:
    """What a lead gains from choosing by the true effect instead of by its mean, where it is normally distributed.

    E[max(effect, 0)] - max(E[effect], 0), which is the same for the effect's opposite.
    """
    size = mean.abs()
    z = size / spread.where(spread > 0)
    gained: pd.Series = spread * norm.pdf(z) - size * ndtr(-z)
    return gained.fillna(0.0)


def _ask_of_element(element: dict[str, Any], effects: pd.DataFrame) -> Question | None:
    """Which side does better; None where there is no other side to choose."""
    is_prompt = element["element_type"] == "prompt"
    rivals = find_live_rivals(element, effects)
    harmless = sorted(rivals.loc[rivals["guardrails_worse"] == "", "element_id"], key=int) if is_prompt else []
    if not (harmless if is_prompt else has_harmless_alternative(element, effects)):
        return None
    change = CHOOSE_VERSION if is_prompt else CHANGES[element["element_type"]]
    step_id = None if pd.isna(element["step_id"]) else int(element["step_id"])
    whole = element | {"change": change, "campaign_id": int(element["campaign_id"]), "step_id": step_id}
    control, treatment = arms = _name_arms(whole, _name_versions(harmless))
    return Question(
        test_id=f"test-version-{element['element_id']}" if is_prompt else f"test-{identify(element)}",
        recommendation_id=None,
        place={key: whole[key] for key in PLACE},
        hypothesis=f"{element['label']}: do more leads book a call where {control}, or where {treatment}?",
        arms=arms,
        told_by=_tell_arms(whole, harmless),
        # as large as the effect is expected to be, whichever way it goes
        difference=math.hypot(element["posterior"], element["spread"]),
        so_far={name: float(element[name]) for name in (*FIGURES, "exposed_leads_month", "worth")}
        | {"evidence_grade": element["evidence_grade"]},
    )


def _name_versions(prompt_ids: Sequence[str]) -> str:
    """Prompt 18 is; prompts 18 and 19, each as often, are."""
    if len(prompt_ids) == 1:
        return f"prompt {prompt_ids[0]} is"
    return f"prompts {', '.join(prompt_ids[:-1])} and {prompt_ids[-1]}, each as often, are" if prompt_ids else ""


def _name_arms(element: Mapping[str, Any], words: str = "") -> tuple[str, str]:
    current, alternative = sides_of(element)
    control, treatment = ARMS[element["change"]]
    named = {"current": current, "alternative": alternative, "words": words}
    return control.format(**named), treatment.format(**named)


def _tell_arms(element: Mapping[str, Any], versions: Sequence[str]) -> tuple[Arm, Arm | None]:
    """How control and treatment are told, of prompts by these versions; a new wording has no prompt_id before."""
    current, alternative = sides_of(element)
    change = element["change"]
    if change == "skip_step":
        return Arm(mark="skipped", told_as=("no",)), Arm(mark="skipped", told_as=("yes",))
    if change == CHANGE_WAIT:
        hours = [Arm(mark="wait", told_as=(wait.removesuffix(" h"),)) for wait in (current, alternative)]
        return hours[0], hours[1]
    if change == "change_order":
        return Arm(mark="variant", told_as=(current,)), Arm(mark="variant", told_as=(alternative,))
    new = Arm(mark="prompt", told_as=tuple(versions)) if versions else None
    return Arm(mark="prompt", told_as=(element["element_id"],)), new
