"""Small worlds whose truth is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from configured import PARAMETERS

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.gates import GateLimits
from lead_conversion.pipelines.modelling.parameters import (
    EvaluationParameters,
    LeakageParameters,
    ModelParameters,
    SplitParameters,
)
from lead_conversion.pipelines.modelling.splits import assign_splits
from lead_conversion.pipelines.modelling.training import train_models

AS_OF = pd.Timestamp("2026-09-01")
HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class World:
    """Labels, contacts and features of invented leads, and the examples made of them."""

    labels: pd.DataFrame
    contacts: pd.DataFrame
    feature_leads: pd.DataFrame
    examples: pd.DataFrame


@pytest.fixture
def as_of() -> dict[str, str]:
    return {"snapshot_id": "20260901T000000-abc", "as_of": AS_OF.isoformat()}


@pytest.fixture
def target() -> Targets:
    sentence = "A call is booked within 7 days of first engagement"
    return Targets.model_validate(
        {"t1": {"outcome": "call_booked", "window_days": 7, "landmarks_hours": [0, 24], "sentence": sentence}}
    )


@pytest.fixture
def features() -> list[Feature]:
    return [
        Feature("lead_source", "attribution", "categorical", "category", "Where the lead came from", "never missing"),
        Feature("crm_score", "attribution", "numeric", "points of 100", "The CRM's own score", "not scored"),
        Feature("n_replies", "interaction", "numeric", "events", "Replies received", "never missing"),
        Feature("open_share", "interaction", "numeric", "share", "Messages opened", "none tried yet"),
        Feature("hours_since_engaged", "timing", "numeric", "hours", "Time since first engagement", "never missing"),
    ]


@pytest.fixture
def split() -> SplitParameters:
    return SplitParameters(holdout_share=0.25, calibration_share=0.5, extra_embargo_days=0)


@pytest.fixture
def evaluation() -> EvaluationParameters:
    return EvaluationParameters(
        resamples=200,
        confidence_level=0.95,
        calibration_bins=5,
        min_positive_leads=10,
        attribution_leads=300,
        backtest_origins=2,
    )


@pytest.fixture
def gate() -> GateLimits:
    return GateLimits(
        min_relative_gain=0.05,
        min_brier_skill=0.0,
        min_calibration_slope=0.7,
        max_calibration_slope=1.4,
        min_lift_at_10=1.5,
        max_loss_to_champion=0.05,
        min_positive_leads=50,
    )


@pytest.fixture
def leakage() -> LeakageParameters:
    return LeakageParameters.model_validate(PARAMETERS["leakage"])


@pytest.fixture
def make_model() -> Callable[..., ModelParameters]:
    def make(family: str = "auto", **changes: object) -> ModelParameters:
        return ModelParameters.model_validate(
            {
                "family": family,
                "rehearsals": 2,
                "enough_positives": 2000,
                "equal_within": 0.01,
                "later_windows": 1,
                "later_until_positives": 10_000,
                "lightgbm": {
                    "num_leaves": 7,
                    "also_tried": [],
                    "learning_rate": 0.1,
                    "max_rounds": 60,
                    "early_stopping_rounds": 10,
                    "min_rows_per_leaf": 20,
                    "l2_penalty": 1.0,
                    "feature_share": 0.8,
                    "num_threads": 1,
                },
                "logistic": {"inverse_penalty": 0.1},
                "blend": {"lightgbm_weight": 0.5},
                "encoding": {"min_rows_per_category": 10, "max_categories": 20},
                "calibration": {"platt_from_positives": 20, "isotonic_from_positives": 1000},
                "small_data": {
                    "logistic_from_positives": 20,
                    "lightgbm_from_positives": 80,
                    "full_size_from_positives": 300,
                    "small_num_leaves": 4,
                },
                "baselines": {
                    "rule": [{"feature": "n_replies", "at_least": 1, "points": 2}],
                    "contact_features": ["lead_source"],
                },
                "explanation": {
                    "bootstrap_models": 10,
                    "bootstrap_leads": 600,
                    "reference_rows": 300,
                    "least_agreement": 1.0,
                    "dependence_features": 3,
                    "least_leads_a_cell": 10,
                },
                **changes,
            }
        )

    return make


@pytest.fixture
def train(target: Targets, features: list[Feature]) -> Callable[..., dict[str, Any]]:
    """Trains on a world, as the training node does; the features may be more than the usual ones."""

    def run(world: World, model: ModelParameters, more: Sequence[Feature] = ()) -> dict[str, Any]:
        examples, leads = world.examples, world.feature_leads
        return train_models(examples, leads, {}, target, model, seed=5, features=[*features, *more])

    return run


@pytest.fixture
def make_world(target: Targets, split: SplitParameters, as_of: dict[str, str]) -> Callable[..., World]:
    """A world in which the score and, at 24 hours, the replies tell who books; optionally with shuffled labels."""

    def make(leads: int = 3000, seed: int = 0, *, shuffled: bool = False, rate: float = 0.15) -> World:
        rng = np.random.default_rng(seed)
        engaged = AS_OF - pd.to_timedelta(rng.integers(0, 200 * 24 * 60, leads), unit="min")
        keys = [f"{number:032x}" for number in rng.permutation(leads)]
        interest = rng.normal(size=leads)
        books = rng.random(leads) < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + 1.3 * interest)))
        if shuffled:
            books = rng.permutation(books)
        contacts = pd.DataFrame(
            {"lead_key": keys, "first_campaign_id": rng.integers(1, 4, leads), "is_opted_out_now": False}
        ).assign(lead_source=np.where(interest > 0, "referral", "webinar"))
        labels = _label(keys, pd.Series(engaged), books, rng)
        feature_leads = _describe(keys, pd.Series(engaged), interest, rng)
        examples = assign_splits(labels, contacts, feature_leads, as_of, target, split)
        return World(labels, contacts, feature_leads, examples)

    return make


def _label(keys: Sequence[str], engaged: pd.Series, books: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    ends = engaged + pd.Timedelta(days=7)
    booked_at = (engaged + pd.to_timedelta(rng.integers(25 * 60, 6 * 24 * 60, len(keys)), unit="min")).where(books)
    state = np.where(ends > AS_OF, "immature", np.where(books, "positive", "negative"))
    return pd.DataFrame(
        {
            "lead_key": keys,
            "target": "t1",
            "first_engaged_at": engaged.astype("datetime64[us]"),
            "window_end_at": ends.astype("datetime64[us]"),
            "outcome_at": booked_at.where(booked_at < AS_OF).astype("datetime64[us]"),
            "opted_out_at": pd.Series(pd.NaT, index=range(len(keys)), dtype="datetime64[us]"),
            "state": state,
            "reason": None,
        }
    )


def _describe(keys: Sequence[str], engaged: pd.Series, interest: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    so_far = ((AS_OF - engaged) / HOUR).to_numpy()
    source = rng.choice(["organic", "paid", "referral"], len(keys))
    score = 50 + 20 * interest + rng.normal(0, 8, len(keys))
    parts = []
    for hours, is_scoring in ((np.zeros(len(keys)), False), (np.full(len(keys), 24.0), False), (so_far, True)):
        replies = rng.poisson(np.exp(interest - 1)) * (hours >= 24)
        part = pd.DataFrame(
            {
                "lead_key": keys,
                "landmark_hours": hours,
                "landmark_at": (engaged + pd.to_timedelta(hours * 3600, unit="s")).astype("datetime64[us]"),
                "is_scoring_row": is_scoring,
                "lead_source": source,
                "crm_score": score,
                "n_replies": replies.astype(float),
                "open_share": np.where(hours > 0, rng.random(len(keys)), np.nan),
                "hours_since_engaged": hours,
            }
        )
        parts.append(part[(hours <= so_far) & (~np.full(len(keys), is_scoring) | (hours < 7 * 24))])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def late_target() -> Targets:
    sentence = "A call is booked within 7 days of first engagement"
    spec = {"outcome": "call_booked", "window_days": 7, "landmarks_hours": [0, 24, 120, 150], "sentence": sentence}
    return Targets.model_validate({"t1": spec})


@pytest.fixture
def make_clock_world(late_target: Targets, split: SplitParameters, as_of: dict[str, str]) -> Callable[..., World]:
    """A world in which nothing but the time left in the window tells who books: bookings come evenly over it."""

    def make(leads: int = 4000, seed: int = 0, hours: Sequence[float] = (0, 24, 120, 150)) -> World:
        rng = np.random.default_rng(seed)
        engaged = pd.Series(AS_OF - pd.to_timedelta(rng.integers(8 * 24 * 60, 200 * 24 * 60, leads), unit="min"))
        keys = [f"{number:032x}" for number in rng.permutation(leads)]
        books = rng.random(leads) < 0.3
        contacts = pd.DataFrame(
            {"lead_key": keys, "first_campaign_id": 1, "lead_source": None, "is_opted_out_now": False}
        )
        labels = _label(keys, engaged, books, rng)
        labels["outcome_at"] = (engaged + pd.to_timedelta(rng.random(leads) * 168, unit="h")).where(books)
        labels = labels.astype({"outcome_at": "datetime64[us]"})
        described = _describe(keys, engaged, rng.normal(size=leads), rng)
        described = described[described["landmark_hours"] == 0].drop_duplicates("lead_key")
        parts = [
            described.assign(
                landmark_hours=float(hour),
                hours_since_engaged=float(hour),
                landmark_at=described["landmark_at"] + pd.Timedelta(hours=hour),
            )
            for hour in hours
        ]
        feature_leads = pd.concat(parts, ignore_index=True)
        landmarks = {"t1": late_target.root["t1"].model_copy(update={"landmarks_hours": tuple(hours)})}
        examples = assign_splits(labels, contacts, feature_leads, as_of, Targets.model_construct(root=landmarks), split)
        return World(labels, contacts, feature_leads, examples)

    return make
