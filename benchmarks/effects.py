"""How well effects are found: each world's planted truth against effects.parquet.

Simulates worlds, reads them as a run does, estimates effects and holds them against what was planted: errors, coverage
of the 95 % intervals, of what is flagged how much is bad in truth, whether E-values tell wrong effects from right ones,
and what the configuration chosen by posterior mean misses of the best one's gain; of several worlds in the end all
together.

python benchmarks/effects.py                               # 20,000 leads
python benchmarks/effects.py --leads 40000 --seeds 5 6
python benchmarks/effects.py --null-world --seeds 1 2 3    # nothing planted: nothing may be flagged
python benchmarks/effects.py --assignment randomised
python benchmarks/effects.py --hidden-confounding 1        # a cause that nobody records
"""

import argparse
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd
from project_run import run_project
from scipy.stats import mannwhitneyu

from lead_conversion.simulation import WorldSpec, truth_path_of, write_world

LABELLED = ("--pipelines", "data_engineering,feature_engineering", "--to-nodes", "label_conversions")
# As configured: an effect nearer to zero is not worth acting on, whatever its sign.
MARGIN = 0.003
BAD = (0.02, 0.01)
# Extra booked calls a month that are none.
NOTHING = 1e-6


def run(database: Path, folder: Path, *what: str) -> float:
    """Seconds of a run of some of the project in a folder."""
    began = time.perf_counter()
    run_project(folder, *what, CORY_DUCKDB_PATH=database)
    return time.perf_counter() - began


def read_found(folder: Path, database: Path) -> pd.DataFrame:
    """The effects of elements beside their truth, with the shrunken effect and what raw rates say."""
    effects = pd.read_parquet(folder / "data/07_model_output/effects.parquet")
    with duckdb.connect(str(truth_path_of(database)), read_only=True) as connection:
        truth = connection.execute("SELECT element_type, element_id, effect, kind, naive_difference FROM elements").df()
    return effects.merge(truth.dropna(subset=["effect"]), on=["element_type", "element_id"], suffixes=("", "_true"))


def tell_errors(found: pd.DataFrame) -> pd.DataFrame:
    """By kind of element: coverage, errors in percentage points, and the share with grade B."""
    true = found["effect_true"]
    judged = found.assign(
        covered=(found["ci_low"] <= true) & (true <= found["ci_high"]),
        raw=(found["naive_difference"] - true) ** 2,
        error=(found["effect"] - true) ** 2,
        check=(found["check_effect"] - true) ** 2,
        shrunken=(found["posterior"] - true) ** 2,
        bias=100 * (found["effect"] - true),
        grade_b=found["evidence_grade"] == "B",
    )
    columns = ["covered", "raw", "error", "check", "shrunken", "bias", "grade_b"]
    told = judged.groupby("element_type")[columns].mean()
    errors = ["raw", "error", "check", "shrunken"]
    told[errors] = 100 * told[errors] ** 0.5
    return told.assign(elements=judged.groupby("element_type").size()).round(3)


def tell_flags(found: pd.DataFrame) -> str:
    """What is flagged, what of it is no worse than the margin, and what is bad and was found."""
    flagged, true = found["flagged"], found["effect_true"]
    recall = [
        f"{int(flagged[true <= -least].sum())} of {int((true <= -least).sum())} found that are worse by {100 * least:g}"
        for least in BAD
    ]
    false, decoys = int((flagged & (true > -MARGIN)).sum()), int((flagged & (found["kind"] == "decoy")).sum())
    return f"flagged {int(flagged.sum())}, {false} of them not bad, {decoys} decoys; {', '.join(recall)}"


def tell_grades(found: pd.DataFrame) -> str:
    """How many elements have each grade, and how many intervals of each hold the truth."""
    covered = (found["ci_low"] <= found["effect_true"]) & (found["effect_true"] <= found["ci_high"])
    by_grade = covered.groupby(found["evidence_grade"]).agg(["mean", "size"])
    return ", ".join(f"grade {grade}: {size:.0f}, covered {mean:.2f}" for grade, (mean, size) in by_grade.iterrows())


def tell_sensitivity(found: pd.DataFrame) -> str:
    """E-values of effects whose interval is on one side of zero, where the truth is on that side and where it is not.

    The last figure is the chance that a right one's is larger than a wrong one's.
    """
    claimed = found.loc[(found["ci_low"] > 0) | (found["ci_high"] < 0)]
    is_right = claimed["effect"] * claimed["effect_true"] > 0
    is_right &= claimed["effect_true"].abs() > MARGIN
    right, wrong = claimed.loc[is_right, "sensitivity"], claimed.loc[~is_right, "sensitivity"]
    if right.empty or wrong.empty:
        return f"{len(right)} claims right, {len(wrong)} wrong"
    above = mannwhitneyu(right, wrong).statistic / (len(right) * len(wrong))
    return (
        f"{len(right)} claims right with a median E-value of {right.median():.2f}, "
        f"{len(wrong)} wrong with {wrong.median():.2f} (a right one's is larger: {above:.2f})"
    )


def tell_regret(found: pd.DataFrame) -> str:
    """Of what the best fixed configuration would gain over the present mix, the share that the chosen one misses.

    Chosen is, at each step, the live version with the best posterior mean; what is worse than its alternative by
    posterior mean is changed. Gains are weighted by the leads of a month and added, as if they did not interact.
    """
    live = found.loc[found["exposed_leads_month"] > 0]
    best = chosen = flagged = 0.0
    for _, versions in live.loc[live["element_type"] == "prompt"].groupby("step_id"):
        # Of two versions each is half their difference above or below the present mix.
        leads = versions["exposed_leads_month"].sum() * (len(versions) - 1) / len(versions)
        gain, left = versions["effect_true"], versions.loc[~versions["flagged"], "effect_true"]
        best += leads * gain.max()
        chosen += leads * gain[versions["posterior"].idxmax()]
        flagged += leads * left.mean() if len(left) else 0.0
    others = live.loc[live["element_type"].isin(["step", "wait", "order"])]
    gain = -others["effect_true"] * others["exposed_leads_month"]
    best += gain.clip(lower=0).sum()
    chosen += gain[others["posterior"] < 0].sum()
    flagged += gain[others["flagged"]].sum()
    return (
        f"regret by posterior mean {1 - chosen / best:.2f}, by flags {1 - flagged / best:.2f}"
        if best > NOTHING
        else "nothing to gain"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--assignment", choices=["confounded", "randomised"], default="confounded")
    parser.add_argument("--hidden-confounding", type=float, default=0.0)
    parser.add_argument("--null-world", action="store_true")
    words = parser.parse_args()
    worlds = []
    for seed in words.seeds:
        asked = {name: value for name, value in vars(words).items() if name != "seeds"}
        spec = WorldSpec.model_validate(asked | {"seed": seed})
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            database = folder / "cory.duckdb"
            write_world(spec, database, truth_path_of(database))
            run(database, folder, *LABELLED)
            seconds = run(database, folder, "--pipeline=recommendation")
            found = read_found(folder, database)
        worlds.append(found)
        print(f"{spec.model_dump_json(include={'leads', 'seed', 'assignment', 'hidden_confounding', 'null_world'})}")
        say(found)
        print(f"{tell_regret(found)}; {seconds:.0f} s\n", flush=True)
    if len(worlds) > 1:
        clean = sum(not found["flagged"].any() for found in worlds)
        print(f"{len(worlds)} worlds together, {clean} of them without a flag")
        say(pd.concat(worlds))


def say(found: pd.DataFrame) -> None:
    """Errors by kind, then flags, grades and sensitivity."""
    print(tell_errors(found).to_string())
    print(f"{tell_flags(found)}\n{tell_grades(found)}\n{tell_sensitivity(found)}", flush=True)


if __name__ == "__main__":
    main()
