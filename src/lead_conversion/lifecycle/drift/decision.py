"""The verdict on one target's model: steady, watch or act, with every check that led to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.lifecycle.drift.checks import Change, DriftCheck, Kind, Verdict, closeness, decide_check, worst
from lead_conversion.lifecycle.drift.inputs import measure_categories, measure_missing, measure_numbers
from lead_conversion.lifecycle.drift.outcomes import measure_outcomes
from lead_conversion.lifecycle.drift.parameters import DriftParameters
from lead_conversion.lifecycle.drift.reference import PROBABILITY
from lead_conversion.lifecycle.drift.scores import estimate_performance, measure_scores
from lead_conversion.lifecycle.drift.together import measure_together

CHANGES_TOLD = 10
WEEK = timedelta(days=7)
ADVICE: dict[str, str] = {
    "feed": "Look at the feeds of what moved first. Where the change is real, retrain.",
    "recalibrate": "Recalibrate: probabilities no longer come true. Where the ranking got worse too, retrain.",
    "retrain": "Retrain: the ranking is worse than the model promised.",
    "watch": "Nothing to do yet; look again after the next run.",
    "none": "Nothing to do.",
}


class DriftDecision(BaseModel):
    """The verdict, what to do, and the checks: those that call for something first, then by how close they came."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict
    message: str
    advice: str
    reference_leads: int
    scored_leads: int
    mature_leads: int
    mature_positives: int
    same_clock: bool
    not_judged: tuple[str, ...]
    checks: tuple[DriftCheck, ...]


def decide_drift(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    outcomes: pd.DataFrame,
    drift: DriftParameters,
    seed: int,
    *,
    same_clock: bool = True,
    features: Sequence[Feature] = FEATURES,
) -> DriftDecision:
    """Whether one target's scored leads are still those that its model was made for, and its promises come true.

    Args:
        reference: as from `make_reference`.
        current: one row a lead that is scored now, with the same columns.
        outcomes: probability and label of leads that this model scored and whose window is over since.
        drift: what chance may alarm, what matters, and what is not judged.
        seed: of the resamples behind estimates.
        same_clock: whether both groups were described at the same hour of the week. If not, small changes are the
            clock's, and higher floors hold.
        features: the data dictionary.
    """
    if not same_clock:
        bound = dict.fromkeys(drift.clock_bound, "the clock of the run")
        update = {"floors": drift.off_clock_floors, "not_judged": drift.not_judged | bound}
        drift = drift.model_copy(update=update)
    judged, watched = _features_to_judge(reference, current, features, drift)
    told: list[DriftCheck] = []
    enough = min(len(reference), len(current)) >= drift.min_leads
    if enough:
        told += check_inputs(reference, current, judged, watched, drift)
        told += check_scores(reference[PROBABILITY], current[PROBABILITY], drift, seed)
    told += check_outcomes(outcomes, drift, seed)
    ordered = sorted(told, key=lambda check: (-_severity(check), -closeness(check), check.kind, check.subject))
    verdict = worst([check.verdict for check in ordered])
    return DriftDecision(
        verdict=verdict,
        message=_say(ordered, verdict, reference, current, outcomes, drift),
        advice=ADVICE[_advise(ordered, verdict)],
        reference_leads=len(reference),
        scored_leads=len(current),
        mature_leads=len(outcomes),
        mature_positives=int(outcomes["label"].sum()) if len(outcomes) else 0,
        same_clock=same_clock,
        not_judged=tuple(f.name for f in features if f.name in reference and f not in judged and f not in watched),
        checks=tuple(ordered),
    )


def is_same_clock(first: datetime, second: datetime, tolerance_hours: float) -> bool:
    """Whether two moments stand at the same hour of the week, give or take the tolerance."""
    apart = abs(first - second) % WEEK
    return min(apart, WEEK - apart) <= timedelta(hours=tolerance_hours)


def check_inputs(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    judged: Sequence[Feature],
    watched: Sequence[Feature],
    drift: DriftParameters,
) -> list[DriftCheck]:
    """The checks of features, each by itself and in pairs; of `watched` ones none calls for action."""
    numeric, categories = (
        [feature for feature in (*judged, *watched) if feature.kind == kind] for kind in ("numeric", "categorical")
    )
    quiet = {feature.name for feature in watched}
    numbers = measure_numbers(reference, current, numeric, drift.floors)
    pairs, compared = measure_together(reference, current, [f for f in numeric if f.name not in quiet], drift.floors)
    groups: list[tuple[list[Change], int]] = [
        *((kind_changes, len(kind_changes)) for kind_changes in _by_kind(numbers, ("distribution", "shape"))),
        _counted(measure_categories(reference, current, categories, drift.floors)),
        _counted(measure_missing(reference, current, numeric, drift.floors)),
        (pairs, compared),
    ]
    return list(chain.from_iterable(_decide(changes, tests, drift, quiet) for changes, tests in groups))


def check_scores(before: pd.Series, now: pd.Series, drift: DriftParameters, seed: int) -> list[DriftCheck]:
    """The checks of the probabilities: their distribution, and what they promise."""
    first, second = before.to_numpy(dtype=float), now.to_numpy(dtype=float)
    if min(np.ptp(first), np.ptp(second)) == 0:
        return []
    scores = measure_scores(first, second, drift.floors)
    estimates = estimate_performance(first, second, drift.floors, drift.resamples, seed)
    return [*_decide(scores, len(scores), drift), *_decide(estimates, len(estimates), drift)]


def check_outcomes(outcomes: pd.DataFrame, drift: DriftParameters, seed: int) -> list[DriftCheck]:
    """The checks of what was promised against what came true; none where too few outcomes were to be expected."""
    probability = outcomes["probability"].to_numpy(dtype=float)
    expected = float(min(probability.sum(), (1 - probability).sum()))
    if expected < drift.min_expected_outcomes:
        return []
    changes = measure_outcomes(
        probability, outcomes["label"].to_numpy(dtype=float), drift.floors, drift.resamples, seed
    )
    return _decide(changes, len(changes), drift)


def _features_to_judge(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], drift: DriftParameters
) -> tuple[list[Feature], list[Feature]]:
    there = [feature for feature in features if feature.name in reference and feature.name in current]
    judged = [f for f in there if not {f.name, f.family} & drift.not_judged.keys()]
    watched = [f for f in judged if f.name in drift.watch_only]
    return [f for f in judged if f not in watched], watched


def _decide(
    changes: Sequence[Change],
    tests: int,
    drift: DriftParameters,
    quiet: set[str] = frozenset(),  # type: ignore[assignment]
) -> list[DriftCheck]:
    """The checks of one kind; those that call for nothing are told only where they came close."""
    decided = [_hushed(decide_check(change, tests, drift), quiet) for change in changes]
    loud = [check for check in decided if check.verdict != "steady"]
    calm = sorted((c for c in decided if c.verdict == "steady"), key=closeness, reverse=True)
    return [*loud, *calm[:CHANGES_TOLD]]


def _hushed(check: DriftCheck, quiet: set[str]) -> DriftCheck:
    if check.verdict == "act" and check.subject.partition(" = ")[0] in quiet:
        return check.model_copy(update={"verdict": "watch"})
    return check


def _counted(changes: list[Change]) -> tuple[list[Change], int]:
    return changes, len(changes)


def _by_kind(changes: Sequence[Change], kinds: Sequence[Kind]) -> list[list[Change]]:
    return [[change for change in changes if change.kind == kind] for kind in kinds]


def _severity(check: DriftCheck) -> int:
    return {"steady": 0, "watch": 1, "act": 2}[check.verdict]


def _advise(checks: Sequence[DriftCheck], verdict: Verdict) -> str:
    if verdict != "act":
        return "watch" if verdict == "watch" else "none"
    acting = [check for check in checks if check.verdict == "act"]
    if any(check.subject == "PR-AUC" for check in acting):
        return "retrain"
    return "feed" if any(check.kind != "outcomes" for check in acting) else "recalibrate"


def _say(
    checks: Sequence[DriftCheck],
    verdict: Verdict,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    outcomes: pd.DataFrame,
    drift: DriftParameters,
) -> str:
    """The verdict in two sentences: the leads, and the outcomes."""
    moved = list(dict.fromkeys(check.subject for check in checks if check.verdict == verdict != "steady"))
    if reference.empty:
        leads = "There is nothing to compare with yet: the model that scored knows of no leads from an earlier moment."
    elif min(len(reference), len(current)) < drift.min_leads:
        leads = (
            f"Leads are not judged: {len(current):,} are scored and {len(reference):,} stand in the reference; "
            f"{drift.min_leads} of each are needed."
        )
    elif moved:
        more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""  # noqa: PLR2004 - as many as one reads
        leads = f"Changed by more than chance explains and than matters: {', '.join(moved[:3])}{more}."
    else:
        leads = f"The {len(current):,} scored leads are like the {len(reference):,} that the model was made for."
    judged = any(check.kind == "outcomes" for check in checks)
    mature = f"{len(outcomes):,} leads that it scored have a known outcome since"
    return f"{leads} {mature}{'.' if judged else ', too few to judge what it promised.'}"
