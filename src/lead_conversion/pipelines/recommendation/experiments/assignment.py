"""Who fell to which arm of a test, and from when on each lead counts."""

from datetime import datetime

import pandas as pd

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.lifecycle.experiments import CONTROL, TREATMENT, Arm, RegisteredTest
from lead_conversion.pipelines.recommendation.exposure.risk_sets import falls_within
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT, SAME_WAIT_HOURS
from lead_conversion.pipelines.recommendation.exposure.traffic import first_of_journeys, step_before

NEITHER = "neither"
LEAVING = ["booked_at", "opted_out_at", "replied_negative_at"]


def assign_arms(risk_set: pd.DataFrame, test: RegisteredTest, as_of: datetime) -> pd.DataFrame:
    """One row a lead taken in since the start, with the arm that it was first dealt: A, B or neither.

    A lead that had met the place before the start is not taken in. Where it is skipping that is tested, leads without
    an address for the step are left out: nobody chose to skip them. Leads of a test of waits are taken in, and count,
    as `_assign_waits` says.
    """
    if test.control.mark == "wait":
        return _assign_waits(risk_set, test, as_of)
    if test.step_id is None:
        journeys = first_of_journeys(risk_set)
        rows = journeys.loc[journeys["campaign_id"] == test.campaign_id]
    else:
        rows = risk_set.loc[risk_set["step_id"] == test.step_id]
    if test.control.mark == "skipped":
        rows = rows.loc[rows["is_reachable"]]
    rows = _tell_arms(rows, test)
    return rows.loc[rows["met_at"] >= test.start]


def _assign_waits(risk_set: pd.DataFrame, test: RegisteredTest, as_of: datetime) -> pd.DataFrame:
    """The leads that still waited when the shorter wait was over, each by the wait that it was dealt.

    A wait is dealt right after the step before, and shows only at the step. Who is taken in by the moment of the step
    has waited longer in one arm than in the other: the longer one begins late and has lost those who booked or left
    meanwhile. So leads are taken in by the moment of the step before (of a first step, by their enrolment), as soon as
    the longer wait is over too; and all count from the end of the shorter one (`met_at`). Who left after it and before
    the step can only have been dealt the longer wait. Who left sooner had the same in both arms, and counts in neither.
    """
    # Other variants have waits of their own, which no test dealt.
    own = risk_set.loc[risk_set["sequence_variant"] == OWN_VARIANT]
    own = own.assign(dealt_at=step_before(own, "met_at").fillna(own["enrolled_at"]))
    rows = _tell_arms(own.loc[own["step_id"] == test.step_id], test)
    told = {CONTROL: test.control.told_as, TREATMENT: test.treatment.told_as}
    hours = {arm: sorted(map(float, waits)) for arm, waits in told.items()}
    shorter, longer = sorted(hours, key=lambda arm: hours[arm][-1])
    taken = pd.concat([rows, _left_waiting(own, rows, shorter, longer, hours)]) if len(rows) else rows
    parted = taken["dealt_at"] + pd.Timedelta(hours=hours[shorter][-1])
    horizon = pd.Timedelta(days=test.horizon_days)
    taken = taken.assign(
        met_at=parted,
        booked=falls_within(taken["booked_at"], parted, horizon),
        is_mature=parted + horizon <= as_of,
    )
    is_over = taken["dealt_at"] + pd.Timedelta(hours=hours[longer][-1]) <= as_of
    return taken.loc[(taken["dealt_at"] >= test.start) & is_over]


def _left_waiting(
    own: pd.DataFrame, rows: pd.DataFrame, shorter: str, longer: str, hours: dict[str, list[float]]
) -> pd.DataFrame:
    """Leads that met the step before and left after the shorter wait, and before the step: they waited longer.

    Sends run late. Of those who were dealt the shorter wait and left before it was sent some are taken for the others;
    counting from where half of the sends are out makes up for them.
    """
    before = step_before(own, "step_id").loc[rows.index].mode()
    if before.empty or hours[shorter][-1] >= hours[longer][0]:
        return rows.iloc[:0]
    late = (rows["met_at"] - rows["dealt_at"]).dt.total_seconds() / SECONDS_AN_HOUR - rows["planned_wait_hours"]
    late_hours = max(late.loc[rows["arm"] == shorter].median(), 0.0) if (rows["arm"] == shorter).any() else 0.0
    waiting = own.loc[(own["step_id"] == before.iloc[0]) & ~own["lead_key"].isin(rows["lead_key"])]
    waited = (waiting[LEAVING].min(axis=1) - waiting["met_at"]).dt.total_seconds() / SECONDS_AN_HOUR
    is_longer = (waited >= hours[shorter][-1] + late_hours) & (waited < hours[longer][-1])
    left: pd.DataFrame = waiting.assign(dealt_at=waiting["met_at"], arm=longer).loc[is_longer]
    return left


def _tell_arms(rows: pd.DataFrame, test: RegisteredTest) -> pd.DataFrame:
    """The first row of each lead, with its arm."""
    rows = rows.sort_values("met_at", kind="stable").drop_duplicates("lead_key")
    arm = pd.Series(NEITHER, index=rows.index, dtype="str")
    for name, told in ((CONTROL, test.control), (TREATMENT, test.treatment)):
        arm = arm.mask(_is_told(rows, told), name)
    return rows.assign(arm=arm)


def _is_told(rows: pd.DataFrame, arm: Arm) -> pd.Series:
    if arm.mark == "prompt":
        return rows["prompt_id"].isin([int(value) for value in arm.told_as]).fillna(value=False)
    if arm.mark == "skipped":
        return rows["is_skipped"] == (arm.told_as == ("yes",))
    if arm.mark == "variant":
        return rows["sequence_variant"].isin(arm.told_as)
    waits = [(rows["planned_wait_hours"] - float(value)).abs() < SAME_WAIT_HOURS for value in arm.told_as]
    return pd.concat(waits, axis=1).any(axis=1)
