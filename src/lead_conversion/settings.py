"""Wiring of the Kedro project."""

import os

from omegaconf.resolvers import oc

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.hooks import (
    AccessHooks,
    AlertHooks,
    ApprovalHooks,
    IdentityHooks,
    ProgressHooks,
    PublicationHooks,
    RetentionHooks,
)

# Nobody who reads a company's leads wants usage data sent anywhere; outside a checkout there is no .telemetry file.
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# LightGBM's threads sleep while they wait for each other: spinning, they take minutes where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

CONFIG_LOADER_CLASS = HydraConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "custom_resolvers": {"oc.env": oc.env},
    "config_patterns": {"mlflow": ["mlflow*"], "access": ["access*"]},
}
# The last is called last: an alert comes when all is published and said.
HOOKS = (
    AccessHooks(),
    ApprovalHooks(),
    IdentityHooks(),
    PublicationHooks(),
    RetentionHooks(),
    ProgressHooks(),
    AlertHooks(),
)
