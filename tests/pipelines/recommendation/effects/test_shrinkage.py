"""How far effects are drawn in."""

import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.effects.shrinkage import shrink_effects


@pytest.fixture
def make_effects():
    def make(values, errors, element_type="prompt", hypotheses=None):
        values, errors = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
        return pd.DataFrame(
            {
                "element_type": element_type,
                "effect": values,
                "ci_low": values - 1.959963985 * errors,
                "ci_high": values + 1.959963985 * errors,
                "text_mean": np.nan,
                "text_sd": np.nan,
                "hypothesis": hypotheses or [str(i) for i in range(len(values))],
            }
        )

    return make


def test_noisier_effect_is_drawn_in_further(make_effects):
    shrunken = shrink_effects(make_effects([-0.04, -0.04], [0.005, 0.03]), 0.95, 0.003)["posterior"]
    assert -0.04 < shrunken[0] < shrunken[1] < 0


def test_least_spread_keeps_lone_noise_from_becoming_certainty(make_effects):
    shrunken = shrink_effects(make_effects([0.001], [0.02]), 0.95, 0.01).iloc[0]
    trust = 0.01**2 / (0.01**2 + 0.02**2)
    assert shrunken["posterior"] == pytest.approx(trust * 0.001)
    assert shrunken["posterior_high"] - shrunken["posterior"] == pytest.approx(1.96 * trust**0.5 * 0.02, rel=1e-4)


def test_spread_beyond_the_leads_own_noise_is_no_noise(make_effects):
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 0.015, 100)
    effects = make_effects(truth + rng.normal(0, 0.02, 100), np.full(100, 0.025))
    by_all = shrink_effects(effects, 0.95, 0.003)["posterior"]
    by_leads = shrink_effects(effects, 0.95, 0.003, pd.Series(np.full(100, 0.02)))["posterior"]
    assert np.mean((by_leads - truth) ** 2) < np.mean((by_all - truth) ** 2)


def test_noise_of_leads_that_is_not_known_is_the_noise_of_the_interval(make_effects):
    effects = make_effects([-0.04, 0.01], [0.01, 0.01])
    unknown = shrink_effects(effects, 0.95, 0.003, pd.Series([np.nan, np.nan]))
    assert unknown["posterior"].equals(shrink_effects(effects, 0.95, 0.003)["posterior"])


def test_mirrors_stay_mirrors_and_count_once(make_effects):
    mirrored = make_effects([-0.03, 0.03, 0.01], [0.01, 0.01, 0.01], hypotheses=["a", "a", "b"])
    alone = make_effects([-0.03, 0.01], [0.01, 0.01], hypotheses=["a", "b"])
    shrunken = shrink_effects(mirrored, 0.95, 0.001)["posterior"]
    assert shrunken[0] == -shrunken[1]
    assert shrunken[0] == pytest.approx(shrink_effects(alone, 0.95, 0.001)["posterior"][0])


def test_steps_are_drawn_to_their_mean_and_prompts_to_zero(make_effects):
    values, errors = [0.02, 0.03, 0.04], [0.02, 0.02, 0.02]
    steps = shrink_effects(make_effects(values, errors, "step"), 0.95, 0.001)["posterior"]
    prompts = shrink_effects(make_effects(values, errors), 0.95, 0.001)["posterior"]
    assert steps.to_list() == pytest.approx([0.03] * 3, abs=0.001)
    assert prompts[1] < 0.025


def test_only_step_keeps_its_own_effect_and_interval(make_effects):
    effects = make_effects([0.05], [0.02], "step")
    shrunken = shrink_effects(effects, 0.95, 0.003).iloc[0]
    assert shrunken["posterior"] == pytest.approx(0.05)
    assert shrunken["posterior_low"] == pytest.approx(effects["ci_low"][0])


def test_precise_small_effects_do_not_set_the_spread_of_large_ones(make_effects):
    rng = np.random.default_rng(2)
    spread, errors = np.repeat([0.002, 0.04], 30), np.repeat([0.001, 0.01], 30)
    truth = rng.normal(0, spread)
    shrunken = shrink_effects(make_effects(rng.normal(truth, errors), errors), 0.95, 0.001)
    is_large = np.abs(truth) > 0.03
    assert (shrunken["posterior"] / truth)[is_large].median() > 0.8


def test_intervals_of_shrunken_effects_cover_the_truth(make_effects):
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(200):
        truth, errors = rng.normal(0, 0.02, 40), rng.uniform(0.005, 0.03, 40)
        shrunken = shrink_effects(make_effects(rng.normal(truth, errors), errors), 0.95, 0.001)
        covered.append((shrunken["posterior_low"] <= truth) & (truth <= shrunken["posterior_high"]))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_prompt_whose_wording_was_counted_is_not_drawn_in_again(make_effects):
    effects = make_effects([-0.04, -0.04], [0.02, 0.02]).assign(text_mean=[-0.03, np.nan], text_sd=[0.005, np.nan])
    counted, other = shrink_effects(effects, 0.95, 0.003).to_dict("records")
    assert counted["posterior"] == -0.03
    assert counted["posterior_high"] == pytest.approx(-0.03 + 1.96 * 0.005, abs=1e-5)
    assert other["posterior"] != -0.03
