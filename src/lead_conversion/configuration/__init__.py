"""How a run's configuration is put together: Kedro's environments, with parameters composed by Hydra."""

from lead_conversion.configuration.loader import HydraConfigLoader

__all__ = ["HydraConfigLoader"]
