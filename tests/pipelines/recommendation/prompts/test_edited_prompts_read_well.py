"""What a person who read a hundred proposed prompts found wrong with some of them, held over combinations of parts."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_libraries import CLEAR, KNOWN, LIMITS, NOTHING_MEASURED, lender, library, measured

from lead_conversion.language.templates import group_asks, parse_template, placeholders, render
from lead_conversion.pipelines.recommendation.prompts.edits import edit_prompt, measure
from lead_conversion.pipelines.recommendation.prompts.wording import (
    PromptText,
    can_go,
    has_broken_braces,
    leans_back,
    mend_placeholders,
    without,
)

GREETINGS = (
    "", "Hi {{first_name}}, ", "Hello, ", "Hi there! ", "Dear Sir or Madam,\n\n", "Good morning, ", "Hi {first_name}, ",
    "Hello? ", "{{first_name}}, {{agent_name}} here. ", "Good day {{first_name}}, my name is {{agent_name}}. ",
)  # fmt: skip
OPENINGS = (
    "", "You asked about the course.", "One more detail about the course that people often ask for.",
    "I am getting back to you about the course.", "A colleague suggested that I get in touch.",
    "This is your last chance!!", "Hope you're well.", "Registration closes in May.",
)  # fmt: skip
ARGUMENTS = (
    "", "It takes eight weeks.", "Most of our graduates say that it was worth it.",
    "What you get:\n- A coach\n- Eight lessons\n\n", "Our cutting-edge platform is seamless.",
    "We plan around {{company}}. That is how we work.",
    "Lessons are live and recorded, so that nobody who works in shifts has to miss any of them.",
)  # fmt: skip
PRESSURES = (
    "", "Act now!!", "Only two places are left. If so, call.", "Hurry, the final places are going fast.",
    "Only two places are left. As mentioned, both are in May.", "The price goes up. The old one was fair.",
)  # fmt: skip
ASKS = (
    "", "Let me know.", "Thoughts?", "Is this a good time? Give us a call whenever you like.", CLEAR, "Interested?",
    "Feel free to look around: {{booking_link}}", "I am waiting for your answer.",
    "Book now, this is your last chance: {{booking_link}}", "Would Tuesday suit you? Times are here: {{booking_link}}",
)  # fmt: skip
ENDS = (
    "", " Bye.", "\n\nBest wishes,\n{{agent_name}}", "\nReply STOP to opt out.",
    "\n\nThanks,\nAnna\n\nUnsubscribe by a reply.",
)  # fmt: skip
LENDER = PromptText(
    "sms", "The course in May",
    "Hello {{first_name}}, you asked for news. I have two ideas for {{company}}. Evening lessons start in May. "
    "Our alumni meet every quarter. Which day suits you for a short call? Pick a time: {{booking_link}}",
)  # fmt: skip
FILLED = KNOWN | {"company"}
GAINS = measured(sms_company_named=0.02, sms_proof=0.02, email_company_named=0.02, email_proof=0.02)
GREETING = re.compile(r"(?:^|[.!,\n] ?)(?:Hi|Hello|Dear|Good (?:day|morning))\b")
SENTENCE_END = re.compile(r"[.!?\u2026:,]$|\}\}$|^- ")


def compose(greeting, sentences, end):
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", greeting + " ".join(filter(None, sentences)) + end))


def edited(channel, body, effects):
    subject = "May" if channel == "email" else None
    better = PromptText(channel, subject, LENDER.body)
    edit = edit_prompt(PromptText(channel, subject, body), library(lender(better), known=FILLED), effects, LIMITS)
    return edit.proposed.body if edit else body


def differ(sentences):
    return sentences[1] != sentences[2]


COMBINED = {
    "channel": st.sampled_from(["sms", "email", "voice"]),
    "greeting": st.sampled_from(GREETINGS),
    "sentences": st.tuples(*map(st.sampled_from, (OPENINGS, ARGUMENTS, ARGUMENTS, PRESSURES, ASKS))).filter(differ),
    "end": st.sampled_from(ENDS),
    "effects": st.sampled_from([NOTHING_MEASURED, GAINS]),
}


@settings(max_examples=150, deadline=None)
@given(**COMBINED)
def test_every_combination_reads_well(channel, greeting, sentences, end, effects):
    body = compose(greeting, sentences, end)
    text = edited(channel, body, effects)
    parts = parse_template(text)
    told = f"{body!r} became {text!r}"
    own = [part for part in parts if part.kind not in ("signature", "notice")]
    given_parts = parse_template(mend_placeholders(body.replace("!!", "!"), FILLED))
    before = dict(pairwise(reversed([part.text.casefold() for part in given_parts])))

    assert len(GREETING.findall(text)) <= 1, f"greeted twice: {told}"
    assert "first_name" in placeholders(text), f"not by name: {told}"
    assert placeholders(text) <= FILLED, f"unknown placeholder: {told}"
    assert not has_broken_braces(text), f"broken placeholder: {told}"
    assert any(parts[i].is_clear_ask for group in group_asks(parts) for i in group), f"no ask: {told}"
    assert "booking_link" in placeholders(text) or "booking_link" not in placeholders(body), f"link lost: {told}"
    assert not re.search(r" {2}|\s[.,!?]|^\s|\s$|,\s*$|\n{3}|!!", text), f"scars: {told}"
    assert all(SENTENCE_END.search(part.text) for part in own), f"sentence without an end: {told}"
    assert len({part.text.casefold() for part in own}) == len(own), f"said twice: {told}"
    for previous, part in pairwise(own):
        if leans_back(part.text) and part.text.casefold() in before and previous.kind != "greeting":
            assert before[part.text.casefold()] == previous.text.casefold(), f"leans on nothing: {told}"
        assert not (previous.text.endswith(".") and part.text[:1].islower()), f"small letter: {told}"
        goes_on = previous.text.endswith(",") and "\n" not in part.gap
        is_capital = part.text[:1].isupper() and part.text[:2] != "I "
        assert not (goes_on and is_capital), f"capital: {told}"
    kinds = [part.kind for part in parts]
    assert "signature" not in kinds or set(kinds[kinds.index("signature") :]) <= {"signature", "notice"}, told


@settings(max_examples=60, deadline=None)
@given(**COMBINED)
def test_no_combination_is_too_long_for_want_of_one_argument_less(channel, greeting, sentences, end, effects):
    text = edited(channel, compose(greeting, sentences, end), effects)
    parts = parse_template(text)
    arguments = [i for i, part in enumerate(parts) if part.kind in ("value", "proof") and can_go(parts, i)]
    lengths = [measure(channel, render(without(parts, [i])), LIMITS) for i in arguments]
    length = measure(channel, text, LIMITS)
    fits = length.amount <= length.limit
    assert fits or text == LENDER.body or len(arguments) < 2 or all(each.amount > each.limit for each in lengths), text


@settings(max_examples=40, deadline=None)
@given(**COMBINED)
def test_edit_of_an_edit_changes_nothing_more(channel, greeting, sentences, end, effects):
    text = edited(channel, compose(greeting, sentences, end), effects)
    # a whole version in its place is no edit, and may be too long itself
    assert text == LENDER.body or edited(channel, text, effects) in (text, LENDER.body)


def test_bare_name_is_no_sentence_to_run_into():
    assert edited("sms", "{{first_name}}", NOTHING_MEASURED).startswith("{{first_name}}! ")
    letter = "{{first_name}}\n\nIt takes eight weeks. Let me know."
    assert edited("email", letter, NOTHING_MEASURED).startswith("{{first_name}}\n\nIt takes")


@pytest.mark.parametrize(
    ("pressing", "leaning"),
    [
        ("Only two places are left.", "As mentioned, lessons are live."),
        ("Only two places are left.", "Both are in May."),
        ("The price goes up tomorrow.", "You can still get the old one."),
        ("Your discount expires tonight.", "After that, the fee is the usual one."),
    ],
)
def test_what_a_sentence_points_back_to_stays(pressing, leaning):
    said = f"Hi {{{{first_name}}}}, this is {{{{agent_name}}}}. {pressing} {leaning} Let me know."
    text = edited("voice", said, NOTHING_MEASURED)
    assert f"{pressing} {leaning}" in text


@pytest.mark.parametrize(
    "listed",
    [
        "Firstly, lessons are live. Secondly, act now. Thirdly, you get a coach.",
        "Here is why:\n1. Lessons are live\n2. Act now\n3. You get a coach",
    ],
)
def test_nothing_goes_out_of_the_middle_of_what_is_counted(listed):
    assert listed in edited("email", f"Hi {{{{first_name}}}},\n\n{listed}\n\nLet me know.", NOTHING_MEASURED)


@pytest.mark.parametrize("vague", ["Thoughts?", "Ok?", "Want one?"])
def test_no_second_question_stands_beside_the_ask(vague):
    text = edited("sms", f"Hi {{{{first_name}}}}, it takes eight weeks. {vague}", NOTHING_MEASURED)
    assert vague not in text
    assert len(group_asks(parse_template(text))) == 1


def test_asking_for_a_moment_is_not_asking_for_a_call():
    text = edited("voice", "Is this a good time? It takes eight weeks. Let me know.", NOTHING_MEASURED)
    assert "Is this a good time?" in text
    assert "Which day suits you for a short call?" in text


def test_caller_says_hello_once_and_good_bye_last():
    text = edited("voice", "Hello? This is {{agent_name}}. It takes eight weeks. Bye.", NOTHING_MEASURED)
    assert text.startswith("Hello {{first_name}}, this is {{agent_name}}.")
    assert text.endswith("Bye.")


def test_text_of_html_is_not_reworded_and_lends_nothing():
    body = "<p>Hi {{first_name}},</p><p>It takes eight weeks. Act now!</p><p>Let me know.</p>"
    assert edited("email", body, NOTHING_MEASURED) == LENDER.body
    plain = PromptText("sms", None, "Hi {{first_name}}, it takes eight weeks. Let me know.")
    tagged = lender(PromptText("sms", None, "<b>Which day suits you for a call?</b>"))
    edit = edit_prompt(plain, library(tagged), NOTHING_MEASURED, LIMITS)
    assert edit is None or "<" not in edit.proposed.body
