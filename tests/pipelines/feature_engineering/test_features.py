import pandas as pd
import pytest
from configured import FEATURES as PARAMETERS
from configured import TARGETS
from entity_rows import AS_OF, MOMENT, OUTCOME, PRIMARY_CONTACT, PRIMARY_EVENT, STEP, key, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lead_conversion.contracts import feature_layer
from lead_conversion.contracts.features import FEATURES
from lead_conversion.pipelines.feature_engineering.features import compute_features, measure_campaigns
from lead_conversion.pipelines.feature_engineering.labels import label_conversions
from lead_conversion.pipelines.feature_engineering.landmarks import place_landmarks

LEAD = {
    "lead_key": "l",
    "is_opted_out_now": False,
    "first_engaged_at": "2026-05-01T10:00:00",
    "first_campaign_id": 1,
    "lead_source": "webinar",
}
RATES = {
    "first_campaign_id": "int64",
    "known_from_at": MOMENT,
    "known_until_at": MOMENT,
    "campaign_leads": "int64",
    "campaign_booked": "int64",
    "campaign_rate": "float64",
}
REPLY = {
    "direction": "inbound", "outcome": "replied", "campaign_id": None, "step_id": None, "prompt_id": None,
    "reply_chars": 20, "reply_words": 4, "reply_has_question": True, "reply_intent": "positive",
}  # fmt: skip


def features(*events, lead=LEAD, rates=()):
    """Features of one lead by landmark; its scoring row under 'now'."""
    contacts = rows(PRIMARY_CONTACT, lead)
    landmarks = place_landmarks(contacts, AS_OF, TARGETS)
    steps = rows(STEP, {}, {"step_id": 12, "prompt_id": 112, "step_order": 2, "body": "x" * 7})
    logs = [{"logged_at": event["occurred_at"]} | event for event in events]
    table = compute_features(landmarks, contacts, rows(PRIMARY_EVENT, *logs), steps, rows(RATES, *rates), PARAMETERS)
    frame = feature_layer.leads.validate(table).to_pandas()
    names = frame["landmark_hours"].where(~frame["is_scoring_row"], "now")
    return dict(zip(names, frame.to_dict("records"), strict=True))


def attempt(name, at, **more):
    return {"event_key": name, "lead_key": "l", "occurred_at": at, **more}


def test_lead_is_described_at_each_landmark_that_the_as_of_has_reached():
    late = LEAD | {"first_engaged_at": "2026-05-31T10:00:00"}
    assert [str(landmark) for landmark in features(lead=late)] == ["0.0", "1.0", "now"]


def test_contact_by_which_a_lead_came_in_is_no_reply_unless_it_says_something():
    wordless = {**REPLY, "reply_words": None, "reply_intent": None, "reply_has_question": None}
    came_in = attempt("e", LEAD["first_engaged_at"], **wordless)
    assert features(came_in)[1.0]["n_replies"] == 0
    assert pd.isna(features(came_in)[1.0]["hours_since_reply"])
    assert features(came_in | {"reply_words": 4})[1.0]["n_replies"] == 1
    assert features(came_in, attempt("f", "2026-05-01T10:30:00", **wordless))[1.0]["n_replies"] == 1


def test_lead_whose_windows_are_all_over_is_not_scored():
    assert "now" not in features(lead=LEAD | {"first_engaged_at": "2026-05-02T00:00:00"})
    assert "now" in features(lead=LEAD | {"first_engaged_at": "2026-05-02T00:00:01"})


def test_lead_without_event_before_the_landmark_has_defined_counts_and_missing_measures():
    row = features()[0.0]
    assert row["n_outbound"] == 0
    assert row["n_replies"] == 0
    assert pd.isna(row["hours_since_reply"])
    assert row["last_reply_intent"] == "none"
    assert row["campaign"] == "none"
    assert row["lead_source"] == "webinar"
    assert row["industry"] == "unknown"


def test_event_at_the_landmark_is_not_seen_and_one_second_before_is():
    at, before = "2026-05-02T10:00:00", "2026-05-02T09:59:59"
    assert features(attempt("a", at))[24.0]["n_outbound"] == 0
    assert features(attempt("a", before))[24.0]["n_outbound"] == 1


def test_counts_shares_and_times_are_those_of_the_events_before():
    row = features(
        attempt("a", "2026-05-01T10:00:00", outcome="opened", channel="email"),
        attempt("b", "2026-05-01T22:00:00", step_id=12, prompt_id=112, outcome="delivered"),
        attempt("c", "2026-05-02T04:00:00", outcome="skipped", channel="voice"),
        attempt("m", "2026-05-02T07:00:00", **REPLY),
    )[24.0]
    expected = {
        "n_outbound": 2, "n_outbound_email": 1, "n_outbound_sms": 1, "n_outbound_voice": 0, "n_delivered": 2,
        "n_opened": 1, "n_skipped": 1, "n_replies": 1, "open_share": 1.0, "reply_share": 0.5, "last_step_order": 2,
        "hours_since_outbound": 12, "hours_since_reply": 3, "first_reply_hours": 21, "hours_since_engaged": 24,
        "n_positive_replies": 1, "n_questions": 1, "mean_reply_words": 4, "last_reply_intent": "positive",
        "last_prompt_chars": 7, "campaign": "1", "landmark_hour": 10, "landmark_weekday": 5,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_event_that_was_recorded_later_is_not_seen():
    late = attempt("a", "2026-05-01T12:00:00", logged_at="2026-05-02T10:00:00")
    found = features(late)
    assert (found[24.0]["n_outbound"], found[72.0]["n_outbound"]) == (0, 1)


def test_click_that_may_still_have_been_to_come_is_not_seen():
    found = features(attempt("a", "2026-05-01T10:00:01", outcome="clicked", channel="email"))
    assert [found[hours]["n_clicked"] for hours in (1.0, 24.0, 72.0)] == [0, 0, 1]
    assert [found[hours]["n_outbound"] for hours in (1.0, 24.0, 72.0)] == [1, 1, 1]


def test_campaign_rate_is_the_one_known_at_the_landmark():
    known = {"first_campaign_id": 1, "campaign_leads": 9, "campaign_booked": 1}
    rates = [
        known | {"known_from_at": "2026-05-01", "known_until_at": "2026-05-03", "campaign_rate": 0.1},
        known | {"known_from_at": "2026-05-03", "known_until_at": None, "campaign_rate": 0.3},
    ]
    found = features(attempt("a", "2026-05-01T10:00:00"), rates=rates)
    assert [found[hours]["campaign_rate"] for hours in (1.0, 24.0, 72.0)] == [0.1, 0.1, 0.3]


def test_rate_of_a_campaign_counts_only_leads_whose_window_was_over():
    leads = [LEAD | {"lead_key": f"l{day}", "first_engaged_at": f"2026-05-{day:02}T10:00:00"} for day in (1, 2, 3)]
    contacts = rows(PRIMARY_CONTACT, *leads)
    outcomes = rows(OUTCOME, {"outcome_key": "o", "lead_key": "l2", "occurred_at": "2026-05-04T00:00:00"})
    labels = label_conversions(contacts, outcomes, AS_OF, TARGETS, PARAMETERS)
    rates = feature_layer.campaign_rates.validate(measure_campaigns(labels, contacts, TARGETS, PARAMETERS)).to_pandas()
    assert rates["known_from_at"].dt.strftime("%m-%d").tolist() == ["05-09", "05-10", "05-11"]
    assert rates["campaign_leads"].tolist() == [1, 2, 3]
    assert rates["campaign_booked"].tolist() == [0, 1, 1]
    assert rates["campaign_rate"].tolist() == pytest.approx([0, (1 + 50 / 2) / 52, (1 + 50 / 3) / 53])


def test_every_feature_of_the_dictionary_is_there_and_no_other():
    row = features()[0.0]
    assert list(row)[4:] == [feature.name for feature in FEATURES]


later = st.fixed_dictionaries(
    {
        "minutes": st.integers(0, 60 * 24 * 20),
        "kind": st.sampled_from(
            [{"outcome": "clicked"}, {"outcome": "skipped"}, {"channel": "voice", "outcome": "connected"}, REPLY]
        ),
        "step_id": st.sampled_from([11, 12]),
    }
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(later, max_size=4))
def test_no_event_at_or_after_the_landmark_changes_a_feature(others):
    past = [attempt("a", "2026-05-01T10:00:00", outcome="opened"), attempt("m", "2026-05-01T20:00:00", **REPLY)]
    landmark = pd.Timestamp("2026-05-02T10:00:00")
    future = [
        attempt(f"z{number}", (landmark + pd.Timedelta(minutes=other["minutes"])).isoformat())
        | {"step_id": other["step_id"]}
        | other["kind"]
        for number, other in enumerate(others)
    ]
    assert_same(features(*past, *future)[24.0], features(*past)[24.0])


def test_order_of_rows_changes_no_feature():
    events = [attempt(f"e{hour}", f"2026-05-01T{hour}:00:00", channel="email") for hour in range(10, 20)]
    assert_same(features(*events)[24.0], features(*reversed(events))[24.0])


def test_state_of_now_changes_no_feature():
    now = LEAD | {"is_opted_out_now": True, "opted_out_at": "2026-05-30T00:00:00"}
    assert_same(features(lead=now)[24.0], features()[24.0])


def assert_same(left, right):
    assert left["lead_key"] == key("l")
    pd.testing.assert_series_equal(pd.Series(left), pd.Series(right))
