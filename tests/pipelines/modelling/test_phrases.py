import re
from dataclasses import asdict

import numpy as np
import pytest

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.pipelines.modelling.phrases import PHRASES, say_value

BY_NAME = {feature.name: asdict(feature) for feature in FEATURES}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("last_reply_latency_hours", 4 / 60, "last replied within 4 minutes of an attempt"),
        ("last_reply_latency_hours", 0.001, "last replied within 1 minute of an attempt"),
        ("hours_since_engaged", 30.2, "was first engaged 30 hours ago"),
        ("hours_since_engaged", 100.0, "was first engaged 4 days ago"),
        ("n_outbound_since_reply", 5.0, "gave no reply to the last 5 attempts"),
        ("n_outbound_since_reply", 1.0, "gave no reply to the last attempt"),
        ("lead_source", "referral", "came in through a referral"),
        ("lead_source", "trade_fair", "came in through trade fair"),
        ("lead_source", "unknown", "came in from an unknown source"),
        ("company_size", "other:04498cbc", "Employees of the lead's company, in bands: other:04498cbc"),
        ("job_function", "people", "has a job in human resources"),
        ("site_visits_30d", 3.0, "visited the site 3 times in the 30 days before it came in"),
        ("site_visits_30d", 0.0, "did not visit the site in the 30 days before it came in"),
        ("site_visits_30d", np.nan, "has no record of site visits"),
        ("crm_score", 71.4, "has a CRM score of 71 of 100"),
        ("crm_score", None, "has no CRM score"),
        ("open_share", 0.25, "opened 25 % of its messages"),
        ("call_seconds", 240.0, "spent 4 minutes on the phone"),
        ("last_channel", "email", "was last tried by e-mail"),
        ("last_reply_intent", "positive", "sounded interested in its last reply"),
        ("has_last_word", 1.0, "waits for an answer to its last reply"),
        ("engaged_local_weekday", 3.0, "had its first contact on a Thursday"),
        ("mean_reply_sentiment", -0.4, "replied in a mood that is unfriendly on the whole"),
        ("campaign_leads", 4321.0, "is in a campaign of 4,321 earlier leads"),
    ],
)
def test_value_is_said_as_a_salesperson_would(name: str, value: str | float | None, said: str) -> None:
    assert say_value(value, BY_NAME[name]) == said


def test_every_feature_of_the_dictionary_has_a_phrase_and_no_phrase_is_of_an_unknown_one() -> None:
    assert set(PHRASES) == set(BY_NAME)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_has_words_for_each_kind_of_value(feature: Feature) -> None:
    values = ["some_name", "none", "unknown"] if feature.kind == "categorical" else [0.0, 1.0, 3.0, 0.37, np.nan]
    if feature.missing == "never missing":
        values = values[:-1] if feature.kind == "numeric" else values[:1]
    if feature.unit == "0 or 1":
        values = [value for value in values if value not in {3.0, 0.37}]
    for value in values:
        said = say_value(value, asdict(feature))
        assert re.match(r"[a-z]", said), said
        assert not re.search(r"[{}_;]|\bnan\b|not known|  ", said), said


def test_feature_without_a_phrase_is_said_by_its_sentence() -> None:
    feature = {"name": "new", "unit": "share", "sentence": "Something new."}
    assert [say_value(value, feature) for value in (0.25, None)] == ["Something new: 25 %", "Something new: not known"]
