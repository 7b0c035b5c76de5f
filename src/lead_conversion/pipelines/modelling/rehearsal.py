"""What models would have said of leads that came after those they learnt from.

    learns │ embargo │ predicted                    first origin
    learns ───────── │ embargo │ predicted          second origin
    learns ──────────────────────────────           what is delivered

On these predictions the candidates compete and every model is calibrated; then it learns from all the leads, the
predicted ones included. So no lead is held back from the models, and none is judged by a model that had met it (Platt
1999, section 2.1, by cross-validation; here only forward in time, as new leads will be met).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr
from scipy.stats import norm
from sklearn.metrics import average_precision_score

from lead_conversion.pipelines.modelling.calibration import (
    Calibrator,
    calibrate,
    fit_calibrator,
    fit_platt,
)
from lead_conversion.pipelines.modelling.estimators import predict_all_log_odds
from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, to_log_odds
from lead_conversion.pipelines.modelling.origins import Origin
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters

# The upper end of a one-sided interval of 95 %, in standard errors.
SURE = float(norm.ppf(0.95))

Model = dict[str, Any]
Make = Callable[[pd.DataFrame], dict[str, Model]]


@dataclass(frozen=True)
class Judgement:
    """Log loss of a row, what it is below that of the mere rate (`gain`), PR-AUC; and the losses summed by lead."""

    losses: Array
    rows: int
    log_loss: float
    gain: float
    pr_auc: float


@dataclass(frozen=True)
class Rehearsal:
    """The later rows of all origins: their leads and labels, and by model the log odds that they would have got.

    `learnt_share` is the share of all leads from which the models had learnt: the harmonic mean over the rows, for what
    a model owes to chance falls as one over its leads.
    """

    lead: npt.NDArray[np.int64]
    label: Array
    learnt_share: float
    margins: dict[str, Array]

    def calibrate(self, name: str, calibration: CalibrationParameters) -> Calibrator:
        """The calibrator of one delivered model, from the predictions of its forerunners.

        A model overstates itself by what it takes from chance: of its log odds the share s is signal, and s / (1 - s)
        grows with its leads (Copas 1983; van Houwelingen and le Cessie 1990). So the forerunners' log odds are first
        drawn in to what the delivered model, of more leads, would have said.
        """
        margin = self.margins[name]
        signal = fit_platt(margin, self.label)["slope"]
        drawn_in = _level(margin * (self.learnt_share + (1 - self.learnt_share) * signal), self.label)
        positive_leads = len(np.unique(self.lead[self.label == 1]))
        return fit_calibrator(drawn_in, self.label, positive_leads, calibration)

    def judge(self, name: str) -> Judgement:
        """How good one model's predictions were."""
        return judge(self.lead, self.label, self.margins[name])


def rehearse(origins: Sequence[Origin], make: Make, leads: int) -> Rehearsal:
    """Makes the models anew at each origin, from what was known by then, and has them predict what came next.

    `leads` is how many the delivered models learn from.
    """
    margins: list[dict[str, Array]] = []
    for origin in origins:
        label = origin.later["label"].to_numpy(dtype=float)
        predicted = predict_all_log_odds(make(origin.earlier), origin.later)
        margins.append({name: _level(margin, label) for name, margin in predicted.items()})
    later = pd.concat([origin.later for origin in origins])
    all_to_learnt = [leads / origin.earlier["lead_key"].nunique() for origin in origins]
    return Rehearsal(
        lead=pd.factorize(later["lead_key"])[0].astype(np.int64),
        label=later["label"].to_numpy(dtype=float),
        learnt_share=float(1 / np.average(all_to_learnt, weights=[len(origin.later) for origin in origins])),
        margins={name: np.concatenate([of_origin[name] for of_origin in margins]) for name in margins[0]},
    )


def judge(lead: npt.NDArray[np.int64], label: Array, margin: Array) -> Judgement:
    """How good predictions are, taken with the slope that suits them best.

    How far a model overstates itself is not held against it, for calibration takes that out.
    """
    suited = to_log_odds(calibrate(fit_platt(margin, label), margin))
    rate = label.mean()
    losses = np.logaddexp(0, suited) - label * suited
    return Judgement(
        losses=np.bincount(lead, losses).astype(float),
        rows=len(losses),
        log_loss=float(losses.mean()),
        gain=float(entr(rate) + entr(1 - rate) - losses.mean()),
        pr_auc=float(average_precision_score(label, suited)),
    )


def choose_candidate(judged: Mapping[str, Judgement], unseen: Mapping[str, Judgement], equal_within: float) -> str:
    """The simplest candidate that is shown to gain as much as the best; candidates come simplest first.

    The best is the last one, the mean of the others, unless another is shown to lose less: log loss is convex, so that
    the mean never loses more than they do on average. Shown means beyond chance: by the upper end of a one-sided 95 %
    interval of the excess loss, paired lead by lead; for an equal it is at most `equal_within` of the best one's gain
    (a test of non-inferiority). What moves one later lead moves others, and chance is larger than it looks: nothing but
    the last one is chosen that is worse than that on leads of the same time.

    Args:
        judged: on later leads.
        unseen: on leads of the same time; of none where they were not asked.
        equal_within: part of the gain by which an equal may fall short.
    """
    *_simpler, last = judged
    able = [name for name in judged if not unseen or _is_equal(unseen[name], unseen[last], equal_within)]
    least = min(able, key=lambda name: judged[name].log_loss)
    best = judged[least if bound_excess(judged[least], judged[last]) < 0 else last]
    margin = equal_within * max(best.gain, 0.0)
    return next(name for name in able if bound_excess(judged[name], best) <= margin)


def _is_equal(one: Judgement, reference: Judgement, equal_within: float) -> bool:
    return one.log_loss <= reference.log_loss + equal_within * max(reference.gain, 0.0)


def bound_excess(one: Judgement, reference: Judgement) -> float:
    """The upper end of the interval of how much more a row loses."""
    excess = one.losses - reference.losses
    leads = len(excess)
    return float((excess.sum() + SURE * np.sqrt(leads) * excess.std()) / reference.rows)


def _level(margin: Array, label: Array) -> Array:
    """Log odds whose mean probability is the rate of the rows.

    By how much the rate had changed since the leads that an origin learns from says nothing of the leads after the
    last one, and the delivered model starts from the rate of them all. What is left is what a calibrator is for.
    """
    _no_slopes, shift = fit_coefficients(np.empty((len(label), 0)), label, offset=margin)
    return margin + shift
