from collections.abc import Callable

import pytest
from configured import PARAMETERS
from pydantic import ValidationError

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.pipelines.modelling.parameters import ModelParameters, SplitParameters, TuningParameters
from project import PROJECT


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


@pytest.mark.parametrize(("option", "trials"), [("off", 0), ("small", 25)])
def test_options_of_tuning_are_what_their_names_say(option: str, trials: int) -> None:
    loader = HydraConfigLoader(
        PROJECT / "conf", base_env="base", default_run_env="local", runtime_params={"tuning": option}
    )
    assert TuningParameters.model_validate(loader["parameters"]["tuning"]).trials == trials


def test_tuning_is_off_by_default_and_every_tuned_value_is_one_of_the_model() -> None:
    tuning = TuningParameters.model_validate(PARAMETERS["tuning"])
    assert tuning.trials == 0
    model = ModelParameters.model_validate(PARAMETERS["model"])
    assert set(tuning.search.lightgbm) <= set(model.lightgbm.model_dump())
    for span, value in (
        (span, getattr(getattr(model, family), name))
        for family in ("lightgbm", "logistic")
        for name, span in getattr(tuning.search, family).items()
    ):
        assert span.low <= value <= span.high
