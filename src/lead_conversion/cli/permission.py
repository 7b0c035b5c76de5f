"""Asks whether the user may do something, and records the answer before anything is done."""

from lead_conversion.cli.project import access_log_of, access_rules_of, configuration_of, environment_of
from lead_conversion.guard.roles import Decision, Permission, current_user, decide_permission
from lead_conversion.kernel.errors import AccessError


def require_permission(env: str | None, permission: Permission) -> Decision:
    """The decision that grants it; granted or refused, it stands in the access log.

    Args:
        env: the environment whose access.yml counts.
        permission: what is about to be done.

    Raises:
        AccessError: the user has no role that has the permission, or the log cannot be written.
        ConfigurationError: no such environment, or its access.yml is not valid.
    """
    decision = decide_permission(current_user(), permission, access_rules_of(env))
    record_access(
        env, permission, "permission", "granted" if decision.is_granted else "refused", reason=decision.reason
    )
    if not decision.is_granted:
        configuration = configuration_of(env)
        raise AccessError(
            f"You may not do '{permission}': {decision.reason}. Who answers for the data can make you a member, in "
            f"{configuration.conf_source}/{environment_of(configuration)}/access.yml; conf/base/access.yml says how."
        )
    return decision


def record_access(env: str | None, entity: str, purpose: str, state: str, *, rows: int = 0, reason: str = "") -> None:
    """Write one line of the access log, as the user that the process runs as.

    Raises:
        AccessError: the log cannot be written.
    """
    # The fields of a statement's line too, so that every line of the log has the same.
    access_log_of(env).write(
        {
            "principal": current_user(),
            "source": "",
            "entity": entity,
            "purpose": purpose,
            "sha256": "",
            "state": state,
            "rows": rows,
            "seconds": 0.0,
            "reason": reason,
        }
    )
