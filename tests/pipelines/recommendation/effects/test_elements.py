"""What a person calls campaigns and steps."""

from lead_conversion.pipelines.recommendation.effects.elements import name_campaigns, name_steps


def test_campaigns_of_one_name_are_told_apart_by_their_ids(make_steps):
    steps = make_steps(
        {"campaign_id": 1, "campaign_name": "Autumn"},
        {"campaign_id": 2, "campaign_name": " Autumn\n", "step_id": 20},
        {"campaign_id": 3, "campaign_name": "Winter", "step_id": 30},
    )
    assert name_campaigns(steps) == {1: "Autumn (id 1)", 2: "Autumn (id 2)", 3: "Winter"}
    assert name_steps(steps)[20].label == "Autumn (id 2) · step 1 (sms)"


def test_campaign_without_a_name_is_called_by_its_id(make_steps):
    assert name_campaigns(make_steps({"campaign_id": 4, "campaign_name": " "})) == {4: "campaign 4"}


def test_steps_of_one_place_are_told_apart_by_their_ids(make_steps):
    steps = make_steps({"step_id": 10}, {"step_id": 11}, {"step_id": 12, "channel": "email"})
    labels = {step_id: step.label for step_id, step in name_steps(steps).items()}
    assert labels == {
        10: "Autumn · step 1 (sms) (id 10)",
        11: "Autumn · step 1 (sms) (id 11)",
        12: "Autumn · step 1 (email)",
    }
