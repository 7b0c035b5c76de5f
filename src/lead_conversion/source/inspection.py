"""What is right and what is wrong with a database, before it is read: a finding each, with how to mend it.

Nothing that a finding says is a value of a row; the one exception is `shared_labels`, which a person asks for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import pyarrow as pa

from lead_conversion.contracts.source_entities import PEOPLE, SOURCE_ENTITIES, PersonalClass, SourceColumn, SourceEntity
from lead_conversion.guard.labels import is_known, standardise
from lead_conversion.guard.privacy import KnownLabels
from lead_conversion.kernel.errors import ConfigurationError, DataError, LeadConversionError
from lead_conversion.source.reading import LABEL_ROWS, CheckedSource, column_as_contracted
from lead_conversion.source.schema_check import missing_names, tables_read

State = Literal["right", "wrong", "unknown"]

EVER = datetime(9999, 1, 1)  # noqa: DTZ001  times are naive UTC
# A value that fewer leads share can be a person's own.
MIN_LEADS = 20
LONGEST_SUBJECT = 20
MOST_ORGANISATIONS_NAMED = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `exit_code` is that of the refusal with which a run would end; 0 for none."""

    subject: str
    state: State
    found: str
    remedy: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Step:
    """Something to look at, once the steps that it `needs` have found nothing wrong."""

    subject: str
    look: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...] = ()


def carry_out(steps: Iterable[Step]) -> Iterator[Finding]:
    """What each step finds, in turn; a refusal is a finding, and what depends on something wrong is not looked at."""
    passed: set[str] = set()
    for step in steps:
        lacking = [need for need in step.needs if need not in passed]
        if lacking:
            yield Finding(step.subject, "unknown", f"not checked, since '{lacking[0]}' has to be right first")
            continue
        is_wrong = False
        for finding in _looked_at(step):
            is_wrong = is_wrong or finding.state == "wrong"
            yield finding
        if not is_wrong:
            passed.add(step.subject)


def _looked_at(step: Step) -> Iterator[Finding]:
    try:
        yield from step.look()
    except LeadConversionError as refusal:
        yield wrong(step.subject, refusal)


def right(subject: str, found: str) -> Finding:
    """As it should be."""
    return Finding(subject, "right", found)


def unknown(subject: str, found: str, remedy: str = "") -> Finding:
    """Not to be told from here."""
    return Finding(subject, "unknown", found, remedy)


def wrong(subject: str, refusal: LeadConversionError, remedy: str = "") -> Finding:
    """Not as it should be; a refusal without a remedy beside it says in its own message what to do."""
    return Finding(subject, "wrong", str(refusal), remedy, refusal.exit_code)


def _every_row(_entity: SourceEntity, _column: SourceColumn) -> float:
    return 1.0


@dataclass(frozen=True)
class DataInspection:
    """What any database is asked, whatever its engine.

    Args:
        source: the database; its SELECTs have passed the allow-list.
        labels: the words that pass the source door in clear, by column.
        org_id: the organisation that is configured, if any.
        all_organisations: whether a run reads all of them together.
        now: naive UTC.
        most_nulls: by entity and column, the share of rows without a value at which a run stops; 1 for none.
    """

    source: CheckedSource
    labels: KnownLabels
    org_id: int | None
    all_organisations: bool
    now: datetime
    most_nulls: Callable[[SourceEntity, SourceColumn], float] = _every_row

    def steps(self, reached: str, may_read: tuple[str, ...] = ()) -> tuple[Step, ...]:
        """The steps.

        Args:
            reached: the step that says whether the database can be asked anything.
            may_read: the steps that say whether its rows may be read.
        """
        read = ("tables and columns", *may_read)
        entities = (*SOURCE_ENTITIES.values(), PEOPLE)
        return (
            Step("tables and columns", self._tables, (reached,)),
            *(Step(entity.name, lambda entity=entity: self._entity(entity), read) for entity in entities),  # type: ignore[misc]
            Step("organisations", self._organisations, (*read, "contacts")),
            Step("newest event", self._newest, (*read, "engagement_logs")),
            Step("labels", self._labels, (*read, *SOURCE_ENTITIES)),
        )

    def shared_labels(self) -> dict[str, list[str]]:
        """By column, the unknown values that at least MIN_LEADS leads share and in which no contact's name stands.

        What a person could add to privacy.known_labels once it is clear that it names nobody. Empty where no SELECT
        gives people: names could not be told then.
        """
        if PEOPLE.name not in self.source.statements:
            return {}
        found = {
            (column, standardise(value))
            for _entity, column, value, leads in self._unknown_labels()
            if leads >= MIN_LEADS and value.replace(" ", "").replace("_", "").replace("-", "").isalpha()
        }
        words = {word for _column, value in found for word in value.split("_")}
        names = self.source.names_among(words)
        shared: dict[str, list[str]] = {}
        for column, value in sorted(found):
            if names.isdisjoint(value.split("_")):
                shared.setdefault(column, []).append(value)
        return shared

    def _tables(self) -> Iterator[Finding]:
        found = self.source.found_columns
        missing = missing_names(self.source.statements.values(), found)
        if not found:
            tables = sorted(".".join(table) for table in tables_read(self.source.statements.values()))
            yield wrong(
                "tables and columns",
                DataError(f"{self.source.name} has no table that can be seen; the SELECTs read {', '.join(tables)}"),
                "Name the database that holds them, load it, or have a DBA GRANT SELECT on them (what a login may not "
                "read looks like what is not there).",
            )
            return
        for name in missing:
            yield wrong(
                "tables and columns",
                DataError(f"the SELECTs read {name}, which cannot be seen in {self.source.name}"),
                "Edit the SELECT in conf/<env>/source/ to read yours, GRANT SELECT on it (what a login may not read "
                "looks like what is not there), or name another database.",
            )
        if not missing:
            read = tables_read(self.source.statements.values())
            yield right("tables and columns", f"all {len(read)} tables that the SELECTs read, with their columns")

    def _entity(self, entity: SourceEntity) -> Iterator[Finding]:
        """One SELECT against its contract: the types of a sample, keys that are null, and how many rows there are."""
        if entity.name not in self.source.statements:
            yield unknown(
                entity.name, "no SELECT: names of contacts cannot be found in templates, and stay there",
                "Write source/people.sql if the database names people.",
            )  # fmt: skip
            return
        sample = self.source.sample(entity.name)
        if sample is None:
            yield self._empty(entity)
            return
        nulls = _refused_nulls(sample, entity)
        faults = [*_faults(sample, entity), *self._too_many_nulls(nulls, entity)]
        yield from (wrong(entity.name, fault) for fault in faults)
        if not faults:
            yield right(
                entity.name,
                f"{len(entity.columns)} columns as agreed in {sample.num_rows:,} rows; {self._extent(entity)}"
                f"{_in_words(nulls)}",
            )

    def _too_many_nulls(self, nulls: Mapping[SourceColumn, float], entity: SourceEntity) -> Iterator[DataError]:
        for column, share in nulls.items():
            if share > (most := self.most_nulls(entity, column)):
                yield DataError(
                    f"'{entity.name}' has NULL in '{column.name}' ({column.meaning}) in {share:.1%} of the rows "
                    f"looked at. A row without it is refused, and a run stops where they are more than {most:.1%}. "
                    f"Fill it in source/{entity.name}.sql: from another column, or with what is true of every row."
                )

    def _empty(self, entity: SourceEntity) -> Finding:
        if entity.may_be_empty:
            return right(entity.name, "the SELECT gives no row: results will say nothing about it")
        return wrong(
            entity.name, DataError(f"the SELECT gives no row ({entity.grain}): no lead can be described"),
            f"Load the database, or mend what source/{entity.name}.sql leaves out (WHERE, JOIN).",
        )  # fmt: skip

    def _extent(self, entity: SourceEntity) -> str:
        if not entity.known_at:
            return "read to find names in other texts, never kept"
        days = self.source.summarise(entity.name, EVER, by="counts")
        rows = f"{sum(day.rows for day in days):,} rows in all"
        return f"{rows}, {days[0].day} to {days[-1].day}" if entity.sliced_by and days else rows

    def _organisations(self) -> Iterator[Finding]:
        contacts = self.source.organisations()
        some = list(contacts.items())[:MOST_ORGANISATIONS_NAMED]
        found = ", ".join(f"{org_id} ({number:,} contacts)" for org_id, number in some)
        found += f" and {len(contacts) - len(some)} more" if len(contacts) > len(some) else ""
        if self.org_id is not None and self.org_id not in contacts:
            yield wrong(
                "organisations", DataError(f"source.org_id is {self.org_id}, which has no contacts; found {found}"),
                "Set source.org_id to one of those that are there.",
            )  # fmt: skip
        elif len(contacts) > 1 and self.org_id is None and not self.all_organisations:
            yield wrong(
                "organisations", ConfigurationError(f"a run reads one organisation, found {len(contacts)}: {found}"),
                f"Choose one with source.org_id={next(iter(contacts))}, or read all of them together with "
                "source.all_organisations=true.",
            )  # fmt: skip
        else:
            yield right("organisations", found)

    def _newest(self) -> Iterator[Finding]:
        newest = self.source.newest_event_at()
        told = f"{newest:%Y-%m-%d %H:%M} UTC"
        if newest > self.now + timedelta(days=1):
            yield wrong(
                "newest event", DataError(f"logged at {told}, which is yet to come"),
                "A run would look from there. Mend the row's logged_at in the SELECT (they are to be UTC), or set "
                "source.as_of.",
            )  # fmt: skip
        else:
            yield right("newest event", f"logged at {told}, {max((self.now - newest).days, 0)} days ago")

    def _labels(self) -> Iterator[Finding]:
        counts: dict[str, list[int]] = {}
        for entity, column, _value, leads in self._unknown_labels():
            of_column = counts.setdefault(f"{entity}.{column}", [0, 0])
            of_column[0] += 1
            of_column[1] += leads >= MIN_LEADS
        for name, (values, shared) in sorted(counts.items()):
            yield unknown(
                "labels",
                f"{name}: {values:,} distinct value(s) are no known words and will be kept as tokens, {shared:,} of "
                f"them shared by {MIN_LEADS} leads or more (of {LABEL_ROWS:,} rows at most)",
                "Nothing to mend if they may stay unreadable; `--values` shows the shared ones, for "
                "privacy.known_labels.",
            )
        if not counts:
            yield right("labels", f"every value is a known word and stays readable (of {LABEL_ROWS:,} rows at most)")

    def _unknown_labels(self) -> Iterator[tuple[str, str, str, int]]:
        """Entity, column, value and how many leads share it, of each value that is no known word."""
        for entity in SOURCE_ENTITIES.values():
            for column in entity.columns_of(PersonalClass.LABEL):
                for value, leads in self.source.label_values(entity.name, column.name):
                    if value.strip() and not is_known(column.name, value, self.labels):
                        yield entity.name, column.name, value, leads


def _faults(sample: pa.RecordBatch, entity: SourceEntity) -> Iterator[DataError]:
    """What breaks the entity's contract, a column each."""
    for values, column in zip(sample.columns, entity.columns, strict=True):
        try:
            column_as_contracted(values, entity, column)
        except DataError as fault:
            yield fault


def _refused_nulls(sample: pa.RecordBatch, entity: SourceEntity) -> dict[SourceColumn, float]:
    """Of the columns without which a row is refused, those that lack a value, and in what share of the rows."""
    pairs = zip(sample.columns, entity.columns, strict=True)
    shares = {column: values.null_count / sample.num_rows for values, column in pairs if column.null_is_refused}
    return {column: share for column, share in shares.items() if share}


def _in_words(nulls: Mapping[SourceColumn, float]) -> str:
    told = ", ".join(f"{column.name} ({share:.1%})" for column, share in nulls.items())
    return f"; refused for NULL in {told}" if told else ""


def exit_code_of(findings: Iterable[Finding]) -> int:
    """The exit code of the worst refusal: configuration before rights, rights before the server, that before data."""
    return max((finding.exit_code for finding in findings), default=0)


def summary_of(findings: Iterable[Finding]) -> str:
    """How many things are right, wrong and unknown, in one line."""
    counts: Mapping[str, int] = _counted(finding.state for finding in findings)
    told = ", ".join(f"{counts.get(state, 0)} {state}" for state in ("right", "wrong", "unknown"))
    verdict = "A run would be refused or misled: mend what is wrong." if counts.get("wrong") else "A run can read this."
    return f"{told}. {verdict}"


def _counted(states: Iterable[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts
