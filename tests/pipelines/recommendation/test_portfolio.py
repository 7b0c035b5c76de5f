import pytest

from lead_conversion.pipelines.recommendation.portfolio import (
    ANOTHER_ORDER,
    EFFORT_RANK,
    ONE_STEP,
    describe_portfolio,
    find_exclusions,
)
from lead_conversion.pipelines.recommendation.recommend import CHANGES


def change(name, what, campaign=1, step=None):
    return {"id": name, "change": what, "campaign_id": campaign, "step_id": step}


SKIP = change("step-1", "skip_step", step=1)
WAIT = change("wait-2", "change_wait", step=2)
TEXT = change("prompt-3", "edit_prompt", step=3)
ORDER = change("order-1-B", "change_order")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (SKIP, change("prompt-9", "edit_prompt", step=1), ONE_STEP),
        (ORDER, SKIP, ANOTHER_ORDER),
        (WAIT, ORDER, ANOTHER_ORDER),
        (ORDER, change("order-1-C", "change_order"), ANOTHER_ORDER),
    ],
)
def test_changes_that_undo_each_other_exclude_each_other(one, other, reason):
    found = find_exclusions([one, other])
    assert found == {
        one["id"]: [{"id": other["id"], "reason": reason}],
        other["id"]: [{"id": one["id"], "reason": reason}],
    }


@pytest.mark.parametrize("other", [WAIT, TEXT, change("order-2-B", "change_order", campaign=2)])
def test_changes_of_other_steps_or_campaigns_go_together(other):
    assert find_exclusions([SKIP, other]) == {SKIP["id"]: [], other["id"]: []}


def test_wording_goes_with_another_order():
    assert find_exclusions([TEXT, ORDER])[TEXT["id"]] == []


def test_better_one_of_two_that_exclude_each_other_is_kept():
    ranked = [SKIP, TEXT, ORDER, WAIT]
    told = describe_portfolio(ranked, find_exclusions(ranked))
    assert told["together"] == ["step-1", "prompt-3", "wait-2"]
    assert told["excluded"] == ["order-1-B"]
    assert told["sentence"] == "3 changes can be made side by side; order-1-B excludes one of them."


def test_where_nothing_excludes_anything_it_is_said():
    told = describe_portfolio([SKIP, WAIT], find_exclusions([SKIP, WAIT]))
    assert told["sentence"] == "All 2 changes can be made side by side: none excludes another."
    assert describe_portfolio([], {})["sentence"] == ""


def test_effort_of_every_change_is_known():
    assert set(EFFORT_RANK) == set(CHANGES.values())
