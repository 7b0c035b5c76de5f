"""What to change: few, ranked, with what speaks for it and what does not."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.candidates import (
    CHANGES,
    alternative_of,
    has_harmless_alternative,
    identify,
    places_of,
)
from lead_conversion.pipelines.recommendation.effects.estimation import ADJUSTED, ASSOCIATION_ONLY, RANDOMISED
from lead_conversion.pipelines.recommendation.effects.harms import GUARDRAILS, explain_guardrails, read_guardrails
from lead_conversion.pipelines.recommendation.effects.heterogeneity import explain_differences
from lead_conversion.pipelines.recommendation.effects.intervals import error_of
from lead_conversion.pipelines.recommendation.exposure.decision_points import steps_sent_to
from lead_conversion.pipelines.recommendation.exposure.risk_sets import left_truncated_leads
from lead_conversion.pipelines.recommendation.exposure.traffic import count_exposed_leads
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters
from lead_conversion.pipelines.recommendation.portfolio import (
    EFFORT_RANK,
    EFFORTS,
    describe_portfolio,
    find_exclusions,
)
from lead_conversion.pipelines.recommendation.prompts.editor import PromptEditor, ProposedText
from lead_conversion.reports.formats import (
    bounds,
    chance,
    count,
    decimal,
    p_value,
    percent,
    plural,
    points,
    sent_from_words,
)

CHANGE, TEST_FIRST = "change", "test first"
NOT_ENOUGH_DATA = "not_enough_data"
# what must hold for the expected impact to come true
ASSUMPTIONS = {"A": None, "B": "nothing hidden decided who got which", "C": "the association is the cause"}
LIKE_THE_OTHERS = "the new wording does as well as the other versions"
CAVEATS = {
    "A": "Randomised (grade A): chance dealt who got which, in a registered test or as far as all records can tell.",
    "B": "Adjusted (grade B): like is compared with like in all that is recorded of leads, their history and the time, "
    "but who got which was not random. A cause that nobody recorded would explain it if it changed both, the chance of "
    "getting one rather than the other and the chance of booking, {e_value} times. Test it first.",
    "C": "Association only (grade C): leads alike in what is known hardly got both, or two ways of adjusting disagree, "
    "so the difference may lie in the leads and not in the campaign. Test it before changing anything.",
}
MAY_BE_CHANCE = "Adjusted (grade B), and it may be chance alone. Test it first."
FAINT = (
    "Adjusted (grade B): by its own leads alone the interval reaches zero, so the faintest hidden cause would explain "
    "what they show. Test it first."
)
TESTED = (
    "Randomised (grade A): this is what the registered test {test} showed at the look that decided it, corrected for a "
    "test's stopping where chance helps it."
)

NOT_ALIKE = (
    "Association only (grade C): the leads of one arm had more addresses that do not work, which no wording and no "
    "wait brings about, so the arms differ in more than was adjusted for. Test it before changing anything."
)
NO_WORDING = (
    "No wording is proposed: no part of the text is weak by the rules, and no better version of the step has another "
    "sound text in its language. A person has to write one."
)
NOTHING: dict[str, Any] = {
    "recommendations": [],
    "portfolio": describe_portfolio([], {}),
    "held_back": [],
    "sequences": [],
}
NO_STEPS = (
    "The source holds no campaign steps and no prompts, so there is nothing to compare and nothing to recommend. "
    "Who will convert does not depend on this."
)


def recommend_changes(
    effects: pd.DataFrame,
    primary_campaign_steps: pd.DataFrame,
    risk_set: pd.DataFrame,
    primary_labels: pd.DataFrame,
    primary_as_of: dict[str, str],
    target: Targets,
    parameters: RecommendationParameters,
    sequences: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The changes worth testing, most extra booked calls a month first; at most one a step.

    A change is worth testing where the element's effect, shrunken toward its kind, is below zero by
    more than the margin of relevance and leads still meet it: the campaign runs, the step is active
    and the prompt not retired. With evidence of grade C the action is to test, never to change. An alternative that
    makes more leads opt out or answer no, beyond chance and margin, is no win: such a change is held back, and said so.

    Returns:
        status (recommendations, nothing_to_change, not_enough_data, or nothing_to_compare where the source has no
        steps), a message, the recommendations, what was held back for its alternative's guardrails, and the sequence
        of each campaign. Expected impact is in booked calls a month, with what it assumes: below grade A it is no
        forecast, and holds only `if_causal`.
    """
    answer: dict[str, Any] = {
        "as_of": primary_as_of["as_of"],
        "snapshot_id": primary_as_of["snapshot_id"],
    }
    if primary_campaign_steps.empty:
        return answer | {"status": "nothing_to_compare", "message": NO_STEPS, **NOTHING}
    left_out = _describe_left_out(len(left_truncated_leads(primary_labels, target)))
    shortage = _describe_shortage(effects, risk_set, parameters)
    if shortage:
        return answer | {"status": NOT_ENOUGH_DATA, "message": shortage + left_out, **NOTHING}
    worth_testing, held_back = _rank_changes(effects, parameters)
    editor = PromptEditor.of(effects, primary_campaign_steps, parameters.effects, parameters.prompt_edits)
    senders = steps_sent_to(primary_campaign_steps)
    ranked = [
        _recommend(rank, {str(k): v for k, v in change.items()}, editor, senders, parameters)
        for rank, change in enumerate(worth_testing.to_dict("records"), start=1)
    ]
    exclusions = find_exclusions(ranked)
    recommendations = [each | {"excludes": exclusions[each["id"]]} for each in ranked]
    return answer | {
        "status": "recommendations" if recommendations else "nothing_to_change",
        "message": _summarise(recommendations, effects, parameters, is_held_back=not held_back.empty)
        + _describe_held_back(held_back)
        + _describe_not_compared(effects, risk_set, primary_campaign_steps, primary_as_of, parameters)
        + left_out,
        "recommendations": recommendations,
        "portfolio": describe_portfolio(ranked, exclusions),
        "sequences": sequences["campaigns"] if sequences else [],
        "held_back": [
            {
                "element_type": change["element_type"],
                "element_id": change["element_id"],
                "contrast": change["contrast"],
                "label": change["label"],
                "guardrails": change["guardrails_better"].split(),
            }
            for change in held_back.to_dict("records")
        ],
    }


def _describe_shortage(
    effects: pd.DataFrame, risk_set: pd.DataFrame, parameters: RecommendationParameters
) -> str | None:
    """What is missing before anything can be said; None where there is enough."""
    needed = parameters.minimum_data
    mature = risk_set.loc[risk_set["is_mature"]]
    leads = mature["lead_key"].nunique()
    bookings = mature.loc[mature["booked"], "lead_key"].nunique()
    if risk_set.empty:
        return "Not enough data: no attempt belongs to a step of a campaign, so there is nothing to compare."
    if leads < needed.leads or bookings < needed.bookings:
        met = f"{plural(leads, 'lead')} {'was' if leads == 1 else 'were'} met" if leads else "no lead was met"
        booked = f", of whom {count(bookings) if bookings else 'none'} booked a call" if leads else ""
        return (
            f"Not enough data: {met} {parameters.horizon_days} days ago or earlier{booked}; "
            f"{count(needed.leads)} leads and {count(needed.bookings)} bookings are needed to name a change."
        )
    if bookings == leads:
        return (
            f"Each of the {count(leads)} leads that were met {parameters.horizon_days} days ago or earlier booked a "
            "call, so nothing can be seen to do better. If that is not so, see what the source counts as a booking."
        )
    if effects.empty:
        return f"Not enough data: {_say_nothing_ran_beside_another(parameters)}"
    return None


def _say_nothing_ran_beside_another(parameters: RecommendationParameters) -> str:
    return (
        "no prompt, step, wait or order was run in two ways at the same time with at least "
        f"{parameters.effects.min_leads_per_arm} leads each, of whom some booked and some did not. Run two "
        "versions of a step side by side."
    )


def _describe_not_compared(
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    campaign_steps: pd.DataFrame,
    primary_as_of: dict[str, str],
    parameters: RecommendationParameters,
) -> str:
    """That of some prompts nothing is told: a new campaign's, one alone at its step, one after the other."""
    knobs = parameters.effects
    exposed = count_exposed_leads(risk_set, campaign_steps, parse_moment(primary_as_of["as_of"]), knobs.traffic_weeks)
    met = {element_id for element_type, element_id in exposed if element_type == "prompt"}
    alone = met - set(effects.loc[effects["element_type"] == "prompt", "element_id"])
    if not alone:
        return ""
    return (
        f" Nothing is told of {count(len(alone))} of the {plural(len(met), 'prompt version')} that leads still meet: "
        f"telling takes two versions of a step, sent at the same time to at least {knobs.min_leads_per_arm} leads "
        f"each, and {parameters.horizon_days} days to book."
    )


def _describe_left_out(leads: int) -> str:
    return f" {plural(leads, 'lead')} engaged before bookings were recorded count nowhere here." if leads else ""


def _rank_changes(effects: pd.DataFrame, parameters: RecommendationParameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The changes worth testing, by gain, certainty and effort; and those whose alternatives do harm elsewhere."""
    knobs = parameters.effects
    changes = effects.loc[
        effects["element_type"].isin(CHANGES)
        & (effects["posterior"] < -knobs.margin)
        & (effects["exposed_leads_month"] > 0)
    ]
    spread = error_of(changes["posterior_low"], changes["posterior_high"], knobs.confidence_level)
    of_normal = pd.Series(ndtr((-knobs.margin - changes["posterior"]) / spread), index=changes.index)
    ranked = changes.assign(
        # of a prompt whose wording was counted the chance is known, and is not that of a normal distribution
        certainty=(1 - changes["text_doubt"]).fillna(of_normal),
        effort=changes["element_type"].map(CHANGES).map(EFFORT_RANK),
        gain=-changes["posterior"] * changes["exposed_leads_month"],
        place=places_of(changes),
    )
    # Of equal gains the surer one, and of these the one that is less work.
    ranked = ranked.sort_values(
        ["gain", "certainty", "effort", "element_type", "element_id", "contrast"],
        ascending=[False, False, True, True, True, True],
    )
    is_win = np.array([has_harmless_alternative(change, effects) for change in ranked.to_dict("records")], dtype=bool)
    return ranked.loc[is_win].drop_duplicates("place").head(parameters.top_n), ranked.loc[~is_win]


def _recommend(
    rank: int,
    change: dict[str, Any],
    editor: PromptEditor,
    senders: dict[int, list[int]],
    parameters: RecommendationParameters,
) -> dict[str, Any]:
    is_prompt = change["element_type"] == "prompt"
    proposal = editor.propose(change["element_id"]) if is_prompt else None
    identity = identify(change)
    exposed = change["exposed_leads_month"]
    is_new = is_prompt and not (proposal and proposal.expected.is_measured)
    action, assumes = _decide(change, is_new=is_new)
    return {
        "id": identity,
        "rank": rank,
        "element_type": change["element_type"],
        "element_id": change["element_id"],
        "campaign_id": int(change["campaign_id"]),
        "step_id": None if pd.isna(change["step_id"]) else int(change["step_id"]),
        "contrast": change["contrast"],
        "label": change["label"],
        "title": _title(change, action, is_new=is_new),
        "action": action,
        "change": CHANGES[change["element_type"]],
        "evidence": {
            "grade": change["evidence_grade"],
            "effect": change["effect"],
            "ci_low": change["ci_low"],
            "ci_high": change["ci_high"],
            "q_value": change["q_value"],
            "n_treated": change["n_treated"],
            "n_control": change["n_control"],
            "shrunken_effect": change["posterior"],
            "certainty": change["certainty"],
            "counts_wording": not pd.isna(change["text_mean"]),
            "flagged": change["flagged"],
            "guardrails": {
                name: {figure: change[f"{name}_{figure}"] for figure in ("effect", "ci_low", "ci_high")}
                for name in GUARDRAILS.values()
            },
        },
        "expected_impact": {
            "conversions_a_month": change["gain"],
            "ci_low": -change["posterior_high"] * exposed,
            "ci_high": -change["posterior_low"] * exposed,
            "assumes": assumes,
            "if_causal": ASSUMPTIONS[change["evidence_grade"]] is not None,
        },
        "effort": EFFORTS[CHANGES[change["element_type"]]],
        **_describe_edit(proposal),
        "reasons": [*_explain(change, parameters), *_explain_what_is_left(change, proposal, senders)],
        "proven_by": change["tested_by"] if action == CHANGE else "",
        "experiment_id": f"test-{identity}",
    }


def _decide(change: dict[str, Any], *, is_new: bool) -> tuple[str, str | None]:
    """Whether to change or to test first, and what the expected impact hangs on.

    To change asks for chance to have dealt the arms, for a difference beyond chance, and for an alternative that leads
    have met: a new wording is tested, however sure it is that the present text does worse.
    """
    is_proven = change["evidence_grade"] == RANDOMISED and change["flagged"] and not is_new
    hangs_on = [ASSUMPTIONS[change["evidence_grade"]], LIKE_THE_OTHERS if is_new else None]
    return CHANGE if is_proven else TEST_FIRST, " and ".join(filter(None, hangs_on)) or None


def _title(change: dict[str, Any], action: str, *, is_new: bool) -> str:
    label, alternative = change["label"], alternative_of(change)
    to_test = {
        "prompt": f"Test a {'new wording' if is_new else 'better version'} instead of {label}",
        "step": f"Test skipping the step: {label}",
        "wait": f"Test waiting {alternative}: {label}",
        "order": f"Test order {alternative}: {label}",
    }
    to_change = {
        "prompt": f"Send a better version instead of {label}",
        "step": f"Skip the step: {label}",
        "wait": f"Wait {alternative}: {label}",
        "order": f"Change to order {alternative}: {label}",
    }
    return (to_change if action == CHANGE else to_test)[change["element_type"]]


def _describe_edit(proposal: ProposedText | None) -> dict[str, Any]:
    """The proposed text, the reason and evidence of each of its changes, and what the whole may bring."""
    if proposal is None:
        return {"current_text": None, "proposed_text": None, "diff": None, "edit": None}
    edit = proposal.edit
    return {
        "current_text": edit.current_text,
        "proposed_text": edit.proposed_text,
        "diff": edit.diff(),
        "edit": {
            "channel": proposal.current.channel,
            "placeholders": sorted(proposal.known_placeholders),
            "is_whole_version": edit.is_whole_version,
            "version": edit.version,
            "changes": [change.as_record() for change in edit.changes],
            "expected_effect": asdict(proposal.expected),
        },
    }


def _explain(change: dict[str, Any], parameters: RecommendationParameters) -> list[str]:
    """Figures and the caveat, in plain words."""
    level = percent(parameters.effects.confidence_level, 0)
    groups = {
        "prompt": ("were sent this version", "were sent another version live at the time"),
        "step": ("got the step", "skipped it, although they could be reached"),
        "wait": ("were written to after the step's own wait", f"were written to after {alternative_of(change)}"),
        "order": ("went through the campaign's own order", f"went through order {alternative_of(change)}"),
    }
    this, other = groups[change["element_type"]]
    rates = (
        f"Of {count(change['n_treated'])} leads that {this}, {percent(change['rate_treated'])} booked a call within "
        f"{parameters.horizon_days} days; of {count(change['n_control'])} that {other}, "
        f"{percent(change['rate_control'])}."
    )
    what = "Difference" if change["evidence_grade"] == RANDOMISED else "Difference between leads alike"
    difference = (
        f"{what} {points(change['effect'])} ({level} interval "
        f"{bounds(change['ci_low'], change['ci_high'], points)}); {points(change['posterior'])} once its noise is "
        f"taken off{'' if pd.isna(change['text_mean']) else ' and like wording at other steps is counted'}."
    )
    return [
        rates,
        difference,
        *_explain_chance(change),
        explain_guardrails(change, level),
        *explain_differences(change, parameters.effects),
        f"About {count(change['exposed_leads_month'])} leads a month meet it as it stands.",
        *_explain_grade(change),
    ]


def _explain_what_is_left(
    change: dict[str, Any], proposal: ProposedText | None, senders: dict[int, list[int]]
) -> list[str]:
    """What a person has to do beside."""
    if change["element_type"] == "prompt" and proposal is None:
        return [NO_WORDING]
    is_sent_to = change["element_type"] == "step" and int(change["step_id"]) in senders
    return [sent_from_words(senders[int(change["step_id"])])] if is_sent_to else []


def _explain_chance(change: dict[str, Any]) -> list[str]:
    """Beside an association nothing: that chance did not make it says nothing of what did."""
    if change["evidence_grade"] == ASSOCIATION_ONLY:
        return []
    verdict = "Unlikely to be chance alone" if change["flagged"] else "This may be chance"
    if pd.isna(change["text_mean"]):
        return [f"{verdict} (q {p_value(change['q_value'])})."]
    doubt, own = chance(change["text_doubt"]), p_value(change["q_value"])
    both = "by its own leads and by what like wording does at other steps"
    return [f"{verdict}: the chance that it is no worse is {doubt}, {both}. By its own leads alone: q {own}."]


def _explain_grade(change: dict[str, Any]) -> list[str]:
    """What else could be behind it; an effect that may be chance needs no other cause."""
    grade, strength = change["evidence_grade"], change["sensitivity"]
    if change["bounces_differ"]:
        return [NOT_ALIKE]
    if change["tested_by"]:
        return [TESTED.format(test=change["tested_by"])]
    if grade == ADJUSTED and round(strength, 1) <= 1:
        return [FAINT if change["flagged"] else MAY_BE_CHANCE]
    return [CAVEATS[grade].format(e_value=decimal(strength, 1))] if grade in CAVEATS else []


def _describe_held_back(held_back: pd.DataFrame) -> str:
    if held_back.empty:
        return ""
    harms = read_guardrails(" ".join(sorted(set(" ".join(held_back["guardrails_better"]).split()))))
    return (
        f" {plural(len(held_back), 'change')} that would book more "
        f"{'is' if len(held_back) == 1 else 'are'} held back: the alternative makes more {harms or 'leads leave'}."
    )


def _summarise(
    found: list[dict[str, Any]], effects: pd.DataFrame, parameters: RecommendationParameters, *, is_held_back: bool
) -> str:
    margin = f"{parameters.effects.margin_points:g} points"
    compared = plural(len(effects), "comparison")
    if not effects["element_type"].isin(CHANGES).any():
        return f"Nobody can tell what to change: {_say_nothing_ran_beside_another(parameters)}"
    if not found:
        # that none is seen to be worse is not that none is
        is_met = effects["element_type"].isin(CHANGES) & (effects["exposed_leads_month"] > 0)
        may_be_worse = int((is_met & (effects["ci_low"] < -parameters.effects.margin)).sum())
        return (
            f"Nothing to change: of {compared} none that leads still meet{' and that may go' if is_held_back else ''} "
            f"is below its alternative by more than {margin} once noise is taken off."
            + (
                f" Of {count(may_be_worse)} nobody can tell yet: the interval reaches below that. More leads, or a "
                "test, would tell."
                if may_be_worse
                else ""
            )
        )
    to_change = sum(item["action"] == CHANGE for item in found)
    to_test = len(found) - to_change
    what = [f"{plural(to_change, 'change')} to make"] if to_change else []
    what += [f"{plural(to_test, 'change')} to test first"] if to_test else []
    has_association = any(item["evidence"]["grade"] == ASSOCIATION_ONLY for item in found)
    gain = "say what there would be to gain if the association were the cause, and " if has_association else ""
    return (
        f"{' and '.join(what)}, of {compared}: below the alternative by "
        f"more than {margin} once noise is taken off. Expected impacts {gain}do not add up: "
        "one lead meets many steps."
    )
