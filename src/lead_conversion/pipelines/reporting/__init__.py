"""From results to what a person reads and decides on."""

from lead_conversion.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
