"""What the wording lets expect of a prompt, learned at the other steps, and when nothing is learned from it."""

import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.effects.text_prior import learn_from_wording

CALM, PRESSING = "Could we talk this week?", "Act now. Could we talk this week?"
STEPS = 30


@pytest.fixture
def learn(make_steps, parameters):
    """Two versions a step, the second pressing; what each step's figures say of the second, with its noise."""

    def run(effects, noise=0.01, knobs=parameters.effects, bodies=(CALM, PRESSING)):
        effects = np.asarray(effects, dtype=float)
        steps = make_steps(
            *(
                {"step_id": s, "prompt_id": 10 * s + v, "prompt_version": v + 1, "body": body}
                for s in range(1, len(effects) + 1)
                for v, body in enumerate(bodies)
            )
        )
        rows = pd.DataFrame(
            {
                "element_type": "prompt",
                "element_id": [str(10 * s + v) for s in range(1, len(effects) + 1) for v in (0, 1)],
                "step_id": pd.array(np.repeat(np.arange(1, len(effects) + 1), 2), "Int64"),
                "effect": (effects[:, None] * (-1, 1)).ravel(),
                "hypothesis": np.repeat(np.arange(len(effects)).astype(str), 2),
            }
        )
        reach = 1.959963985 * noise
        rows = rows.assign(ci_low=rows["effect"] - reach, ci_high=rows["effect"] + reach)
        return learn_from_wording(rows, steps, knobs).set_index("element_id")

    return run


@pytest.fixture
def pressing_harms():
    return np.random.default_rng(1).normal(-0.03, 0.01, STEPS)


def test_prompt_whose_own_leads_say_little_is_judged_by_its_like(learn, pressing_harms):
    unsure = np.append(pressing_harms, 0.0)
    told = learn(unsure).loc[f"{10 * len(unsure) + 1}"]
    assert told["text_mean"] < -0.01
    assert told["text_mean"] == pytest.approx(-learn(unsure).loc[f"{10 * len(unsure)}", "text_mean"])
    assert 0.05 < told["text_doubt"] < 0.5  # its own leads alone would say 0.6, and it is no flag


def test_step_is_not_told_by_itself_what_to_expect(learn, pressing_harms):
    far = learn(np.append(pressing_harms, 0.2)).loc[f"{10 * STEPS + 11}", "text_mean"]
    assert far > 0.15  # where nothing like it was seen, its own leads decide


def test_wording_that_says_nothing_of_effects_is_not_counted(learn):
    rng = np.random.default_rng(2)
    told = learn(rng.choice([-0.03, 0.03], STEPS) + rng.normal(0, 0.01, STEPS))
    assert told[["text_mean", "text_sd", "text_doubt"]].isna().all(axis=None)


def test_no_effects_and_noise_only_are_not_counted(learn):
    flags = [
        learn(np.random.default_rng(seed).normal(0, 0.01, STEPS))["text_doubt"].notna().any() for seed in range(20)
    ]
    assert not any(flags)


def test_versions_that_do_not_differ_in_wording_tell_nothing_of_each_other(learn, pressing_harms):
    assert learn(pressing_harms, bodies=(CALM, CALM))["text_doubt"].isna().all()


def test_it_is_off_where_effects_are_noisy_or_steps_few(learn, pressing_harms):
    assert learn(pressing_harms)["text_doubt"].notna().all()
    assert learn(pressing_harms, noise=0.02)["text_doubt"].isna().all()
    assert learn(pressing_harms[:10])["text_doubt"].isna().all()


def test_what_is_flagged_is_worse_in_truth_and_more_is_found_than_by_own_leads(learn):
    rng = np.random.default_rng(5)
    truth = np.where(rng.random(60) < 0.7, -0.02, 0.0)
    bodies = (CALM, PRESSING)
    told = learn(truth + rng.normal(0, 0.01, 60), bodies=bodies).iloc[1::2]
    flagged = told["text_doubt"].to_numpy() <= 0.05
    by_own_leads = (told["effect"] / 0.01).to_numpy() < -2.6
    assert flagged.sum() > by_own_leads.sum()
    assert (truth[flagged] == 0).mean() <= 0.1
    error, own = ((told[name].to_numpy() - truth) for name in ("text_mean", "effect"))
    assert (error**2).mean() < 0.7 * (own**2).mean()
