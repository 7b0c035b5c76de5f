"""Training leads dealt to folds at random: each is judged by models of the others."""

from itertools import islice
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

FOLDS = 4
Positions = npt.NDArray[np.int64]
Folds = list[tuple[Positions, Positions]]


def deal_folds(rows: pd.DataFrame, seed: int, enough_positives: int) -> Folds:
    """For each fold the positions of the rows that teach and of those that judge, all of a lead on one side.

    Folds are left out where `enough_positives` leads have judged.
    """
    positives = rows.loc[rows["label"] == 1, "lead_key"].nunique()
    # By number: among texts scikit-learn looks for each lead in all rows.
    lead = pd.factorize(rows["lead_key"], sort=True)[0]
    dealt = GroupKFold(FOLDS, shuffle=True, random_state=seed).split(rows, groups=lead)
    return list(islice(dealt, ceil(min(enough_positives / positives, 1) * FOLDS)))
