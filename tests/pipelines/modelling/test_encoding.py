import numpy as np
import pandas as pd
import pytest

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.pipelines.modelling.encoding import (
    attach_features,
    encode_codes,
    encode_columns,
    encode_design,
    learn_categories,
    learn_columns,
    require_features,
)
from lead_conversion.pipelines.modelling.parameters import EncodingParameters

ENCODING = EncodingParameters(min_rows_per_category=2, max_categories=2)
SOURCE = Feature("source", "attribution", "categorical", "category", "Where it came from", "never missing")
SCORE = Feature("score", "attribution", "numeric", "points", "Score", "not scored")


def test_rare_and_surplus_categories_are_not_learnt() -> None:
    rows = pd.DataFrame({"source": ["ads"] * 3 + ["web"] * 4 + ["fair"] * 2 + ["friend"]})
    assert learn_categories(rows, [SOURCE], ENCODING) == {"source": ["web", "ads"]}


def test_unseen_and_missing_categories_are_missing_codes() -> None:
    codes = encode_codes(pd.DataFrame({"source": ["ads", "moon", None]}), ["source"], {"source": ["web", "ads"]})
    np.testing.assert_array_equal(codes, [[1.0], [np.nan], [np.nan]])


def test_missing_number_stands_at_the_median_and_is_flagged() -> None:
    train = pd.DataFrame({"score": [1.0, 2.0, 3.0, np.nan]})
    value, missing = learn_columns(train, [SCORE], ENCODING)
    encoded = encode_columns(pd.DataFrame({"score": [np.nan, 2.0]}), [value, missing])
    assert encoded[0, 0] == encoded[1, 0]
    assert encoded[0, 1] > encoded[1, 1]


def test_number_beyond_training_is_held_at_its_end() -> None:
    columns = learn_columns(pd.DataFrame({"score": [1.0, 2.0, 3.0]}), [SCORE], ENCODING)
    encoded = encode_columns(pd.DataFrame({"score": [3.0, 1000.0]}), columns)
    assert encoded[0, 0] == encoded[1, 0]


def test_design_holds_the_encoded_columns_after_one_of_ones() -> None:
    rows = pd.DataFrame({"score": [1.0, 2.0, np.nan, 5.0], "source": ["ads", "web", "web", "ads"]})
    columns = learn_columns(rows, [SCORE, SOURCE], ENCODING)
    design = encode_design(rows, columns)
    np.testing.assert_array_equal(design, np.column_stack([np.ones(4), encode_columns(rows, columns)]))


def test_long_tail_is_read_on_a_log_scale() -> None:
    rows = pd.DataFrame({"score": np.exp(np.linspace(0, 8, 200))})
    assert learn_columns(rows, [SCORE], ENCODING)[0]["kind"] == "log"


def test_features_that_never_change_give_no_column() -> None:
    rows = pd.DataFrame({"score": [1.0, 1.0], "source": ["ads", "ads"]})
    assert learn_columns(rows, [SCORE, SOURCE], ENCODING) == []
    assert learn_columns(rows.assign(score=np.nan), [SCORE], ENCODING) == []


def _examples() -> pd.DataFrame:
    return pd.DataFrame({"lead_key": ["a", "a"], "landmark_hours": [0.0, 0.0], "split": ["train", "scoring"]})


def _features() -> pd.DataFrame:
    keys = {"lead_key": ["a", "a"], "landmark_hours": [0.0, 0.0], "is_scoring_row": [True, False]}
    return pd.DataFrame({**keys, "score": [1.0, 2.0]})


def test_scoring_row_and_landmark_at_the_same_hour_keep_their_own_features() -> None:
    assert attach_features(_examples(), _features())["score"].tolist() == [2.0, 1.0]


def test_examples_keep_their_order_and_features_their_types() -> None:
    examples = pd.DataFrame(
        {"lead_key": ["b", "c", "a"], "landmark_hours": 0.0, "split": "train", "label": [1, 0, 1]}, index=[7, 3, 5]
    )
    keys = {"lead_key": ["a", "b", "c"], "landmark_hours": 0.0, "is_scoring_row": False, "landmark_at": "2026-01-01"}
    values = {"n_replies": pd.array([1, None, 3], "Int64"), "source": ["web", None, "ads"], "is_known": True}
    attached = attach_features(examples, pd.DataFrame({**keys, **values}))
    expected = examples.reset_index(drop=True).assign(
        n_replies=pd.array([None, 3, 1], "Int64"), source=[None, "ads", "web"], is_known=True
    )
    pd.testing.assert_frame_equal(attached, expected)


@pytest.mark.parametrize("rows", [[0], [0, 1, 1]], ids=["missing", "repeated"])
def test_example_without_exactly_one_row_of_features_is_refused(rows: list[int]) -> None:
    with pytest.raises(DataError, match="one row of feature_leads"):
        attach_features(_examples(), _features().iloc[rows])


def test_unknown_feature_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'score'"):
        require_features(["scores"], [SOURCE, SCORE], "the rule")
