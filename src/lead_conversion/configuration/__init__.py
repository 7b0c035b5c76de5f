"""How a run's configuration is put together: Kedro's environments, with parameters composed by Hydra."""

from lead_conversion.configuration.loader import HydraConfigLoader
from lead_conversion.configuration.sweep import Job, split_jobs

__all__ = ["HydraConfigLoader", "Job", "split_jobs"]
