"""Which prompts are described, and that the contract holds what is made of them."""

import pandas as pd
import pytest
from entity_rows import AS_OF, STEP, rows

from lead_conversion.contracts import feature_layer
from lead_conversion.kernel.errors import DataError
from lead_conversion.pipelines.feature_engineering.prompts import describe_prompts


def steps(*given):
    return rows(STEP, *given).to_pandas()


def described_prompts(frame):
    return describe_prompts(frame, AS_OF)


def test_each_prompt_with_a_text_is_one_row_in_the_order_of_ids():
    described = described_prompts(
        steps(
            {"prompt_id": 9, "body": "Second"},
            {"prompt_id": 2, "body": "Shall we talk on Tuesday?"},
            {"prompt_id": 2, "body": "Shall we talk on Tuesday?", "step_id": 12},
        )
    )
    assert described["prompt_id"].tolist() == [2, 9]
    assert described["prompt_questions"].tolist() == [1, 0]


def test_a_prompt_that_was_written_after_the_as_of_is_not_known_yet():
    written = ({"prompt_id": 1}, {"prompt_id": 2, "prompt_created_at": AS_OF["as_of"]})
    assert described_prompts(steps(*written))["prompt_id"].tolist() == [1]


def test_a_step_without_a_prompt_and_a_prompt_without_a_text_have_no_row():
    frame = steps({"prompt_id": 1}, {"prompt_id": 2}, {"prompt_id": 3, "body": "Hello"})
    frame.loc[0, "prompt_id"] = pd.NA
    frame.loc[1, "body"] = None
    assert described_prompts(frame)["prompt_id"].tolist() == [3]


def test_a_campaign_without_prompts_gives_no_rows_and_the_same_columns():
    full = described_prompts(steps({"prompt_id": 1}))
    for empty in (
        described_prompts(steps({"prompt_id": 1}).head(0)),
        described_prompts(steps({"prompt_id": 1}).assign(body=None)),
    ):
        assert empty.empty
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()
        feature_layer.prompts.validate(empty)


def test_the_contract_takes_what_is_described_in_every_language():
    texts = ["Buchen Sie hier einen Termin", "Спасибо за интерес к нашему курсу", "{{first_name}}", "Book a call today"]
    described = described_prompts(steps(*({"prompt_id": n, "body": text} for n, text in enumerate(texts))))
    feature_layer.prompts.validate(described)
    assert described["prompt_has_ask"].isna().tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("column", "value"),
    [("prompt_chars", -1), ("prompt_words", -1), ("prompt_questions", -1), ("prompt_placeholders", -1),
     ("prompt_sentiment", 1.5), ("prompt_language", "english")],
)  # fmt: skip
def test_a_broken_row_is_refused(column, value):
    described = described_prompts(steps({"prompt_id": 1}, {"prompt_id": 2}))
    described.loc[0, column] = value
    with pytest.raises(DataError, match=column):
        feature_layer.prompts.validate(described)


def test_a_prompt_that_stands_twice_is_refused():
    described = described_prompts(steps({"prompt_id": 1}))
    with pytest.raises(DataError, match="uniqueness"):
        feature_layer.prompts.validate(pd.concat([described, described], ignore_index=True))
