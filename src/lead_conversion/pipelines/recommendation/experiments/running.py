"""The tests that run: which leads they hold, and for how long still."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from lead_conversion.lifecycle.experiments import RegisteredTest
from lead_conversion.pipelines.recommendation.experiments.analysis import next_look
from lead_conversion.pipelines.recommendation.experiments.assignment import NEITHER, assign_arms
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT
from lead_conversion.pipelines.recommendation.exposure.traffic import DAYS_A_WEEK, first_of_journeys, recent_rows
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters


def watch_running(
    running: Mapping[str, Any], risk_set: pd.DataFrame, as_of: datetime, parameters: RecommendationParameters
) -> dict[str, Any]:
    """A test that runs: where, since when, how many of its leads are in, its next look, and the weeks until its end.

    Counts leads and no outcome, so that planning is no look at it. `weeks_left` is how long it takes if no look stops
    it earlier and leads get its arms as they did so far; where none gets one any more, as long as a test may take.

    Args:
        running: as `RunningTests` tells it.
        risk_set: of all leads.
        as_of: the moment that the data look from.
        parameters: of the recommendations.
    """
    test = RegisteredTest.model_validate(running["test"])
    assigned = assign_arms(risk_set, test, as_of)
    is_dealt = assigned["arm"] != NEITHER
    taken = int(is_dealt.sum())
    rarer = min(test.share_treatment, 1 - test.share_treatment)
    needed = math.ceil(test.sample_size_per_arm / rarer)
    is_of_wait = test.control.mark == "wait"
    eligible = eligible_rows(test.campaign_id, test.step_id, risk_set, is_of_wait=is_of_wait)
    # of the leads that come, those that got an arm so far: other versions may not rest
    dealt_share = float(is_dealt.mean()) if len(is_dealt) else 1.0
    weekly = dealt_share * weekly_leads(eligible, as_of, parameters.effects.traffic_weeks)
    until_start = max(math.ceil((test.start - as_of) / timedelta(weeks=1)), 0)
    missing = max(needed - taken, 0)
    longest = parameters.experiments.max_duration_weeks
    enrolment = math.ceil(missing / weekly) if weekly else longest if missing else 0
    return {
        "id": test.experiment_id,
        "campaign_id": test.campaign_id,
        "step_id": test.step_id,
        "hypothesis": test.hypothesis,
        "start": test.start.isoformat(),
        "was_stopped": running["was_stopped"],
        "next_look": _foresee_look(running["looks"], test, assigned.loc[is_dealt, "met_at"], needed, weekly, as_of),
        "leads_taken_in": taken,
        "leads_needed": needed,
        "weeks_left": until_start + enrolment + math.ceil(test.horizon_days / DAYS_A_WEEK),
    }


def _foresee_look(
    looks: Sequence[float], test: RegisteredTest, dealt_at: pd.Series, needed: int, weekly: float, as_of: datetime
) -> dict[str, Any]:
    """The next planned look, and when the outcomes of its leads are known; no day where no leads come."""
    share = next_look(test, max(looks, default=0.0)) or test.looks[-1]
    leads = math.ceil(share * needed)
    known = sorted(dealt_at)
    last_met = known[leads - 1] if leads <= len(known) else None
    if last_met is None and weekly:
        last_met = max(test.start, as_of) + timedelta(weeks=(leads - len(known)) / weekly)
    due = last_met and pd.Timestamp(last_met) + pd.Timedelta(days=test.horizon_days)
    return {"number": len(looks) + 1, "information": share, "due": due.isoformat(timespec="seconds") if due else None}


def eligible_rows(
    campaign_id: int, step_id: int | None, risk_set: pd.DataFrame, *, is_of_wait: bool = False
) -> pd.DataFrame:
    """One row a lead that a test at this place could have taken in; a wait is tested in the campaign's own order."""
    if is_of_wait:
        risk_set = risk_set.loc[risk_set["sequence_variant"] == OWN_VARIANT]
    if step_id is None:
        journeys = first_of_journeys(risk_set)
        return journeys.loc[journeys["campaign_id"] == campaign_id]
    return risk_set.loc[(risk_set["step_id"] == step_id) & risk_set["is_reachable"]]


def weekly_leads(rows: pd.DataFrame, as_of: datetime, weeks: int) -> float:
    """Rows a week, by the last weeks of traffic."""
    return len(recent_rows(rows, as_of, weeks)) / weeks
