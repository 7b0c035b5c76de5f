"""From the database to the primary entities: what happened, to whom, when."""

from lead_conversion.pipelines.data_engineering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
