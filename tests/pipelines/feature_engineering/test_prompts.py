"""Which prompts are described, and that the contract holds what is made of them."""

import numpy as np
import pandas as pd
import pytest
from configured import FEATURES as PARAMETERS
from entity_rows import AS_OF, STEP, rows

from lead_conversion.contracts import feature_layer
from lead_conversion.kernel.errors import DataError
from lead_conversion.language.embeddings import ANCHORS
from lead_conversion.pipelines.feature_engineering.prompts import describe_prompts


def steps(*given):
    return rows(STEP, *given).to_pandas()


def described_prompts(frame):
    return describe_prompts(frame, AS_OF, PARAMETERS)


def encode_hurry(sentences):
    """A stand-in for a model that hears only hurry: 1 in the direction of that anchor for a text with "now" in it."""
    moves = [int("now" in sentence) for sentence in sentences]
    return np.array([[move, 1 - move] for move in moves], dtype=np.float32)


def likenesses(*given):
    embedding = PARAMETERS.model_copy(update={"embeddings": "all-minilm-l6-v2"})
    described = describe_prompts(steps(*given), AS_OF, embedding, load={"all-minilm-l6-v2": encode_hurry}.__getitem__)
    feature_layer.prompts.validate(described)
    return described.set_index("prompt_id")


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


def test_no_prompt_is_likened_to_anything_unless_a_model_is_configured():
    assert PARAMETERS.embeddings is None
    described = described_prompts(steps({"prompt_id": 1}, {"prompt_id": 2}))
    assert described[[f"prompt_like_{anchor}" for anchor in ANCHORS]].isna().all(axis=None)


def test_prompt_is_like_a_move_that_any_of_its_sentences_makes():
    found = likenesses(
        {"prompt_id": 5, "body": "Hello {{first_name}}, the course takes eight weeks. Call me now."},
        {"prompt_id": 4, "body": "Hello {{first_name}}, the course takes eight weeks. Call me tomorrow."},
    )
    assert found["prompt_like_hurry"].to_dict() == {4: 0.0, 5: 1.0}
    assert found["prompt_like_offer"].to_dict() == {4: 1.0, 5: 1.0}


def test_neither_how_to_stop_nor_a_placeholder_is_likened():
    written = "Hello there, the course takes eight weeks. Which day suits you? {{now}}"
    found = likenesses(
        {"prompt_id": 1, "body": written, "subject": "Now or later, now"},
        {"prompt_id": 2, "body": f"{written} Reply STOP now to opt out."},
        {"prompt_id": 3, "body": "Reply STOP now to opt out of these messages."},
    )
    assert found["prompt_like_hurry"].to_dict() == {1: 1.0, 2: 0.0, 3: pytest.approx(np.nan, nan_ok=True)}


def test_prompt_in_a_language_that_the_model_cannot_read_is_not_likened():
    found = likenesses(
        {"prompt_id": 1, "body": "Buchen Sie hier einen Termin, und zwar now, wenn Sie noch Fragen haben"},
        {"prompt_id": 2, "body": "Pick a time for a short call, and you can ask your questions now"},
    )
    assert found["prompt_language"].tolist() == ["de", "en"]
    assert found["prompt_like_hurry"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("column", "value"),
    [("prompt_chars", -1), ("prompt_words", -1), ("prompt_questions", -1), ("prompt_placeholders", -1),
     ("prompt_sentiment", 1.5), ("prompt_language", "english"), ("prompt_like_proof", 1.1)],
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
