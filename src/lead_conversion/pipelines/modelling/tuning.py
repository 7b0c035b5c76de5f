"""Looks for better values of the models' parameters, inside the training period only.

    earlier training leads: trials, judged at origins that roll │ embargo │ later training leads: confirmation

The best of many trials looks better than it is, for it was chosen by how it looked (winner's curse). So what the search
found is compared once more with the configured values, on later leads that the search has not seen, and replaces them
only where the interval of the paired gain lies above zero.

Trials are judged by the log loss: a mean over rows, so that differences are paired row by row, and what trees stop
growing by. PR-AUC rests on the few positives, and one of them near the top moves it.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.estimators import CANDIDATES, fit_candidate, predict_log_odds
from lead_conversion.pipelines.modelling.folds import deal_folds
from lead_conversion.pipelines.modelling.later_outcomes import add_later_outcomes
from lead_conversion.pipelines.modelling.log_odds import Array, rounded
from lead_conversion.pipelines.modelling.origins import Origin, roll_origins
from lead_conversion.pipelines.modelling.parameters import ModelParameters, Span, TuningParameters
from lead_conversion.pipelines.modelling.resampling import Estimate, Resamples
from lead_conversion.pipelines.modelling.trees import choose_trees

RESAMPLES = 1000
Values = dict[str, float]
Record = dict[str, Any]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Learner:
    """How one kind of model is made from rows: of these features, at this seed, for a window of this length."""

    family: str
    features: Sequence[Feature]
    seed: int
    window_hours: float

    def lose(self, origin: Origin, model: ModelParameters) -> Array:
        """The log loss of each later row, by a model of the earlier rows that saw nothing of the later ones."""
        margin = predict_log_odds(self._fit(origin.earlier, model), origin.later)
        return np.logaddexp(0, margin) - origin.later["label"].to_numpy(dtype=float) * margin

    def _fit(self, rows: pd.DataFrame, model: ModelParameters) -> Record:
        learnt, rounds = add_later_outcomes(rows, model.later_windows, self.window_hours), 0
        if self.family == "lightgbm":
            # A trial is of its own values; others are tried once the search is over.
            wanted = (self.features, model.lightgbm.alone, model.encoding, self.seed, self.window_hours)
            folds = deal_folds(learnt, self.seed, model.enough_positives)
            _alone, rounds = choose_trees(learnt, *wanted, folds)
        return fit_candidate(self.family, learnt, self.features, model, rounds, self.seed, self.window_hours)


def tune_models(
    rows: pd.DataFrame,
    candidates: Sequence[str],
    model: ModelParameters,
    tuning: TuningParameters,
    seed: int,
    features: Sequence[Feature],
    window_hours: float,
) -> tuple[ModelParameters, Record]:
    """The parameters to train with, and what the search did: for each candidate what was found and its gain.

    `rows` are those of all leads before the embargo. The same rows and seed give the same values, whatever the number
    of threads: one trial follows the other, and none is given up for the time that it takes.
    """
    confirmation = roll_origins(rows, 1 - tuning.confirmation_share, 1, window_hours)
    searched = [family for family in CANDIDATES if family in candidates and getattr(tuning.search, family, {})]
    record: Record = {"trials": tuning.trials, "families": {}}
    if not confirmation or not confirmation[0].has_both_labels:
        return model, record
    rolled = roll_origins(confirmation[0].earlier, tuning.first_origin_share, tuning.origins, window_hours)
    origins = [origin for origin in rolled if origin.has_both_labels]
    for family in searched if origins else ():
        learner = _Learner(family, features, seed, window_hours)
        found, pruned = _search(learner, origins, model, tuning)
        tuned = _with_values(model, family, found)
        gain = _confirm(learner, confirmation[0], model, tuned)
        low, high = gain.interval(tuning.confidence_level)
        is_adopted = low > 0
        configured = {name: getattr(getattr(model, family), name) for name in found}
        record["families"][family] = {
            "origins": len(origins),
            "pruned": pruned,
            "configured": configured,
            "found": found,
            "log_loss_gain": {"value": rounded(gain.value), "ci_low": rounded(low), "ci_high": rounded(high)},
            "adopted": is_adopted,
            "used": found if is_adopted else configured,
        }
        model = tuned if is_adopted else model
    return model, record


def say_tuning(record: Record) -> list[str]:
    """What tuning did, in a sentence for each kind of model; none where there was no tuning."""
    if record and not record["families"]:
        return ["Not tuned: too few leads of each kind to tell gain from luck."]
    return [_say_family(family, found, record["trials"]) for family, found in record.get("families", {}).items()]


def _say_family(family: str, found: Record, trials: int) -> str:
    what = f"Tuning {family}, {trials} trials:"
    if found["found"] == found["configured"]:
        return f"{what} none was better than the configured values."
    gain = found["log_loss_gain"]
    figure = f"{gain['value']:+.4f} ({gain['ci_low']:+.4f} to {gain['ci_high']:+.4f})"
    if not found["adopted"]:
        return f"{what} the configured values stay, for the best one's gain in log loss, {figure}, can be chance."
    values = ", ".join(f"{name} {value:g}" for name, value in found["used"].items())
    return f"{what} {values}; gain in log loss on later leads {figure}."


def _search(
    learner: _Learner, origins: Sequence[Origin], model: ModelParameters, tuning: TuningParameters
) -> tuple[Values, int]:
    """The values of the best trial, which may be the configured ones, and how many trials were given up early."""
    import optuna  # noqa: PLC0415 - a second, and tuning is off by default

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    spans: Mapping[str, Span] = getattr(tuning.search, learner.family)
    configured = {name: getattr(getattr(model, learner.family), name) for name in spans}

    def judge(trial: optuna.Trial) -> float:
        suggested = {name: _suggest(trial, name, span, configured[name]) for name, span in spans.items()}
        # The first trial is the configuration itself, to the last digit.
        values = configured if trial.number == 0 else suggested
        trial.set_user_attr("values", values)
        tried = _with_values(model, learner.family, values)
        losses: list[float] = []
        for step, origin in enumerate(origins):
            losses.append(float(learner.lose(origin, tried).mean()))
            trial.report(float(np.mean(losses)), step)
            if step < len(origins) - 1 and trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(losses))

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=learner.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=tuning.trials_before_pruning),
    )
    study.enqueue_trial({name: min(max(configured[name], span.low), span.high) for name, span in spans.items()})
    log.info("Tuning %s: %d trials", learner.family, tuning.trials)
    # On a terminal only: in a log a bar is a line a trial.
    study.optimize(judge, n_trials=tuning.trials, show_progress_bar=sys.stderr.isatty())
    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    return dict(study.best_trial.user_attrs["values"]), pruned


def _suggest(trial: Any, name: str, span: Span, configured: float) -> float:
    if isinstance(configured, int):
        return int(trial.suggest_int(name, round(span.low), round(span.high), log=span.log))
    # Three digits: more say nothing, and a person reads them.
    return float(f"{trial.suggest_float(name, span.low, span.high, log=span.log):.3g}")


def _with_values(model: ModelParameters, family: str, values: Values) -> ModelParameters:
    changed = {**model.model_dump(), family: {**getattr(model, family).model_dump(), **values}}
    return ModelParameters.model_validate(changed)


def _confirm(learner: _Learner, origin: Origin, model: ModelParameters, tuned: ModelParameters) -> Estimate:
    """How much lower the log loss of a later row is with the tuned values, with the same on resamples of leads."""
    lead, _keys = pd.factorize(origin.later["lead_key"])
    gained = learner.lose(origin, model) - learner.lose(origin, tuned)
    resamples = Resamples(lead.astype(np.int64), RESAMPLES, learner.seed)
    rows, gains = resamples.sums(np.column_stack([np.ones_like(gained), gained])).T
    return Estimate(float(gains[0] / rows[0]), gains[1:] / rows[1:])
