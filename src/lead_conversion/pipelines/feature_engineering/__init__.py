"""From the primary entities to labels, landmarks and features: what was known about a lead at a moment."""

from lead_conversion.pipelines.feature_engineering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
