"""Who may do what: operating system users have roles, and roles have permissions."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from lead_conversion.kernel.errors import ConfigurationError

Permission = Literal["scores.export", "key.new", "source.check", "model.promote", "experiment.register"]
EVERYONE = "*"


class AccessRules(BaseModel):
    """Which permissions a role has, who its members are, and which accounts are no one person's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: dict[str, tuple[Permission, ...]]
    members: dict[str, tuple[str, ...]]
    shared_accounts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _members_have_known_roles(self) -> "AccessRules":
        for role in self.members:
            if role not in self.roles:
                near = get_close_matches(role, self.roles, n=1)
                raise ValueError(
                    f"unknown role '{role}': expected one of {', '.join(self.roles)}"
                    + (f"; did you mean '{near[0]}'?" if near else "")
                )
        return self


@dataclass(frozen=True)
class Decision:
    """Whether a user may do something, and why."""

    is_granted: bool
    user: str
    permission: Permission
    reason: str


def read_rules(configured: Mapping[str, Any]) -> AccessRules:
    """The rules as configured.

    Raises:
        ConfigurationError: an unknown key, permission or role, or a value that is none.
    """
    try:
        return AccessRules.model_validate(configured)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigurationError(f"access.yml is not valid. {faults}. conf/base/access.yml shows how.") from error


def current_user() -> str:
    """The user that the process runs as, whatever the environment variables say; 'uid:1234' where it has no name."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"


def names_of_account(user: str) -> tuple[str, ...]:
    """The full name of an account as this machine has it; nothing where it has none."""
    try:
        full_name = pwd.getpwnam(user).pw_gecos.partition(",")[0]
    except KeyError:
        return ()
    return (full_name,) if full_name else ()


def decide_permission(user: str, permission: Permission, rules: AccessRules) -> Decision:
    """Granted where the user is a member of a role that has the permission."""
    able = [role for role, permissions in rules.roles.items() if permission in permissions]
    for role in able:
        if {user, EVERYONE} & set(rules.members.get(role, ())):
            return Decision(True, user, permission, f"member of '{role}'")
    roles = " or ".join(f"'{role}'" for role in able)
    having = f"a member of {roles}" if able else "a role that has this permission, of which there is none"
    return Decision(False, user, permission, f"expected {having}, found '{user}'")
