"""Single cases by hand; every feature of many leads is compared with plain Python in test_against_reference.py."""

import ibis
import pandas as pd
import pytest
from configured import FEATURES as PARAMETERS
from configured import TARGETS
from entity_rows import AS_OF, MOMENT, OUTCOME, PRIMARY_CONTACT, PRIMARY_EVENT, STEP, rows
from feature_worlds import PROMPT, Engine, World, random_world

from lead_conversion.contracts import feature_layer
from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.feature_engineering.events import Leads, Seen, Times, describe_events, see_events
from lead_conversion.pipelines.feature_engineering.families import FAMILIES, express
from lead_conversion.pipelines.feature_engineering.families.measures import gather_times, order_times
from lead_conversion.pipelines.feature_engineering.features import compute_features
from lead_conversion.pipelines.feature_engineering.labels import label_conversions
from lead_conversion.pipelines.feature_engineering.landmarks import place_landmarks
from lead_conversion.pipelines.feature_engineering.rates import RATE_FEATURES, measure_rates

LEAD = {
    "lead_key": "l",
    "is_opted_out_now": False,
    "first_engaged_at": "2026-05-01T10:00:00",
    "engagement_logged_at": "2026-05-01T10:00:00",
    "lead_source": "webinar",
    "timezone": "America/New_York",
}
RATE = {
    "kind": "string", "name": "string", "known_from_at": MOMENT, "known_until_at": MOMENT, "tried": "int64",
    "reached": "int64", "rate": "float64",
}  # fmt: skip
REPLY = {
    "direction": "inbound", "outcome": "replied", "campaign_id": None, "step_id": None, "prompt_id": None,
    "reply_chars": 20, "reply_words": 4, "reply_has_question": True, "reply_intent": "positive",
}  # fmt: skip


@pytest.fixture(scope="module")
def features():
    """Features of one lead by landmark, from its events; its scoring row under 'now'."""
    engine = Engine(parse_moment(AS_OF["as_of"]))
    steps = [{}, {"step_id": 12, "prompt_id": 112, "step_order": 2}]
    prompts = [{"prompt_id": 111, "prompt_chars": 30}, {"prompt_id": 112, "prompt_chars": 7}]
    prompts += [{"prompt_id": 113, "prompt_chars": 9, "prompt_created_at": "2026-05-01T10:30:00"}]

    def describe(*events, outcomes=(), lead=LEAD, rates=()):
        logs = [{"logged_at": event["occurred_at"]} | event for event in events]
        reached = [{"lead_key": "l", "logged_at": outcome["occurred_at"]} | outcome for outcome in outcomes]
        world = World(contacts=[lead], events=logs, outcomes=reached, steps=steps, prompts=prompts)
        frame = engine.features(world, rows(RATE, *rates))
        feature_layer.landmarks.validate(engine.table("landmarks"))
        list(feature_layer.leads.validate([engine.table("features")]))
        names = frame["landmark_hours"].where(~frame["is_scoring_row"], "now")
        return dict(zip(names, frame.to_dict("records"), strict=True))

    return describe


def attempt(name, at, **more):
    return {"event_key": name, "lead_key": "l", "occurred_at": at, **more}


def test_lead_is_described_at_each_landmark_that_the_as_of_has_reached(features):
    late = LEAD | dict.fromkeys(("first_engaged_at", "engagement_logged_at"), "2026-05-31T10:00:00")
    assert [str(landmark) for landmark in features(lead=late)] == ["0.0", "1.0", "now"]


def test_lead_is_absent_at_a_landmark_at_which_its_first_event_was_not_recorded_yet(features):
    recorded_late = LEAD | {"engagement_logged_at": "2026-05-02T10:00:00"}
    assert list(features(lead=recorded_late))[:3] == [0.0, 72.0, 120.0]
    assert list(features(lead=recorded_late | {"engagement_logged_at": "2026-05-02T09:59:59"}))[1] == 24.0


def test_prompt_that_was_written_after_the_attempt_is_not_what_was_said(features):
    told = attempt("d", "2026-05-01T10:10:00", prompt_id=111)
    sent = attempt("e", "2026-05-01T10:30:00", prompt_id=113)
    assert features(told, sent)[1.0]["last_prompt_chars"] == 9
    assert pd.isna(features(told, sent | {"occurred_at": "2026-05-01T10:29:59"})[1.0]["last_prompt_chars"])


def test_lead_is_in_the_campaign_that_it_was_enrolled_in_until_another_tries_it(features):
    enrolment = {"enrolled_at": "2026-05-01T09:59:59", "enrolled_campaign_id": 8, "enrolled_variant": "B"}
    found = features(attempt("e", "2026-05-01T10:30:00", campaign_id=2, sequence_variant="A"), lead=LEAD | enrolment)
    assert [(found[at]["campaign"], found[at]["sequence_variant"]) for at in (0.0, 1.0)] == [("8", "B"), ("2", "A")]
    late = features(lead=LEAD | enrolment | {"enrolled_at": LEAD["first_engaged_at"]})
    assert [late[at]["campaign"] for at in (0.0, 1.0)] == ["none", "8"]


def test_lead_whose_windows_are_all_over_is_not_scored(features):
    assert "now" not in features(lead=LEAD | {"first_engaged_at": "2026-05-02T00:00:00"})
    assert "now" in features(lead=LEAD | {"first_engaged_at": "2026-05-02T00:00:01"})


def test_contact_by_which_a_lead_came_in_is_no_reply_unless_it_says_something(features):
    wordless = {**REPLY, "reply_words": None, "reply_intent": None, "reply_has_question": None}
    came_in = attempt("e", LEAD["first_engaged_at"], **wordless)
    assert features(came_in)[1.0]["n_replies"] == 0
    assert pd.isna(features(came_in)[1.0]["hours_since_reply"])
    assert features(came_in | {"reply_words": 4})[1.0]["n_replies"] == 1
    assert features(came_in, attempt("f", "2026-05-01T10:30:00", **wordless))[1.0]["n_replies"] == 1


def test_event_at_the_landmark_is_not_seen_and_one_second_before_is(features):
    at, before = "2026-05-02T10:00:00", "2026-05-02T09:59:59"
    assert features(attempt("a", at))[24.0]["n_outbound"] == 0
    assert features(attempt("a", before))[24.0]["n_outbound"] == 1


def test_counts_shares_and_times_are_those_of_the_events_before(features):
    row = features(
        attempt("a", "2026-05-01T10:00:00", outcome="opened", channel="email"),
        attempt("b", "2026-05-01T22:00:00", step_id=12, prompt_id=112, outcome="delivered"),
        attempt("c", "2026-05-02T04:00:00", outcome="skipped", channel="voice"),
        attempt("m", "2026-05-02T07:00:00", **REPLY),
    )[24.0]
    expected = {
        "n_outbound": 2, "n_outbound_email": 1, "n_outbound_sms": 1, "n_outbound_voice": 0, "n_outbound_6h": 0,
        "n_delivered": 1, "n_opened": 1, "n_skipped": 1, "n_replies": 1, "n_replies_6h": 1, "open_share": 1,
        "reply_share": 0.5, "last_step_order": 2, "hours_since_outbound": 12, "hours_since_reply": 3,
        "first_reply_hours": 21, "hours_since_engaged": 24, "mean_gap_hours": 10.5, "longest_gap_hours": 12,
        "last_reply_latency_hours": 9, "has_last_word": 1, "n_positive_replies": 1, "n_questions": 1,
        "mean_reply_words": 4, "last_reply_intent": "positive", "last_prompt_chars": 7, "campaign": "1",
        "local_hour": 6, "local_weekday": 5, "is_business_hours": 0, "last_outbound_local_hour": 18,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_local_times_are_those_of_the_clock_before_and_after_it_was_changed(features):
    # In New York the clock went from 1:59 to 3:00 at 7:00 UTC.
    spring = LEAD | dict.fromkeys(("first_engaged_at", "engagement_logged_at"), "2026-03-08T06:30:00")
    found = features(attempt("a", "2026-03-08T06:30:00"), lead=spring)
    assert [found[hours]["local_hour"] for hours in (0.0, 1.0)] == [1, 3]
    assert found[24.0]["engaged_local_hour"] == found[24.0]["last_outbound_local_hour"] == 1


def test_click_that_may_still_have_been_to_come_is_not_seen(features):
    found = features(attempt("a", "2026-05-01T10:00:01", outcome="clicked", channel="email"))
    assert [found[hours]["n_clicked"] for hours in (1.0, 24.0, 72.0)] == [0, 0, 1]
    assert [found[hours]["n_outbound"] for hours in (1.0, 24.0, 72.0)] == [1, 1, 1]


def test_what_was_reached_on_the_way_is_known_from_its_moment_on_and_is_no_event(features):
    booked = booking("l", "2026-05-01T22:00:00", logged_at="2026-05-02T06:00:00")
    qualified = booking("l", "2026-05-04T10:00:00") | {"outcome_type": "qualified"}
    left = booking("l", "2026-05-02T00:00:00") | {"outcome_type": "opted_out"}
    found = features(attempt("a", "2026-05-01T10:00:00"), outcomes=(booked, qualified, left))
    milestones = ("has_booked_call", "hours_since_booked", "was_qualified", "hours_since_qualified")
    assert {hours: [found[hours][name] for name in milestones] for hours in (1.0, 24.0, 72.0, 120.0)} == {
        1.0: [0, pytest.approx(float("nan"), nan_ok=True)] * 2,
        24.0: [1, 12, 0, pytest.approx(float("nan"), nan_ok=True)],
        72.0: [1, 60, 0, pytest.approx(float("nan"), nan_ok=True)],
        120.0: [1, 108, 1, 48],
    }
    assert [found[24.0][name] for name in ("n_outbound", "n_replies", "n_skipped")] == [1, 0, 0]


def test_booking_that_was_made_void_since_stays_with_the_lead_and_reaches_no_target(features):
    booked = booking("l", "2026-05-01T22:00:00")
    void = booked | {"outcome_type": "void_booking"}
    sent = attempt("a", "2026-05-01T10:00:00")
    then, now = (features(sent, outcomes=(one,))[24.0] for one in (booked, void))
    assert {name for name in then if str(then[name]) != str(now[name])} == set()
    assert now["has_booked_call"] == 1
    contacts, outcomes = rows(PRIMARY_CONTACT, LEAD), rows(OUTCOME, void)
    labels = label_conversions(contacts, outcomes, AS_OF, TARGETS, PARAMETERS).to_pandas()
    assert "positive" not in set(labels["state"])


def test_engagement_of_losses_and_gains_does_not_blow_up_the_trend(features):
    gained = attempt("a", "2026-05-01T11:00:00", **REPLY)
    lost = attempt("b", "2026-05-02T09:00:00", **(REPLY | {"reply_intent": "negative", "reply_is_opt_out": True}))
    row = features(gained, lost)[24.0]
    assert row["engagement_score_now"] < 0 < row["engagement_score"]
    assert 0 < row["engagement_trend"] < 1


def test_campaign_rate_is_the_one_known_at_the_landmark_and_not_after_the_own_window(features):
    known = {"kind": "campaign", "name": "1", "tried": 9, "reached": 1}
    rates = [
        known | {"known_from_at": "2026-05-01", "known_until_at": "2026-05-03", "rate": 0.1},
        known | {"known_from_at": "2026-05-03", "known_until_at": "2026-05-09", "rate": 0.3},
        known | {"known_from_at": "2026-05-09", "known_until_at": None, "rate": 0.5},
    ]
    found = features(attempt("a", "2026-05-01T10:00:00"), rates=rates)
    assert [found[hours]["campaign_rate"] for hours in (1.0, 24.0, 72.0, 336.0)] == [0.1, 0.1, 0.3, 0.3]


def rates_of_webinars(*outcomes):
    """Rates of three leads, engaged a day apart; their windows end on the 8th, 9th and 10th."""
    leads = [LEAD | {"lead_key": f"l{day}", "first_engaged_at": f"2026-05-{day:02}T10:00:00"} for day in (1, 2, 3)]
    contacts = rows(PRIMARY_CONTACT, *leads)
    reached = rows(OUTCOME, *outcomes)
    labels = label_conversions(contacts, reached, AS_OF, TARGETS, PARAMETERS)
    table = measure_rates(labels, contacts, rows(PRIMARY_EVENT), reached, TARGETS, PARAMETERS)
    return feature_layer.rates.validate(table).to_pandas()


def booking(lead, at, logged_at=None):
    return {"outcome_key": f"{lead}{at}", "lead_key": lead, "occurred_at": at, "logged_at": logged_at or at}


def test_rate_counts_only_leads_whose_window_was_over():
    rates = rates_of_webinars(booking("l2", "2026-05-04T00:00:00"))
    assert rates["known_from_at"].dt.strftime("%m-%d").tolist() == ["05-09", "05-10", "05-11"]
    assert rates["tried"].tolist() == [1, 2, 3]
    assert rates["reached"].tolist() == [0, 1, 1]
    assert rates["rate"].tolist() == pytest.approx([0, (1 + 50 / 2) / 52, (1 + 50 / 3) / 53])


def test_rate_knows_no_outcome_that_was_recorded_after_the_window():
    rates = rates_of_webinars(
        booking("l1", "2026-05-03T00:00:00"), booking("l2", "2026-05-04T00:00:00", logged_at="2026-05-09T10:00:00")
    )
    assert rates["reached"].tolist() == [1, 1, 1]


def test_leads_of_whom_no_outcome_could_have_been_recorded_are_in_no_rate():
    assert rates_of_webinars().empty
    rates = rates_of_webinars(booking("l3", "2026-05-09T09:00:00"))
    assert rates["tried"].tolist() == [1, 2]


def test_every_feature_of_the_dictionary_is_there_in_its_order_and_no_other(features):
    row = features()[0.0]
    assert list(row)[4:] == [feature.name for feature in FEATURES]


def test_each_feature_is_expressed_once_by_the_module_of_its_family():
    contacts = rows(PRIMARY_CONTACT, LEAD)
    landmarks = place_landmarks(contacts, AS_OF, TARGETS)
    described = describe_events(rows(PRIMARY_EVENT), rows(OUTCOME), rows(STEP), rows(PROMPT))
    seen = see_events(landmarks, described, PARAMETERS)
    times = order_times(seen.group_by("landmark_id").agg(**gather_times(seen)))
    names = [name for _kind, _by, columns in RATE_FEATURES for name in columns]
    rates = dict.fromkeys(names, "float64") | {"campaign_id": "int64", "variant": "string"}
    leads = ibis.table(PRIMARY_CONTACT | dict(landmarks.schema()) | rates, name="leads")
    tables = {Seen: seen, Times: times, Leads: leads}
    expressed = {
        module.__name__.rpartition(".")[2]: [
            name for reads, table in tables.items() for name in express(reads, table, (module,))
        ]
        for module in FAMILIES
    }
    family_of = {feature.name: feature.family for feature in FEATURES}
    assert sorted(name for names in expressed.values() for name in names) == sorted(family_of)
    found = {module: {family_of[name] for name in names} for module, names in expressed.items()}
    assert found == {module: {module} for module in expressed}


@pytest.mark.no_cover
def test_features_of_slices_of_leads_are_those_of_all_at_once():
    engine, world = Engine(), random_world(11, 6)
    whole = engine.features(world)
    names = ("landmarks", "contacts", "events", "outcomes", "steps", "prompts", "rates")
    small = PARAMETERS.model_copy(update={"landmarks_a_slice": 17})
    slices = compute_features(*(engine.table(name) for name in names), TARGETS, small)
    pd.testing.assert_frame_equal(pd.concat([piece.to_pandas() for piece in slices], ignore_index=True), whole)
    assert len(whole) > 3 * small.landmarks_a_slice
