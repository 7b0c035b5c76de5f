"""What the parts of a blend say of leads of their own time that they did not learn from, and how much each counts.

Later leads tell whether what held goes on to hold, but what moves one of them moves the others too. Leads of the same
time know nothing of that and are as many witnesses of the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lead_conversion.pipelines.modelling.estimators import predict_all_log_odds
from lead_conversion.pipelines.modelling.folds import Folds
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.rehearsal import Judgement, bound_excess, judge

WEIGHTS = tuple(tenths / 10 for tenths in range(11))


@dataclass(frozen=True)
class Unseen:
    """The rows of the judging folds: lead, label, and the log odds by models that had not met the lead."""

    lead: npt.NDArray[np.int64]
    label: Array
    logistic: Array
    lightgbm: Array

    def judge(self, weight: float) -> Judgement:
        """How good the blend is in which trees have this weight; 0 is the logistic model, 1 are the trees alone."""
        return judge(self.lead, self.label, (1 - weight) * self.logistic + weight * self.lightgbm)

    def choose_weight(self, known: float) -> float:
        """The weight of the trees that loses least, if it is shown to lose less than the `known` one; else that.

        A stacked generalisation (Wolpert 1992; Breiman 1996) of one weight, on the log-odds scale. Shown is by lead, as
        candidates are compared.
        """
        judged = {weight: self.judge(weight) for weight in WEIGHTS}
        best = min(judged, key=lambda weight: judged[weight].log_loss)
        return best if bound_excess(judged[best], self.judge(known)) < 0 else known


def predict_unseen(
    rows: pd.DataFrame,
    folds: Folds,
    make: Callable[[pd.DataFrame], Mapping[str, dict[str, Any]]],
) -> Unseen:
    """Makes the parts anew from the rows that teach in each fold, and has them predict those that judge."""
    predicted = [
        predict_all_log_odds(
            {name: made for name, made in make(rows.iloc[teaching]).items() if name != "blend"}, rows.iloc[judging]
        )
        for teaching, judging in folds
    ]
    judged = rows.iloc[np.concatenate([judging for _teaching, judging in folds])]
    return Unseen(
        lead=pd.factorize(judged["lead_key"])[0].astype(np.int64),
        label=judged["label"].to_numpy(dtype=float),
        **{name: np.concatenate([of_fold[name] for of_fold in predicted]) for name in ("logistic", "lightgbm")},
    )
