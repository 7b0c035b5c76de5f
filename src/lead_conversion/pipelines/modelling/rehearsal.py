"""What models would have said of leads that came after those they learnt from.

    learns │ embargo │ predicted                    first origin
    learns ───────── │ embargo │ predicted          second origin
    learns ──────────────────────────────           what is delivered

On these predictions the candidates compete and every model is calibrated; then it learns from all the leads, the
predicted ones included. So no lead is held back from the models, and none is judged by a model that had met it (Platt
1999, section 2.1, by cross-validation; here only forward in time, as new leads will be met).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import entr
from sklearn.metrics import average_precision_score

from lead_conversion.pipelines.modelling.calibration import Calibrator, calibrate, fit_calibrator
from lead_conversion.pipelines.modelling.estimators import predict_log_odds
from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, rounded, to_log_odds
from lead_conversion.pipelines.modelling.origins import Origin
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters

Model = dict[str, Any]
Make = Callable[[pd.DataFrame], dict[str, Model]]


@dataclass(frozen=True)
class Rehearsal:
    """The later rows of all origins: their labels, and by model the log odds that they would have got."""

    label: Array
    positive_leads: int
    margins: dict[str, Array]

    def calibrate(self, name: str, calibration: CalibrationParameters) -> Calibrator:
        """The calibrator of one model."""
        return fit_calibrator(self.margins[name], self.label, self.positive_leads, calibration)

    def judge(self, name: str, calibrator: Calibrator) -> dict[str, float]:
        """Log loss, what it is below that of the mere rate (`gain`), and PR-AUC of one model's calibrated predictions.

        Models are judged as they are delivered: how far one overstates itself is not held against its ranking, for
        that is taken out.
        """
        probability = calibrate(calibrator, self.margins[name])
        margin, rate = to_log_odds(probability), self.label.mean()
        loss = float(np.mean(np.logaddexp(0, margin) - self.label * margin))
        gain = float(entr(rate) + entr(1 - rate)) - loss
        pr_auc = float(average_precision_score(self.label, probability))
        return {"log_loss": rounded(loss), "gain": rounded(gain), "pr_auc": rounded(pr_auc)}


def rehearse(origins: Sequence[Origin], make: Make) -> Rehearsal:
    """Makes the models anew at each origin, from what was known by then, and has them predict what came next."""
    margins: list[dict[str, Array]] = []
    for origin in origins:
        label = origin.later["label"].to_numpy(dtype=float)
        made = make(origin.earlier)
        margins.append({name: _level(predict_log_odds(model, origin.later), label) for name, model in made.items()})
    later = pd.concat([origin.later for origin in origins])
    return Rehearsal(
        label=later["label"].to_numpy(dtype=float),
        positive_leads=int(later.drop_duplicates("lead_key")["label"].sum()),
        margins={name: np.concatenate([of_origin[name] for of_origin in margins]) for name in margins[0]},
    )


def _level(margin: Array, label: Array) -> Array:
    """Log odds whose mean probability is the rate of the rows.

    By how much the rate had changed since the leads that an origin learns from says nothing of the leads after the
    last one, and the delivered model starts from the rate of them all. What is left is what a calibrator is for.
    """
    _slopes, shift = fit_coefficients(np.empty((len(label), 0)), label, offset=margin)
    return margin + shift
