"""What watches a run and may refuse it: access, identity, publication, progress. Hooks never compute data."""

from lead_conversion.hooks.access import AccessHooks
from lead_conversion.hooks.identity import IdentityHooks
from lead_conversion.hooks.progress import ProgressHooks
from lead_conversion.hooks.publication import PublicationHooks

__all__ = ["AccessHooks", "IdentityHooks", "ProgressHooks", "PublicationHooks"]
