"""A project folder with only what commands on a ranking read: a database, its snapshot's manifest, the ranking."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from agent_cory_rows import make_database

from lead_conversion.guard.pseudonyms import PseudonymKey, pseudonymise
from lead_conversion.guard.roles import current_user
from project import PROJECT

SNAPSHOT = "20260201T000000Z-0123456789ab"
AS_OF = "2026-02-01T00:00:00"
# Long enough to be found nowhere by chance.
CONTACTS = (918_273_645_001, 918_273_645_002, 918_273_645_003)


def make_project(folder: Path, secret: str) -> Path:
    """A folder with the project's configuration, a database of CONTACTS, and a ranking of them under a key."""
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("pseudonym*", "access.yml.*"))
    (folder / "data/demo").mkdir(parents=True)
    rows = [{"contact_id": contact, "email": f"lead{contact}@example.org"} for contact in CONTACTS]
    make_database(folder / "data/demo/agent_cory.duckdb", {"education.contacts": rows})
    write_manifest(folder, SNAPSHOT, secret)
    write_ranking(folder, {"t1": CONTACTS, "t2": CONTACTS[:2]}, secret)
    return folder


def write_manifest(folder: Path, snapshot_id: str, secret: str, **changes: object) -> None:
    """The manifest of a snapshot that was read under a key."""
    manifest = {
        "snapshot_id": snapshot_id,
        "as_of": AS_OF,
        "org_id": 1,
        "rows_of_no_organisation": "left out",
        "source": {"kind": "duckdb", "name": "agent_cory.duckdb"},
        "pseudonym_key": PseudonymKey(secret).fingerprint,
    }
    path = folder / "data/01_raw/snapshots" / snapshot_id / "manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest | changes))


def write_people(folder: Path, merged: dict[int, int], secret: str, snapshot_id: str = SNAPSHOT) -> None:
    """What was published of a snapshot: its manifest, and by contact the one that stands for its person."""
    snapshot = folder / "data/01_raw/snapshots" / SNAPSHOT / "manifest.json"
    published = json.loads(snapshot.read_text()) | {"snapshot_id": snapshot_id}
    (folder / "data/01_raw/manifest.json").write_text(json.dumps(published))
    key = PseudonymKey(secret)
    names = {"lead_key": merged.keys(), "person_key": merged.values()}
    keys = {name: pseudonymise(pa.array(ids, pa.int64()), "lead", key) for name, ids in names.items()}
    path = folder / "data/02_intermediate/clean_people.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(keys), path)


def write_ranking(folder: Path, ranked: dict[str, tuple[int, ...]], secret: str, *, is_trial: bool = False) -> None:
    """The published ranking: by target the contacts, best first."""
    key = PseudonymKey(secret)
    parts = [
        pd.DataFrame(
            {
                "lead_key": pseudonymise(pa.array(contacts, pa.int64()), "lead", key).to_pylist(),
                "target": target,
                "scored_at": pd.Timestamp(AS_OF).as_unit("us"),
                "probability": [0.9 - 0.1 * place for place in range(len(contacts))],
                "rank": range(1, len(contacts) + 1),
                "percentile": [100.0 - place for place in range(len(contacts))],
                "model_version": "0123456789ab",
                "snapshot_id": SNAPSHOT,
                "top_drivers": "Replied within an hour, and asked a question.",
                "is_trial": is_trial,
            }
        )
        for target, contacts in ranked.items()
    ]
    path = folder / "data/07_model_output/scored_leads.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(parts, ignore_index=True).to_parquet(path)


def name_operator(folder: Path, *users: str, environment: str = "local") -> None:
    """Make users members of the role that may export; without names, the user who runs the tests."""
    rules = {"members": {"operator": list(users) or [current_user()], "custodian": ["*"]}}
    (folder / "conf" / environment / "access.yml").write_text(yaml.safe_dump(rules))


def recorded(folder: Path) -> list[dict[str, object]]:
    """The lines of the access log."""
    return [json.loads(line) for line in (folder / "data/audit/access.jsonl").read_text().splitlines()]
