from collections.abc import Callable

import pytest
from pydantic import ValidationError

from lead_conversion.pipelines.modelling.parameters import ModelParameters, SplitParameters


def test_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="holdout_shares"):
        SplitParameters.model_validate({"holdout_shares": 0.2, "calibration_share": 0.2, "extra_embargo_days": 0})


def test_small_data_thresholds_must_ascend(make_model: Callable[..., ModelParameters]) -> None:
    descending = {
        "logistic_from_positives": 50,
        "lightgbm_from_positives": 40,
        "full_size_from_positives": 300,
        "small_num_leaves": 4,
    }
    with pytest.raises(ValidationError, match="logistic_from_positives <= lightgbm_from_positives"):
        make_model(small_data=descending)
