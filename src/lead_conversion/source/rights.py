"""What a login may do at the server, judged from what the server answered.

ApplicationIntent=ReadOnly and a read-only connection do not stop a write: only missing rights do.

Nothing is taken for "no right" but a plain 0. NULL, which HAS_PERMS_BY_NAME gives where it cannot tell, leaves the
rights unknown; so does an answer without a row where there must be one. A login sees of the server's catalogues what it
has a right on, and a little that everybody sees. What it has no right on has no row, so that an answer without
procedures, synonyms or roles of the database's own is as good as a 0 for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lead_conversion.source.statements import TableName

Rows = Sequence[Mapping[str, Any]]
Answers = Mapping[str, Rows | None]
"""By question of sqlserver_questions.RIGHTS_QUESTIONS, the rows of its answer; None where the server has none."""

# Of a server or a database as a whole. Any other permission counts as one to write: a list of those that write would
# let through what nobody thought of, and what a later version of the server adds.
HARMLESS = frozenset(
    {
        "CONNECT",
        "CONNECT SQL",
        "CONNECT ANY DATABASE",
        "SELECT",
        "SELECT ALL USER SECURABLES",
        "REFERENCES",
        "SHOWPLAN",
        "UNMASK",
        "AUTHENTICATE",
        "AUTHENTICATE SERVER",
    }
)
HARMLESS_BEGINNING = "VIEW "  # VIEW DEFINITION, VIEW DATABASE STATE, ...
LONGEST_LIST = 8

NAME_COLUMNS = ("schema_name", "name", "column_name")
PERMISSION_LISTS = ("server", "database")
MEMBERSHIPS = ("server roles", "database roles")  # before all else: the other rights come from them
SYSADMIN, DATABASE_OWNER = "sysadmin", "db_owner"
MAY_BE_EMPTY = frozenset({"procedures", "synonyms", "roles"})
# How a securable of each question is called before its name, where the name alone would not do.
WORDS = {
    "schemas": "schema ",
    "users": "user ",
    "roles": "role ",
    "logins": "login ",
    "server roles": "server role ",
    "database roles": "role ",
}
CLASSES = {"schemas": "SCHEMA::", "users": "USER::", "roles": "ROLE::", "logins": "LOGIN::"}


@dataclass(frozen=True)
class Right:
    """One permission that is held, or a role that the login is in."""

    question: str
    """Which question's answer it is."""
    permission: str
    name: tuple[str, ...] = ()
    """Of what it is held on; none for the server or the database."""

    @property
    def is_of_a_role(self) -> bool:
        """Whether it is to be in a role, from which other rights come."""
        return self.question in MEMBERSHIPS

    def __str__(self) -> str:
        if self.question in PERMISSION_LISTS:
            return f"{self.permission} of the {self.question}"
        joint = "of" if self.is_of_a_role else "on"
        return f"{self.permission} {joint} {WORDS.get(self.question, '')}{'.'.join(self.name)}"

    def revocation(self) -> str:
        """What a DBA would run to take it away (T-SQL: REVOKE Object Permissions, ALTER ROLE, ALTER SERVER ROLE)."""
        names = [bracketed(part) for part in self.name]
        match self.question:
            case "server roles":
                return f"ALTER SERVER ROLE {names[0]} DROP MEMBER <login>"
            case "database roles":
                return f"ALTER ROLE {names[0]} DROP MEMBER <user>"
            case "server":
                return f"REVOKE {self.permission} FROM <login>"
            case "database":
                return f"REVOKE {self.permission} FROM <user>"
            case "columns":
                *table, column = names
                return f"REVOKE {self.permission} ON {'.'.join(table)} ({column}) FROM <user>"
        securable = CLASSES.get(self.question, "") + ".".join(names)
        return f"REVOKE {self.permission} ON {securable} FROM {'<login>' if self.question == 'logins' else '<user>'}"


@dataclass(frozen=True)
class Rights:
    """What the login may do, as far as the server told."""

    held: tuple[Right, ...]
    """What it may do beside reading; the roles that it is in first."""
    unreadable: Mapping[TableName, frozenset[str]]
    """The tables that are read and may not be, and of each the columns; no columns where the whole table may not."""
    unanswered: Mapping[str, str]
    """By question, why the server did not tell the rights."""

    @property
    def status(self) -> Literal["read-only", "may write", "unknown"]:
        """A right to write outweighs what is not told."""
        if self.held:
            return "may write"
        return "unknown" if self.unanswered else "read-only"

    @property
    def writes(self) -> tuple[str, ...]:
        """What it may do beside reading: 'UPDATE on education.contacts', 'CONTROL of the database'."""
        return tuple(map(str, self.held))

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the server did not tell the rights on, and why: 'server (no answer)'."""
        return tuple(f"{question} ({why})" for question, why in self.unanswered.items())

    def revocations(self) -> tuple[str, ...]:
        """What a DBA would run, one statement after the other.

        Of a login in a role that writes, nothing but to leave it: its other rights come from there, and a REVOKE takes
        away no right that a role gives. A sysadmin is in every other role by that alone.
        """
        roles = [right for right in self.held if right.is_of_a_role]
        sysadmin = [right for right in roles if right.name == (SYSADMIN,)]
        return tuple(right.revocation() for right in sysadmin or roles or self.held)

    @property
    def may_own_the_database(self) -> bool:
        """Whether the login is in db_owner, which its owner is for good, and not for being a sysadmin."""
        roles = {right.name for right in self.held if right.is_of_a_role}
        return (DATABASE_OWNER,) in roles and (SYSADMIN,) not in roles


def judge_rights(answers: Answers, read: Mapping[TableName, frozenset[str]]) -> Rights:
    """What the login may do, from the server's answers.

    Args:
        answers: what the server said, question by question.
        read: the tables that the SELECTs read, and of each the columns.
    """
    questions = sorted(answers, key=lambda question: question not in MEMBERSHIPS)
    held = [right for question in questions for right in _held(question, answers[question] or ())]
    whole_tables = {right.name for right in held if right.question == "tables" and right.permission == "UPDATE"}
    # UPDATE on a table comes with UPDATE on each of its columns: said once.
    said = tuple(right for right in held if right.question != "columns" or right.name[:-1] not in whole_tables)
    return Rights(said, _unreadable(answers, read), _unanswered(answers, read))


def in_words(items: Sequence[str], between: str = ", ") -> str:
    """The first of the items, and how many more there are."""
    more = len(items) - LONGEST_LIST
    return between.join(items[:LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")


def missing_grants(unreadable: Mapping[TableName, frozenset[str]]) -> list[str]:
    """The GRANTs that a DBA would run, with the user of the login in the place of <user>; one a table."""
    return [
        f"GRANT SELECT ON {'.'.join(map(bracketed, table))}"
        + (f" ({', '.join(map(bracketed, sorted(columns)))})" if columns else "")
        + " TO <user>"
        for table, columns in sorted(unreadable.items())
    ]


def _held(question: str, rows: Rows) -> Iterator[Right]:
    """The permissions of an answer that are not harmless."""
    if question in PERMISSION_LISTS:
        names = sorted({str(row["permission_name"]).upper() for row in rows if row["permission_name"] is not None})
        yield from (Right(question, name) for name in names if not _is_harmless(name))
        return
    for row in sorted(rows, key=_name):
        for column, value in row.items():
            permission = (
                "membership" if column == "is_member" else column.removeprefix("may_").replace("_", " ").upper()
            )
            if value == 1 and column not in NAME_COLUMNS and permission != "SELECT":
                yield Right(question, permission, _name(row))


def _is_harmless(permission: str) -> bool:
    return permission in HARMLESS or permission.startswith(HARMLESS_BEGINNING)


def _unanswered(answers: Answers, read: Mapping[TableName, frozenset[str]]) -> dict[str, str]:
    found = {question: _gap(question, rows, read) for question, rows in answers.items()}
    return {question: why for question, why in found.items() if why}


def _gap(question: str, rows: Rows | None, read: Mapping[TableName, frozenset[str]]) -> str:
    """Why an answer does not tell the rights; empty where it does."""
    if rows is None:
        return "no answer"
    if not rows and question not in MAY_BE_EMPTY:
        return "an empty answer"
    unseen = sorted(_expected(question, read) - {_folded(row)[:2] for row in rows})
    if unseen:
        return f"no row of {in_words(['.'.join(name) for name in unseen])}"
    null = [row for row in rows if any(value is None for value in row.values())]
    return f"NULL for {in_words(['.'.join(_name(row)) or 'a permission' for row in null])}" if null else ""


def _expected(question: str, read: Mapping[TableName, frozenset[str]]) -> set[tuple[str, ...]]:
    """Schemas and tables that must have a row, of a column or of their own: who may read them can see them."""
    if question == "schemas":
        return {table[:1] for table in read}
    return set(read) if question in {"tables", "columns"} else set()


def _unreadable(answers: Answers, read: Mapping[TableName, frozenset[str]]) -> dict[TableName, frozenset[str]]:
    """Tables and columns that the server knows and the login may not read.

    What it does not know is left to the check of the schema, what it does not tell to the reading itself. A right on
    some of the columns is no right on the table; and a right on the table can leave a column out, by a DENY.
    """
    may = {_folded(row): row["may_select"] for name in ("tables", "columns") for row in answers.get(name) or ()}
    found: dict[TableName, frozenset[str]] = {}
    for table, wanted in sorted(read.items()):
        refused = frozenset(column for column in wanted if may.get((*table, column)) == 0)
        if may.get(table) == 1 and refused:
            found[table] = refused
        elif may.get(table) == 0:
            granted = {column for column in wanted if may.get((*table, column)) == 1}
            if granted != wanted or not wanted:
                found[table] = frozenset(wanted - granted) if granted else frozenset()
    return found


def _name(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in NAME_COLUMNS if column in row)


def _folded(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The name as the SELECTs' tables are named."""
    return tuple(part.lower() for part in _name(row))


def bracketed(name: str) -> str:
    """The name as T-SQL takes it literally."""
    return f"[{name.replace(']', ']]')}]"
