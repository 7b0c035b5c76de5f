import ibis
import pandas as pd
import pandera.ibis
import pandera.pandas
import pytest

from lead_conversion.contracts.documents import prompt_rewrites, recommendations
from lead_conversion.contracts.gate import DocumentGate, Gate
from lead_conversion.kernel.errors import DataError


class Leads(pandera.ibis.DataFrameModel):
    lead_key: str
    score: int = pandera.ibis.Field(ge=0)

    class Config:
        strict = True
        unique = ["lead_key"]


FRAME = pandera.pandas.DataFrameSchema({"score": pandera.pandas.Column(int, pandera.pandas.Check.ge(0))}, name="Frame")


def lazy(**columns):
    return ibis.memtable(pd.DataFrame(columns))


def test_sound_table_passes_unchanged():
    passed = Gate(Leads).validate(lazy(lead_key=["a", "b"], score=[1, 2]))
    assert passed.order_by("lead_key").to_pandas().to_dict("list") == {"lead_key": ["a", "b"], "score": [1, 2]}


def test_table_without_rows_passes_when_its_columns_are_right():
    empty = lazy(lead_key=["a"], score=[1]).limit(0)
    assert Gate(Leads).validate(empty).count().execute() == 0
    with pytest.raises(DataError, match="column_not_in_dataframe: score"):
        Gate(Leads).validate(empty.drop("score"))


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (lazy(lead_key=["a", "b"], score=[1, -2]), "score: greater_than_or_equal_to(0) (1 rows)"),
        (lazy(lead_key=["a", "a"], score=[1, 2]), "multiple_fields_uniqueness (2 rows)"),
        (lazy(lead_key=["a"], score=[1], name=["x"]), "column_not_in_schema: name"),
        (lazy(lead_key=["a"]), "column_not_in_dataframe: score"),
    ],
)
def test_broken_rule_is_named_with_schema_column_check_and_count(table, named):
    with pytest.raises(DataError, match="Contract Leads is broken") as caught:
        Gate(Leads).validate(table)
    assert named in str(caught.value)


def test_message_and_its_causes_hold_no_value():
    with pytest.raises(DataError) as caught:
        Gate(Leads).validate(lazy(lead_key=["ada@example.org", "ada@example.org"], score=[1, -777]))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "ada@" not in str(caught.value)
    assert "777" not in str(caught.value)


def test_frame_is_checked_by_a_pandas_schema():
    with pytest.raises(DataError, match="Contract Frame is broken"):
        Gate(FRAME).validate(pd.DataFrame({"score": [-1]}))


def test_document_whose_target_lacks_a_part_is_refused():
    gate = DocumentGate("models", each=["status"])
    assert gate.validate({"t1": {"status": "trained"}})
    with pytest.raises(DataError, match=r"lacks t2\.status"):
        gate.validate({"t1": {"status": "trained"}, "t2": {}})


def test_document_without_a_part_is_refused():
    with pytest.raises(DataError, match="lacks as_of"):
        DocumentGate("moment", ["as_of"]).validate({"snapshot_id": "x"})


def test_entry_of_a_list_that_lacks_a_part_is_named():
    gate = DocumentGate("plan", ["steps"], listed={"steps": ["id", "why"]})
    document = {"steps": [{"id": 1, "why": "."}, {"id": 2}]}
    with pytest.raises(DataError, match=r"lacks steps\[1\]\.why"):
        gate.validate(document)
    assert gate.validate({"steps": document["steps"][:1]})


@pytest.mark.parametrize(
    ("gate", "part"),
    [(gate, part) for gate in (recommendations, prompt_rewrites) for parts in gate.listed.values() for part in parts],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_recommendation_or_request_without_a_part_is_refused(gate, part):
    ((name, parts),) = gate.listed.items()
    entry = dict.fromkeys(parts, "x")
    document = dict.fromkeys(gate.parts, "x") | {name: [entry]}
    assert gate.validate(document)
    del entry[part]
    with pytest.raises(DataError, match=part):
        gate.validate(document)
