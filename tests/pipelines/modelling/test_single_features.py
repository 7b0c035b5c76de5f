import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.single_features import Counts, Rows, auc_of_scores

LEVEL = 0.95
NUMBER = Feature("score", "attribution", "numeric", "points", "A score", "not scored")
WORD = Feature("source", "attribution", "categorical", "category", "Where from", "'unknown': no such entry")


def rows_of(label, landmarks=1):
    keys = [f"{lead:06}" for lead in range(len(label))]
    parts = [
        pd.DataFrame({"lead_key": keys, "landmark_hours": float(hour), "label": label}) for hour in range(landmarks)
    ]
    return Rows.of(pd.concat(parts, ignore_index=True))


@pytest.fixture
def label():
    return (np.random.default_rng(0).random(4000) < 0.15).astype(int)


def test_auc_of_a_number_is_that_of_its_ranks(label):
    score = pd.Series(np.random.default_rng(1).normal(size=label.size) + label)
    found = Counts.of(rows_of(label), score, NUMBER).auc(LEVEL)
    assert found.value == pytest.approx(roc_auc_score(label, score), abs=0.02)
    assert found.ci_low < found.value < found.ci_high
    of_scores = auc_of_scores(rows_of(label), score.to_numpy(), LEVEL)
    assert of_scores.value == pytest.approx(roc_auc_score(label, score), abs=0.005)


def test_number_that_tells_by_its_middle_is_heard_though_its_ranks_say_nothing(label):
    middle = pd.Series(np.random.default_rng(2).normal(size=label.size) * np.where(label == 1, 0.1, 2.0))
    assert abs(roc_auc_score(label, middle) - 0.5) < 0.05
    assert Counts.of(rows_of(label), middle, NUMBER).auc(LEVEL).value > 0.8


def test_category_of_its_own_for_each_lead_tells_nothing(label):
    names = pd.Series([f"page {lead}" for lead in range(label.size)])
    assert Counts.of(rows_of(label), names, WORD).auc(LEVEL).value == pytest.approx(0.5, abs=1e-9)


def test_noise_of_many_values_is_not_flattered(label):
    noise = pd.Series(np.random.default_rng(3).integers(0, 500, label.size).astype(str))
    rate_of_its_own = pd.Series(label).groupby(noise).transform("mean")
    assert roc_auc_score(label, rate_of_its_own) > 0.65
    assert Counts.of(rows_of(label), noise, WORD).auc(LEVEL).value < 0.52


def test_clock_is_not_credited_to_a_feature():
    keys = [f"{lead:06}" for lead in range(2000)]
    early = pd.DataFrame({"lead_key": keys, "landmark_hours": 0.0, "label": np.arange(2000) % 4 == 0})
    late = pd.DataFrame({"lead_key": keys, "landmark_hours": 24.0, "label": np.arange(2000) % 4 == 0})
    examples = pd.concat([early, late[late["label"] | (late.index % 20 == 1)]], ignore_index=True)
    hours = examples["landmark_hours"]
    assert roc_auc_score(examples["label"], hours) > 0.6
    assert Counts.of(Rows.of(examples.astype({"label": int})), hours, NUMBER).auc(LEVEL).value == 0.5


def test_gaps_are_told_from_values(label):
    filled = pd.Series(np.where(label == 1, 5.0, np.nan))
    counts = Counts.of(rows_of(label), filled, NUMBER)
    assert counts.presence().auc(LEVEL).value == 1.0
    word = Counts.of(rows_of(label), pd.Series(np.where(label == 1, "closed", "unknown")), WORD)
    assert word.presence().auc(LEVEL).value == 1.0
    whole = Counts.of(rows_of(label), pd.Series(np.where(label == 1, "closed", "lost")), WORD)
    assert whole.presence().auc(LEVEL).value == 0.5
    assert whole.auc(LEVEL).value == 1.0


def test_value_that_only_winners_have_is_found_with_a_bound_that_few_leads_do_not_reach(label):
    won = np.flatnonzero(label)
    words = pd.Series(["open"] * label.size)
    words.iloc[won[:60]] = "closed"
    found = Counts.of(rows_of(label), words, WORD).winners_value(LEVEL)
    assert (found.value, found.leads, found.winners) == ("closed", 60, 60)
    assert 0.93 < found.share_at_least < 0.95
    words.iloc[won[5:60]] = "open"
    assert Counts.of(rows_of(label), words, WORD).winners_value(LEVEL).share_at_least < 0.6


def test_leads_are_counted_once_however_many_landmarks_they_have(label):
    words = pd.Series(np.where(label == 1, "closed", "open").tolist() * 3)
    found = Counts.of(rows_of(label, landmarks=3), words, WORD).winners_value(LEVEL)
    assert found.leads == label.sum()


def test_lower_end_of_the_interval_lies_above_the_truth_in_few_worlds():
    truth, above = norm.cdf(1 / np.sqrt(2)), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        label = (rng.random(600) < 0.2).astype(int)
        # A lead's landmarks are alike, so that they are not so many leads.
        score = pd.Series(np.tile(rng.normal(size=label.size) + label, 4))
        above += Counts.of(rows_of(label, landmarks=4), score, NUMBER).auc(LEVEL).ci_low > truth
    assert above <= 0.04 * 200


def test_figures_are_the_same_for_any_order_of_the_rows(label):
    examples = pd.DataFrame(
        {"lead_key": [f"{lead:06}" for lead in range(label.size)], "landmark_hours": 0.0, "label": label}
    )
    examples["score"] = np.random.default_rng(4).normal(size=label.size) + label
    shuffled = examples.sample(frac=1, random_state=1).reset_index(drop=True)
    first, second = (Counts.of(Rows.of(table), table["score"], NUMBER).auc(LEVEL) for table in (examples, shuffled))
    assert first == second
