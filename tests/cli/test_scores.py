import csv
import os
import stat
import struct

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from ranked_project import (
    CONTACTS,
    SNAPSHOT,
    make_project,
    name_operator,
    recorded,
    write_manifest,
    write_people,
    write_ranking,
)

from lead_conversion.cli import find_refusal
from lead_conversion.cli.scores import WRITERS, scores
from lead_conversion.datasets.staging import LOG_NAME
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError

SECRET = "the secret of this test, long enough"
NEW_SECRET = "another secret of this test, as long"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A project folder with a published ranking, in which the user of the tests is an operator."""
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", SECRET)
    made = make_project(tmp_path / "project", SECRET)
    write_people(made, {}, SECRET)
    name_operator(made)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def out(tmp_path):
    return tmp_path / "ranking.csv"


def ask(*words):
    return CliRunner().invoke(scores, ["export", *map(str, words)])


def refused(*words):
    """The refusal that an export ends with."""
    return find_refusal(ask(*words).exception)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def contacts_of(path):
    return [int(row["contact_id"]) for row in rows_of(path)]


def delete_contact(folder, contact):
    with duckdb.connect(folder / "data/demo/agent_cory.duckdb") as connection:
        connection.execute("DELETE FROM education.contacts WHERE contact_id = ?", [contact])


def test_each_exported_contact_id_has_the_pseudonym_that_is_ranked_there(folder, out):
    assert ask("--out", out).exit_code == 0
    ranking = pd.read_parquet(folder / "data/07_model_output/scored_leads.parquet").set_index(["target", "rank"])
    exported = rows_of(out)
    assert len(exported) == len(ranking) == 5
    for row in exported:
        key = PseudonymKey(SECRET).pseudonym_of("lead", row["contact_id"])
        assert ranking.loc[(row["target"], int(row["rank"])), "lead_key"] == key


def test_export_has_what_an_operator_needs_and_no_pseudonym(out):
    ask("--out", out)
    (first, *_) = rows_of(out)
    assert list(first) == [
        "rank", "contact_id", "other_contact_ids", "target", "probability", "percentile", "top_drivers", "scored_at",
        "model_version", "standing",
    ]  # fmt: skip
    assert first["standing"] == "approved"
    assert first["top_drivers"] == "Replied within an hour, and asked a question."
    assert PseudonymKey(SECRET).pseudonym_of("lead", str(CONTACTS[0])) not in out.read_text()


def test_no_file_but_the_exported_one_holds_a_real_contact_id(folder, out, tmp_path):
    database = folder / "data/demo/agent_cory.duckdb"
    ask("--out", out)
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != database]
    holding = [
        path
        for path in written
        if any(
            form in path.read_bytes() for contact in CONTACTS for form in (b"%d" % contact, struct.pack("<q", contact))
        )
    ]
    assert folder / "data/audit/access.jsonl" in written
    assert holding == [out]


def test_merged_person_stands_under_its_first_contact_and_names_the_others(folder, out):
    write_ranking(folder, {"t1": CONTACTS[1:2]}, SECRET)
    write_people(folder, dict.fromkeys(CONTACTS, CONTACTS[1]), SECRET)
    ask("--out", out)
    (row,) = rows_of(out)
    assert (int(row["contact_id"]), row["other_contact_ids"]) == (CONTACTS[1], f"{CONTACTS[0]}, {CONTACTS[2]}")


def test_other_contact_that_is_deleted_since_or_belongs_to_nobody_ranked_is_not_named(folder, out):
    write_ranking(folder, {"t1": CONTACTS[:1]}, SECRET)
    write_people(folder, {CONTACTS[0]: CONTACTS[0], CONTACTS[1]: CONTACTS[0], CONTACTS[2]: CONTACTS[2]}, SECRET)
    delete_contact(folder, CONTACTS[1])
    ask("--out", out)
    assert [row["other_contact_ids"] for row in rows_of(out)] == [""]


def test_people_of_another_snapshot_are_not_taken_for_those_of_the_ranking(folder, out):
    write_people(folder, {}, SECRET, snapshot_id="another")
    assert f"for another snapshot than {SNAPSHOT}" in str(refused("--out", out))
    assert not out.exists()


def test_console_says_how_many_and_who_answers_for_it_and_no_value(folder, out):
    delete_contact(folder, CONTACTS[0])
    said = ask("--out", out).output
    assert "Exported 3 ranks of 2 leads" in said
    assert "Of the ranking's 5 ranks, 2 belong to leads that are not in the database any more" in said
    assert "answer for it" in said
    assert not any(str(contact) in said for contact in CONTACTS)


def test_lead_deleted_since_is_left_out_and_the_others_keep_their_ranks(folder, out):
    delete_contact(folder, CONTACTS[0])
    ask("--out", out, "--target", "t1")
    assert [(row["rank"], int(row["contact_id"])) for row in rows_of(out)] == [("2", CONTACTS[1]), ("3", CONTACTS[2])]


def test_top_counts_leads_that_are_still_there_of_each_target(folder, out):
    delete_contact(folder, CONTACTS[0])
    ask("--out", out, "--top", 1)
    assert contacts_of(out) == [CONTACTS[1], CONTACTS[1]]


def test_file_is_readable_by_its_owner_only_and_nothing_lies_beside_it(out):
    ask("--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert sorted(path.name for path in out.parent.iterdir()) == ["project", "ranking.csv"]


def test_parquet_is_written_where_the_name_or_the_option_says_so(tmp_path):
    ask("--out", tmp_path / "ranking.parquet")
    ask("--out", tmp_path / "ranking.data", "--format", "parquet")
    tables = [pq.read_table(tmp_path / name) for name in ("ranking.parquet", "ranking.data")]
    assert tables[0].equals(tables[1])
    assert [int(contact) for contact in tables[0]["contact_id"].to_pylist()[:3]] == list(CONTACTS)


def test_nobody_may_export_until_an_environment_names_somebody(folder, out):
    (folder / "conf/local/access.yml").unlink()
    refusal = refused("--out", out)
    assert isinstance(refusal, AccessError)
    assert "scores.export" in str(refusal)
    assert "'operator'" in str(refusal)
    assert "local/access.yml" in str(refusal)
    assert not out.exists()


def test_refusal_and_grant_stand_in_the_access_log_before_the_database_is_asked(folder, out):
    name_operator(folder, "somebody-else")
    ask("--out", out)
    name_operator(folder)
    ask("--out", out)
    lines = [(line["entity"], line["state"]) for line in recorded(folder)]
    assert lines[:2] == [("scores.export", "refused"), ("scores.export", "granted")]
    assert lines[-4:] == [
        ("scored_leads", "asked"), ("contacts", "asked"), ("contacts", "answered"), ("scored_leads", "answered"),
    ]  # fmt: skip
    assert recorded(folder)[-1]["rows"] == 5
    assert {"at", "person", "principal", "source", "sha256", "seconds", "reason"} < set(recorded(folder)[0])


def test_user_is_the_one_the_process_runs_as_whatever_the_environment_says(folder, out, monkeypatch):
    name_operator(folder, "boss")
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "boss")
    assert isinstance(refused("--out", out), AccessError)


def test_other_environment_has_its_own_members(out):
    assert isinstance(refused("--out", out, "--env", "prod"), AccessError)


@pytest.mark.parametrize(
    "place",
    ["data/x.csv", "data/../x.csv", "conf/x.csv", "mlruns/x.csv", "x.csv", "notebooks/x.csv", "new/folder/x.csv"],
)
def test_place_in_the_projects_folder_is_refused(folder, place):
    (folder / "notebooks").mkdir()
    assert isinstance(refused("--out", place), AccessError)
    assert isinstance(refused("--out", folder / place), AccessError)
    assert not (folder / place).exists()


def test_link_into_the_projects_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").symlink_to(folder)
    (tmp_path / "link.csv").symlink_to(folder / "x.csv")
    for place in ("elsewhere/x.csv", "elsewhere/data/x.csv", "link.csv"):
        assert isinstance(refused("--out", tmp_path / place), AccessError)
    assert not (folder / "x.csv").exists()


@pytest.mark.parametrize("name", ["ranking.csv", "ranking.parquet"])
def test_earlier_export_is_replaced_only_by_force(tmp_path, name):
    out = tmp_path / name
    ask("--out", out)
    earlier = out.read_bytes()
    assert "--force" in str(refused("--out", out, "--top", 1))
    assert out.read_bytes() == earlier
    assert ask("--out", out, "--top", 1, "--force").exit_code == 0
    assert out.read_bytes() != earlier
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"", b"mine", b"rank,contact_id\n1,2\n", b"\xff\xfe\x00", b"PAR1 not really", b'"no end', b"\n" * 3, b"a" * 9_999],
)
def test_file_that_is_no_export_is_never_replaced(out, content):
    out.write_bytes(content)
    for words in ((), ("--force",)):
        assert isinstance(refused("--out", out, *words), AccessError)
    assert out.read_bytes() == content


def test_parquet_file_of_another_content_is_never_replaced(tmp_path):
    pd.DataFrame({"mine": [1]}).to_parquet(tmp_path / "x.parquet")
    assert isinstance(refused("--out", tmp_path / "x.parquet", "--force"), AccessError)


def test_what_is_no_file_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert isinstance(refused("--out", tmp_path / "pipe", "--force"), AccessError)
    assert (tmp_path / "pipe").is_fifo()


def test_folder_that_is_not_there_is_refused(tmp_path):
    assert isinstance(refused("--out", tmp_path / "nowhere" / "x.csv"), ConfigurationError)


def test_trial_ranking_is_exported_only_when_asked_for_and_says_so(folder, out):
    write_ranking(folder, {"t1": CONTACTS}, SECRET, is_trial=True)
    assert "--trial" in str(refused("--out", out))
    answer = ask("--out", out, "--trial")
    assert {row["standing"] for row in rows_of(out)} == {"trial: not approved"}
    assert "trial scores" in answer.output


def test_older_ranking_is_read_with_the_retired_key_that_it_was_written_under(folder, out, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", NEW_SECRET)
    (folder / "conf/local/pseudonym.retired.keys").write_text(f"{SECRET}\n")
    ask("--out", out, "--target", "t1")
    assert contacts_of(out) == list(CONTACTS)


def test_key_that_is_not_at_hand_is_named_by_its_fingerprint_and_no_secret_is_shown(out, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", NEW_SECRET)
    refusal = refused("--out", out)
    assert isinstance(refusal, ConfigurationError)
    assert PseudonymKey(SECRET).fingerprint in str(refusal)
    assert NEW_SECRET not in str(refusal)
    assert not out.exists()


def test_ranking_of_another_database_is_refused_for_its_ids_mean_other_people(folder, out, monkeypatch):
    other = folder / "other.duckdb"
    other.write_bytes((folder / "data/demo/agent_cory.duckdb").read_bytes())
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(other))
    assert "can be another person" in str(refused("--out", out))


def test_ranking_of_rows_without_organisation_is_read_from_all_rows(folder, out):
    with duckdb.connect(folder / "data/demo/agent_cory.duckdb") as connection:
        connection.execute("UPDATE education.contacts SET org_id = 2 WHERE contact_id = ?", [CONTACTS[2]])
    ask("--out", out, "--target", "t1")
    assert contacts_of(out) == list(CONTACTS[:2])
    snapshot = next((folder / "data/01_raw/snapshots").iterdir()).name
    write_manifest(folder, snapshot, SECRET, rows_of_no_organisation="read")
    ask("--out", out, "--target", "t1", "--force")
    assert contacts_of(out) == list(CONTACTS)


def test_published_manifest_serves_where_the_snapshot_was_cleaned_away(folder, out):
    (folder / f"data/01_raw/snapshots/{SNAPSHOT}/manifest.json").unlink()
    assert ask("--out", out).exit_code == 0
    (folder / "data/01_raw/manifest.json").unlink()
    assert isinstance(refused("--out", out, "--force"), DataError)


def test_ranking_that_is_not_what_was_published_is_refused(folder, out):
    (folder / "data" / LOG_NAME).write_text('{"files": {"07_model_output/scored_leads.parquet": "0"}}')
    assert isinstance(refused("--out", out), DataError)


def test_ranking_that_is_not_there_or_has_not_that_target_is_refused(folder, out):
    assert "has t1, t2, found 't3'" in str(refused("--out", out, "--target", "t3"))
    write_ranking(folder, {"t1": ()}, SECRET)
    assert "empty" in str(refused("--out", out))
    (folder / "data/07_model_output/scored_leads.parquet").unlink()
    assert isinstance(refused("--out", out), DataError)


def test_failed_export_leaves_no_file_and_is_recorded_as_broken_off(folder, out, monkeypatch):
    def break_off(*_):
        raise OSError("the disk is full")

    monkeypatch.setitem(WRITERS, "csv", break_off)
    assert isinstance(ask("--out", out).exception, OSError)
    assert (recorded(folder)[-1]["state"], recorded(folder)[-1]["rows"]) == ("broken off", 0)
    assert [path.name for path in out.parent.iterdir()] == ["project"]
