"""Each edit where its reason is present, and only there."""

import pytest
from prompt_libraries import BETTER, CLEAR, KNOWN, LIMITS, NOTHING_MEASURED, lender, library, measured

from lead_conversion.pipelines.recommendation.prompts.edits import edit_prompt, expect_effect, measure
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText, mend_placeholders


def propose(body, better=BETTER, channel="sms", subject=None, known=KNOWN, effects=NOTHING_MEASURED):
    better = PromptText(channel, better.subject, better.body)
    return edit_prompt(PromptText(channel, subject, body), library(lender(better), known=known), effects, LIMITS)


def reasons(edit):
    return [change.reason for change in edit.changes]


def test_pressing_sentence_goes_and_the_rest_stays():
    edit = propose(f"Hi {{{{first_name}}}}, the fee is 90 euros. Hurry, only two places are left. {CLEAR}")
    assert edit.proposed_text == f"Hi {{{{first_name}}}}, the fee is 90 euros. {CLEAR}"
    assert reasons(edit) == ["take out wording that hurries the reader"]
    assert edit.changes[0].before == "Hurry, only two places are left."


def test_pressing_sentence_stays_where_the_next_one_leans_on_it():
    body = "Hi {{first_name}}, the fee is 90 euros. Hurry, it ends tonight. That is the rule. Any thoughts?"
    assert propose(body).proposed_text == body.replace("Any thoughts?", CLEAR)


def test_shouting_is_lowered():
    assert "!!" not in propose(f"Hi {{{{first_name}}}}, great news!!! {CLEAR}").proposed_text


def test_vague_ask_becomes_the_better_versions_clear_one():
    edit = propose("Hi {{first_name}}, the course starts in May. Let me know what you think.")
    assert edit.proposed_text == BETTER.body


def test_missing_ask_is_added_before_the_signature():
    edit = propose(
        "Hi {{first_name}},\n\nthe course starts in May.\n\nBest wishes,\n{{agent_name}}",
        better=PromptText("email", "May", "Hello. Nothing to ask."),
        channel="email",
        subject="May",
    )
    assert edit.proposed.body == (
        "Hi {{first_name}},\n\nthe course starts in May.\n\nWould you have ten minutes for a short call this week? "
        "Pick a time here: {{booking_link}}\n\nBest wishes,\n{{agent_name}}"
    )


def test_standard_ask_has_no_link_where_the_campaign_has_none():
    edit = propose(
        "Hi {{first_name}}, we have news.", PromptText("sms", None, "News."), known=frozenset({"first_name"})
    )
    assert edit.proposed_text.endswith("Would you have ten minutes for a short call this week?")


def test_second_ask_goes():
    edit = propose(f"Hi {{{{first_name}}}}, could we meet at work? The course is short. {CLEAR}")
    assert edit.proposed_text == f"Hi {{{{first_name}}}}, the course is short. {CLEAR}"


@pytest.mark.parametrize(
    ("body", "proposed"),
    [
        (f"The course starts in May. {CLEAR}", f"Hi {{{{first_name}}}}, the course starts in May. {CLEAR}"),
        (f"Berlin has a new course. {CLEAR}", f"Hi {{{{first_name}}}}! Berlin has a new course. {CLEAR}"),
        (f"Hi there! We have a course. {CLEAR}", f"Hi {{{{first_name}}}}! We have a course. {CLEAR}"),
        (f"Good morning, we have a course. {CLEAR}", f"Good morning {{{{first_name}}}}, we have a course. {CLEAR}"),
        (f"Dear Sir or Madam, we have a course. {CLEAR}", f"Dear {{{{first_name}}}}, we have a course. {CLEAR}"),
        (f"Hello there, we have a course. {CLEAR}", f"Hello {{{{first_name}}}}, we have a course. {CLEAR}"),
        (f"Hi [name], we have a course. {CLEAR}", f"Hi {{{{first_name}}}}, we have a course. {CLEAR}"),
        (f"[name], we have a course. {CLEAR}", f"Hi {{{{first_name}}}}, we have a course. {CLEAR}"),
    ],
)
def test_reader_is_greeted_by_name(body, proposed):
    assert propose(body).proposed_text == proposed


def test_edit_spells_placeholders_as_the_campaign_does():
    better = PromptText("sms", None, "News.")
    edit = propose("We have a course.", better, known=frozenset({"contact.first_name", "agent.calendar_url"}))
    assert edit.proposed_text == (
        "Hi {{contact.first_name}}, we have a course. Would you have ten minutes for a short call this week? "
        "Pick a time here: {{agent.calendar_url}}"
    )


def test_placeholder_of_an_object_is_not_broken():
    edit = propose(f"Hi {{{{contact.first_name}}}}, hurry up. The fee is 90 euros. {CLEAR}")
    assert not edit.is_whole_version
    assert edit.proposed_text.startswith("Hi {{contact.first_name}}, the fee")


def test_name_that_the_campaign_does_not_know_is_not_used():
    edit = propose(f"The course starts in May. {CLEAR}", known=frozenset(), better=PromptText("sms", None, "New text."))
    assert "{{" not in edit.proposed_text


@pytest.mark.parametrize(
    ("ends", "better_ends", "is_said"),
    [
        (" Text STOP and I won't write again.", "", True),
        (" Reply STOP to opt out.", " Reply STOP to opt out.", False),
        ("", "", False),
    ],
)
def test_whole_version_that_does_not_say_how_to_stop_is_marked_where_the_current_one_does(ends, better_ends, is_said):
    better = PromptText("sms", None, f"{BETTER.body}{better_ends}")
    edit = propose(f"Hi {{{{first_name}}}}, the fee is 90 euros. {CLEAR}{ends}", better=better)
    assert edit.is_whole_version
    said = [evidence.words for evidence in edit.changes[0].evidence]
    assert any("how to stop" in words for words in said) == is_said


@pytest.mark.parametrize(("effect", "is_said"), [(-0.02, True), (0.02, False)])
def test_whole_version_with_wording_that_goes_with_fewer_calls_is_marked(effect, is_said):
    better = PromptText("sms", None, f"Hurry, only two places are left. {CLEAR}")
    edit = propose(
        f"Hi {{{{first_name}}}}, the fee is 90 euros. {CLEAR}", better, effects=measured(sms_pressure=effect)
    )
    assert edit.is_whole_version
    said = [evidence.words for evidence in edit.changes[0].evidence]
    assert any("with it (pressure)" in words for words in said) == is_said


def test_reader_who_is_named_otherwise_is_not_named_twice():
    edit = propose(f"Dear Ms {{{{last_name}}}}, we have a course. {CLEAR}", known=KNOWN | {"last_name"})
    assert edit.is_whole_version


def test_long_sms_keeps_greeting_argument_and_ask():
    arguments = "It takes eight weeks. You learn on your own reports. A coach helps you. Lessons are recorded."
    edit = propose(f"Hi {{{{first_name}}}}, the course starts in May. {arguments} {arguments} {CLEAR}")
    assert measure("sms", edit.proposed.body, LIMITS).amount == 1
    assert edit.proposed_text.startswith("Hi {{first_name}}, the course starts in May. It takes eight weeks.")
    assert edit.proposed_text.endswith(CLEAR)
    assert reasons(edit) == ["shorten from 2 to 1 segments"]
    assert "3GPP TS 23.038" in edit.changes[0].evidence[-1].words


def test_one_argument_stays_whatever_it_costs():
    announced = f"Hi {{{{first_name}}}}, one more detail that people often ask us for, {'and ask, ' * 12}year by year."
    edit = propose(f"{announced} {'Lessons are recorded on every day of the year. ' * 4}A coach helps you. {CLEAR}")
    assert edit.proposed_text == f"{announced} A coach helps you. {CLEAR}"


def test_list_and_what_leads_to_it_stay_together():
    body = "Hi {{first_name}},\n\nwhat you get:\n- A coach\n- Eight lessons\n\n" + "You learn a lot by yourself. " * 14
    edit = propose(f"{body}\n\n{CLEAR}", channel="email", subject="May")
    assert "what you get:\n- A coach\n- Eight lessons\n" in edit.proposed_text
    assert edit.changes[0].action == "shorten"


def test_curly_quotes_that_cost_a_segment_are_straightened():
    body = f"Hi {{{{first_name}}}}, it\u2019s about the course in May that you asked us for last week. {CLEAR}"
    edit = propose(body)
    assert edit.proposed_text == body.replace("\u2019", "'")
    assert reasons(edit) == ["plain quotes and dashes: 1 instead of 2 segments"]
    assert propose("Hi {{first_name}}, it\u2019s May. Call me.").is_whole_version


def test_brochures_wording_goes():
    edit = propose(f"Hi {{{{first_name}}}}, the course is in May. Our best-in-class platform is seamless. {CLEAR}")
    assert edit.proposed_text == f"Hi {{{{first_name}}}}, the course is in May. {CLEAR}"


@pytest.mark.parametrize("broken", ["{first_name}", "{{first_name}", "{{frist_name}}", "{ first_name }}"])
def test_broken_placeholder_is_mended(broken):
    edit = propose(f"Hi {broken}, the course starts in May. {CLEAR}")
    assert edit.proposed_text == BETTER.body
    assert reasons(edit) == ["spell the placeholder as the campaign fills it"]


def test_placeholder_of_its_own_is_left_as_it_is():
    edit = propose("Hi {{first_name}}, the {{course}} starts in May. Let me know.", known=KNOWN)
    assert "{{course}}" in edit.proposed_text


def test_hurried_ask_becomes_a_calm_one():
    edit = propose("Hi {{first_name}}, the course starts in May. Book now, this is your last chance!")
    assert edit.proposed_text == BETTER.body
    assert reasons(edit) == ["a calm ask"]


def test_text_of_nothing_but_pressure_gets_an_argument():
    better = PromptText("sms", None, f"Hi {{{{first_name}}}}, welcome. Lessons start in May. {CLEAR}")
    edit = propose("Hi {{first_name}}, hurry! Only two places are left.", better)
    assert edit.proposed_text == f"Hi {{{{first_name}}}}, lessons start in May. {CLEAR}".replace(
        "lessons", "Lessons"
    ).replace(", L", "! L")


def test_link_of_a_vague_ask_comes_back_with_the_clear_one():
    body = "Hi {{first_name}}, the course starts in May. Feel free to look around: {{booking_link}}"
    assert propose(body).proposed_text == (
        "Hi {{first_name}}, the course starts in May. Would you have ten minutes for a short call this week? "
        "Pick a time here: {{booking_link}}"
    )


@pytest.mark.parametrize(
    ("pressure", "ci_low", "is_whole"),
    [(-0.005, 0.01, True), (-0.005, 0.001, False), (-0.02, 0.01, False)],
    ids=["may_be_nothing", "rival_may_be_no_better", "gains"],
)
def test_surely_better_version_goes_before_changes_that_may_gain_nothing(pressure, ci_low, is_whole):
    body = f"Hi {{{{first_name}}}}, the fee is 90 euros. Hurry, only two places are left. {CLEAR}"
    rivals = library(lender(BETTER, ci_low=ci_low), known=KNOWN)
    edit = edit_prompt(PromptText("sms", None, body), rivals, measured(sms_pressure=pressure), LIMITS)
    assert edit.is_whole_version == is_whole


def test_what_the_figures_speak_against_is_not_changed():
    body = f"Hi {{{{first_name}}}}, the fee is 90 euros. Hurry, only two places are left. {CLEAR}"
    assert propose(body, effects=measured(sms_pressure=0.02)).is_whole_version
    assert not propose(body, effects=NOTHING_MEASURED).is_whole_version
    hurried = "Hi {{first_name}}, the course is in May. Book now, this is your last chance!"
    assert propose(hurried, effects=measured(sms_pressure=0.02)).is_whole_version
    vague = "Hi {{first_name}}, the course is in May. Let me know."
    assert propose(vague, effects=measured(sms_clear_ask=-0.02)).is_whole_version


def test_change_carries_the_effect_of_its_text_feature():
    edit = propose(f"Hi {{{{first_name}}}}, hello. Act now. {CLEAR}", effects=measured(sms_pressure=-0.02))
    (evidence,) = edit.changes[0].evidence
    assert (evidence.basis, evidence.source) == ("text feature", "sms:pressure")
    assert (evidence.effect, evidence.ci_low, evidence.ci_high) == pytest.approx((0.02, 0.01, 0.03))
    assert "as an association." in evidence.words


def test_change_that_nobody_measured_says_so():
    edit = propose(f"Hi {{{{first_name}}}}, hello. Act now. {CLEAR}")
    (evidence,) = edit.changes[0].evidence
    assert (evidence.basis, evidence.effect) == ("rule of the trade", None)


def test_borrowed_words_name_the_prompt_and_say_that_they_were_not_tried_alone():
    edit = propose("Hi {{first_name}}, the course starts in May. Let me know what you think.")
    borrowed = edit.changes[0].evidence[1]
    assert (borrowed.basis, borrowed.source, borrowed.effect) == ("prompt", "9", 0.02)
    assert "not measured" in borrowed.words


def test_company_and_proof_are_added_only_where_they_went_with_gains():
    better = PromptText(
        "email", "May", f"Hi {{{{first_name}}}}. I have two ideas for {{{{company}}}}. Alumni love May. {CLEAR}"
    )
    body, known = f"Hi {{{{first_name}}}}.\n\nThe course is in May.\n\n{CLEAR}", KNOWN | {"company"}
    without = propose(body, better, "email", "May", known)
    assert without.is_whole_version
    gains = measured(email_company_named=0.02, email_proof=0.02)
    assert propose(body, better, "email", "May", known, gains).proposed.body == (
        "Hi {{first_name}}.\n\nThe course is in May. Alumni love May.\n\nI have two ideas for {{company}}. " + CLEAR
    )


def test_text_in_another_language_is_not_reworded():
    german = (
        "Hallo {{first_name}}, vielen Dank f\u00fcr Ihr Interesse an unserem Kurs. Letzte Chance!! Sagen Sie Bescheid."
    )
    assert propose(german) is None
    rival = PromptText("sms", None, "Hallo {{first_name}}, haben Sie morgen zehn Minuten Zeit f\u00fcr uns?")
    assert propose(german, rival).proposed_text == rival.body


@pytest.mark.parametrize(
    "body",
    [
        "Cze\u015b\u0107 {{first_name}}, mamy nowy kurs.",
        "Hoi {{first_name}}, we hebben een nieuwe cursus.",
        "\u041f\u0440\u0438\u0432\u0435\u0442 {{first_name}}!",
        "\u3053\u3093\u306b\u3061\u306f\u3002\u65b0\u3057\u3044\u30b3\u30fc\u30b9\u3002",
    ],
)
def test_short_text_in_a_language_that_nobody_here_reads_is_not_reworded_in_english(body):
    assert propose(body) is None
    rival = PromptText("sms", None, body.replace("{{first_name}}", "{{agent_name}}") + " \U0001f642")
    assert propose(body, rival).proposed_text == rival.body


@pytest.mark.parametrize("body", ["News.", "\U0001f389 {{first_name}}: https://news.example/spring-courses-and-more"])
def test_text_of_hardly_a_word_is_taken_for_english(body):
    assert propose(body).proposed_text.endswith(CLEAR)


def test_version_whose_braces_would_reach_the_reader_is_not_proposed_as_a_whole():
    broken = PromptText("sms", None, f"Hi {{{{first_name}}, the course is short. {CLEAR}")
    current = f"Hi {{{{first_name}}}}, the course is in May. {CLEAR}"
    assert propose(current, broken) is None
    of_another_tool = PromptText(
        "sms", None, f"Hi {{{{contact.first_name}}}}, {{% if x %}}we sing{{% endif %}}. {CLEAR}"
    )
    assert propose(current, of_another_tool).proposed_text == of_another_tool.body


def test_whole_version_is_expected_to_do_what_it_did():
    edit = propose("Hi {{first_name}}, the course is in May. Shall we speak on Monday?")
    expected = expect_effect(edit, (0.02, -0.01, 0.05))
    assert (expected.effect, expected.ci_low, expected.ci_high, expected.is_measured) == (0.02, -0.01, 0.05, True)


@pytest.mark.parametrize(("low", "widened"), [(0.01, 0.0), (-0.01, -0.01)])
def test_edit_is_expected_to_do_anything_from_nothing_to_what_whole_versions_did(low, widened):
    edit = propose("Hi {{first_name}}, the course starts in May. Let me know.")
    expected = expect_effect(edit, (0.02, low, 0.05))
    assert (expected.effect, expected.is_measured) == (None, False)
    assert (expected.ci_low, expected.ci_high) == (widened, 0.05)


def test_nothing_is_proposed_where_no_version_did_better():
    current = PromptText("sms", None, f"Hi {{{{first_name}}}}, the course is in May. {CLEAR}")
    assert edit_prompt(current, library(), NOTHING_MEASURED, LIMITS) is None


def test_pressing_subject_is_replaced_by_the_calmer_one():
    edit = propose(
        f"Hi {{{{first_name}}}},\n\nwe have news. {CLEAR}",
        better=PromptText("email", "News", BETTER.body),
        channel="email",
        subject="Last chance",
    )
    assert edit.proposed_text.startswith("Subject: News\n")


def test_sound_text_gives_way_to_the_better_version_as_a_whole():
    edit = propose("Hi {{first_name}}, the course is in May. Shall we speak on Monday?")
    assert edit.proposed_text == BETTER.body
    assert edit.is_whole_version


def test_ask_that_leans_on_its_context_is_not_borrowed():
    better = PromptText("sms", None, "Hi {{first_name}}, May is full. Would that work for you?")
    edit = propose("Hi {{first_name}}, the course starts in May. Let me know what you think.", better)
    assert "Would you have ten minutes" in edit.proposed_text
    assert reasons(edit) == ["a clear ask in place of a vague one"]


def test_diff_leads_from_the_current_to_the_proposed_text():
    edit = propose("Dear {{first_name}},\n\nwe have news.\n\nAct now.\n\nBest,\n{{agent_name}}", channel="email")
    lines = edit.diff().splitlines()[3:]
    assert "\n".join(line[1:] for line in lines if line[0] in " -") == edit.current_text
    assert "\n".join(line[1:] for line in lines if line[0] in " +") == edit.proposed_text


def test_sms_without_arguments_stays_as_long_as_it_is():
    body = f"Hi {{{{first_name}}}}, {'you asked about our very long course title ' * 4}last year. {CLEAR}"
    assert propose(body, PromptText("sms", None, "Welcome.")).proposed_text == "Welcome."


def test_edit_of_an_edit_changes_nothing_more():
    edit = propose("The fee is 90 euros. Hurry, only two places are left. Let me know what you think.")
    assert propose(edit.proposed.body).is_whole_version


def test_prompt_without_text_gets_the_better_version():
    assert propose("").proposed_text == BETTER.body


def test_placeholder_of_another_number_is_another_placeholder():
    known = frozenset({"booking_link", "first_name"})
    assert mend_placeholders("Here: {{booking_link_2}}", known) == "Here: {{booking_link_2}}"
    assert mend_placeholders("Here: {{boking_link}}", known) == "Here: {{booking_link}}"
