"""What there is to change to, and whether it makes leads leave."""

import pytest
from estimated_elements import effects_of

from lead_conversion.pipelines.recommendation.candidates import (
    find_live_rivals,
    has_harmless_alternative,
    identify,
    place_of,
)

HARMFUL, RETIRED = {"guardrails_worse": "opt_out"}, {"exposed_leads_month": 0.0}


def versions(*changes):
    """The effects of as many versions of one step, beside one of another step."""
    numbered = [{"element_type": "prompt", "element_id": str(number)} | each for number, each in enumerate(changes, 1)]
    return effects_of(*numbered, {"element_type": "prompt", "element_id": "9", "step_id": 99, "campaign_id": 2})


@pytest.mark.parametrize(
    ("rivals", "is_harmless"),
    [
        ([{}], True),
        ([HARMFUL], False),
        ([HARMFUL, {}], True),
        # nobody is sent it any more, so that it cannot take the place of one that leads still get
        ([HARMFUL, RETIRED], False),
        ([RETIRED], True),
    ],
)
def test_version_that_nobody_is_sent_any_more_is_no_harmless_alternative(rivals, is_harmless):
    effects = versions({}, *rivals)
    assert has_harmless_alternative(effects.to_dict("records")[0], effects) == is_harmless


def test_where_only_retired_versions_tell_a_new_wording_is_judged_by_them():
    effects = versions({"guardrails_better": "opt_out"}, RETIRED)
    assert not has_harmless_alternative(effects.to_dict("records")[0], effects)


@pytest.mark.parametrize(("better", "is_harmless"), [("", True), ("negative_reply", False)])
def test_other_elements_are_judged_by_their_own_alternative(better, is_harmless):
    effects = effects_of({"guardrails_better": better})
    assert has_harmless_alternative(effects.to_dict("records")[0], effects) == is_harmless


def test_rivals_are_the_other_live_versions_of_the_step():
    effects = versions({}, {}, RETIRED)
    assert find_live_rivals(effects.to_dict("records")[0], effects)["element_id"].tolist() == ["2"]


@pytest.mark.parametrize(
    ("element", "name", "place"),
    [
        ({"element_type": "prompt", "element_id": "17"}, "prompt-17", "step 10"),
        ({"element_type": "wait", "element_id": "10", "contrast": "4 h - 48 h"}, "wait-10-48h", "step 10"),
        ({"element_type": "order", "element_id": "2", "contrast": "A - B", "step_id": None}, "order-2-B", "order 2"),
    ],
)
def test_names_and_places_are_the_same_in_every_run(element, name, place):
    (row,) = effects_of(element).to_dict("records")
    assert (identify(row), place_of(row)) == (name, place)
