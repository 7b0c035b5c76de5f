"""From what was sent and what came of it to what to change, what it is worth, and how to test it."""

from lead_conversion.pipelines.recommendation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
