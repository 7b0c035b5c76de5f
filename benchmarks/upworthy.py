"""Whether a text can tell which of two wordings gets more clicks, on randomised headlines that nobody here wrote.

python benchmarks/upworthy.py
CORY_UPWORTHY_FOLDER=… python benchmarks/upworthy.py

Upworthy Research Archive (Matias, Munger, Le Quere and Ebersole 2021, Scientific Data 8:195), exploratory set.
Headlines of one test and one image are compared. Weeks 201326 to 201402 are left out, in which arms were not dealt by
chance, and any other test whose arms' impressions differ beyond chance. The model is a logistic regression of which of
two headlines won (Bradley and Terry 1952) on what language/ says of them and on their words; its settings are chosen
on weeks up to 201440, those behind are looked at once.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
from leakage import PUBLIC
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.stats import chisquare
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lead_conversion.language.prompts import describe_prompt
from lead_conversion.language.templates import text_features

Floats = NDArray[np.float64]

FILE = Path(os.environ.get("CORY_UPWORTHY_FOLDER") or PUBLIC / "upworthy") / "upworthy_clean.parquet"
# Arms that were dealt by chance differ by more in one test of a thousand.
UNEVEN = 0.001
BROKEN_WEEKS, LAST_LEARNT_WEEK = (201326, 201402), 201440
# Settings are judged on the weeks behind each of these, up to the next.
ORIGINS = (201413, 201427, 201434, LAST_LEARNT_WEEK)
CLEAR = 1.96
VIEWS = {
    "words": (("word", (1, 1), 2),),
    "words and letters": (("word", (1, 2), 2), ("char_wb", (3, 5), 5)),
}
PENALTIES, FEATURE_WEIGHTS = (0.1, 0.2, 0.5), (0.1, 0.2, 0.4)
SHARES = (1.0, 0.75, 0.5, 0.25, 0.1)
RESAMPLES, SEED = 2_000, 1


@dataclass(frozen=True)
class Pairs:
    """Two headlines of one test and image: their places in the arms, and how far apart their clicks are (z)."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    z: Floats
    week: NDArray[np.int64]
    test: NDArray[np.object_]

    def where(self, chosen: NDArray[np.bool_]) -> "Pairs":
        return Pairs(*(getattr(self, name)[chosen] for name in ("first", "second", "z", "week", "test")))


def read_arms() -> tuple[pd.DataFrame, list[str]]:
    """Arms of the sound tests, and what the sample-ratio check said."""
    arms = pd.read_parquet(FILE)
    is_broken = arms["test_week"].between(*BROKEN_WEEKS)
    p_values = arms.groupby("clickability_test_id")["impressions"].apply(lambda seen: chisquare(seen).pvalue)
    flagged = arms["clickability_test_id"].map(p_values < UNEVEN)
    tests = arms.assign(is_broken=is_broken, flagged=flagged).drop_duplicates("clickability_test_id")
    shares = tests.groupby("is_broken")["flagged"].agg(["mean", "sum", "size"])
    said = [
        f"{'weeks left out' if broken else 'other weeks'}: {row['sum']:.0f} of {row['size']:.0f} tests flagged "
        f"({row['mean']:.1%})"
        for broken, row in shares.iterrows()
    ]
    keys = ["clickability_test_id", "eyecatcher_id", "headline", "test_week"]
    sound = arms.loc[~is_broken & ~flagged].groupby(keys, as_index=False)[["impressions", "clicks"]].sum()
    return sound.assign(rate=sound["clicks"] / sound["impressions"]), said


def pair_up(arms: pd.DataFrame) -> Pairs:
    """Every two headlines of one test and one image."""
    groups = arms.groupby(["clickability_test_id", "eyecatcher_id"], sort=True).indices
    places = np.array([pair for rows in groups.values() for pair in combinations(rows, 2)])
    one, other = (arms.iloc[places[:, side]].reset_index(drop=True) for side in (0, 1))
    pooled = (one["clicks"] + other["clicks"]) / (one["impressions"] + other["impressions"])
    noise = np.sqrt(pooled * (1 - pooled) * (1 / one["impressions"] + 1 / other["impressions"]))
    z = ((one["rate"] - other["rate"]) / noise.where(noise > 0, np.inf)).to_numpy()
    return Pairs(places[:, 0], places[:, 1], z, one["test_week"].to_numpy(), one["clickability_test_id"].to_numpy())


def describe(headline: str) -> list[float]:
    """What language/ says of a headline; a text too short for a figure stands in the middle."""
    told, has = describe_prompt(None, headline), text_features(None, headline)
    ease = told.prompt_reading_ease
    return [
        float(np.log(told.prompt_chars)),
        float(np.log(told.prompt_words)),
        float(told.prompt_questions),
        told.prompt_sentiment or 0.0,
        abs(told.prompt_sentiment or 0.0),
        70.0 if ease is None else ease,
        *(float(has[name]) for name in ("clear_ask", "pressure", "proof", "jargon", "question_as_ask", "hard_to_read")),
    ]


class PairwiseTextModel:
    """Which of two texts does better, by their features and, where there are views, their words."""

    def __init__(self, views: str | None, penalty: float, feature_weight: float) -> None:
        self.views = VIEWS[views] if views else ()
        self.penalty, self.feature_weight = penalty, feature_weight

    def scores(self, texts: pd.Series, features: Floats, pairs: Pairs) -> Floats:
        """A score for every text, learnt from the pairs; a pair counts by how far apart its clicks are."""
        learnt = np.unique(np.concatenate([pairs.first, pairs.second]))
        spread = features[learnt].std(axis=0)
        scaled = (features - features[learnt].mean(axis=0)) / np.where(spread > 0, spread, 1)
        blocks = [csr_matrix(scaled * self.feature_weight)]
        for analyzer, lengths, least in self.views:
            words = TfidfVectorizer(analyzer=analyzer, ngram_range=lengths, min_df=least, sublinear_tf=True)
            blocks.append(words.fit(texts.iloc[learnt]).transform(texts))
        matrix = hstack(blocks).tocsr()
        model = LogisticRegression(C=self.penalty, fit_intercept=False, max_iter=500)
        model.fit(matrix[pairs.first] - matrix[pairs.second], pairs.z > 0, sample_weight=np.abs(pairs.z))
        return np.asarray(matrix @ model.coef_[0])


def rightly_ranked(scores: Floats, pairs: Pairs) -> NDArray[np.bool_]:
    return ((scores[pairs.first] - scores[pairs.second]) > 0) == (pairs.z > 0)


def choose_settings(texts: pd.Series, features: Floats, pairs: Pairs) -> tuple[str, float, float]:
    """The settings that ranked most clear pairs right behind the origins, none of them in the held-out weeks."""
    found = {}
    for settings in product(VIEWS, PENALTIES, FEATURE_WEIGHTS):
        right = []
        for begin, end in pairwise(ORIGINS):
            model = PairwiseTextModel(*settings).scores(texts, features, pairs.where(pairs.week <= begin))
            later = pairs.where((pairs.week > begin) & (pairs.week <= end) & (np.abs(pairs.z) > CLEAR))
            right.append(rightly_ranked(model, later))
        found[settings] = float(np.concatenate(right).mean())
        print(f"  {settings}: {found[settings]:.1%}", flush=True)
    return max(found, key=lambda settings: found[settings])


def interval(tests: NDArray[np.object_], figure: Callable[[NDArray[np.int64]], float]) -> str:
    """The figure of all rows with its 95 % interval over resampled tests."""
    rows_of = list(pd.Series(np.arange(len(tests))).groupby(tests).indices.values())
    rng = np.random.default_rng(SEED)
    drawn = [
        figure(np.concatenate([rows_of[i] for i in rng.integers(0, len(rows_of), len(rows_of))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{figure(np.arange(len(tests))):.1%} ({low:.1%} to {high:.1%})"


def judge_pairs(scores: Floats, pairs: Pairs) -> list[str]:
    """Pairs ranked right, of the clear ones, by the share of pairs that the model is surest of."""
    clear = pairs.where(np.abs(pairs.z) > CLEAR)
    right, sureness = rightly_ranked(scores, clear), np.abs(scores[clear.first] - scores[clear.second])
    lines = []
    for share in SHARES:
        kept = sureness >= np.quantile(sureness, 1 - share)
        hits = right[kept].astype(float)
        figure = interval(clear.test[kept], lambda rows, hits=hits: float(hits[rows].mean()))
        lines.append(f"surest {share:.0%} ({kept.sum():,} pairs): {figure}")
    return lines


def gain_of(taken: Floats, mean: Floats) -> Callable[[NDArray[np.int64]], float]:
    return lambda rows: float(taken[rows].sum() / mean[rows].sum() - 1)


def judge_choices(scores: Floats, arms: pd.DataFrame, is_held_out: NDArray[np.bool_]) -> list[str]:
    """Clicks of the chosen headline over the mean arm, by the share of tests in which the model chooses at all."""
    frame = arms.assign(score=scores).loc[is_held_out]
    groups = []
    for (test, _), rows in frame.groupby(["clickability_test_id", "eyecatcher_id"], sort=True):
        if len(rows) > 1:
            ordered = rows.sort_values(["score", "headline"], ascending=[False, True])
            lead = ordered["score"].iloc[0] - ordered["score"].iloc[1:].mean()
            groups.append((test, ordered["rate"].iloc[0], rows["rate"].mean(), rows["rate"].max(), lead))
    found = pd.DataFrame(groups, columns=["test", "chosen", "mean", "best", "lead"])
    mean, chosen, tests = (found[name].to_numpy() for name in ("mean", "chosen", "test"))
    lines = []
    for share in SHARES:
        acts = (found["lead"] >= found["lead"].quantile(1 - share)).to_numpy()
        there = interval(tests[acts], gain_of(chosen[acts], mean[acts]))
        # where it abstains, any arm goes out: the mean arm
        everywhere = interval(tests, gain_of(np.where(acts, chosen, mean), mean))
        lines.append(f"chooses in {share:.0%} ({acts.sum():,} of {len(found):,}): {there} there, {everywhere} over all")
    hindsight = found["best"].sum() / found["mean"].sum() - 1
    return [*lines, f"the arm that came out best, with hindsight: {hindsight:.1%}"]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    arms, said = read_arms()
    print("Sample-ratio check:", *said, sep="\n  ")
    pairs = pair_up(arms)
    print(f"{len(pairs.z):,} pairs, {np.mean(np.abs(pairs.z) > CLEAR):.1%} with abs(z) > {CLEAR}")
    distinct = {headline: describe(headline) for headline in arms["headline"].unique()}
    features = np.array([distinct[headline] for headline in arms["headline"]])
    learnt, held_out = pairs.where(pairs.week <= LAST_LEARNT_WEEK), pairs.where(pairs.week > LAST_LEARNT_WEEK)
    print("Settings, judged inside the weeks that are learnt:")
    chosen = choose_settings(arms["headline"], features, learnt)
    print("Chosen:", chosen)
    is_held_out = (arms["test_week"] > LAST_LEARNT_WEEK).to_numpy()
    models = {"features of language/ alone": PairwiseTextModel(None, 1.0, 1.0), "chosen": PairwiseTextModel(*chosen)}
    for name, model in models.items():
        scores = model.scores(arms["headline"], features, learnt)
        print(f"{name}, weeks after {LAST_LEARNT_WEEK}")
        print(" clear pairs ranked right:", *judge_pairs(scores, held_out), sep="\n  ")
        print(
            " clicks of the chosen headline over the mean arm:", *judge_choices(scores, arms, is_held_out), sep="\n  "
        )


if __name__ == "__main__":
    main()
