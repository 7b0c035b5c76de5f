"""Which words of a text are names of contacts, as the source answers it."""

import logging

import pytest
import sqlglot
from agent_cory_rows import make_database, selects

from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.source import reading
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.statements import (
    parse_statement,
    parse_statements,
    people_named,
    people_of_several_names,
    render,
    values_named,
)

PEOPLE = {
    "education.contacts": [
        {"contact_id": 1, "first_name": " Zenobia ", "last_name": "QUARTERMAINE"},
        {"contact_id": 2, "first_name": "Sinéad", "last_name": "O'Brien"},
        {"contact_id": 3, "first_name": "Maria José", "last_name": None},
        {"contact_id": 4, "first_name": None, "last_name": None},
        {"contact_id": 5, "first_name": "Zenobia", "last_name": "Nowhere"},
        {
            "contact_id": 6,
            "first_name": "Juan",
            "last_name": "van der Berghe-Lutz",
            "city": " San Sebastián",
            "company": "ACME Ltd",
        },
    ]
}


@pytest.fixture
def source_of(tmp_path):
    def make(texts=None, **options):
        return DuckDBSource(make_database(tmp_path / "cory.duckdb", PEOPLE), texts or selects(), **options)

    return make


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({"zenobia", "grace"}, {"zenobia"}),
        ({"zenobia", "quartermaine"}, {"zenobia", "quartermaine", "zenobia quartermaine"}),
        ({"o'brien", "sinéad"}, {"o'brien", "sinéad", "sinéad o'brien"}),
        ({"maria josé"}, {"maria josé"}),
        ({"nowhere"}, {"nowhere"}),
        ({"berghe", "lutz", "josé", "van", "der"}, {"berghe", "lutz", "josé"}),
        ({"san sebastián", "acme ltd", "acme"}, {"san sebastián", "acme ltd"}),
        ({"'", "' or 1=1 --"}, set()),
        (set(), set()),
    ],
)
def test_words_that_are_names_are_told_however_they_are_spelt_in_the_database(source_of, words, names):
    assert source_of().names_among(words) == names


def test_many_words_are_asked_in_several_queries_and_found_as_in_one(source_of, monkeypatch):
    asked = []
    monkeypatch.setattr(reading, "WORDS_A_QUERY", 2)
    source = source_of(on_statement=lambda record: asked.append((record.entity, record.purpose, record.state)))
    words = {"quartermaine", "zenobia", "a", "b", "c"}
    assert source.names_among(words) == {"zenobia", "quartermaine", "zenobia quartermaine"}
    assert asked.count(("people", "names", "asked")) == asked.count(("people", "names", "answered")) == 10


@pytest.mark.parametrize("text", [None, "-- This database names no people.\n"])
def test_without_people_no_word_is_a_name_and_a_warning_says_so_once(source_of, caplog, text):
    texts = {name: select for name, select in selects().items() if name != "people"}
    source = source_of(texts if text is None else {**texts, "people": text})
    with caplog.at_level(logging.WARNING):
        assert source.names_among({"zenobia"}) == source.names_among({"quartermaine"}) == frozenset()
    assert [record.getMessage() for record in caplog.records if "people" in record.getMessage()] == [
        "No SELECT gives people (source/people.sql): names of contacts in templates stay"
    ]


def test_a_word_cannot_end_its_literal():
    statement = parse_statements(selects())["people"]
    for dialect in ("tsql", "duckdb"):
        written = render(people_named(statement, ["o'brien", "x'); drop table dbo.t; --"]), dialect)
        assert "N'o''brien'" in written
        (parsed,) = sqlglot.parse(written, read=dialect)
        assert {literal.name for literal in parsed.find_all(sqlglot.exp.National)} == {
            "o'brien",
            "x'); drop table dbo.t; --",
        }


def test_people_pass_the_same_allow_list_as_any_entity():
    with pytest.raises(AccessError, match="'people' is refused"):
        parse_statement("people", selects()["people"] + " WITH (NOLOCK)")
    with pytest.raises(AccessError, match=r"'first_name' is made of education\.contacts\.notes"):
        parse_statement("people", selects()["people"].replace("c.first_name", "c.notes AS first_name"))
    with pytest.raises(ConfigurationError, match="missing: last_name"):
        parse_statement("people", selects()["people"].replace("    c.last_name,\n", ""))
    with pytest.raises(AccessError, match="'people' is refused"):
        parse_statements({**selects(), "people": "'"})


@pytest.mark.parametrize("dialect", ["tsql", "duckdb"])
def test_parts_of_names_cities_and_companies_are_asked_in_statements_that_each_engine_reads(dialect):
    statement = parse_statements(selects())["people"]
    for query in (people_of_several_names(statement), values_named(statement, "city", ["o'x", "bath"])):
        (parsed,) = sqlglot.parse(render(query, dialect), read=dialect)
        assert isinstance(parsed, sqlglot.exp.Select)
        assert {found.name for found in parsed.find_all(sqlglot.exp.National)} in ({"% %", "%-%"}, {"o'x", "bath"})
