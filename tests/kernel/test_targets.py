import pytest
from pydantic import ValidationError

from lead_conversion.kernel.targets import Target, Targets

BOOKED = {"outcome": "call_booked", "window_days": 7, "landmarks_hours": [0, 24], "sentence": "A call is booked"}


def test_landmarks_of_all_targets_come_ascending_and_once():
    later = BOOKED | {"outcome": "qualified", "window_days": 14, "landmarks_hours": [0, 168]}
    targets = Targets.model_validate({"t1": BOOKED, "t2": later})
    assert targets.landmarks_hours == (0, 24, 168)
    assert targets.names == ("t1", "t2")


@pytest.mark.parametrize("landmarks", [[0, 168], [-1], [24, 0], [0, 0], []])
def test_landmark_outside_the_window_or_out_of_order_is_refused(landmarks):
    with pytest.raises(ValidationError):
        Target.model_validate(BOOKED | {"landmarks_hours": landmarks})


def test_more_than_three_targets_are_refused():
    with pytest.raises(ValidationError):
        Targets.model_validate({f"t{number}": BOOKED for number in range(4)})


def test_misspelt_key_is_refused():
    with pytest.raises(ValidationError):
        Target.model_validate(BOOKED | {"window_day": 8})
