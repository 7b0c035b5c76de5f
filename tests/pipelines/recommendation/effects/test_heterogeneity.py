"""For whom an element does more: said where leads tell so, and named by leads that did not name it."""

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects

from lead_conversion.contracts import model_output
from lead_conversion.kernel.errors import DataError
from lead_conversion.pipelines.recommendation.effects.heterogeneity import explain_differences


@pytest.fixture
def estimate(make_steps, as_of, parameters):
    def run(risk_set):
        steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2})
        effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1)
        model_output.effects.validate(effects)
        return effects.set_index(["element_type", "element_id"]).loc[("prompt", "1")]

    return run


@pytest.fixture
def leads_of(make_risk_set):
    """Leads by source and version, with the share of each that books."""

    def make(rates, size=500):
        return make_risk_set(
            *(
                {"lead_source": source, "prompt_id": prompt, "leads": size, "booked": int(size * rate)}
                for source, pair in rates.items()
                for prompt, rate in enumerate(pair, start=1)
            )
        )

    return make


def test_version_that_fails_with_one_source_only_is_said_to_fail_there(estimate, leads_of, parameters):
    found = estimate(leads_of({"referral": (0.05, 0.30), "event": (0.2, 0.2), "organic": (0.2, 0.2)}))
    assert found["differs"]
    assert (found["differs_by"], found["segment"]) == ("lead_source", "referral")
    assert found["segment_effect"] == pytest.approx(-0.25, abs=0.08)
    assert found["segment_ci_low"] < found["segment_effect"] < found["segment_ci_high"] < -0.1
    assert abs(found["others_effect"]) < 0.08
    (words,) = explain_differences(found.to_dict(), parameters.effects)
    assert words.startswith("It differs by source of the lead (q ")
    assert "for leads of 'referral'" in words


def test_version_that_does_the_same_everywhere_is_said_to(estimate, leads_of, parameters):
    found = estimate(leads_of({"referral": (0.1, 0.2), "event": (0.1, 0.2), "organic": (0.1, 0.2)}))
    assert found["flagged"]
    assert not found["differs"]
    (words,) = explain_differences(found.to_dict(), parameters.effects)
    assert words.startswith("No sign that it does more for some leads than for others")


def test_sources_that_book_more_are_no_difference_of_the_effect(estimate, leads_of):
    assert not estimate(leads_of({"referral": (0.4, 0.4), "event": (0.02, 0.02), "organic": (0.2, 0.2)}))["differs"]


def test_level_with_too_few_leads_is_not_held_against_the_others(estimate, leads_of, parameters):
    few = leads_of({"referral": (0.0, 1.0)}, size=3)
    many = leads_of({"event": (0.2, 0.2)})
    many["lead_key"] = "m" + many["lead_key"]
    found = estimate(pd.concat([few, many], ignore_index=True))
    assert found["differs_by"] == ""
    assert np.isnan(found["differs_q"])
    assert explain_differences(found.to_dict(), parameters.effects) == []


def test_version_that_works_on_those_who_answered_only_is_said_to(estimate, make_risk_set):
    found = estimate(
        make_risk_set(
            *(
                {"prompt_id": prompt, "leads": 600, "booked": int(600 * rate), "replies": replies}
                for replies, pair in ((0, (0.05, 0.05)), (1, (0.40, 0.15)))
                for prompt, rate in enumerate(pair, start=1)
            )
        )
    )
    assert (found["differs"], found["differs_by"]) == (True, "engagement")
    assert found["segment"] in ("had answered", "had not reacted")


def test_unknown_segment_is_refused(leads_of, make_steps, as_of, parameters):
    steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2})
    effects = estimate_effects(leads_of({"event": (0.2, 0.1)}), steps, as_of, (), parameters, 1)
    with pytest.raises(DataError, match="differs_by"):
        model_output.effects.validate(effects.assign(differs_by="shoe size"))
