"""`lead-conversion source`: one's own database, looked at before it is read, and the SELECTs that read it."""

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import click
from kedro.io import DatasetError
from pydantic import ValidationError

from lead_conversion.cli import find_refusal
from lead_conversion.cli.permission import require_permission
from lead_conversion.cli.project import (
    CARRIED,
    access_log_of,
    catalog_of,
    conf_folder,
    configuration_of,
    parameters_of,
    read_configuration,
)
from lead_conversion.contracts.source_entities import CAMPAIGN_STEPS, PEOPLE, SOURCE_ENTITIES, source_entity
from lead_conversion.datasets.agent_cory import SQLServerSourceDataset
from lead_conversion.datasets.pseudonym_key import PseudonymKeyDataset
from lead_conversion.guard.privacy import KnownLabels, PrivacyParameters
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.pipelines.data_engineering.extract import words_in_clear
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters, QualityParameters, SourceParameters
from lead_conversion.source.annotation import annotate, as_comment, select_of_no_rows
from lead_conversion.source.inspection import (
    MIN_LEADS,
    DataInspection,
    Finding,
    Step,
    carry_out,
    exit_code_of,
    right,
    summary_of,
    unknown,
)
from lead_conversion.source.reading import CheckedSource
from lead_conversion.source.server_inspection import ServerInspection
from lead_conversion.source.sqlserver_source import SQLServerSource
from lead_conversion.source.statements import parse_statements

MARKS = {"right": ("✓", "green"), "wrong": ("✗", "red"), "unknown": ("?", "yellow")}
SUBJECT_WIDTH = 19
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
TAKEN_NAMES = {"base", "local", "prod", "source", "catalog"}
TEMPLATE_ENVIRONMENT = "prod"
NEXT_STEPS = {
    "sqlserver": (
        "Set CORY_SQL_HOST, CORY_SQL_DATABASE and, unless Kerberos says who you are,\n"
        "     CORY_SQL_AUTH_MODE=sqlauth, CORY_SQL_USER and CORY_SQL_PASSWORD;"
    ),
    "duckdb": "Set CORY_DUCKDB_PATH to your DuckDB file,",
}
SQL_SERVER_ENTRY = """\
  type: lead_conversion.datasets.agent_cory.SQLServerSourceDataset
  credentials: agent_cory
"""
DUCKDB_ENTRY = """\
  type: lead_conversion.datasets.agent_cory.EmbeddedSourceDataset
  # CORY_DUCKDB_PATH names another file.
  filepath: data/{env}.duckdb
  where_from: Set CORY_DUCKDB_PATH to your DuckDB file, or name it in conf/{env}/catalog/source.yml.
"""


@click.group()
def source() -> None:
    """Your own database: look at it before it is read, and write the SELECTs that read it.

    \b
      lead-conversion source init --env ours      SELECTs to edit, in conf/ours/source/
      lead-conversion source check --env ours     what is right, what is wrong, how to mend it
      kedro run --pipeline=full --env=ours        the run
    """  # noqa: D301 - click wants the control character itself


@source.command()
@click.option("--env", help="The environment whose database is looked at. Without it, the one of a plain run.")
@click.option(
    "--values",
    is_flag=True,
    help=f"Also show values that become tokens: those that {MIN_LEADS} leads or more share, are made of letters, and "
    "hold no contact's name.",
)
def check(env: str | None, values: bool) -> None:
    """Look at configuration, server, login, tables and rights; say what is wrong and how to mend it.

    Nothing is written but the access log, where every statement is recorded. No value of a row is
    shown, unless you ask for --values. The exit code is that of the refusal with which a run would
    end: 65 the data is wrong, 69 the source is not there, 77 you may not, 78 the configuration is
    wrong; 0 where nothing is wrong. What cannot be told (?) is not wrong.

    \b
    Examples:
      lead-conversion source check --env prod
      CORY_DUCKDB_PATH=my_cory.duckdb lead-conversion source check
      lead-conversion source check --env prod --values
    """  # noqa: D301 - click wants the control character itself
    require_permission(env, "source.check")
    with _quiet():
        findings = list(map(_told, _inspected(env, values)))
    click.echo(f"\n{summary_of(findings)}")
    sys.exit(exit_code_of(findings))


@source.command()
@click.option("--env", required=True, help="The name of the new environment: a folder in conf/.")
@click.option(
    "--from", "origin", default="base", show_default=True, help="The environment whose SELECTs to begin with."
)
@click.option(
    "--engine",
    type=click.Choice(list(NEXT_STEPS)),
    default="sqlserver",
    show_default=True,
    help="What the database is: a server that CORY_SQL_* names, or a DuckDB file that CORY_DUCKDB_PATH names.",
)
def init(env: str, origin: str, engine: str) -> None:
    """Write SELECTs for a database of your own, with a comment above each column.

    The comments say what the column means, its type, whether it may be NULL, and what is kept of
    it. Edit what stands between the commas: names and types of the columns that a SELECT gives are
    fixed, where they come from is yours. Nothing that is there is ever overwritten.

    \b
    Examples:
      lead-conversion source init --env ours
      lead-conversion source init --env ours --engine duckdb
      $EDITOR conf/ours/source/contacts.sql
      lead-conversion source check --env ours
    """  # noqa: D301 - click wants the control character itself
    folder = _new_environment(env)
    texts = _environment_files(env, origin, engine)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"Wrote conf/{env}/{name}")
    click.echo(
        f"\nNEXT STEPS\n"
        f"  1. Edit the SELECTs in conf/{env}/source/ to read your tables. What your database lacks may give no rows:\n"
        f"     the end of campaign_steps.sql shows how.\n"
        f"  2. {NEXT_STEPS[engine]}\n"
        f"     and LEAD_CONVERSION_PSEUDONYM_KEY to a secret of your own.\n"
        f"  3. lead-conversion source check --env {env}\n"
        f"  4. kedro run --pipeline=full --env={env}"
    )


def _told(finding: Finding) -> Finding:
    """The finding, after a person has been told of it."""
    mark, colour = MARKS[finding.state]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject:<{SUBJECT_WIDTH}} {finding.found}")
    if finding.remedy:
        click.echo(f"  {'':<{SUBJECT_WIDTH}} → {finding.remedy}")
    return finding


def _inspected(env: str | None, values: bool) -> Iterator[Finding]:
    """Configuration first; the database where there is enough of a configuration to ask it."""
    configured = _Configured(env)
    findings: list[Finding] = []
    for finding in carry_out(configured.steps()):
        findings.append(finding)
        yield finding
    needed = {"parameters", "settings", "SELECTs"}
    if any(finding.state != "right" for finding in findings if finding.subject in needed):
        yield unknown("the database", "not checked, since the configuration has to be right first")
        return
    data = configured.data
    shown = (Step("values", lambda: _shared_values(data), ("labels",)),) if values else ()
    yield from carry_out((*_database_steps(data), *shown))


def _database_steps(data: DataInspection) -> tuple[Step, ...]:
    read = data.source
    if not isinstance(read, SQLServerSource):
        return (Step("file", lambda: _opened(read)), *data.steps("file"))
    rights = ("right to read",) if read.settings.allow_write_rights else ("right to read", "no right to write")
    return (*ServerInspection(read).steps(), *data.steps("database", rights))


def _opened(read: CheckedSource) -> Iterator[Finding]:
    _ = read.found_columns
    yield right("file", f"{read.name} opens, read-only")


def _shared_values(data: DataInspection) -> Iterator[Finding]:
    if PEOPLE.name not in data.source.statements:
        yield unknown("values", "not shown: without source/people.sql, names of contacts cannot be told from them")
        return
    for column, shared in data.shared_labels().items():
        yield unknown(
            "values", f"{column}: {', '.join(shared)}",
            "Add those that name nobody, staff included, to privacy.known_labels.",
        )  # fmt: skip


@dataclass(frozen=True)
class _Configured:
    """An environment's configuration, each part made when it is asked for."""

    env: str | None

    def steps(self) -> tuple[Step, ...]:
        """What can be looked at before anything is connected to."""
        return (
            Step("access log", self._access_log),
            Step("parameters", lambda: _said("parameters", "they compose and are valid", lambda: self._parameters)),
            Step("settings", self._settings),
            Step("SELECTs", self._selects),
            Step("pseudonym key", self._key),
        )

    @property
    def data(self) -> DataInspection:
        """What the database will be asked."""
        chosen, labels, quality = self._parameters
        read = cast("CheckedSource", self._dataset.load())
        now = datetime.now(UTC).replace(tzinfo=None)
        return DataInspection(read, labels, chosen.org_id, chosen.all_organisations, now, quality.most_nulls)

    @cached_property
    def _dataset(self) -> Any:
        return catalog_of(self.env, "agent_cory@source").get("agent_cory@source")

    @cached_property
    def _parameters(self) -> tuple[SourceParameters, KnownLabels, QualityParameters]:
        given = parameters_of(self.env)
        try:
            privacy = PrivacyParameters.model_validate(given["privacy"])
            clean = CleanParameters.model_validate(given["clean"])
            chosen = SourceParameters.model_validate(given["source"])
            quality = QualityParameters.model_validate(given["quality"])
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise ConfigurationError(
                f"Parameters are not valid. {error.title}: {faults}. They stand in conf/<env>/parameters/."
            ) from error
        return chosen, words_in_clear(privacy, clean), quality

    def _access_log(self) -> Iterator[Finding]:
        yield right("access log", f"{access_log_of(self.env).path} is written to, this check included")

    def _settings(self) -> Iterator[Finding]:
        if isinstance(self._dataset, SQLServerSourceDataset):
            yield from _said("settings", "the CORY_SQL_* variables are complete", lambda: self._dataset.settings)
        else:
            yield right("settings", "an embedded database: no server is asked")

    def _selects(self) -> Iterator[Finding]:
        found = parse_statements(self._dataset.statements)
        yield right("SELECTs", f"{len(found)} SELECTs ({', '.join(found)}) are plain reading, with the columns agreed")

    def _key(self) -> Iterator[Finding]:
        dataset = cast("PseudonymKeyDataset", catalog_of(self.env, "pseudonym_key").get("pseudonym_key"))
        current = dataset.ring().current
        if current is None and read_configuration(self.env, "catalog")["pseudonym_key"]["makes_missing"]:
            yield right("pseudonym key", "none yet: the first run makes one")
        else:
            with _plain_refusals():
                current = dataset.load()
            yield right("pseudonym key", f"there is one, with the fingerprint {current.fingerprint}")


def _said(subject: str, found: str, ask: Callable[[], object]) -> Iterator[Finding]:
    """That it is right, unless asking refuses."""
    ask()
    yield right(subject, found)


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """A refusal as it was before Kedro wrapped it."""
    try:
        yield
    except DatasetError as error:
        raise find_refusal(error) or error from None


@contextmanager
def _quiet() -> Iterator[None]:
    """What findings say is not logged a second time."""
    logger = logging.getLogger("lead_conversion")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _new_environment(name: str) -> Path:
    """The folder of an environment that is not there yet."""
    if not NAME.fullmatch(name) or name in TAKEN_NAMES:
        raise ConfigurationError(
            f"--env: expected a new name of small letters, digits and underscores, such as 'ours', found '{name}'. "
            f"Taken are {', '.join(sorted(TAKEN_NAMES))}."
        )
    conf = conf_folder()
    if conf == CARRIED:
        raise ConfigurationError(
            "No configuration to add to: expected a folder conf/base here, found none. Change to the project's folder, "
            f"or begin one with: cp -r {CARRIED} conf"
        )
    folder = conf / name
    if folder.exists():
        raise ConfigurationError(
            f"--env: expected a name that is not there yet, found conf/{name}. Choose another, or move it away."
        )
    return folder


def _environment_files(env: str, origin: str, engine: str) -> dict[str, str]:
    """By path in the environment's folder, what is written there."""
    template, statements = conf_folder() / TEMPLATE_ENVIRONMENT, configuration_of(origin)
    files = {
        f"source/{name}.sql": _select(name, statements.statement(name)) for name in (*SOURCE_ENTITIES, PEOPLE.name)
    }
    files["catalog/source.yml"] = (template / "catalog/source.yml").read_text(encoding="utf-8")
    if engine == "duckdb":
        entry = DUCKDB_ENTRY.format(env=env)
        files["catalog/source.yml"] = files["catalog/source.yml"].replace(SQL_SERVER_ENTRY, entry)
    else:
        files["credentials.yml"] = (template / "credentials.yml").read_text(encoding="utf-8")
    differences = template / "parameters/env" / f"{TEMPLATE_ENVIRONMENT}.yaml"
    if differences.is_file():
        files[f"parameters/env/{env}.yaml"] = differences.read_text(encoding="utf-8")
    return files


def _select(name: str, text: str) -> str:
    """The SELECT with its comments, and where it may give no rows how to say so."""
    annotated = annotate(source_entity(name), text)
    if name != CAMPAIGN_STEPS.name:
        return annotated
    without = "A database without steps, prompts or messages: replace all of the above by this, without the dashes.\n"
    return f"{annotated}\n{as_comment(without + select_of_no_rows(CAMPAIGN_STEPS))}"
