from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lead_conversion.contracts import model_output
from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.parameters import SplitParameters
from lead_conversion.pipelines.modelling.splits import assign_splits

DAY = pd.Timedelta(days=1)
HOUR = pd.Timedelta(hours=1)
ENGAGED = pd.Timestamp("2026-05-01")
AS_OF = pd.Timestamp("2026-09-01")
NEVER = pd.NaT

Split = Callable[..., pd.DataFrame]


def _lead(number: int, **changes: object) -> dict[str, object]:
    engaged = changes.get("first_engaged_at", ENGAGED)
    return {
        "lead_key": f"{number:032x}",
        "target": "t1",
        "first_engaged_at": engaged,
        "window_end_at": engaged + 7 * DAY,
        "outcome_at": NEVER,
        "opted_out_at": NEVER,
        "state": "negative",
        "reason": None,
    } | changes


@pytest.fixture
def split_leads(target: Targets, split: SplitParameters, as_of: dict[str, str]) -> Split:
    def run(*leads: dict[str, object], opted_out_now: bool | None = False) -> pd.DataFrame:
        labels = pd.DataFrame(leads, columns=list(_lead(0)))
        moments = ["first_engaged_at", "window_end_at", "outcome_at", "opted_out_at"]
        labels[moments] = labels[moments].astype("datetime64[us]")
        contacts = (
            labels[["lead_key"]]
            .drop_duplicates()
            .assign(first_campaign_id=7, lead_source=None, is_opted_out_now=opted_out_now)
        )
        return assign_splits(labels, contacts, _landmarks(labels), as_of, target, split)

    return run


def _landmarks(labels: pd.DataFrame) -> pd.DataFrame:
    """Landmarks at 0, 24 and 72 hours, of which the target uses the first two, and one at the as-of."""
    engaged = labels[["lead_key", "first_engaged_at"]]
    past = [engaged.assign(landmark_hours=hours, is_scoring_row=False) for hours in (0.0, 24.0, 72.0)]
    now = engaged.assign(landmark_hours=(AS_OF - engaged["first_engaged_at"]) / HOUR, is_scoring_row=True)
    rows = pd.concat([*past, now])
    reached = rows["first_engaged_at"] + pd.to_timedelta(rows["landmark_hours"], unit="h")
    return rows.assign(landmark_at=reached.astype("datetime64[us]"))


def test_lead_won_before_the_landmark_is_absent(split_leads: Split) -> None:
    won = _lead(1, state="positive", outcome_at=ENGAGED + 5 * HOUR)
    examples = split_leads(won)
    assert examples["landmark_hours"].tolist() == [0.0]
    assert examples["label"].tolist() == [1]


def test_lead_won_at_the_landmark_itself_is_still_open(split_leads: Split) -> None:
    won = _lead(1, state="positive", outcome_at=ENGAGED + 24 * HOUR)
    assert split_leads(won)["landmark_hours"].tolist() == [0.0, 24.0]


def test_lead_that_opted_out_before_the_landmark_is_absent(split_leads: Split) -> None:
    gone = _lead(1, opted_out_at=ENGAGED + HOUR)
    assert split_leads(gone)["landmark_hours"].tolist() == [0.0]


def test_immature_lead_that_converted_early_is_out(split_leads: Split) -> None:
    young = AS_OF - 2 * DAY
    early = _lead(1, first_engaged_at=young, state="immature", outcome_at=young + HOUR)
    called_positive = _lead(2, first_engaged_at=young, state="positive", outcome_at=young + HOUR)
    assert split_leads(early, called_positive).empty


def test_excluded_lead_is_out(split_leads: Split) -> None:
    assert split_leads(_lead(1, state="excluded", reason="left_truncated")).empty


def test_active_lead_has_one_row_to_be_scored(split_leads: Split) -> None:
    active = _lead(1, first_engaged_at=AS_OF - 2 * DAY, state="immature")
    (row,) = split_leads(active).to_dict("records")
    assert row["split"] == "scoring"
    assert row["landmark_hours"] == 48.0
    assert pd.isna(row["label"])
    assert row["campaign_id"] == 7


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"opted_out_at": AS_OF - DAY}, id="opted_out"),
        pytest.param({"outcome_at": AS_OF - DAY}, id="target_reached"),
        pytest.param({"first_engaged_at": AS_OF - 7 * DAY, "window_end_at": AS_OF}, id="window_over"),
        pytest.param({"state": "excluded"}, id="excluded"),
    ],
)
def test_lead_that_is_not_active_is_not_scored(split_leads: Split, changes: dict[str, object]) -> None:
    lead = _lead(1, first_engaged_at=AS_OF - 2 * DAY, state="immature") | changes
    assert split_leads(lead).empty


def test_lead_that_has_opted_out_since_is_not_scored(split_leads: Split) -> None:
    active = _lead(1, first_engaged_at=AS_OF - 2 * DAY, state="immature")
    assert split_leads(active, opted_out_now=True).empty
    assert len(split_leads(active, opted_out_now=None)) == 1


def test_examples_say_when_a_lead_got_there_after_its_window_in_a_moment(
    split_leads: Split,
) -> None:
    late, never = _lead(1, outcome_at=ENGAGED + 12 * DAY), _lead(2)
    examples = split_leads(late, never).drop_duplicates("lead_key")
    assert examples["outcome_at"].to_list()[0] == ENGAGED + 12 * DAY
    assert examples["outcome_at"].isna().tolist() == [False, True]
    assert examples["label"].tolist() == [0, 0]
    model_output.examples.validate(examples)
    for broken in (examples.drop(columns="outcome_at"), examples.assign(outcome_at="next week")):
        with pytest.raises(DataError, match="outcome_at"):
            model_output.examples.validate(broken)


def test_leads_engaged_at_one_moment_stand_on_one_side(split_leads: Split) -> None:
    examples = split_leads(*[_lead(number) for number in range(20)])
    assert len(examples["split"].drop_duplicates()) == 1


def test_no_leads_give_no_examples_of_the_right_types(split_leads: Split) -> None:
    examples = split_leads()
    assert examples.empty
    model_output.examples.validate(examples)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.floats(8, 300), min_size=1, max_size=60), order=st.randoms(use_true_random=False))
def test_every_outcome_that_trains_is_known_before_the_holdout_begins(
    split_leads: Split, days: list[float], order: np.random.RandomState
) -> None:
    leads = [_lead(number, first_engaged_at=AS_OF - ago * DAY) for number, ago in enumerate(days)]
    examples = split_leads(*leads)
    model_output.examples.validate(examples)
    assert not examples[["lead_key", "split"]].drop_duplicates()["lead_key"].duplicated().any()
    assert len(examples) == 2 * len(days)
    engaged = {side: rows["first_engaged_at"] for side, rows in examples.groupby("split")}
    holdout_from = engaged["holdout"].min()
    for side in ("train", "calibration"):
        if side in engaged:
            assert engaged[side].max() + 7 * DAY < holdout_from
    if {"train", "calibration"} <= engaged.keys():
        assert engaged["train"].max() < engaged["calibration"].min()
    order.shuffle(leads)
    pd.testing.assert_frame_equal(split_leads(*leads), examples)


def test_extra_embargo_days_widen_the_gap(target: Targets, as_of: dict[str, str]) -> None:
    labels = pd.DataFrame([_lead(number, first_engaged_at=AS_OF - (100 - number) * DAY) for number in range(90)])
    contacts = labels[["lead_key"]].assign(first_campaign_id=pd.NA, lead_source=None, is_opted_out_now=False)
    wide = SplitParameters(holdout_share=0.25, calibration_share=0.25, extra_embargo_days=10)
    examples = assign_splits(labels, contacts, _landmarks(labels), as_of, target, wide)
    engaged = examples.groupby("split")["first_engaged_at"]
    assert engaged.min()["holdout"] - engaged.max()["calibration"] > 17 * DAY
    assert examples["campaign_id"].isna().all()
