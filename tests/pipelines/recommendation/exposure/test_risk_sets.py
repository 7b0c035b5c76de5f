"""Who is at risk at a step, and what counts as booked."""

import pandas as pd
import pytest

from lead_conversion.contracts import model_output
from lead_conversion.kernel.errors import DataError
from lead_conversion.pipelines.recommendation.exposure.risk_sets import RISK_SET_DTYPES, build_risk_sets


@pytest.fixture
def build(make_steps, make_contacts, make_labels, targets, as_of, parameters):
    def run(logs, outcomes, steps=None, contacts=None, labels=None):
        steps = make_steps({"step_id": 10}, {"step_id": 11}) if steps is None else steps
        contacts = make_contacts("lead") if contacts is None else contacts
        labels = make_labels() if labels is None else labels
        return build_risk_sets(logs, outcomes, steps, contacts, labels, as_of, targets, parameters)

    return run


def test_lead_that_booked_before_a_step_is_not_at_risk_there(build, make_logs, make_outcomes):
    logs = make_logs({"step_id": 10, "occurred_at": "2026-06-01"}, {"step_id": 11, "occurred_at": "2026-06-05"})
    risk_set = build(logs, make_outcomes(("lead", "call_booked", "2026-06-03")))
    assert risk_set["step_id"].tolist() == [10]
    assert risk_set["booked"].tolist() == [True]
    assert risk_set["booked_at"].tolist() == [pd.Timestamp("2026-06-03")]


def test_lead_that_opted_out_before_a_step_is_not_at_risk_there(build, make_logs, make_outcomes):
    logs = make_logs({"step_id": 10, "occurred_at": "2026-06-01"}, {"step_id": 11, "occurred_at": "2026-06-05"})
    risk_set = build(logs, make_outcomes(("lead", "opted_out", "2026-06-03")))
    assert risk_set["step_id"].tolist() == [10]
    assert risk_set["opted_out"].tolist() == [True]
    assert risk_set["opted_out_at"].tolist() == [pd.Timestamp("2026-06-03")]


@pytest.mark.parametrize(
    ("booked_at", "counts"),
    [("2026-06-01 00:00:00", True), ("2026-06-30 23:59:59", True), ("2026-07-01 00:00:00", False)],
)
def test_booking_counts_in_the_half_open_horizon(build, make_logs, make_outcomes, booked_at, counts):
    risk_set = build(make_logs({}), make_outcomes(("lead", "call_booked", booked_at)))
    assert risk_set["booked"].tolist() == [counts]


@pytest.mark.parametrize(("met_at", "mature"), [("2026-08-02", True), ("2026-08-02 00:00:01", False)])
def test_row_is_mature_when_its_horizon_ended_by_the_as_of(build, make_logs, make_outcomes, met_at, mature):
    assert build(make_logs({"occurred_at": met_at}), make_outcomes())["is_mature"].tolist() == [mature]


def test_call_booked_while_talking_belongs_to_the_call(build, make_logs, make_outcomes):
    call = {"channel": "voice", "occurred_at": "2026-06-01 10:10", "duration_seconds": 600}
    risk_set = build(make_logs(call), make_outcomes(("lead", "call_booked", "2026-06-01 10:05")))
    assert risk_set["booked"].tolist() == [True]
    assert risk_set["met_at"].tolist() == [pd.Timestamp("2026-06-01 10:00")]


@pytest.mark.parametrize("seconds", [-60, 4 * 3600 + 1, 2_000_000_000])
def test_duration_no_call_can_have_moves_nothing(build, make_logs, make_outcomes, seconds):
    risk_set = build(make_logs({"occurred_at": "2026-06-01 10:10", "duration_seconds": seconds}), make_outcomes())
    assert risk_set["met_at"].tolist() == [pd.Timestamp("2026-06-01 10:10")]


def test_lead_engaged_before_bookings_were_recorded_is_absent(build, make_logs, make_outcomes, make_labels):
    logs = make_logs({"lead_key": "early", "occurred_at": "2026-01-05"}, {"lead_key": "late"})
    labels = make_labels(("early", "t1", "left_truncated"), ("late", "t1", None))
    assert build(logs, make_outcomes(), labels=labels)["lead_key"].tolist() == ["late"]


@pytest.mark.parametrize(("target", "reason"), [("t2", "left_truncated"), ("t1", "outcome_before_first_event")])
def test_lead_excluded_for_another_outcome_or_reason_stays(
    build, make_logs, make_outcomes, make_labels, target, reason
):
    assert len(build(make_logs({}), make_outcomes(), labels=make_labels(("lead", target, reason)))) == 1


def test_source_with_replies_and_no_attempt_has_nobody_at_risk(build, make_logs, make_outcomes):
    reply = {"direction": "inbound", "outcome": "replied", "step_id": None, "prompt_id": None}
    assert build(make_logs(reply), make_outcomes()).empty


def test_skipped_step_was_met_but_not_sent(build, make_logs, make_outcomes):
    assert build(make_logs({"outcome": "skipped"}), make_outcomes())["is_skipped"].tolist() == [True]


def test_second_attempt_of_a_step_is_not_a_second_row(build, make_logs, make_outcomes):
    logs = make_logs({"prompt_id": 2, "occurred_at": "2026-06-02"}, {"prompt_id": 1, "occurred_at": "2026-06-01"})
    assert build(logs, make_outcomes())["prompt_id"].tolist() == [1]


@pytest.mark.parametrize(
    ("channel", "address", "reachable"),
    [("sms", "phone_key", False), ("email", "phone_key", True), ("email", "email_key", False)],
)
def test_lead_without_an_address_on_the_channel_is_not_reachable(
    build, make_logs, make_outcomes, make_contacts, channel, address, reachable
):
    contacts = make_contacts("lead", **{address: None})
    risk_set = build(make_logs({"channel": channel}), make_outcomes(), contacts=contacts)
    assert risk_set["is_reachable"].tolist() == [reachable]


def test_attempt_of_a_step_without_a_campaign_is_absent(build, make_steps, make_logs, make_outcomes):
    logs = make_logs({"step_id": 10}, {"step_id": 11, "occurred_at": "2026-06-05"})
    steps = make_steps({"step_id": 10}, {"step_id": 11, "campaign_id": None})
    assert build(logs, make_outcomes(), steps)["step_id"].tolist() == [10]


def test_attempt_without_a_step_is_no_row_and_one_without_a_prompt_is_no_arm_of_a_prompt(
    build, make_logs, make_outcomes
):
    logs = make_logs(
        {"lead_key": "a", "step_id": None, "prompt_id": None, "campaign_id": None}, {"lead_key": "b", "prompt_id": None}
    )
    risk_set = build(logs.astype({"step_id": "float64", "prompt_id": "float64"}), make_outcomes())
    assert risk_set["lead_key"].tolist() == ["b"]
    assert risk_set["prompt_id"].isna().all()


@pytest.mark.parametrize("variant", ["B:x", "C"])
def test_variant_is_read_whatever_stands_around_it(build, make_steps, make_logs, make_outcomes, variant):
    steps = make_steps({"variant_orders": f"garbage;{variant}:3:48.00;:1:2.0;D:x:y;E:1:nan;;F:1"})
    logs = make_logs({"sequence_variant": variant})
    assert build(logs, make_outcomes(), steps)["variant_wait_hours"].tolist() == [48.0]


def test_wait_of_another_variant_is_that_variants_own(build, make_steps, make_logs, make_outcomes):
    steps = make_steps({"variant_orders": "B:3:48.00;C:2:12.00"})
    logs = make_logs({"sequence_variant": "C"})
    assert build(logs, make_outcomes(), steps)["variant_wait_hours"].tolist() == [12.0]


def test_attempt_after_the_as_of_is_not_read(build, make_logs, make_outcomes):
    assert build(make_logs({"occurred_at": "2026-09-02"}), make_outcomes()).empty


def test_attempt_of_an_unknown_step_belongs_to_no_risk_set(build, make_logs, make_outcomes):
    assert build(make_logs({"step_id": 99}), make_outcomes()).empty


def test_order_of_the_rows_does_not_matter(build, make_logs, make_outcomes):
    logs = make_logs({"lead_key": "b"}, {"lead_key": "a"}, {"lead_key": "a", "step_id": 11})
    outcomes = make_outcomes(("a", "call_booked", "2026-06-03"), ("b", "opted_out", "2026-06-03"))
    pd.testing.assert_frame_equal(build(logs, outcomes), build(logs[::-1], outcomes[::-1]))


def test_without_steps_or_messages_the_risk_set_is_empty_and_typed(build, make_steps, make_logs, make_outcomes):
    risk_set = build(make_logs(), make_outcomes(), make_steps())
    assert risk_set.empty
    assert {name: str(dtype) for name, dtype in risk_set.dtypes.items()} == RISK_SET_DTYPES


@pytest.mark.parametrize("column", ["booked_at", "opted_out_at", "replied_negative_at"])
def test_moment_that_is_missing_or_no_moment_is_refused(build, make_logs, make_outcomes, column):
    risk_set = build(make_logs({}), make_outcomes(("lead", "call_booked", "2026-06-03"))).assign(lead_key="0" * 32)
    model_output.risk_set.validate(risk_set)
    for broken in (risk_set.drop(columns=column), risk_set.assign(**{column: "soon"})):
        with pytest.raises(DataError, match=column):
            model_output.risk_set.validate(broken)
