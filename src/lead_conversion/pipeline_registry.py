"""The pipelines by name: five, and the compositions that people run."""

from kedro.pipeline import Pipeline

from lead_conversion.pipelines import (
    data_engineering,
    feature_engineering,
    modelling,
    recommendation,
    reporting,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline that `kedro run --pipeline=<name>` knows; the default is `full`."""
    engineering = data_engineering.create_pipeline()
    features = feature_engineering.create_pipeline()
    models = modelling.create_pipeline()
    changes = recommendation.create_pipeline()
    reports = reporting.create_pipeline()
    full = engineering + features + models + changes + reports
    return {
        "__default__": full,
        "full": full,
        "training": engineering + features + models,
        "scoring": engineering + features + modelling.create_scoring_pipeline(),
        "data_engineering": engineering,
        "feature_engineering": features,
        "modelling": models,
        "recommendation": changes,
        "reporting": reports,
    }
