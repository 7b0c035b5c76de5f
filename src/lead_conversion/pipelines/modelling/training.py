"""Trains candidates and baselines for each target; candidates compete before the holdout's embargo only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.pipelines.modelling.baselines import estimate_base_rate, fit_campaign_rate, fit_rule
from lead_conversion.pipelines.modelling.calibration import NOT_CALIBRATED, Calibrator
from lead_conversion.pipelines.modelling.clock import WINDOWS
from lead_conversion.pipelines.modelling.encoding import attach_features, describe_features, require_features
from lead_conversion.pipelines.modelling.estimators import CANDIDATES, blend_models, fit_candidate
from lead_conversion.pipelines.modelling.folds import Folds, deal_folds
from lead_conversion.pipelines.modelling.later_outcomes import add_later_outcomes
from lead_conversion.pipelines.modelling.log_odds import rounded
from lead_conversion.pipelines.modelling.logistic import fit_logistic
from lead_conversion.pipelines.modelling.origins import Origin, roll_origins
from lead_conversion.pipelines.modelling.parameters import NO_TUNING, ModelParameters, TuningParameters
from lead_conversion.pipelines.modelling.rehearsal import Judgement, choose_candidate, rehearse
from lead_conversion.pipelines.modelling.stability import learn_stability
from lead_conversion.pipelines.modelling.trees import choose_trees, in_larger_steps
from lead_conversion.pipelines.modelling.tuning import say_tuning, tune_models
from lead_conversion.pipelines.modelling.unseen import predict_unseen

Model = dict[str, Any]

# The positives that a model learns from before it is judged, at least, as a part of those that its kind needs.
LEARNT_BEFORE = 0.5
ROLES = {"campaign_rate": "comparator", "rule": "baseline", "contact_logistic": "baseline"}


@dataclass(frozen=True)
class Capacity:
    """How large a model the training data carries."""

    candidates: tuple[str, ...]
    num_leaves: int
    sentence: str

    @property
    def has_trees(self) -> bool:
        """Whether trees may compete."""
        return "lightgbm" in self.candidates

    def without_trees(self) -> "Capacity":
        """The same where trees had too little to learn from at every earlier moment."""
        if not self.has_trees:
            return self
        reason = (
            "At no earlier moment could trees have learnt from enough of them: only the logistic model was trained."
        )
        return Capacity(("logistic",), 0, f"{self.sentence} {reason}")


@dataclass(frozen=True)
class Training:
    """What came of one target's training, the rows that the models learnt from, and the values they were made with."""

    found: Model
    rows: pd.DataFrame
    model: ModelParameters


def train_models(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: Targets,
    model: ModelParameters,
    seed: int,
    tuning: TuningParameters = NO_TUNING,
    features: Sequence[Feature] = FEATURES,
) -> dict[str, Model]:
    """For each target the candidates and baselines, which candidate was chosen and why; all of it JSON.

    `status` is "trained", "not_enough_data" with the base rate in place of models, or "not_recorded" where the source
    does not record the target's outcome, with nothing in their place.
    """
    trained = {}
    for named in target.items():
        training = train_target(
            model_input_examples, feature_leads, label_summary, named, model, seed, tuning, features
        )
        trained[named[0]] = training.found | _check_reasons(training, features, seed)
    return trained


def train_target(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: tuple[str, Target],
    model: ModelParameters,
    seed: int,
    tuning: TuningParameters = NO_TUNING,
    features: Sequence[Feature] = FEATURES,
) -> Training:
    """One target's candidates and baselines, all that predicts; whether the reasons are steady is not asked here."""
    name, spec = target
    is_history = (model_input_examples["target"] == name) & (model_input_examples["split"] != "scoring")
    history = model_input_examples[is_history].sort_values(["lead_key", "landmark_hours"], ignore_index=True)
    base_rate = estimate_base_rate(history)
    reasons = label_summary.get(name, {}).get("reasons", {})
    if unrecorded := reasons.get("not_recorded", 0):
        training = Training(_without_record(unrecorded, spec), history.head(0), model)
    elif not base_rate["leads"]:
        training = Training(_without_model(_say_none_is_mature(reasons)), history.head(0), model)
    else:
        rows = attach_features(history[history["split"].isin(["train", "calibration"])], feature_leads)
        training = _train_rows(rows, base_rate, model, seed, features, spec.window_hours, tuning)
    return replace(training, found={"base_rate": base_rate, "seed": seed, **training.found})


def decide_capacity(positive_leads: int, negative_leads: int, model: ModelParameters) -> Capacity:
    """Which candidates may compete and how large trees may be, by the rarer class among the training leads."""
    small = model.small_data
    scarce = min(positive_leads, negative_leads)
    allowed = CANDIDATES if model.family in {"auto", "blend"} else (model.family,)
    found = f"{positive_leads:,} of {positive_leads + negative_leads:,} training leads are positive"
    if scarce < small.logistic_from_positives:
        reason = f"Not enough data: {found} and a model needs {small.logistic_from_positives} of each kind"
        return Capacity((), 0, f"{reason}.")
    if scarce < small.lightgbm_from_positives:
        sentence = f"{found}: fewer than {small.lightgbm_from_positives}, so only the logistic model was trained."
        return Capacity(("logistic",), 0, sentence)
    if scarce < small.full_size_from_positives:
        sentence = f"{found}: fewer than {small.full_size_from_positives}"
        leaves = ", so trees have fewer leaves" if "lightgbm" in allowed else ""
        return Capacity(allowed, small.small_num_leaves, f"{sentence}{leaves}.")
    return Capacity(allowed, model.lightgbm.num_leaves, f"{found}: enough for models of full size.")


@dataclass(frozen=True)
class _Maker:
    """How one target's models are made from rows; trees are `rounds`."""

    capacity: Capacity
    rounds: int
    model: ModelParameters
    seed: int
    features: Sequence[Feature]
    window_hours: float
    has_campaigns: bool

    def make(self, rows: pd.DataFrame) -> dict[str, Model]:
        """Candidates, simplest first, and baselines, none of them calibrated."""
        return self.make_from(rows, add_later_outcomes(rows, self.model.later_windows, self.window_hours))

    def make_from(self, rows: pd.DataFrame, learnt: pd.DataFrame) -> dict[str, Model]:
        """The same; `learnt` are the rows with their later outcomes, which candidates learn from."""
        return {**self.make_candidates(learnt), **self._make_baselines(rows)}

    def make_candidates(self, learnt: pd.DataFrame) -> dict[str, Model]:
        """The candidates, simplest first."""
        made = {
            family: fit_candidate(family, learnt, self.features, self.model, self.rounds, self.seed, self.window_hours)
            for family in self.capacity.candidates
            if family != "blend"
        }
        if "blend" in self.capacity.candidates:
            made["blend"] = blend_models(made["logistic"], made["lightgbm"], self.model.blend.lightgbm_weight)
        return made

    def _make_baselines(self, rows: pd.DataFrame) -> dict[str, Model]:
        model, asked_by = self.model, "model.baselines.contact_features"
        contact = require_features(model.baselines.contact_features, self.features, asked_by)
        baselines = {
            "rule": fit_rule(rows, model.baselines.rule, self.features, self.window_hours),
            "contact_logistic": fit_logistic(rows, contact, model.logistic, model.encoding, self.window_hours),
        }
        # Without campaigns there is no current performance of theirs to compare with.
        return baselines | ({"campaign_rate": fit_campaign_rate(rows, self.window_hours)} if self.has_campaigns else {})


def _check_reasons(training: Training, features: Sequence[Feature], seed: int) -> Model:
    """How steady the chosen model's reasons are; nothing where none was trained."""
    chosen = training.found["models"].get(training.found["chosen"])
    if chosen is None:
        return {}
    return {"stability": learn_stability(chosen, training.rows, features, training.model, seed)}


def _train_rows(
    rows: pd.DataFrame,
    base_rate: Model,
    model: ModelParameters,
    seed: int,
    features: Sequence[Feature],
    window_hours: float,
    tuning: TuningParameters,
) -> Training:
    positives, negatives = _count_leads(rows)
    capacity = decide_capacity(positives, negatives, model)
    if reason := _say_why_not(rows, base_rate, capacity):
        return Training(_without_model(reason), rows, model)
    if positives >= model.later_until_positives:
        model = model.model_copy(update={"later_windows": 1})
    capacity, origins = _find_origins(rows, capacity, model, window_hours)
    has_campaigns = bool(rows["campaign_id"].notna().any())
    maker = _Maker(capacity, 0, model, seed, features, window_hours, has_campaigns)
    maker, searched = _size_trees(maker, rows, tuning, scarce=min(positives, negatives))
    learnt = add_later_outcomes(rows, maker.model.later_windows, window_hours)
    maker, unseen = _grow(maker, learnt)
    judged, calibrators = _rehearse(maker, origins, positives + negatives)
    chosen = _choose(capacity, judged, unseen, model)
    message = [
        capacity.sentence,
        *_say_later(learnt),
        *say_tuning(searched),
        *_say_weight(maker.model.blend.lightgbm_weight, model.blend.lightgbm_weight),
        _say_choice(chosen, judged, model.family),
    ]
    found = {
        "status": "trained",
        "message": " ".join(message),
        "chosen": chosen,
        **({"tuning": searched} if searched else {}),
        "rehearsal": {
            name: {figure: rounded(getattr(one, figure)) for figure in ("log_loss", "gain", "pr_auc")}
            for name, one in judged.items()
        },
        "features": describe_features(features),
        "models": {
            name: {"role": ROLES.get(name, "candidate"), **fit, "calibrator": calibrators.get(name, NOT_CALIBRATED)}
            for name, fit in maker.make_from(rows, learnt).items()
        },
    }
    return Training(found, learnt, maker.model)


def _say_why_not(rows: pd.DataFrame, base_rate: Model, capacity: Capacity) -> str | None:
    """Why nothing can be trained; None where something can."""
    if not capacity.candidates:
        return _say_scarcity(rows, base_rate, capacity)
    if 0 in [count for _split, part in rows.groupby("split") for count in _count_leads(part)]:
        return f"{capacity.sentence} But the positives crowd into one part of the training period."
    return None


def _size_trees(maker: _Maker, rows: pd.DataFrame, tuning: TuningParameters, *, scarce: int) -> tuple[_Maker, Model]:
    """The maker with trees of the size that the leads carry, `scarce` of the rarer class, and what tuning found."""
    model, capacity = maker.model, maker.capacity
    has_enough = scarce >= model.small_data.full_size_from_positives
    whole = model.lightgbm if has_enough else model.lightgbm.alone
    sized = model.model_copy(update={"lightgbm": whole.model_copy(update={"num_leaves": capacity.num_leaves})})
    searched: Model = {}
    if tuning.trials:
        candidates = capacity.candidates if has_enough else ()
        sized, searched = tune_models(rows, candidates, sized, tuning, maker.seed, maker.features, maker.window_hours)
    return replace(maker, model=sized), searched


def _grow(maker: _Maker, learnt: pd.DataFrame) -> tuple[_Maker, dict[str, Judgement]]:
    """The maker with the number of trees that leads of the same time show, and how they judge the candidates."""
    model, candidates = maker.model, maker.capacity.candidates
    if not maker.capacity.has_trees:
        return maker, {}
    folds = deal_folds(learnt, maker.seed, model.enough_positives)
    wanted = (maker.features, model.lightgbm, model.encoding, maker.seed, maker.window_hours)
    lightgbm, rounds = choose_trees(learnt, *wanted, folds)
    grown = replace(maker, rounds=rounds, model=model.model_copy(update={"lightgbm": lightgbm}))
    return _weigh_blend(grown, learnt, folds) if "blend" in candidates else (grown, {})


def _weigh_blend(maker: _Maker, learnt: pd.DataFrame, folds: Folds) -> tuple[_Maker, dict[str, Judgement]]:
    """The maker with the weight of the trees that leads of the same time show, and how they judge the candidates."""
    model = maker.model
    lightgbm, rounds = in_larger_steps(model.lightgbm, maker.rounds)
    quick = replace(maker, rounds=rounds, model=model.model_copy(update={"lightgbm": lightgbm}))
    unseen = predict_unseen(learnt, folds, quick.make_candidates)
    weight = unseen.choose_weight(model.blend.lightgbm_weight)
    weighed = model.model_copy(update={"blend": model.blend.model_copy(update={"lightgbm_weight": weight})})
    judged = {"logistic": unseen.judge(0), "lightgbm": unseen.judge(1), "blend": unseen.judge(weight)}
    return replace(maker, model=weighed), {name: judged[name] for name in maker.capacity.candidates}


def _rehearse(
    maker: _Maker, origins: Sequence[Origin], leads: int
) -> tuple[dict[str, Judgement], dict[str, Calibrator]]:
    """How later leads judge the candidates, and what calibrates each model; nothing where no moment can tell."""
    if not origins:
        return {}, {}
    rehearsal = rehearse(origins, maker.make, leads)
    calibrators = {name: rehearsal.calibrate(name, maker.model.calibration) for name in rehearsal.margins}
    return {name: rehearsal.judge(name) for name in maker.capacity.candidates}, calibrators


def _choose(
    capacity: Capacity, judged: Mapping[str, Judgement], unseen: Mapping[str, Judgement], model: ModelParameters
) -> str:
    if not judged:
        return capacity.candidates[0]
    if model.family == "blend" and "blend" in judged:
        return "blend"
    return choose_candidate(judged, unseen, model.equal_within)


def _find_origins(
    rows: pd.DataFrame, capacity: Capacity, model: ModelParameters, window_hours: float
) -> tuple[Capacity, list[Origin]]:
    """Moments from the first calibration lead on at which models can learn and be judged, and which models can.

    One moment where enough positives come after it: they came before it too, and models of so many leads are hardly
    other ones than those of all. A model learns from at least a part of the positives that its kind needs, or it would
    be judged by what it is not; without such a moment trees give way to the logistic model, and without one for that it
    is neither compared nor calibrated.
    """
    leads = rows.drop_duplicates("lead_key")
    is_first = leads["split"].eq("train")
    moments = 1 if leads.loc[~is_first, "label"].sum() >= model.enough_positives else model.rehearsals
    rolled = roll_origins(rows, is_first.mean(), moments, window_hours) if not is_first.all() else []
    small = model.small_data
    for able in (capacity, capacity.without_trees()):
        needed = LEARNT_BEFORE * (small.lightgbm_from_positives if able.has_trees else small.logistic_from_positives)
        able_at = [each for each in rolled if each.has_both_labels and min(_count_leads(each.earlier)) >= needed]
        if able_at:
            return able, able_at
    return capacity.without_trees(), []


def _say_none_is_mature(reasons: Mapping[str, int]) -> str:
    """Why no lead has a label: of some it is not known yet, others were there before anything was sent."""
    if before := reasons.get("outcome_before_first_event", 0):
        return (
            f"Not enough data: {before:,} leads had got there before their first engagement and count nowhere; "
            "no other lead's label window is over yet."
        )
    return "Not enough data: no lead's label window is over yet."


def _say_scarcity(rows: pd.DataFrame, base_rate: Model, capacity: Capacity) -> str:
    """Why no model: leads that have come, and what the split leaves of them."""
    mature = f"{base_rate['positives']:,} of {base_rate['leads']:,} mature leads are positive"
    if rows.empty:
        return f"Not enough data: {mature}, but holdout and embargo leave none for training. More time is needed."
    return f"{capacity.sentence} In all, {mature}; the split keeps the rest for later use."


def _without_record(leads: int, spec: Target) -> Model:
    outcome = spec.outcome.replace("_", " ")
    message = (
        f"Not estimable: the source records '{outcome}' of none of {leads:,} leads, so a lead that did not get there "
        "cannot be told from one of whom it was not recorded. Nothing is trained, and no lead is scored."
    )
    return {"status": "not_recorded", "message": message, "chosen": "none", "models": {}}


def _without_model(reason: str) -> Model:
    message = f"{reason} Every lead gets the base rate."
    return {"status": "not_enough_data", "message": message, "chosen": "base_rate", "models": {}}


def _say_later(learnt: pd.DataFrame) -> list[str]:
    """That outcomes after the window taught too, if they did."""
    if WINDOWS not in learnt:
        return []
    windows = learnt[WINDOWS].max()
    leads = learnt.loc[(learnt[WINDOWS] == windows) & (learnt["label"] == 1), "lead_key"].nunique()
    return [f"Models learnt from {leads:,} leads that got there within {windows} windows, too."]


def _say_weight(weight: float, known: float) -> list[str]:
    """How much trees count in the blend, where leads showed that it is not as much as was known before."""
    return [] if weight == known else [f"In the blend trees count {weight:.0%}, as leads that models had not met show."]


def _count_leads(rows: pd.DataFrame) -> tuple[int, int]:
    """Positive and negative leads."""
    label = rows.drop_duplicates("lead_key")["label"].to_numpy(dtype=int)
    return int(label.sum()), int(np.size(label) - label.sum())


def _say_choice(chosen: str, judged: Mapping[str, Judgement], family: str) -> str:
    if not judged:
        return (
            f"Candidate: {chosen}, neither compared nor calibrated: no lead came a whole label window after leads that "
            "a model could have learnt from."
        )
    if len(judged) == 1:
        return f"Candidate: {chosen}."
    losses = ", ".join(f"{name} {one.log_loss:.4f}" for name, one in judged.items())
    ranked = ", ".join(f"{one.pr_auc:.3f}" for one in judged.values())
    *_simpler, last = judged
    shown = "no simpler one is shown to be its equal" if chosen == last else f"it is shown to do as well as {last}"
    reason = "as configured" if family == chosen else f"for {shown}"
    return f"Log loss on leads that came later: {losses} (PR-AUC {ranked}); chosen: {chosen}, {reason}."
