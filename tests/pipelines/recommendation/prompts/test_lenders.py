"""Which words of better prompts may stand in another text."""

import pytest
from prompt_libraries import CLEAR, KNOWN, lender, library

from lead_conversion.language.templates import placeholders
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText


def text(body, subject=None):
    return PromptText("sms", subject, f"Hi {{{{first_name}}}}. {body}")


def ask_of(*lenders, with_link=False, vocabulary="", standing_in=""):
    lent = library(*lenders, vocabulary=vocabulary).lend_ask(standing_in, with_link=with_link)
    return lent and lent.words


def sentence_of(*lenders, standing_in=""):
    lent = library(*lenders).lend_sentence(standing_in, ("value", "proof"), lambda words: not placeholders(words))
    return lent and (lent.words, lent.lender.prompt_id)


def test_ask_comes_from_the_best_prompt_that_has_one_to_lend():
    vague, clear = lender(text("We teach. Let me know.")), lender(text(f"We teach. {CLEAR}"))
    other = lender(text("We teach. Which day suits you for a call?"))
    assert ask_of(vague, clear, other) == CLEAR
    assert ask_of(vague) is None


def test_ask_and_what_belongs_to_it_are_lent_together():
    assert ask_of(lender(text("We teach. Could we talk? Times are here: {{booking_link}}"))) == (
        "Could we talk? Times are here: {{booking_link}}"
    )


@pytest.mark.parametrize(
    "ask",
    [
        "Would that suit you?",
        "If so, could we talk?",
        "Book a call, this is your last chance!",
        "Could we talk about our best-in-class offer?",
        "Could we talk, {{nickname}}?",
    ],
)
def test_ask_that_leans_hurries_boasts_or_cannot_be_filled_is_not_lent(ask):
    assert ask_of(lender(text(f"We teach. {ask}"))) is None


def test_ask_with_a_link_is_looked_for_where_one_is_needed():
    without, with_one = lender(text(f"We teach. {CLEAR}")), lender(text("We teach. Pick a time: {{booking_link}}"))
    assert ask_of(without, with_one, with_link=True) == "Pick a time: {{booking_link}}"


def test_ask_that_stands_there_already_is_not_lent_again():
    assert ask_of(lender(text(f"We teach. {CLEAR}")), standing_in=f"News. {CLEAR.upper()}") is None


def test_ask_of_another_campaign_comes_only_in_words_that_this_one_uses():
    other = lender(text("We sell. Shall we book a test drive this week?"), is_of_campaign=False)
    assert ask_of(other) is None
    assert ask_of(other, vocabulary="The test drive is free.") == "Shall we book a test drive this week?"


def test_link_on_a_line_of_its_own_is_no_ask():
    assert ask_of(lender(text("We teach.\n\n{{booking_link}}"))) is None


def test_argument_of_another_campaign_is_never_lent():
    assert sentence_of(lender(text("We teach. Lessons are short."), is_of_campaign=False)) is None


@pytest.mark.parametrize(
    "leaning", ["It is short.", "Lessons end when they are over.", "These are short.", "Also, we sing."]
)
def test_argument_that_stands_for_something_said_before_is_not_lent(leaning):
    assert sentence_of(lender(text(f"We teach. {leaning} Lessons are short."))) == ("Lessons are short.", "9")


def test_argument_of_the_same_step_comes_first_so_that_nobody_reads_it_twice():
    elsewhere = lender(text("We teach. Rooms are large."), prompt_id="5", is_rival=False, effect=0.05)
    rival = lender(text("We teach. Lessons are short."), prompt_id="6", effect=0.01)
    assert sentence_of(elsewhere, rival) == ("Lessons are short.", "6")


@pytest.mark.parametrize(
    ("position", "is_rival", "lent"), [("first", False, False), ("last", False, True), ("first", True, True)]
)
def test_subject_comes_from_the_same_place_in_the_sequence(position, is_rival, lent):
    better = lender(text("We teach.", "A last word"), position=position, is_rival=is_rival)
    found = library(better, position="last", known=KNOWN).lend_subject()
    assert (found is not None) == lent


def test_evidence_of_lent_words_is_the_prompts_effect_and_says_what_it_is_of():
    evidence = lender(text("We teach.")).evidence()
    assert (evidence.basis, evidence.source, evidence.effect) == ("prompt", "9", 0.02)
    assert "as a whole text" in evidence.words
