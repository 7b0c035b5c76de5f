"""The whole run, on a small world."""

import json
import shutil
import signal
import sqlite3
import subprocess
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from project import PROJECT, QUICK, kedro_command, registered, run, session

LAYERS = ("03_primary", "04_feature", "05_model_input", "06_models", "07_model_output")
OUTPUTS = (
    "07_model_output/scored_leads.parquet",
    "07_model_output/holdout_predictions.parquet",
    "07_model_output/evaluation.json",
    "07_model_output/leakage_audit.json",
    "07_model_output/effects.parquet",
    "07_model_output/recommendations.json",
    "07_model_output/experiment_plan.json",
    "08_reporting/report.html",
    "08_reporting/model_card.md",
    "08_reporting/recommendations.md",
    "08_reporting/run_manifest.json",
)
SMALL_WORLD = f"--params={QUICK}"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which one full run has succeeded."""
    folder = tmp_path_factory.mktemp("finished")
    run(folder, SMALL_WORLD)
    return folder


def digests(folder):
    """What is published: staged files have hidden names."""
    files = [path for layer in LAYERS for path in (folder / "data" / layer).rglob("[!.]*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def document(folder, name):
    return json.loads((folder / "data" / name).read_text())


def test_everything_that_others_build_on_is_there(finished):
    missing = [name for name in OUTPUTS if not (finished / "data" / name).is_file()]
    assert missing == []


def test_second_run_reuses_the_snapshot_and_changes_nothing(finished):
    before, manifest = digests(finished), document(finished, "01_raw/manifest.json")
    run(finished, "--pipeline=data_engineering", SMALL_WORLD)
    assert document(finished, "01_raw/manifest.json") == manifest
    assert digests(finished) == before


def test_run_from_an_earlier_moment_looks_from_there_and_not_from_the_latest_snapshot(finished, tmp_path):
    for name in ("mlflow.db", "data"):
        copy(finished / name, tmp_path / name)
    run(tmp_path, "--pipeline=data_engineering", f"{SMALL_WORLD},source.as_of=2026-06-01T00:00:00")
    assert document(tmp_path, "03_primary/as_of.json")["as_of"] == "2026-06-01T00:00:00"
    events = pq.read_table(tmp_path / "data/03_primary/engagement_logs.parquet", columns=["occurred_at"]).to_pandas()
    assert events["occurred_at"].max() < pd.Timestamp("2026-06-01")


def test_every_published_file_has_the_hash_that_the_publication_log_gives(finished):
    log = document(finished, "publication.json")
    assert log["state"] == "complete"
    found = {name: sha256((finished / "data" / name).read_bytes()).hexdigest() for name in log["files"]}
    assert found == log["files"]


def test_snapshot_names_each_file_by_what_it_holds(finished):
    manifest = document(finished, "01_raw/manifest.json")
    folder = finished / "data/01_raw/snapshots" / manifest["snapshot_id"]
    for facts in manifest["entities"].values():
        assert facts["rows"] == sum(file["rows"] for file in facts["files"])
        for file in facts["files"]:
            assert sha256((folder / file["file"]).read_bytes()).hexdigest() == file["sha256"]
            assert pq.read_metadata(folder / file["file"]).num_rows == file["rows"]


def test_scores_rank_active_leads_and_say_that_nobody_approved_the_model(finished):
    scores = pq.read_table(finished / "data/07_model_output/scored_leads.parquet").to_pandas()
    assert set(scores["target"]) == {"t1", "t2", "t3"}
    assert scores["is_trial"].all()
    for _target, of_target in scores.groupby("target"):
        assert sorted(of_target["rank"]) == list(range(1, len(of_target) + 1))
        assert of_target.sort_values("rank")["probability"].is_monotonic_decreasing


def test_every_file_that_can_be_previewed_is_plain_json(finished):
    with session(finished) as created:
        catalog = created.load_context().catalog
        shown = {name: catalog.get(name) for name in registered()["full"].datasets() if not name.startswith("params:")}
        previews = {name: dataset.preview() for name, dataset in shown.items() if hasattr(dataset, "preview")}
    assert len(previews) > 20
    for preview in previews.values():
        json.dumps(preview)


def test_notebook_runs_on_the_results(finished):
    notebook = json.loads((PROJECT / "notebooks/look_at_results.ipynb").read_text())
    with session(finished) as created:
        names = {"catalog": created.load_context().catalog}
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
    assert len(names["best"]) == 10
    assert {figure["model"] for figure in names["figures"]} >= {"campaign_rate", "rule", "contact_logistic"}


def test_registry_holds_a_challenger_for_each_target_that_passed_its_gate(finished):
    targets = document(finished, "07_model_output/evaluation.json")["targets"]
    passed = {name for name, result in targets.items() if result["gate"]["passed"]}
    with sqlite3.connect(finished / "mlflow.db") as database:
        aliases = database.execute("SELECT name, alias FROM registered_model_aliases").fetchall()
    assert set(aliases) == {(f"lead_conversion_{name}", "challenger") for name in passed}


@pytest.mark.no_cover
def test_no_byte_that_a_run_writes_holds_a_personal_value_of_the_demo(finished):
    wanted = personal_values(finished / "data/demo/agent_cory.duckdb")
    assert len(wanted) > 4000
    written = [path for path in finished.rglob("*") if path.is_file() and "demo" not in path.parts]
    assert len(written) > 30
    found = {path.name: hits for path in written if (hits := find(wanted, plain_bytes(path)))}
    assert found == {}


def test_the_search_finds_what_is_planted(tmp_path):
    table = pa.table({"note": ["call Ada Lovelace-Byron today"] * 100})
    pq.write_table(table, tmp_path / "planted.parquet", compression="zstd")
    assert find({b"Ada Lovelace-Byron"}, plain_bytes(tmp_path / "planted.parquet")) == {b"Ada Lovelace-Byron"}


def personal_values(database: Path) -> set[bytes]:
    """Full names, e-mail addresses and phone numbers as the database spells them."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT first_name || ' ' || last_name, email, phone, regexp_replace(phone, '[^0-9]', '', 'g') "
            "FROM education.contacts"
        ).fetchall()
    return {value.strip().encode() for row in rows for value in row if value and len(value.strip()) >= 8}


def plain_bytes(path: Path) -> bytes:
    """A file's bytes; of a Parquet file the uncompressed columns."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    sink = pa.BufferOutputStream()
    table = pq.read_table(path)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def find(wanted: set[bytes], text: bytes) -> set[bytes]:
    """The wanted values (of 8 bytes or more) that occur in a text, by looking up every window of 8 bytes."""
    if len(text) < 8:
        return set()
    beginnings = {}
    for value in wanted:
        beginnings.setdefault(value[:8], []).append(value)
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(text, np.uint8), 8)
    codes = np.ascontiguousarray(windows).view(np.uint64).ravel()
    looked_for = np.frombuffer(b"".join(sorted(beginnings)), np.uint64)
    positions = np.flatnonzero(np.isin(codes, looked_for))
    return {
        value
        for position in positions
        for value in beginnings[text[position : position + 8]]
        if text.startswith(value, position)
    }


def test_killed_runs_publish_nothing_and_the_next_one_over_what_they_left_gives_the_bytes_of_another_folder(
    finished, tmp_path
):
    for node in ("extract entities", "write report"):
        kill_in(node, tmp_path)
        assert digests(tmp_path) == {}
        assert not (tmp_path / "data/publication.json").exists()
    run(tmp_path, SMALL_WORLD)
    assert digests(tmp_path) == digests(finished)
    assert len(digests(finished)) > 10
    assert not list(tmp_path.rglob("*.staged"))


def test_run_killed_over_an_earlier_one_leaves_that_whole(finished, tmp_path):
    for name in ("mlflow.db", "data"):
        copy(finished / name, tmp_path / name)
    kill_in("evaluate models", tmp_path, f"{SMALL_WORLD},seed=5")
    assert digests(tmp_path) == digests(finished)


def kill_in(node: str, folder: Path, params: str = SMALL_WORLD) -> None:
    """Start a full run and send SIGKILL as soon as it says that it is in the node."""
    process = subprocess.Popen(kedro_command("--pipeline=full", params), cwd=folder, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if f"{node} …" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
