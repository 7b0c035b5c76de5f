import stat

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
from lead_conversion.cli.key import key
from lead_conversion.cli.scores import scores
from lead_conversion.datasets.pseudonym_key import DEMO_KEY
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError

SECRET = "the secret of this test, long enough"
OLDER = "20260101T000000Z-ba9876543210"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A project folder whose key stands in conf/local, and whose ranking was written under it."""
    made = make_project(tmp_path / "project", SECRET)
    (made / "conf/local/pseudonym.key").write_text(SECRET)
    monkeypatch.chdir(made)
    return made


def ask(*words):
    return CliRunner().invoke(key, list(words))


def current(folder):
    return (folder / "conf/local/pseudonym.key").read_text()


def retired(folder):
    return (folder / "conf/local/pseudonym.retired.keys").read_text().splitlines()


def fingerprint(secret):
    return PseudonymKey(secret).fingerprint


def test_first_key_is_made_in_the_file_for_its_owner_only(folder):
    (folder / "conf/local/pseudonym.key").unlink()
    answer = ask("new")
    assert answer.exit_code == 0
    assert len(current(folder)) == 64
    assert stat.S_IMODE((folder / "conf/local/pseudonym.key").stat().st_mode) == 0o600
    assert fingerprint(current(folder)) in answer.output
    assert not (folder / "conf/local/pseudonym.retired.keys").exists()


def test_key_that_is_there_is_not_overwritten(folder):
    refusal = find_refusal(ask("new").exception)
    assert isinstance(refusal, ConfigurationError)
    assert "--rotate" in str(refusal)
    assert current(folder) == SECRET


def test_rotation_retires_the_key_that_was_there_and_loses_none(folder):
    assert ask("new", "--rotate").exit_code == 0
    second = current(folder)
    assert ask("new", "--rotate").exit_code == 0
    assert retired(folder) == [SECRET, second]
    assert current(folder) not in retired(folder)
    assert stat.S_IMODE((folder / "conf/local/pseudonym.retired.keys").stat().st_mode) == 0o600


def test_older_ranking_can_be_exported_after_a_rotation(folder, tmp_path):
    write_people(folder, {}, SECRET)
    name_operator(folder)
    ask("new", "--rotate")
    out = tmp_path / "ranking.csv"
    assert CliRunner().invoke(scores, ["export", "--out", str(out)]).exit_code == 0
    assert str(CONTACTS[0]) in out.read_text()


def test_no_key_is_made_in_a_file_while_the_environment_gives_it(folder, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", "a secret of the environment")
    refusal = find_refusal(ask("new", "--rotate").exception)
    assert isinstance(refusal, ConfigurationError)
    assert "LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED" in str(refusal)
    assert current(folder) == SECRET


def test_key_of_several_lines_is_not_retired_since_it_could_not_be_read_again(folder):
    (folder / "conf/local/pseudonym.key").write_text("first line of a secret\nsecond line")
    assert isinstance(find_refusal(ask("new", "--rotate").exception), ConfigurationError)
    assert current(folder) == "first line of a secret\nsecond line"


def test_new_key_is_a_matter_of_role_and_recorded(folder):
    (folder / "conf/local/access.yml").write_text("members: {custodian: [somebody-else]}")
    assert isinstance(find_refusal(ask("new", "--rotate").exception), AccessError)
    assert current(folder) == SECRET
    assert [(line["entity"], line["state"]) for line in recorded(folder)] == [("key.new", "refused")]


def test_status_tells_what_was_written_under_which_key(folder):
    write_manifest(folder, OLDER, "an older secret of this test")
    (folder / "conf/local/pseudonym.retired.keys").write_text("an older secret of this test\n")
    lines = [line.strip() for line in ask("status").output.splitlines()]
    assert f"current  {fingerprint(SECRET)}  from conf/local" in lines
    assert f"retired  {fingerprint('an older secret of this test')}" in lines
    of_current, of_older = lines.index(fingerprint(SECRET)), lines.index(fingerprint("an older secret of this test"))
    assert lines[of_current + 1 : of_current + 3] == [
        f"snapshot {SNAPSHOT}",
        f"the published ranking, of snapshot {SNAPSHOT}",
    ]
    assert lines[of_older + 1] == f"snapshot {OLDER}"
    assert lines[-1] == "No key can be destroyed."


def test_status_says_that_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", "a secret of the environment")
    said = ask("status").output
    assert f"current  {fingerprint('a secret of the environment')}  from LEAD_CONVERSION_PSEUDONYM_KEY" in said


def test_status_names_the_keys_that_nothing_refers_to(folder):
    (folder / "conf/local/pseudonym.retired.keys").write_text("an older secret of this test\n")
    last = ask("status").output.splitlines()[-1]
    assert fingerprint("an older secret of this test") in last
    assert fingerprint(SECRET) not in last


def test_key_of_the_published_tables_is_not_called_unused_when_the_snapshot_was_cleaned_away(folder):
    ask("new", "--rotate")
    (manifest,) = (folder / "data/01_raw/snapshots").glob("*/manifest.json")
    manifest.rename(folder / "data/01_raw/manifest.json")
    manifest.parent.rmdir()
    said = ask("status").output
    assert f"the published tables, of snapshot {SNAPSHOT}" in said
    assert "No key can be destroyed" in said


def test_status_says_what_cannot_be_exported_for_want_of_its_key(folder):
    (folder / "conf/local/pseudonym.key").unlink()
    said = ask("status").output
    assert "current  none yet" in said
    assert f"{fingerprint(SECRET)}  NOT AT HAND" in said


def test_status_of_an_empty_folder_is_told_too(folder):
    (folder / "data/07_model_output/scored_leads.parquet").unlink()
    next((folder / "data/01_raw/snapshots").glob("*/manifest.json")).unlink()
    assert "nothing yet" in ask("status").output


def test_ranking_whose_manifest_is_gone_is_told_as_unknown(folder):
    next((folder / "data/01_raw/snapshots").glob("*/manifest.json")).unlink()
    write_ranking(folder, {"t1": CONTACTS}, SECRET)
    assert "unknown  NOT AT HAND" in ask("status").output


def test_manifest_that_cannot_be_read_is_a_data_error(folder):
    next((folder / "data/01_raw/snapshots").glob("*/manifest.json")).write_text("[1")
    assert isinstance(find_refusal(ask("status").exception), DataError)


def test_demo_worlds_key_is_called_public(folder):
    (folder / "conf/local/pseudonym.key").unlink()
    (folder / "data/demo/agent_cory.truth.duckdb").touch()
    write_manifest(folder, SNAPSHOT, DEMO_KEY)
    said = ask("status").output
    assert f"current  {fingerprint(DEMO_KEY)} (the demo world's, public)" in said


@pytest.mark.parametrize("words", [("status",), ("new", "--rotate"), ("new",), ("--help",)])
def test_secret_is_never_shown(folder, words):
    (folder / "conf/local/pseudonym.retired.keys").write_text("an older secret of this test\n")
    answer = ask(*words)
    for secret in (SECRET, "an older secret of this test", current(folder)):
        assert secret not in f"{answer.output} {answer.exception}"


def test_help_teaches_a_rotation():
    said = ask("--help").output
    assert "key new --rotate" in said
    assert "kedro run --pipeline=full" in said
