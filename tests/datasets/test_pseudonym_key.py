import stat

import pytest
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.pseudonym_key import DEMO_KEY, PseudonymKeyDataset
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError, SourceError

SECRET = "a secret of sixteen characters or more"


@pytest.fixture
def key(tmp_path):
    def dataset(*, makes_missing=True):
        demo = {"filepath": str(tmp_path / "demo.duckdb")}
        path = str(tmp_path / "conf" / "pseudonym.key")
        return PseudonymKeyDataset(filepath=path, demo=demo, makes_missing=makes_missing)

    return dataset


def test_key_of_the_environment_comes_first(key, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", SECRET)
    assert key(makes_missing=False).load().fingerprint == PseudonymKey(SECRET).fingerprint


def test_demo_world_has_a_key_of_its_own_and_none_is_written(key, tmp_path, caplog):
    (tmp_path / "demo.truth.duckdb").touch()
    assert key().load().fingerprint == PseudonymKey(DEMO_KEY).fingerprint
    assert "before you read real people" in caplog.text
    assert not (tmp_path / "conf").exists()


def test_database_in_the_demos_place_that_was_not_simulated_gets_a_key_of_its_own(key, tmp_path):
    (tmp_path / "demo.duckdb").touch()
    assert key().load().fingerprint != PseudonymKey(DEMO_KEY).fingerprint


def test_database_of_somebodys_own_gets_a_key_made_once_that_only_its_owner_reads(key, tmp_path, monkeypatch):
    (tmp_path / "own.duckdb").touch()
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(tmp_path / "own.duckdb"))
    first, second = key().load(), key().load()
    path = tmp_path / "conf" / "pseudonym.key"
    assert first.fingerprint == second.fingerprint != PseudonymKey(DEMO_KEY).fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_key_is_made_for_a_database_that_is_not_there(key, tmp_path, monkeypatch):
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(tmp_path / "mistyped.duckdb"))
    with pytest.raises(DatasetError) as caught:
        key().load()
    assert isinstance(find_refusal(caught.value), SourceError)
    assert list(tmp_path.iterdir()) == []


def test_real_server_without_a_key_is_refused(key, tmp_path):
    with pytest.raises(DatasetError) as caught:
        key(makes_missing=False).load()
    assert isinstance(find_refusal(caught.value), ConfigurationError)
    assert list(tmp_path.iterdir()) == []


def test_key_that_was_made_is_said_to_stand_where_it_does(tmp_path, caplog):
    PseudonymKeyDataset(
        filepath=str(tmp_path / "conf/local/pseudonym.key"), demo={"filepath": "none"}, makes_missing=True
    ).load()
    assert "Made a pseudonym key in conf/local/pseudonym.key;" in caplog.text


def test_key_is_never_saved_or_shown(key, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", SECRET)
    with pytest.raises(DatasetError) as caught:
        key().save("x")
    assert isinstance(find_refusal(caught.value), AccessError)
    assert SECRET not in f"{key()} {key().load()} {key().load()!r}"


def test_retired_keys_of_environment_and_file_can_be_read_with_and_are_never_the_current_one(
    key, tmp_path, monkeypatch
):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", SECRET)
    first, second, third = "first-retired-secret", "second-retired-secret", "a third one, with blanks, in the file"
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED", f" {first}, {second}\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "pseudonym.retired.keys").write_text(f"{third}\n\n{second}\n")
    ring = key().ring()
    assert ring.current == key().load() == PseudonymKey(SECRET)
    assert list(ring.retired) == [PseudonymKey(secret) for secret in (first, second, third, DEMO_KEY)]


def test_retired_key_that_is_cut_short_is_refused_by_its_place_and_not_shown(key, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED", "a secret with blanks")
    with pytest.raises(ConfigurationError, match="LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED") as caught:
        key().ring()
    assert "secret with" not in str(caught.value)


def test_asking_for_the_ring_makes_no_key(key, tmp_path):
    assert key().ring().current is None
    assert list(tmp_path.iterdir()) == []


def test_key_is_on_disk_at_every_moment_of_a_rotation(key, tmp_path, monkeypatch):
    key().renew(rotates=False)
    first = (tmp_path / "conf" / "pseudonym.key").read_text()

    def crash(_size):
        raise OSError("the machine went down")

    monkeypatch.setattr("lead_conversion.datasets.pseudonym_key.secrets.token_hex", crash)
    with pytest.raises(OSError, match="went down"):
        key().renew(rotates=True)
    assert key().ring().of(PseudonymKey(first).fingerprint) == PseudonymKey(first)


def test_key_that_another_process_makes_in_the_same_moment_is_not_overwritten(key, tmp_path, monkeypatch):
    path = tmp_path / "conf" / "pseudonym.key"

    def be_late(_size):
        path.parent.mkdir()
        path.write_text(SECRET)
        return "f" * 64

    monkeypatch.setattr("lead_conversion.datasets.pseudonym_key.secrets.token_hex", be_late)
    with pytest.raises(FileExistsError):
        key().renew(rotates=False)
    assert path.read_text() == SECRET
