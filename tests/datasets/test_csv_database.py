import re

import duckdb
import pytest
from kedro.io import DatasetError

from lead_conversion.datasets.csv_database import CSVDatabaseDataset
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.simulation.spec import WorldSpec
from lead_conversion.simulation.world import World

WORLD = World(WorldSpec(leads=10, seed=1))
LEADS = 'id,came_in,note\na,2018-01-02,\nb,2018-01-03,"one, two"\n'
TABLES = {
    "shop.leads": {"file": "leads.csv", "columns": {"id": "VARCHAR", "came_in": "DATE", "note": "VARCHAR"}},
    "shop.sales": {"file": "sales.csv", "columns": {"id": "VARCHAR", "sold_at": "TIMESTAMP"}},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "leads.csv").write_text(LEADS)
    (tmp_path / "sales.csv").write_text("id,sold_at\na,2018-02-01 10:00:00\n")
    return tmp_path


def dataset(folder, **settings):
    given = {"path": str(folder), "tables": TABLES, "where_from": "Ask the shop."} | settings
    return CSVDatabaseDataset(filepath=str(folder / "made/funnel.duckdb"), **given)


def refused_with(kind, folder, **settings):
    """The refusal of a save, which Kedro wraps, with all that a traceback of it would show."""
    with pytest.raises(DatasetError) as wrapped:
        dataset(folder, **settings).save(WORLD)
    refusal = wrapped.value.__cause__
    assert isinstance(refusal, kind)
    assert refusal.__cause__ is refusal.__context__ is None
    return str(wrapped.value)


def query(folder, sql):
    with duckdb.connect(str(folder / "made/funnel.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_tables_hold_the_files_with_the_declared_types(folder):
    dataset(folder).save(WORLD)
    assert query(folder, "SELECT id, year(came_in), note FROM shop.leads ORDER BY id") == [
        ("a", 2018, None),
        ("b", 2018, "one, two"),
    ]
    assert query(folder, "SELECT hour(sold_at) FROM shop.sales") == [(10,)]


def made_at(folder):
    return (folder / "made/funnel.duckdb").stat().st_mtime_ns


def test_database_of_the_same_files_is_left_as_it_is(folder):
    dataset(folder).save(WORLD)
    before = made_at(folder)
    dataset(folder).save(WORLD)
    assert made_at(folder) == before


def test_database_is_made_anew_when_a_file_changes(folder):
    dataset(folder).save(WORLD)
    (folder / "leads.csv").write_text(LEADS + "c,2018-01-04,\n")
    dataset(folder).save(WORLD)
    assert query(folder, "SELECT count(*) FROM shop.leads") == [(3,)]


def test_database_is_made_anew_when_a_declared_type_changes(folder, monkeypatch):
    dataset(folder).save(WORLD)
    monkeypatch.setitem(TABLES["shop.leads"]["columns"], "came_in", "VARCHAR")
    dataset(folder).save(WORLD)
    assert query(folder, "SELECT max(came_in) FROM shop.leads") == [("2018-01-03",)]


def test_database_that_does_not_say_what_it_was_made_from_is_made_anew(folder):
    (folder / "made").mkdir()
    duckdb.connect(str(folder / "made/funnel.duckdb")).close()
    dataset(folder).save(WORLD)
    assert query(folder, "SELECT count(*) FROM shop.leads") == [(2,)]


def test_folder_that_is_named_and_not_there_is_refused_and_the_old_database_not_read(folder, monkeypatch):
    dataset(folder).save(WORLD)
    moved = folder.rename(folder.with_name("moved"))
    (folder / "made").mkdir(parents=True)
    (moved / "made/funnel.duckdb").rename(folder / "made/funnel.duckdb")
    monkeypatch.setenv("SHOP_FOLDER", "elsewhere")
    elsewhere = {"path": str(folder / "elsewhere"), "path_variable": "SHOP_FOLDER"}
    assert "found no such folder. Ask the shop." in refused_with(ConfigurationError, folder, **elsewhere)
    monkeypatch.delenv("SHOP_FOLDER")
    dataset(folder, **elsewhere).save(WORLD)
    assert query(folder, "SELECT count(*) FROM shop.leads") == [(2,)]


def test_no_database_is_made_where_the_environment_names_one(folder, monkeypatch):
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(folder / "mine.duckdb"))
    dataset(folder).save(WORLD)
    assert not (folder / "made").exists()


def test_missing_file_is_named_with_where_to_get_it(folder):
    (folder / "sales.csv").unlink()
    refusal = refused_with(ConfigurationError, folder)
    assert "expected sales.csv in" in refusal
    assert refusal.endswith("found no such file. Ask the shop.")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("secret,not-a-day,x", "cast in came_in"),
        ("secret", "missing columns"),
        ("secret,2018-01-04,x,y", "too many columns"),
        ('"secret,2018-01-04,x', "unquoted value"),
    ],
)
def test_malformed_line_is_told_by_place_and_kind_and_never_by_value(folder, line, kind):
    (folder / "leads.csv").write_text(f"{LEADS}{line}\n")
    refusal = refused_with(DataError, folder)
    assert re.search(f"leads.csv .*1 line is malformed .*{kind}.*the first at line 4", refusal)
    assert "secret" not in refusal
    assert "not-a-day" not in refusal
    assert list((folder / "made").iterdir()) == []


@pytest.mark.parametrize("header", ["id,note,came_in", "id,came_in", "id,came_in,secret", ""])
def test_file_with_other_columns_is_refused(folder, header):
    (folder / "leads.csv").write_text(f"{header}\n")
    refusal = refused_with(DataError, folder)
    assert "other columns than expected" in refusal
    assert "secret" not in refusal


def test_file_that_is_no_text_is_refused_without_its_bytes(folder):
    (folder / "leads.csv").write_bytes(b"id,came_in,note\n\xff\xfe\x00secret,2018-01-04,x\n")
    refusal = refused_with(DataError, folder)
    assert "leads.csv does not hold" in refusal
    assert "secret" not in refusal


def test_it_is_read_through_its_read_only_entry_only(folder):
    with pytest.raises(DatasetError, match="agent_cory@source"):
        dataset(folder).load()


def test_it_exists_once_it_is_made(folder):
    assert not dataset(folder).exists()
    dataset(folder).save(WORLD)
    assert dataset(folder).exists()
