"""What watches a run and may refuse it. They compute no data."""

from lead_conversion.hooks.access import AccessHooks
from lead_conversion.hooks.alerts import AlertHooks
from lead_conversion.hooks.approval import ApprovalHooks
from lead_conversion.hooks.identity import IdentityHooks
from lead_conversion.hooks.progress import ProgressHooks
from lead_conversion.hooks.publication import PublicationHooks
from lead_conversion.hooks.retention import RetentionHooks

__all__ = [
    "AccessHooks",
    "AlertHooks",
    "ApprovalHooks",
    "IdentityHooks",
    "ProgressHooks",
    "PublicationHooks",
    "RetentionHooks",
]
