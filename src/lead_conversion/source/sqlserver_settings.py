"""How to reach a SQL Server: what the CORY_SQL_* variables say, and the connection string that says it to a driver."""

import re
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from platform import freedesktop_os_release, machine
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from lead_conversion.kernel.errors import ConfigurationError

DEFAULT_DRIVER = "ODBC Driver 18 for SQL Server"
DRIVER_PACKAGE = "mssql_python_odbc"
ENVIRONMENT_PREFIX = "CORY_SQL_"
DRIVER_HINT = (
    "Install unixODBC and a driver (PyPI: mssql-python-odbc, found of itself; Debian: tdsodbc, with "
    "CORY_SQL_ODBC_DRIVER=FreeTDS), or set CORY_SQL_ODBC_DRIVER to a driver's name or the absolute path of its .so file"
)

# As SQL Server's own tools write them. An IPv6 address has several colons, and none of them begins a port.
PROTOCOL_BEFORE = re.compile(r"(tcp|np|lpc|admin):", re.IGNORECASE)
PORT_BEHIND = re.compile(r",|^[^:]*:[^:]*$|\]:")
LINUX_FAMILIES = {"debian": "debian_ubuntu", "ubuntu": "debian_ubuntu", "suse": "suse", "alpine": "alpine"}


class SQLServerSettings(BaseModel):
    """How to reach the server. The password shows in no repr, message or dump."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1)
    """The machine's name or address alone: no protocol, instance or port."""
    port: int = Field(default=1433, ge=1, le=65_535)
    database: str = Field(min_length=1)
    auth_mode: Literal["integrated", "sqlauth"] = "integrated"
    user: str | None = None
    password: SecretStr | None = None
    odbc_driver: str | None = None
    """Name or absolute path; None: Microsoft's driver 18, registered or of the package mssql-python-odbc."""
    encrypt: bool = True
    trust_server_cert: bool = False
    hostname_in_certificate: str | None = None
    """The name in the server's certificate, where it is not the host's."""
    connect_timeout_seconds: int = Field(default=15, ge=1)
    query_timeout_seconds: int = Field(default=900, ge=1)
    allow_write_rights: bool = False
    """Whether a login that may write is let through, with a warning at every run."""

    @model_validator(mode="after")
    def _login_is_complete(self) -> "SQLServerSettings":
        if self.auth_mode == "sqlauth" and not (self.user and self.password):
            raise ValueError("auth_mode 'sqlauth' needs a user and a password")
        return self

    @field_validator("host")
    @classmethod
    def _host_is_a_machine(cls, host: str) -> str:
        if PROTOCOL_BEFORE.match(host):
            raise ValueError(
                "begins with a protocol. Expected is the machine's name or address alone; TCP is the only protocol"
            )
        if "\\" in host:
            raise ValueError(
                "names an instance, and instances are not looked up by name. Expected is the machine's name or address "
                f"alone; ask its DBA for the instance's own port, and set {ENVIRONMENT_PREFIX}PORT to it"
            )
        if PORT_BEHIND.search(host):
            raise ValueError(
                "holds a port. Expected is the machine's name or address alone; the port belongs into "
                f"{ENVIRONMENT_PREFIX}PORT"
            )
        return host

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: Any) -> Any:
        return (
            {name: value for name, value in given.items() if value not in (None, "")}
            if isinstance(given, dict)
            else given
        )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "SQLServerSettings":
        """The settings that a mapping gives, such as a catalog's credentials; empty values count as not set.

        Raises:
            ConfigurationError: a setting is missing, unknown or has no meaning. No value is named.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            faults = [
                f"{ENVIRONMENT_PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" if fault["loc"] else fault["msg"]
                for fault in error.errors(include_input=False, include_url=False)
            ]
        raise ConfigurationError(
            f"SQL Server cannot be reached with the {ENVIRONMENT_PREFIX}* variables as they are: {'; '.join(faults)}. "
            f"Known are {', '.join(ENVIRONMENT_PREFIX + name.upper() for name in cls.model_fields)}."
        )

    def driver_name(self, registered: Collection[str] = ()) -> str:
        """The ODBC driver: as set, else Microsoft's where it is registered, else the one of its package.

        Args:
            registered: the names of the drivers that unixODBC knows.
        """
        if self.odbc_driver:
            return self.odbc_driver
        return DEFAULT_DRIVER if DEFAULT_DRIVER in registered else packaged_driver() or DEFAULT_DRIVER

    def certificate_is_verified(self, driver: str) -> bool:
        """Whether the connection string alone makes the driver refuse a server that it cannot trust."""
        return self.encrypt and not self.trust_server_cert and not is_freetds(driver)

    def connection_string(self, registered: Collection[str] = ()) -> str:
        """The ODBC connection string, password included: for the driver only, never for a message.

        Args:
            registered: the names of the drivers that unixODBC knows.
        """
        driver = self.driver_name(registered)
        words = {
            "DRIVER": driver,
            "DATABASE": self.database,
            "APP": "lead-conversion",
            "ApplicationIntent": "ReadOnly",
            **(self._freetds_words() if is_freetds(driver) else self._microsoft_words()),
        }
        if self.auth_mode == "integrated":
            words["Trusted_Connection"] = "yes"
        else:
            words["UID"] = self.user or ""
            words["PWD"] = self.password.get_secret_value() if self.password else ""
        return ";".join(f"{name}={_braced(value)}" for name, value in words.items())

    def _microsoft_words(self) -> dict[str, str]:
        words = {
            "SERVER": f"{self.host},{self.port}",
            "Encrypt": "yes" if self.encrypt else "no",
            "TrustServerCertificate": "yes" if self.trust_server_cert else "no",
        }
        if self.hostname_in_certificate:
            words["HostNameInCertificate"] = self.hostname_in_certificate
        return words

    def _freetds_words(self) -> dict[str, str]:
        return {
            "SERVER": self.host,
            "PORT": str(self.port),
            # Without a version FreeTDS tries one after the other, and keeps no time-out meanwhile.
            "TDS_Version": "7.4",
            "ClientCharset": "UTF-8",
            # It encrypts only when told to.
            "Encryption": "require" if self.encrypt else "off",
        }


def is_freetds(driver: str) -> bool:
    """Whether a driver's name or path is FreeTDS'."""
    return any(word in driver.lower() for word in ("freetds", "tdsodbc"))


def packaged_driver() -> str | None:
    """The absolute path of the driver that the package mssql-python-odbc brings for this Linux, if it is there."""
    found = find_spec(DRIVER_PACKAGE)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "libs" / "linux" / _linux_family() / machine() / "lib"
    return next((str(path) for path in sorted(folder.glob("libmsodbcsql-18*"))), None)


def _linux_family() -> str:
    """Which of the package's builds fits, as os-release (freedesktop.org) tells the systems apart."""
    try:
        release = freedesktop_os_release()
    except OSError:
        return "rhel"
    kin = f"{release['ID']} {release.get('ID_LIKE', '')}"
    return next((family for word, family in LINUX_FAMILIES.items() if word in kin), "rhel")


def _braced(value: str) -> str:
    """The value as ODBC takes it literally: ';', '=' and '}' in a password end nothing."""
    return "{" + value.replace("}", "}}") + "}"
