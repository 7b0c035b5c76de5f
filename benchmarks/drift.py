"""What the watch sees and what it makes of nothing: pairs of samples without a change, and with one that was planted.

Reads the folder of a finished run. The rows are its leads, each at one of its landmarks at random, with the
probability of the run's own model; a pair is 2 x 5,000 of them at random, parted at random. A change is planted into
the second half. Caught means: verdict `act`.

python benchmarks/drift.py RUN_FOLDER [--pairs 200] [--plants 100] [--leads 5000] [--only ...] [--classifiers]
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest, rankdata

from lead_conversion.cli.project import parameters_of
from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.lifecycle.drift.decision import decide_drift
from lead_conversion.lifecycle.drift.parameters import DriftParameters
from lead_conversion.lifecycle.drift.reference import PROBABILITY

SD, POINTS, SPREAD, CORRELATED = 0.2, 0.05, 1.15, 0.3
SURE = 3  # standard errors
Pair = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Planted:
    """The second half of a pair with a change in it, and what was changed; labels where the change is in them."""

    current: pd.DataFrame
    what: str
    thinned: float | None = None


def read_pool(folder: Path, target: str, seed: int) -> pd.DataFrame:
    """One row a lead, at one of its landmarks at random: features, the chosen model's probability."""
    # Only a finished run has models; tests bring rows of their own.
    from lead_conversion.pipelines.modelling.encoding import attach_features  # noqa: PLC0415
    from lead_conversion.pipelines.modelling.estimators import predict_probability  # noqa: PLC0415

    data = folder / "data"
    trained = json.loads((data / "06_models/trained_models.json").read_text())[target]
    examples = pd.read_parquet(data / "05_model_input/examples.parquet")
    examples = examples[examples["target"] == target].sample(frac=1, random_state=seed).drop_duplicates("lead_key")
    rows = attach_features(examples, pd.read_parquet(data / "04_feature/leads.parquet"))
    rows = rows.assign(probability=predict_probability(trained["models"][trained["chosen"]], rows))
    return rows[[*(feature.name for feature in FEATURES), PROBABILITY]]


def draw_pair(pool: pd.DataFrame, leads: int, rng: np.random.Generator) -> Pair:
    """Two groups of leads drawn from one."""
    chosen = rng.permutation(len(pool))[: 2 * leads]
    return pool.iloc[chosen[:leads]].reset_index(drop=True), pool.iloc[chosen[leads:]].reset_index(drop=True)


def judged_features(pool: pd.DataFrame, drift: DriftParameters, kind: str) -> list[Feature]:
    """The features of a kind that are judged and have two values or more."""
    return [
        feature
        for feature in FEATURES
        if feature.kind == kind
        and not {feature.name, feature.family} & (drift.not_judged.keys() | set(drift.watch_only))
        and feature.name in pool
        and pool[feature.name].drop_duplicates().count() > 1
    ]


def move(pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator) -> Planted:
    """A numeric feature moved by 0.2 standard deviations, up or down."""
    name = rng.choice([feature.name for feature in judged_features(pool, drift, "numeric")])
    step = SD * pool[name].std() * rng.choice([-1, 1])
    return Planted(current.assign(**{name: current[name] + step}), name)


def widen(pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator) -> Planted:
    """A numeric feature whose distances from its mean are 15 % larger, or smaller."""
    name = rng.choice([feature.name for feature in judged_features(pool, drift, "numeric")])
    mean, by = pool[name].mean(), rng.choice([SPREAD, 1 / SPREAD])
    return Planted(current.assign(**{name: mean + by * (current[name] - mean)}), f"{name} x {by:.2f}")


def shift_category(
    pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator
) -> Planted:
    """A category that gains 5 points of the leads from all others in proportion, or loses them to them."""
    cells = [
        (feature.name, str(category), share)
        for feature in judged_features(pool, drift, "categorical")
        for category, share in pool[feature.name].value_counts(normalize=True).items()
    ]
    gains = bool(rng.integers(2))
    possible = [cell for cell in cells if (cell[2] <= 1 - POINTS if gains else cell[2] > POINTS)]
    name, category, share = possible[rng.integers(len(possible))]
    values = current[name].to_numpy(dtype=object, copy=True)
    inside = values == category
    if gains:
        values[~inside & (rng.random(len(values)) < POINTS / (1 - share))] = category
    else:
        leaving = inside & (rng.random(len(values)) < POINTS / share)
        values[leaving] = rng.choice(pool.loc[pool[name] != category, name].to_numpy(dtype=object), leaving.sum())
    moved = current.assign(**{name: pd.Series(values, index=current.index, dtype="str")})
    return Planted(moved, f"{name} = {category} from {share:.2f} {'up' if gains else 'down'}")


def reverse(pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator) -> Planted:
    """A feature whose values are dealt out in the reverse order: its margin stays, its correlations turn round."""
    # Found once a pool: it takes longer than a verdict.
    if "reversible" not in pool.attrs:
        pool.attrs["reversible"] = reversible_pairs(pool, drift)
    pairs = pool.attrs["reversible"]
    first, second = pairs[rng.integers(len(pairs))]
    return Planted(current.assign(**{second: in_reverse(current[second], rng)}), f"{first} with {second}")


def reversible_pairs(pool: pd.DataFrame, drift: DriftParameters) -> list[tuple[str, str]]:
    """Pairs of never missing features whose rank correlation is at least 0.3, and turns round when one is reversed.

    Where one feature is the same for nearly all leads its margin leaves no room for a correlation of the other sign.
    """
    rng = np.random.default_rng(0)
    some = pool.sample(min(len(pool), 5000), random_state=0)
    names = [f.name for f in judged_features(pool, drift, "numeric") if some[f.name].notna().all()]
    found = some[names].rank().corr().to_numpy()
    pairs = []
    for column, name in enumerate(names):
        turned = some[names].rank().corrwith(in_reverse(some[name], rng).rank()).to_numpy()
        rows = np.flatnonzero((np.abs(found[column]) >= CORRELATED) & (turned * found[column] < 0))
        rows = rows[np.abs(turned[rows]) >= np.abs(found[column][rows]) / 2]
        pairs += [(names[row], name) for row in rows if row != column]
    return pairs


def in_reverse(values: pd.Series, rng: np.random.Generator) -> pd.Series:
    """The same values, the largest where the smallest stood; equal ones in random order."""
    order = np.lexsort((rng.random(len(values)), values.to_numpy(dtype=float)))
    dealt = np.empty(len(values))
    dealt[order] = np.sort(values.to_numpy(dtype=float))[::-1]
    return pd.Series(dealt, index=values.index)


def halve_rate(pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator) -> Planted:  # noqa: ARG001
    """Half of those who would have converted do not."""
    return Planted(current, "labels", thinned=0.5)


def leave(pool: pd.DataFrame, current: pd.DataFrame, drift: DriftParameters, rng: np.random.Generator) -> Planted:  # noqa: ARG001
    """Nothing is changed."""
    return Planted(current, "nothing", thinned=1.0)


Plant = Callable[[pd.DataFrame, pd.DataFrame, DriftParameters, np.random.Generator], Planted]
PLANTS: dict[str, Plant] = {
    "nothing": leave,
    "feature moved by 0.2 sd": move,
    "category by 5 points": shift_category,
    "spread by 15 %": widen,
    "correlation reversed": reverse,
    "base rate halved": halve_rate,
}


def outcomes_of(current: pd.DataFrame, thinned: float | None, rng: np.random.Generator) -> pd.DataFrame:
    """What becomes of the leads if every probability comes true, thinned; nothing where inputs alone are looked at."""
    if thinned is None:
        return pd.DataFrame({"probability": pd.Series(dtype=float), "label": pd.Series(dtype=int)})
    probability = current[PROBABILITY].to_numpy()
    return pd.DataFrame({"probability": probability, "label": (rng.random(len(current)) < thinned * probability) * 1})


def trial(
    pool: pd.DataFrame, plant: Plant, drift: DriftParameters, leads: int, seed: int
) -> tuple[str, str, list[str]]:
    """The verdict on one pair, what was planted, and what called for action."""
    rng = np.random.default_rng(seed)
    reference, current = draw_pair(pool, leads, rng)
    planted = plant(pool, current, drift, rng)
    outcomes = outcomes_of(planted.current, planted.thinned, rng)
    decision = decide_drift(reference, planted.current, outcomes, drift, seed)
    acting = [f"{check.kind}: {check.subject}" for check in decision.checks if check.verdict == "act"]
    return decision.verdict, planted.what, acting


def seen_by_classifiers(pool: pd.DataFrame, drift: DriftParameters, leads: int, trials: int) -> Iterator[str]:
    """How often classifiers that tell the groups apart see a reversed correlation, and what they make of nothing."""
    from lightgbm import LGBMClassifier  # noqa: PLC0415 - only asked for by name
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415
    from sklearn.model_selection import cross_val_predict  # noqa: PLC0415
    from sklearn.preprocessing import PolynomialFeatures  # noqa: PLC0415

    names = [feature.name for feature in judged_features(pool, drift, "numeric")]
    models = {
        "logistic on columns and their products": LogisticRegression(C=0.001, max_iter=200),
        "LightGBM": LGBMClassifier(n_estimators=60, num_leaves=15, min_child_samples=50, verbose=-1, n_jobs=1),
    }
    for name, model in models.items():
        for planting in ("nothing", "correlation reversed"):
            alarms = 0
            for number in range(trials):
                rng = np.random.default_rng(number)
                reference, current = draw_pair(pool, leads, rng)
                changed = PLANTS[planting](pool, current, drift, rng).current
                both = pd.concat([reference[names], changed[names]], ignore_index=True)
                columns = np.column_stack([rankdata(both[column].fillna(both[column].median())) for column in names])
                columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-9)
                if name.startswith("logistic"):
                    columns = PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(columns)
                side = np.repeat([0, 1], leads)
                told = cross_val_predict(model, columns, side, cv=2, method="predict_proba")[:, 1]
                # Under no change the AUC is normal with this variance (Mann and Whitney 1947).
                spread = np.sqrt((2 * leads + 1) / (12 * leads**2))
                alarms += bool((roc_auc_score(side, told) - 0.5) / spread > SURE)
            yield f"{name:<40}{planting:<24}{share(alarms, trials)}"


def share(count: int, of: int) -> str:
    """A share with its exact 95 % interval (Clopper and Pearson 1934)."""
    ends = binomtest(count, of).proportion_ci()
    return f"{count} of {of} = {count / of:.3f} ({ends.low:.3f} to {ends.high:.3f})"


def main() -> None:
    """Print one line a kind of change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--target", default="t1")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--plants", type=int, default=100)
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--only", nargs="*", choices=list(PLANTS))
    parser.add_argument("--classifiers", type=int, default=0, metavar="TRIALS")
    given = parser.parse_args()
    drift = DriftParameters.model_validate(parameters_of(None)["drift"])
    pool = read_pool(given.folder, given.target, seed=1)
    print(f"{len(pool):,} leads of {given.folder.name}, {given.target}; pairs of {given.leads:,}")
    for name in given.only or PLANTS:
        trials = given.pairs if name == "nothing" else given.plants
        verdicts, missed = [], []
        for number in range(trials):
            verdict, what, acting = trial(pool, PLANTS[name], drift, given.leads, number)
            verdicts.append(verdict)
            if (verdict == "act") == (name == "nothing"):
                missed.append(f"{what} {acting}" if acting else what)
        print(f"{name:<28}act {share(verdicts.count('act'), trials)}; watch {verdicts.count('watch')}", flush=True)
        for what in missed:
            print(f"    {'alarmed' if name == 'nothing' else 'missed'}: {what}")
    for line in seen_by_classifiers(pool, drift, given.leads, given.classifiers) if given.classifiers else ():
        print(line, flush=True)


if __name__ == "__main__":
    main()
