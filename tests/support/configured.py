"""The project's own default parameters, typed."""

from pathlib import Path

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters, QualityParameters
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters

PROJECT = Path(__file__).parents[2]
PARAMETERS = HydraConfigLoader(PROJECT / "conf", base_env="base", default_run_env="local")["parameters"]
CLEAN = CleanParameters.model_validate(PARAMETERS["clean"])
QUALITY = QualityParameters.model_validate(PARAMETERS["quality"])
TARGETS = Targets.model_validate(PARAMETERS["target"])
FEATURES = FeatureParameters.model_validate(PARAMETERS["features"])
