"""Whether planned tests see what they are planned to see, how often what is not there, and how large they call it.

Plans a test as a run does, registers it, lets leads come week by week, and analyses every week until it stops, with the
project's own functions: planning, sample ratio, guardrails, planned looks.

python benchmarks/power.py                          # 500 tests with the planned effect, 500 without any
python benchmarks/power.py --tests 10000            # the same, to be sure
python benchmarks/power.py --base 0.05 --points 1   # another rate and effect
python benchmarks/power.py --opt-outs 2             # treatment doubles the opt-outs: do guardrails stop it?
python benchmarks/power.py --lost 0.1               # a tenth of B's leads is lost: does the sample ratio show it?
"""

import argparse
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from lead_conversion.lifecycle.experiments import (
    B_BETTER,
    BAD_RATIO,
    EVEN,
    FINAL,
    GUARDRAIL,
    Arm,
    RegisteredTest,
    register_planned,
)
from lead_conversion.pipelines.recommendation.experiments.analysis import analyse_experiment
from lead_conversion.pipelines.recommendation.experiments.planning import plan_experiments
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters

CONFIGURED = Path(__file__).parents[1] / "conf/base/parameters/recommendation/default.yaml"
AS_OF = pd.Timestamp("2026-09-01")
WEEK = pd.Timedelta(weeks=1)
OPT_OUT_RATE, NEGATIVE_RATE = 0.02, 0.04
PROMPTS = (1, 2)


@dataclass(frozen=True)
class World:
    """What is true of the leads of a test."""

    base: float
    effect: float
    opt_outs: float = 1.0
    lost: float = 0.0


def plan_test(base: float, effect: float, weekly: int) -> tuple[dict[str, Any], RegisteredTest]:
    """A test of one prompt, planned on traffic of so many leads a week, and registered."""
    configured = yaml.safe_load(CONFIGURED.read_text())
    configured["experiments"]["open_questions"] = 0
    parameters = RecommendationParameters(**configured)
    recommendation = {
        "id": "prompt-1", "experiment_id": "test-prompt-1", "element_type": "prompt", "element_id": "1",
        "campaign_id": 1, "step_id": 10, "contrast": "version 1 - mean of the other live versions", "label": "Step 1",
        "change": "edit_prompt", "evidence": {"shrunken_effect": -effect}, "proposed_text": "Hello",
        "edit": None, "proven_by": "",
    }  # fmt: skip
    effects = pd.DataFrame([{key: recommendation[key] for key in ("element_type", "element_id", "contrast")}])
    weeks = parameters.effects.traffic_weeks
    leads = _leads(weekly * weeks, AS_OF - weeks * WEEK, AS_OF, np.random.default_rng(0))
    plan = plan_experiments(
        {"status": "recommendations", "recommendations": [recommendation], "sequences": []},
        effects.assign(rate_treated=base),
        leads.assign(opted_out_at=pd.NaT, replied_negative_at=pd.NaT, is_mature=False),
        {"as_of": AS_OF.isoformat(), "snapshot_id": "power"},
        [],
        parameters,
    )
    (experiment,) = plan["experiments"]
    arms = tuple(Arm(mark="prompt", told_as=(str(prompt),)) for prompt in PROMPTS)
    return experiment, register_planned(experiment, arms, AS_OF.to_pydatetime(), plan)


def run_test(
    experiment: dict[str, Any], test: RegisteredTest, world: World, rng: np.random.Generator
) -> dict[str, Any]:
    """The verdict that a test ends with, the share of the planned information that it took, and what its look told."""
    weeks = experiment["weeks_enrolment"]
    leads = _leads(2 * test.sample_size_per_arm, AS_OF, AS_OF + weeks * WEEK, rng)
    leads = _deal(leads, world, rng)
    mature_at = leads["met_at"] + pd.Timedelta(days=test.horizon_days)
    looks: list[float] = []
    for week in range(1, experiment["duration_weeks"] + 1):
        as_of = AS_OF + week * WEEK
        known = leads.loc[leads["met_at"] < as_of].assign(is_mature=mature_at <= as_of)
        result = analyse_experiment(known, test, looks, as_of.to_pydatetime())
        if result["look"]:
            looks.append(result["information"])
        if result["verdict"] in (*FINAL, BAD_RATIO):
            told = {"verdict": result["verdict"], "information": result.get("information", 0.0)}
            corrected = (result["look"] or {}).get("corrected")
            return told | ({"seen": result["look"]["effect"], **corrected} if corrected else {})
    # Too few leads of B for the last look.
    return {"verdict": "open", "information": looks[-1] if looks else 0.0}


def _leads(n: int, start: pd.Timestamp, end: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    seconds = np.sort(rng.integers(0, int((end - start).total_seconds()), n))
    return pd.DataFrame(
        {
            "lead_key": [f"l{number:06}" for number in range(n)],
            "campaign_id": 1,
            "step_id": 10,
            "met_at": (start + pd.to_timedelta(seconds, unit="s")).astype("datetime64[us]"),
            "is_reachable": True,
        }
    )


def _deal(leads: pd.DataFrame, world: World, rng: np.random.Generator) -> pd.DataFrame:
    is_b = rng.random(len(leads)) < EVEN
    met_at = leads["met_at"]

    def happens(rate: np.ndarray | float) -> pd.Series:
        days = pd.to_timedelta(rng.uniform(0, 7, len(leads)), unit="D")
        return (met_at + days).where(rng.random(len(leads)) < rate)

    dealt = leads.assign(
        prompt_id=np.where(is_b, PROMPTS[1], PROMPTS[0]),
        booked=rng.random(len(leads)) < np.where(is_b, world.base + world.effect, world.base),
        opted_out_at=happens(np.where(is_b, world.opt_outs * OPT_OUT_RATE, OPT_OUT_RATE)),
        replied_negative_at=happens(NEGATIVE_RATE),
    )
    return dealt.loc[~is_b | (rng.random(len(leads)) >= world.lost)]


def run_tests(experiment: dict[str, Any], test: RegisteredTest, world: World, tests: int, seed: int) -> pd.DataFrame:
    """One row a simulated test, as `run_test` tells it."""
    rngs = np.random.default_rng(seed).spawn(tests)
    ended = [run_test(experiment, test, world, rng) for rng in rngs]
    return pd.DataFrame(ended)


def tell_sizes(ended: pd.DataFrame, planted: float) -> str:
    """How large tests that a look decided call the difference, as it was seen and corrected for the looks."""
    told = ended.dropna(subset="effect")
    covers = (told["ci_low"] <= planted) & (planted <= told["ci_high"])
    sizes = "; ".join(
        f"{name} mean {100 * told[column].mean():+.2f} points, median {100 * told[column].median():+.2f}, too large in "
        f"{with_interval((told[column] > planted).mean(), len(told))}"
        for name, column in (("as seen", "seen"), ("corrected", "effect"))
    )
    return f"{sizes}; corrected intervals cover {with_interval(covers.mean(), len(told))}"


def with_interval(share: float, tests: int) -> str:
    error = 1.96 * math.sqrt(share * (1 - share) / tests)
    return f"{100 * share:.1f} % ({100 * max(share - error, 0):.1f} to {100 * (share + error):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", type=float, default=0.12)
    parser.add_argument("--points", type=float, default=2.0)
    parser.add_argument("--weekly", type=int, default=700)
    parser.add_argument("--opt-outs", type=float, default=1.0)
    parser.add_argument("--lost", type=float, default=0.0)
    words = parser.parse_args()
    effect = words.points / 100
    experiment, test = plan_test(words.base, effect, words.weekly)
    print(
        f"Planned: {words.base:.1%} against {words.base + effect:.1%}, {test.sample_size_per_arm:,} leads an arm, "
        f"{experiment['duration_weeks']} weeks, looks at {', '.join(f'{look:.0%}' for look in test.looks)}"
    )
    for name, planted in (("planned effect", effect), ("no effect", 0.0)):
        world = World(words.base, planted, words.opt_outs, words.lost)
        ended = run_tests(experiment, test, world, words.tests, words.seed)
        verdicts = Counter(ended["verdict"])
        shown = {
            "B better": verdicts[B_BETTER],
            "A better": verdicts["a_better"],
            "stopped by a guardrail": verdicts[GUARDRAIL],
            "stopped by the sample ratio": verdicts[BAD_RATIO],
        }
        figures = "; ".join(f"{what} {with_interval(n / words.tests, words.tests)}" for what, n in shown.items())
        print(f"{name}, {words.tests:,} tests: {figures}; mean information {ended['information'].mean():.2f}")
        print(f"  the difference: {tell_sizes(ended, planted)}")


if __name__ == "__main__":
    main()
