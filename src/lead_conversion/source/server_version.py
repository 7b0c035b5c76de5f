"""Which server speaks T-SQL, as it says itself, and whether it knows what the SELECTs use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NEEDED_MAJOR_VERSION = 14
NEEDED = "SQL Server 2017 (14.x) or later, or Azure SQL (STRING_AGG, in source/campaign_steps.sql)"
YEARS = {11: "2012", 12: "2014", 13: "2016", 14: "2017", 15: "2019", 16: "2022", 17: "2025"}
# SERVERPROPERTY('EngineEdition'). Azure's number of a version stays 12, whatever it can.
AZURE_SQL_DATABASE = 5
AZURE_EDITIONS = {
    AZURE_SQL_DATABASE: "Azure SQL Database",
    8: "Azure SQL Managed Instance",
    12: "SQL database in Microsoft Fabric",
}


@dataclass(frozen=True)
class ServerVersion:
    """What the server says of itself; nothing where it does not tell."""

    major: int | None = None
    engine_edition: int | None = None
    is_babelfish: bool = False

    @classmethod
    def of(cls, answer: Sequence[Mapping[str, Any]] | None) -> "ServerVersion":
        """From the answer to sqlserver_questions.SERVER_VERSION; None where there was none."""
        if not answer:
            return cls()
        (row,) = answer
        major = str(row["major_version"] or row["product_version"] or "").partition(".")[0]
        return cls(
            major=int(major) if major.isdecimal() else None,
            engine_edition=row["engine_edition"],
            is_babelfish=row["babelfish_version"] is not None,
        )

    @property
    def is_azure_database(self) -> bool:
        """Whether it is a database without a server of its own."""
        return self.engine_edition == AZURE_SQL_DATABASE

    @property
    def is_new_enough(self) -> bool | None:
        """Whether it knows what the SELECTs use; None where its version does not say."""
        if self.engine_edition in AZURE_EDITIONS:
            return True
        if self.is_babelfish or self.major is None:
            return None
        return self.major >= NEEDED_MAJOR_VERSION

    def __str__(self) -> str:
        if self.is_babelfish:
            return "Babelfish, which speaks T-SQL on PostgreSQL"
        if self.engine_edition in AZURE_EDITIONS:
            return AZURE_EDITIONS[self.engine_edition]
        if self.major is None:
            return "a server that does not tell its version"
        return f"SQL Server {YEARS.get(self.major, 'of another year')} ({self.major}.x)"
