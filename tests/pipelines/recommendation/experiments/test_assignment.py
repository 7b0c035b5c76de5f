"""Who is taken in by a test, into which arm, and from when on it counts."""

import numpy as np
import pandas as pd
import pytest

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.experiments.analysis import analyse_experiment
from lead_conversion.pipelines.recommendation.experiments.assignment import assign_arms

START, AS_OF = parse_moment("2026-06-01"), parse_moment("2026-09-01")


@pytest.fixture
def waiting(make_risk_set):
    """Leads that met step 9 and wait for step 10 in turn 24 and so many hours; they leave so long after step 9."""

    def make(dealt_at, longer=48.0, books_after=np.inf, late=0.0):
        dealt_at = pd.DatetimeIndex(dealt_at).as_unit("us")
        leads = len(dealt_at)
        waits = np.where(np.arange(leads) % 2, longer, 24.0)
        books_after = np.broadcast_to(books_after, leads)
        booked_at = dealt_at + pd.to_timedelta(np.where(np.isfinite(books_after), books_after, np.nan), unit="h")
        before = make_risk_set({"leads": leads, "booked": 0, "step_id": 9}).assign(
            met_at=dealt_at, enrolled_at=dealt_at, booked_at=booked_at.as_unit("us")
        )
        step = before.assign(
            step_id=before["step_id"] + 1,
            met_at=(dealt_at + pd.to_timedelta(waits + late, unit="h")).as_unit("us"),
            planned_wait_hours=waits,
        )
        return pd.concat([before, step.loc[books_after >= waits + late]], ignore_index=True)

    return make


@pytest.fixture
def waits(test_of):
    return lambda longer="48", **changes: test_of("24", longer, "wait", **changes)


def counted(taken):
    return taken["arm"].value_counts().to_dict()


def test_lead_counts_by_the_arm_it_was_first_dealt(make_risk_set, test_of):
    first = make_risk_set({"prompt_id": 2, "leads": 1, "booked": 0, "met_at": "2026-06-05"})
    later = first.assign(prompt_id=1, met_at=pd.Timestamp("2026-06-20"))
    (lead,) = assign_arms(pd.concat([later, first]), test_of(), AS_OF)["arm"]
    assert lead == "B"


def test_only_leads_that_come_from_the_start_on_are_taken_in(make_risk_set, test_of):
    rows = make_risk_set(
        {"prompt_id": 1, "leads": 3, "booked": 0, "met_at": "2026-05-31"},
        {"prompt_id": 2, "leads": 2, "booked": 0, "met_at": "2026-06-01"},
        {"prompt_id": 2, "leads": 5, "booked": 0, "step_id": 11},
    )
    assert list(assign_arms(rows, test_of(), AS_OF)["arm"]) == ["B", "B"]


def test_lead_of_the_campaign_before_the_start_is_not_a_new_one(make_risk_set, test_of):
    old = make_risk_set({"sequence_variant": "B", "leads": 1, "booked": 0, "met_at": "2026-05-20"})
    again = old.assign(step_id=11, met_at=pd.Timestamp("2026-06-10"))
    order = test_of("A", "B", "variant", step_id=None)
    assert assign_arms(pd.concat([old, again]), order, AS_OF).empty


@pytest.mark.parametrize(
    ("mark", "control", "treatment", "columns"),
    [
        ("wait", "24", "48", {"planned_wait_hours": 48.0}),
        ("variant", "A", "B", {"sequence_variant": "B"}),
        ("skipped", "no", "yes", {"is_skipped": True}),
        ("prompt", "1", "2", {"prompt_id": 2}),
    ],
)
def test_arms_are_told_by_their_mark(make_risk_set, test_of, mark, control, treatment, columns):
    group = {"booked": 0, "enrolled_at": "2026-06-01"}
    rows = make_risk_set({"leads": 2} | group, {"leads": 3} | group | columns)
    told = assign_arms(rows, test_of(control, treatment, mark), AS_OF)["arm"].value_counts().to_dict()
    assert told == {"A": 2, "B": 3}


def test_lead_that_could_not_be_reached_was_not_skipped_by_choice(make_risk_set, test_of):
    rows = make_risk_set({"leads": 3, "booked": 0, "is_skipped": True, "is_reachable": False})
    assert assign_arms(rows, test_of("no", "yes", "skipped"), AS_OF).empty


def test_leads_that_wait_are_taken_in_by_when_the_wait_was_dealt(waiting, waits):
    # one each two hours; in the first two days only the shorter wait is over, and then it is of leads from before
    rows = waiting(pd.date_range("2026-05-20", "2026-06-20", freq="2h"), longer=168.0)
    early = parse_moment("2026-06-07")
    met = rows.loc[(rows["step_id"] == 10) & (rows["met_at"] >= START) & (rows["met_at"] < early)]
    assert (met["planned_wait_hours"] == 24).sum() > 0
    assert assign_arms(rows, waits("168"), early).empty
    assert counted(assign_arms(rows, waits("168"), parse_moment("2026-06-12"))) == {"A": 25, "B": 24}


def test_long_wait_that_has_just_begun_is_no_bad_sample_ratio(waiting, waits):
    rows = waiting(pd.date_range("2026-05-20", "2026-06-15", freq="5min"), longer=168.0)
    rows = rows.loc[rows["met_at"] <= pd.Timestamp("2026-06-15")]
    result = analyse_experiment(rows, waits("168"), (), parse_moment("2026-06-15"))
    assert result["sample_ratio"]["is_chance"]
    assert min(result["leads"]["A"], result["leads"]["B"]) > 900


@pytest.mark.parametrize(("books_after", "arms"), [(20.0, {}), (30.0, {"A": 5, "B": 5}), (200.0, {"A": 5, "B": 5})])
def test_lead_that_books_while_it_waits_longer_counts_there_and_one_that_books_sooner_nowhere(
    waiting, waits, books_after, arms
):
    others = waiting(pd.date_range("2026-06-10", periods=4, freq="h")).assign(lead_key=[f"x{i % 4}" for i in range(8)])
    rows = waiting(pd.date_range("2026-06-03", periods=10, freq="h"), books_after=books_after)
    taken = assign_arms(pd.concat([rows, others], ignore_index=True), waits(), AS_OF)
    taken = taken.loc[~taken["lead_key"].str.startswith("x")]
    assert counted(taken) == arms
    assert taken["booked"].all()
    assert (taken["met_at"] == taken["dealt_at"] + pd.Timedelta(hours=24)).all()


def test_wait_that_changes_nothing_shows_no_difference_though_the_longer_one_loses_bookings(waiting, waits):
    rng = np.random.default_rng(3)
    books_after = np.where(rng.random(8_000) < 0.2, rng.uniform(0, 240, 8_000), np.inf)
    rows = waiting(pd.date_range("2026-06-01", periods=8_000, freq="5min"), longer=168.0, books_after=books_after)
    at_step = rows.loc[rows["step_id"] == 10]
    seen = at_step["booked_at"].notna().groupby(at_step["planned_wait_hours"]).mean()
    assert seen[24.0] - seen[168.0] > 0.08
    taken = assign_arms(rows, waits("168"), AS_OF)
    rates = taken.groupby("arm")["booked"].mean()
    assert abs(rates["A"] - rates["B"]) < 0.02
    assert abs(np.diff(list(counted(taken).values()))[0]) < 150


def test_send_that_runs_late_is_not_taken_for_a_longer_wait(waiting, waits):
    sent = waiting(pd.date_range("2026-06-03", periods=40, freq="h"), late=6.0)
    leaving = waiting(pd.date_range("2026-06-10", periods=4, freq="h"), books_after=[27.0, 27.0, 31.0, 31.0], late=6.0)
    leaving = leaving.loc[leaving["step_id"] == 9].assign(lead_key=["a", "b", "c", "d"])
    taken = assign_arms(pd.concat([sent, leaving], ignore_index=True), waits(), AS_OF)
    assert set(taken["lead_key"]) & set("abcd") == {"c", "d"}
    assert set(taken.loc[taken["lead_key"].isin(["c", "d"]), "arm"]) == {"B"}


def test_other_variant_whose_own_wait_is_that_of_an_arm_is_not_in(waiting, waits):
    rows = waiting(pd.date_range("2026-06-03", periods=10, freq="h")).assign(sequence_variant="B")
    assert assign_arms(rows, waits(), AS_OF).empty


def test_outcome_of_both_waits_is_mature_at_the_same_time(waiting, waits):
    rows = waiting(["2026-06-03", "2026-06-03"])
    end = pd.Timestamp("2026-06-04") + pd.Timedelta(days=30)
    assert list(assign_arms(rows, waits(), end.to_pydatetime())["is_mature"]) == [True, True]
    assert not assign_arms(rows, waits(), (end - pd.Timedelta(hours=1)).to_pydatetime())["is_mature"].any()
