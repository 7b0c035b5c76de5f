"""What the watch sees, and what it makes of nothing. benchmarks/drift.py measures the same on a demo world."""

import drift as benchmark
import numpy as np
import pandas as pd
import pytest
from drift_worlds import DRIFT, decide, halves, make_leads, outcomes
from pydantic import ValidationError
from scipy.stats import chi2
from sklearn.metrics import average_precision_score

from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.errors import DataError
from lead_conversion.lifecycle.drift.checks import Change, compare_counts, decide_check, two_sided, worst
from lead_conversion.lifecycle.drift.inputs import compare_numbers, measure_categories, measure_missing, stability_index
from lead_conversion.lifecycle.drift.outcomes import average_precision, mature_outcomes
from lead_conversion.lifecycle.drift.parameters import DriftParameters
from lead_conversion.lifecycle.drift.reference import from_parquet, make_reference, to_parquet
from lead_conversion.lifecycle.drift.scores import expected_brier, expected_pr_auc

PLANTED = [name for name in benchmark.PLANTS if name != "nothing"]


@pytest.fixture(scope="module")
def pool():
    return make_leads(14_000, seed=3)


def acting(decision):
    return {(check.kind, check.subject) for check in decision.checks if check.verdict == "act"}


@pytest.mark.parametrize("planting", PLANTED)
def test_planted_change_is_caught_among_5000_leads(planting, pool):
    verdicts = [benchmark.trial(pool, benchmark.PLANTS[planting], DRIFT, 5000, seed)[0] for seed in range(3)]
    assert verdicts.count("act") == 3


def test_pairs_without_a_change_call_for_nothing(pool):
    verdicts = [benchmark.trial(pool, benchmark.PLANTS["nothing"], DRIFT, 1500, seed)[0] for seed in range(15)]
    # Two of fifteen come once in a hundred times where one run in a hundred is alarmed for nothing.
    assert verdicts.count("act") <= 1


@pytest.mark.parametrize(("before", "now"), [(5000, 250), (300, 5000), (200, 200)])
def test_groups_of_unlike_sizes_raise_no_more_alarms(before, now):
    verdicts = []
    for seed in range(8):
        rows = make_leads(before + now, seed=100 + seed)
        verdicts.append(decide(rows.iloc[:before], rows.iloc[before:]).verdict)
    assert verdicts.count("act") <= 1


def test_more_than_planted_moves_nothing_else():
    reference, current = halves(5000)
    decision = decide(reference, current.assign(site_visits_30d=current["site_visits_30d"] + 1))
    assert {subject for _kind, subject in acting(decision)} == {"site_visits_30d"}
    assert decision.checks[0].verdict == "act"
    assert "feed" in decision.checks[0].remedy
    assert "site_visits_30d" in decision.message


def test_reversed_correlation_names_the_pair_though_both_margins_stand():
    reference, current = halves(5000)
    dealt = benchmark.in_reverse(current["reply_share"], np.random.default_rng(0))
    decision = decide(reference, current.assign(reply_share=dealt))
    assert {kind for kind, _subject in acting(decision)} == {"together"}
    assert ("together", "n_replies with reply_share") in acting(decision)


def test_feature_that_goes_missing_is_told_as_missing():
    reference, current = halves(5000)
    gone = current["hours_to_engagement"].where(np.arange(5000) >= 300)
    decision = decide(reference, current.assign(hours_to_engagement=gone))
    assert ("missing", "hours_to_engagement") in acting(decision)


def test_category_that_the_reference_lacks_is_seen():
    reference, current = halves(5000)
    source = current["lead_source"].where(np.arange(5000) >= 250, "partner")
    assert ("categories", "lead_source = partner") in acting(decide(reference, current.assign(lead_source=source)))


def test_small_change_is_no_reason_to_act_however_many_leads_are_scored():
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=200_000), rng.normal(0.05, 1, 200_000)
    moved, shape = compare_numbers(before, now, "x", ("distribution", "shape"), DRIFT.floors)
    assert moved.figure > moved.chance(1e-9), "as sure as can be"
    assert {decide_check(change, 100, DRIFT).verdict for change in (moved, shape)} == {"steady"}


def test_large_change_on_few_leads_is_no_reason_to_act_while_chance_explains_it():
    change = Change("together", "a with b", "", 0.5, two_sided(0.15), floor=0.1)
    assert decide_check(change, 1000, DRIFT).verdict == "steady"
    assert decide_check(change, 1, DRIFT).verdict == "act"


def test_what_lies_between_the_two_limits_is_watched():
    spread = 0.1
    change = Change("together", "a with b", "", 3.05 * spread, two_sided(spread), floor=0.0)
    check = decide_check(change, 1, DRIFT)
    assert check.watch_limit < 3.05 * spread < check.limit
    assert check.verdict == "watch"


def test_change_for_the_better_calls_for_nothing():
    change = Change("outcomes", "PR-AUC", "", 0.9, two_sided(0.01), floor=0.1, is_worse=False)
    assert decide_check(change, 1, DRIFT).verdict == "steady"


def test_the_clock_of_the_run_and_learnt_rates_are_said_and_not_judged():
    reference, current = halves(3000)
    decision = decide(reference, current.assign(campaign_rate=current["campaign_rate"] * 2))
    assert decision.verdict == "steady"
    assert "campaign_rate" in decision.not_judged


def test_watched_feature_never_calls_for_action():
    reference, current = halves(3000)
    changed = current.assign(site_visits_30d=current["site_visits_30d"] + 3)
    assert decide(reference, changed, watch_only=("site_visits_30d",)).verdict == "watch"


def test_too_few_leads_are_not_judged_and_it_is_said():
    reference, current = halves(5000)
    decision = decide(reference, current.head(150).assign(site_visits_30d=99.0))
    assert decision.verdict == "steady"
    assert decision.checks == ()
    assert "not judged" in decision.message


def test_exact_test_of_shares_alarms_no_more_often_than_it_says():
    rng = np.random.default_rng(0)
    alarms = 0
    for _pair in range(4000):
        before, now = rng.binomial(5000, 0.004), rng.binomial(300, 0.004)
        figure, chance = compare_counts(before, 5000, now, 300)
        alarms += abs(figure) > chance(0.05)
    assert alarms / 4000 <= 0.05


def test_stability_index_of_nothing_follows_its_sampling_law():
    rng = np.random.default_rng(0)
    counts = [np.stack([rng.multinomial(2000, [0.1] * 10) for _group in range(2)]) for _pair in range(2000)]
    found = np.array([stability_index(pair) for pair in counts])
    limit = chi2.isf(0.05, 9) * (1 / 2000 + 1 / 2000)
    assert 0.035 < np.mean(found > limit) < 0.065


def test_category_too_rare_to_matter_is_no_test():
    reference, current = halves(2000)
    rare = current["lead_source"].where(np.arange(2000) >= 5, "fair")
    changes = measure_categories(reference, current.assign(lead_source=rare), lead_source_only(), DRIFT.floors)
    assert "lead_source = fair" not in {change.subject for change in changes}
    assert len(changes) == 4


def test_feature_that_no_lead_has_is_no_test():
    reference, current = halves(2000)
    without = [rows.assign(crm_score=np.nan) for rows in (reference, current)]
    assert not measure_missing(*without, [feature for feature in FEATURES if feature.name == "crm_score"], DRIFT.floors)
    verdicts = [decide(*rows) for rows in (without, [rows.drop(columns="crm_score") for rows in without])]
    assert verdicts[0].checks == verdicts[1].checks


def lead_source_only():
    return [feature for feature in FEATURES if feature.name == "lead_source"]


@pytest.mark.parametrize("expect", [expected_pr_auc, expected_brier])
def test_estimate_without_labels_is_what_comes_true_on_average(expect):
    probability = make_leads(4000)["probability"].to_numpy()
    rng = np.random.default_rng(0)
    drawn = [(rng.random(4000) < probability).astype(int) for _draw in range(60)]
    found = [
        average_precision_score(label, probability)
        if expect is expected_pr_auc
        else np.mean((label - probability) ** 2)
        for label in drawn
    ]
    assert expect(probability) == pytest.approx(np.mean(found), rel=0.02)


def test_average_precision_is_that_of_scikit_learn_with_ties_too():
    rng = np.random.default_rng(0)
    probability = np.round(rng.random(400), 1)
    labels = (rng.random((5, 400)) < probability).astype(float)
    wanted = [average_precision_score(label, probability) for label in labels]
    assert average_precision(labels, probability) == pytest.approx(wanted)


def test_estimate_without_labels_never_calls_for_action():
    reference, current = halves(5000)
    flat = current.assign(probability=current["probability"].mean() + current["probability"] / 100)
    estimates = [check for check in decide(reference, flat).checks if check.kind == "estimate"]
    assert "watch" in {check.verdict for check in estimates}
    assert "act" not in {check.verdict for check in estimates}


def test_halved_base_rate_is_a_matter_of_calibration_and_not_of_the_ranking():
    reference, current = halves(5000)
    decision = decide(reference, current, outcomes(current["probability"], thinned=0.5))
    assert ("outcomes", "calibration in the large") in acting(decision)
    assert ("outcomes", "PR-AUC") not in acting(decision)
    assert decision.advice.startswith("Recalibrate")
    large = next(check for check in decision.checks if check.subject == "calibration in the large")
    assert large.now == pytest.approx(large.before / 2, rel=0.15)


def test_ranking_that_no_longer_holds_calls_for_retraining():
    reference, current = halves(5000)
    shuffled = outcomes(current["probability"]).assign(
        probability=np.random.default_rng(0).permutation(current["probability"])
    )
    decision = decide(reference, current, shuffled)
    assert ("outcomes", "PR-AUC") in acting(decision)
    assert decision.advice.startswith("Retrain")


def test_outcomes_are_not_judged_before_enough_were_to_be_expected():
    reference, current = halves(3000)
    few = outcomes(current["probability"].head(60), thinned=0.0)
    decision = decide(reference, current, few)
    assert not [check for check in decision.checks if check.kind == "outcomes"]
    assert "too few" in decision.message


def history(*rows):
    columns = ["lead_key", "scored_at", "probability"]
    return pd.DataFrame(rows, columns=columns).assign(
        target="t1", model_version="m", scored_at=lambda frame: pd.to_datetime(frame["scored_at"])
    )


def labels(*rows):
    columns = ["lead_key", "window_end_at", "state"]
    return pd.DataFrame(rows, columns=columns).assign(
        target="t1", window_end_at=lambda frame: pd.to_datetime(frame["window_end_at"])
    )


AS_OF = pd.Timestamp("2026-09-01").to_pydatetime()


def test_lead_counts_once_its_window_is_over_and_not_before():
    scored = history(("over", "2026-08-20", 0.2), ("open", "2026-08-30", 0.2))
    known = labels(("over", "2026-08-27", "negative"), ("open", "2026-09-06", "immature"))
    assert list(mature_outcomes(scored, known, AS_OF, 30)["lead_key"]) == ["over"]


def test_immature_batch_is_not_called_worse():
    """Of leads that were scored yesterday hardly anyone has converted yet; those early ones do not count either."""
    reference, current = halves(2000)
    keys = [f"lead {number}" for number in range(2000)]
    scored = history(*((key, "2026-08-31", p) for key, p in zip(keys, current["probability"], strict=True)))
    state = ["positive" if number < 10 else "immature" for number in range(2000)]
    young = labels(*((key, "2026-09-06", found) for key, found in zip(keys, state, strict=True)))
    known = mature_outcomes(scored, young, AS_OF, 30)
    assert known.empty
    assert decide(reference, current, known).verdict == "steady"
    # The same counts once the windows are over are another matter.
    old = young.assign(window_end_at=pd.Timestamp("2026-08-31"), state=["positive"] * 10 + ["negative"] * 1990)
    assert decide(reference, current, mature_outcomes(scored, old, AS_OF, 30)).verdict == "act"


def test_lead_that_was_scored_daily_counts_once_with_its_first_score():
    scored = history(("a", "2026-08-03", 0.4), ("a", "2026-08-02", 0.1), ("a", "2026-08-04", 0.9))
    found = mature_outcomes(scored, labels(("a", "2026-08-09", "positive")), AS_OF, 30)
    assert list(found["probability"]) == [0.1]
    assert list(found["label"]) == [1]


def test_outcomes_of_long_ago_and_of_excluded_leads_do_not_count():
    scored = history(("old", "2026-06-01", 0.1), ("excluded", "2026-08-02", 0.1))
    known = labels(("old", "2026-06-08", "positive"), ("excluded", "2026-08-09", "excluded"))
    assert mature_outcomes(scored, known, AS_OF, 30).empty


def test_reference_is_a_sample_without_keys_that_comes_back_from_its_bytes():
    rows = make_leads(900).assign(lead_key="k")
    reference = make_reference(rows, rows["probability"].to_numpy(), 500, seed=1)
    assert len(reference) == 500
    assert "lead_key" not in reference
    content = to_parquet(reference)
    assert content == to_parquet(make_reference(rows, rows["probability"].to_numpy(), 500, seed=1))
    pd.testing.assert_frame_equal(from_parquet(content), reference)


@pytest.mark.parametrize("content", [b"", b"no parquet", to_parquet(pd.DataFrame({"crm_score": [1.0]}))])
def test_bytes_that_are_no_reference_are_refused(content):
    with pytest.raises(DataError, match="reference sample"):
        from_parquet(content)


def test_the_order_of_rows_changes_nothing():
    reference, current = halves(1500)
    turned = decide(reference.iloc[::-1].reset_index(drop=True), current)
    figures = [(check.subject, check.kind, check.figure) for check in turned.checks if check.kind != "estimate"]
    same = decide(reference, current).checks
    assert figures == [(check.subject, check.kind, check.figure) for check in same if check.kind != "estimate"]


def test_worst_verdict_counts_and_none_is_steady():
    assert worst(["steady", "act", "watch"]) == "act"
    assert worst([]) == "steady"


@pytest.mark.parametrize("change", [{"watch_error": 0.001}, {"history_days": 3}, {"misspelt": 1}])
def test_parameters_that_contradict_each_other_are_refused(change):
    with pytest.raises(ValidationError):
        DriftParameters.model_validate(DRIFT.model_dump() | change)
