"""Wiring of the Kedro project."""

from omegaconf.resolvers import oc

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.hooks import AccessHooks, IdentityHooks, ProgressHooks, PublicationHooks

CONFIG_LOADER_CLASS = HydraConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "custom_resolvers": {"oc.env": oc.env},
    "config_patterns": {"mlflow": ["mlflow*"]},
}
HOOKS = (AccessHooks(), IdentityHooks(), PublicationHooks(), ProgressHooks())
