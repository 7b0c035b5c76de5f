"""Features → models, evaluation, scores, attribution: who will convert, how sure, and why."""

from lead_conversion.pipelines.modelling.pipeline import create_pipeline, create_scoring_pipeline

__all__ = ["create_pipeline", "create_scoring_pipeline"]
