"""`lead-conversion scores`: the ranking, for those who work with it."""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import click
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from kedro.io import DataCatalog

from lead_conversion.cli.permission import record_access, require_permission
from lead_conversion.cli.project import access_log_of, catalog_of, conf_folder, filepath_of
from lead_conversion.datasets.manifests import read_manifest
from lead_conversion.datasets.pseudonym_key import PseudonymKeyDataset
from lead_conversion.datasets.snapshot_writer import MANIFEST_NAME
from lead_conversion.datasets.staging import require_as_published
from lead_conversion.guard.owner_only import create_for_owner
from lead_conversion.guard.pseudonyms import PseudonymKey, recover_ids
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.protocol import Source

# Not the lead's pseudonym: beside the contact_id it would be the mapping that is stored nowhere.
COLUMNS = [
    "rank", "contact_id", "other_contact_ids", "target", "probability", "percentile", "top_drivers", "scored_at",
    "model_version", "standing",
]  # fmt: skip
MAX_HEADER_CHARS = 1_000
TRIAL = "trial: not approved"
WRITERS: dict[str, Callable[[pa.Table, IO[bytes]], object]] = {"csv": pyarrow.csv.write_csv, "parquet": pq.write_table}


@click.group()
def scores() -> None:
    """The ranking of the leads, for those who work with it."""


@scores.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write, readable by you only. It may not lie in the project's folder, where runs write.",
)
@click.option("--env", help="The environment whose database is read, and whose access.yml says who may.")
@click.option("--target", help="Only this target's ranking, such as t1. Without it, every target's.")
@click.option("--top", type=click.IntRange(min=1), help="Only the first so many leads of each target.")
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(WRITERS)),
    help="By default parquet where the name ends so, and csv otherwise.",
)
@click.option("--trial", is_flag=True, help="Export a ranking that no approved model made; the file says so.")
@click.option("--force", is_flag=True, help="Replace the file if it is there, and an earlier export.")
def export(
    out: Path, env: str | None, target: str | None, top: int | None, form: str | None, trial: bool, force: bool
) -> None:
    """Write the published ranking with the real contact_id of each lead.

    A run knows leads by keyed pseudonyms only, and no table leads back. This command makes the
    pseudonym of every contact_id anew from a fresh reading of that one column, and keeps those that
    are ranked. It takes the pseudonym key that the ranking was written under, current or retired.

    Contacts with the same e-mail or phone are ranked as one person. It stands under the contact_id
    that was created first (of two, always the same one); its others stand in other_contact_ids, as
    they were when the ranking was made.

    Only a member of a role with the permission 'scores.export' may do it; conf/base/access.yml says
    who names the members. What you do is recorded in data/audit/access.jsonl.

    \b
    Examples:
      lead-conversion scores export --out ~/today.csv --target t1 --top 50 --env prod
      lead-conversion scores export --out ~/trial.parquet --trial
    """  # noqa: D301 - click wants the control character itself
    decision = require_permission(env, "scores.export")
    place = _require_place(out, force=force)
    catalog = catalog_of(env, "agent_cory@source", "pseudonym_key", "scored_leads")
    ranking = _choose_ranking(catalog, target, takes_trial=trial)
    manifest = _manifest_of(ranking, env)
    what = f"{len(ranking)} ranks of snapshot {manifest['snapshot_id']}, target {target or 'all'}, top {top or 'all'}"
    key = cast("PseudonymKeyDataset", catalog.get("pseudonym_key")).ring().of(manifest["pseudonym_key"])
    source = _source_of(catalog, manifest)
    record_access(env, "scored_leads", "export", "asked", reason=what)
    state, rows = "broken off", 0
    try:
        identified = _identify(ranking, _contacts_of_people(ranking, env), source, key, manifest)
        exported = identified.groupby("target").head(top) if top else identified
        _write_privately(exported, place, form or ("parquet" if out.suffix == ".parquet" else "csv"))
        state, rows = "answered", len(exported)
    finally:
        record_access(env, "scored_leads", "export", state, rows=rows, reason=what)
    gone = len(ranking) - len(identified)
    click.echo(
        f"Exported {rows:,} ranks of {exported['contact_id'].nunique():,} leads to {out}, which only you can "
        f"read.\nOf the ranking's {len(ranking):,} ranks, {gone:,} belong to leads that are not in the database any "
        f"more.\nThe ranking looks from {manifest['as_of']} UTC. Who opted out since is still in it: check before you "
        f"write to anyone.\nThe file names real people. You, {decision.user}, exported it as {decision.reason} and "
        f"answer for it; {access_log_of(env).path} says so. Delete it when it is used."
    )
    if exported["standing"].eq(TRIAL).any():
        click.secho("These are trial scores: no approved model made them.", fg="yellow", err=True)


def _require_place(out: Path, *, force: bool) -> Path:
    """Where the file is written, past all links."""
    place = out.resolve()
    project = (Path.cwd(), conf_folder())
    if any(around.samefile(folder) for around in place.parents if around.is_dir() for folder in project):
        raise AccessError(
            f"--out: expected a place outside the project's folder, {Path.cwd()}, found {out}. Runs write there, and "
            "what lies there is kept and handed on; no real id may be among it. Choose a folder of your own."
        )
    if not place.parent.is_dir():
        raise ConfigurationError(
            f"--out: expected a folder that is there, found {out.parent}. Make it, or choose another."
        )
    if not place.exists():
        return place
    if not _is_export(place):
        raise AccessError(
            f"--out: expected a name that is free or that of an earlier export, found {out}, which is another file. "
            "It is not replaced, --force or not. Choose another name."
        )
    if not force:
        raise ConfigurationError(
            f"--out: expected a file that is not there yet, found {out}. Choose another name, or say --force to "
            "replace it."
        )
    return place


def _is_export(path: Path) -> bool:
    """Whether a file has the columns of an export and so is one of this command's."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PAR1":
                return list(pq.read_schema(path).names) == COLUMNS
        with path.open(encoding="utf-8", newline="") as text:
            return next(csv.reader([text.readline(MAX_HEADER_CHARS)]), []) == COLUMNS
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        return False


def _choose_ranking(catalog: DataCatalog, target: str | None, *, takes_trial: bool) -> pd.DataFrame:
    """The published ranking of one target or of all, with the standing of its model; best first."""
    if not catalog.exists("scored_leads"):
        raise DataError("There is no ranking yet: run the pipeline 'full' or 'scoring' first.")
    scored: pd.DataFrame = catalog.load("scored_leads")
    if scored.empty:
        raise DataError("The published ranking is empty: no lead was active when it was made.")
    there = sorted(scored["target"].unique())
    if target is not None and target not in there:
        raise ConfigurationError(f"--target: the published ranking has {', '.join(there)}, found '{target}'.")
    chosen = scored if target is None else scored[scored["target"] == target]
    if chosen["is_trial"].any() and not takes_trial:
        raise AccessError(
            "This ranking is a trial: no approved model made it. Approve a champion and run the pipeline 'scoring', or "
            "say --trial; the file will say so too."
        )
    standing = chosen["is_trial"].map({True: TRIAL, False: "approved"})
    return chosen.assign(standing=standing).sort_values(["target", "rank", "lead_key"])


def _manifest_of(ranking: pd.DataFrame, env: str | None) -> dict[str, Any]:
    """What the ranking's snapshot was read from, as of when and under which key."""
    (snapshot_id,) = ranking["snapshot_id"].unique()
    published = filepath_of(env, "raw_manifest")
    for path in (filepath_of(env, "raw_snapshot@files") / snapshot_id / MANIFEST_NAME, published):
        if path.is_file() and (manifest := read_manifest(path))["snapshot_id"] == snapshot_id:
            return manifest
    raise DataError(
        f"The manifest of snapshot {snapshot_id} is gone, and with it which key the ranking was written under. Run the "
        "pipeline anew."
    )


def _source_of(catalog: DataCatalog, manifest: dict[str, Any]) -> Source:
    """The database that the ranking's snapshot was read from, and no other."""
    source: Source = catalog.load("agent_cory@source")
    found, expected = source.describe(), manifest["source"]
    if (found.kind, found.name) != (expected["kind"], expected["name"]):
        raise ConfigurationError(
            f"The ranking comes from {expected['kind']} '{expected['name']}', but this environment reads {found.kind} "
            f"'{found.name}', where the same contact_id can be another person. Say --env, or run the pipeline here."
        )
    return source


def _contacts_of_people(ranking: pd.DataFrame, env: str | None) -> pd.DataFrame:
    """By contact the ranked person that it is: each ranked lead itself, and the contacts that were merged with it.

    Raises:
        DataError: who was merged is not known for the snapshot that the ranking was made from.
    """
    ranked = pd.DataFrame({"lead_key": ranking["lead_key"].unique()}).assign(person_key=lambda frame: frame["lead_key"])
    people, published = filepath_of(env, "clean_people"), filepath_of(env, "raw_manifest")
    (snapshot_id,) = ranking["snapshot_id"].unique()
    if not (people.is_file() and published.is_file() and read_manifest(published)["snapshot_id"] == snapshot_id):
        raise DataError(
            f"Which contacts are one person was published for another snapshot than {snapshot_id}, from which the "
            "ranking was made. Run the pipeline 'full' or 'scoring' anew."
        )
    require_as_published(people)
    merged: pd.DataFrame = pq.read_table(people, columns=["lead_key", "person_key"]).to_pandas()
    is_other = (merged["lead_key"] != merged["person_key"]) & merged["person_key"].isin(ranked["person_key"])
    return pd.concat([ranked, merged[is_other]], ignore_index=True)


def _identify(
    ranking: pd.DataFrame, contacts: pd.DataFrame, source: Source, key: PseudonymKey, manifest: dict[str, Any]
) -> pd.DataFrame:
    """The ranks whose lead is still in the database, with its contact_id and those of its person's other contacts."""
    org_id = None if manifest.get("rows_of_no_organisation") == "read" else manifest["org_id"]
    ids = source.stream_column("contacts", "contact_id", parse_moment(manifest["as_of"]), org_id)
    contact_ids = recover_ids(pa.array(contacts["lead_key"], pa.string()), ids, "lead", key)
    known = contacts.assign(contact_id=pd.array(contact_ids, dtype=pd.ArrowDtype(contact_ids.type)))
    known = known[known["contact_id"].notna()].sort_values("contact_id")
    is_first = known["lead_key"] == known["person_key"]
    others = known[~is_first].groupby("person_key")["contact_id"].agg(lambda found: ", ".join(map(str, found)))
    identified = ranking.merge(known.loc[is_first, ["lead_key", "contact_id"]], on="lead_key")
    return identified.assign(other_contact_ids=identified["lead_key"].map(others).astype("str"))


def _write_privately(ranking: pd.DataFrame, out: Path, form: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    table = pa.Table.from_pandas(ranking[COLUMNS], preserve_index=False)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    created = create_for_owner(partial)
    try:
        with created as file:
            WRITERS[form](table, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
