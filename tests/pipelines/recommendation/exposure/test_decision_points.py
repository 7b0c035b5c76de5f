"""Which steps have to be mended where the one they send leads to goes."""

import pytest

from lead_conversion.pipelines.recommendation.exposure.decision_points import steps_sent_to


def test_step_that_a_decision_point_of_its_campaign_names_has_senders(make_steps):
    goto = '{"if": "no_reply", "goto": 3}'
    steps = make_steps(
        {"step_id": 10, "decision_point": goto},
        {"step_id": 20, "step_order": 2, "decision_point": f'{{"branches": [{goto}, {{"goto": "next"}}]}}'},
        {"step_id": 30, "step_order": 3},
        {"step_id": 40, "step_order": 3, "campaign_id": 2},
    )
    assert steps_sent_to(steps) == {30: [1, 2]}


@pytest.mark.parametrize(
    "decision_point", [None, "", "{not json", "[1, null]", "7", '{"goto": "\u00b2"}', '{"goto": null}']
)
def test_decision_point_that_names_no_step_stops_nothing(make_steps, decision_point):
    assert steps_sent_to(make_steps({"step_id": 10, "decision_point": decision_point})) == {}
