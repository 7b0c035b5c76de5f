"""Each edit where its reason is present, and only there."""

import re

import pytest

from lead_conversion.language.templates import placeholders
from lead_conversion.pipelines.recommendation.parameters import PromptEditParameters
from lead_conversion.pipelines.recommendation.prompt_edits import PromptText, edit_prompt

KNOWN = frozenset({"first_name", "agent_name", "booking_link"})
LIMITS = PromptEditParameters(sms_max_characters=160, email_max_words=60, voice_max_words=60)
CLEAR = "Could we talk for ten minutes this week?"
BETTER = PromptText("sms", None, f"Hi {{{{first_name}}}}, the course starts in May. {CLEAR}")


def propose(body, better=BETTER, channel="sms", subject=None, known=KNOWN):
    return edit_prompt(PromptText(channel, subject, body), better, known, LIMITS)


def test_pressing_sentence_goes_and_the_rest_stays():
    edit = propose(f"Hi {{{{first_name}}}}, the fee is 90 euros. Hurry, only two places are left. {CLEAR}")
    assert edit.proposed_text == f"Hi {{{{first_name}}}}, the fee is 90 euros. {CLEAR}"
    assert edit.reasons == ("take out wording that hurries the reader",)


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
    )
    assert edit.proposed_text == (
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
        (f"Berlin has a new course. {CLEAR}", f"Hi {{{{first_name}}}}, Berlin has a new course. {CLEAR}"),
        (f"Hello there, we have a course. {CLEAR}", f"Hello {{{{first_name}}}}, we have a course. {CLEAR}"),
    ],
)
def test_reader_is_greeted_by_name(body, proposed):
    assert propose(body).proposed_text == proposed


def test_name_that_the_campaign_does_not_know_is_not_used():
    edit = propose(f"The course starts in May. {CLEAR}", known=frozenset(), better=PromptText("sms", None, "New text."))
    assert "{{" not in edit.proposed_text


def test_long_sms_keeps_greeting_argument_and_ask():
    arguments = "It takes eight weeks. You learn on your own reports. A coach helps you. Lessons are recorded."
    edit = propose(f"Hi {{{{first_name}}}}, the course starts in May. {arguments} {arguments} {CLEAR}")
    assert len(edit.proposed_text) <= LIMITS.sms_max_characters
    assert edit.proposed_text.startswith("Hi {{first_name}}, the course starts in May. It takes eight weeks.")
    assert edit.proposed_text.endswith(CLEAR)


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
    assert edit.reasons == ("a clear ask in place of a vague one",)


def test_diff_leads_from_the_current_to_the_proposed_text():
    edit = propose("Dear {{first_name}},\n\nwe have news.\n\nAct now.\n\nBest,\n{{agent_name}}", channel="email")
    lines = edit.diff().splitlines()[3:]
    assert "\n".join(line[1:] for line in lines if line[0] in " -") == edit.current_text
    assert "\n".join(line[1:] for line in lines if line[0] in " +") == edit.proposed_text


def test_edited_texts_use_only_known_placeholders_and_leave_no_scars():
    bodies = [
        greeting + " ".join(filter(None, (opening, middle, ask)))
        for greeting in ("", "Hi {{first_name}}, ", "Hello, ")
        for opening in ("You asked about the course.", "This is your last chance!!")
        for middle in ("", "It takes eight weeks.", "Only two places are left. If so, call.")
        for ask in ("", "Let me know.", CLEAR)
    ]
    for body in bodies:
        text = propose(body).proposed_text
        assert placeholders(text) <= KNOWN
        assert not re.search(r"  |\s[.,!?]|^\s|\s$|,\s*$", text), text


def test_sms_without_arguments_stays_as_long_as_it_is():
    body = f"Hi {{{{first_name}}}}, {'you asked about our very long course title ' * 4}last year. {CLEAR}"
    assert propose(body, PromptText("sms", None, body)).proposed_text == body


def test_prompt_without_text_gets_the_better_version():
    assert propose("").proposed_text == BETTER.body
