import stat

import pytest
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.pseudonym_key import DEMO_KEY, PseudonymKeyDataset
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError

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
    monkeypatch.setenv("CORY_DUCKDB_PATH", "own.duckdb")
    first, second = key().load(), key().load()
    path = tmp_path / "conf" / "pseudonym.key"
    assert first.fingerprint == second.fingerprint != PseudonymKey(DEMO_KEY).fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_real_server_without_a_key_is_refused(key, tmp_path):
    with pytest.raises(DatasetError) as caught:
        key(makes_missing=False).load()
    assert isinstance(find_refusal(caught.value), ConfigurationError)
    assert list(tmp_path.iterdir()) == []


def test_key_is_never_saved_or_shown(key, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", SECRET)
    with pytest.raises(DatasetError) as caught:
        key().save("x")
    assert isinstance(find_refusal(caught.value), AccessError)
    assert SECRET not in f"{key()} {key().load()} {key().load()!r}"
