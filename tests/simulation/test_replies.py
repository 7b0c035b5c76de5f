import numpy as np
import pytest

from lead_conversion.guard.message_text import own_words
from lead_conversion.language.identification import LANGUAGES
from lead_conversion.language.replies import describe_reply
from lead_conversion.simulation.behaviour import NEUTRAL, OBJECTION, OPT_OUT, POSITIVE
from lead_conversion.simulation.prompts import EMAIL, SMS
from lead_conversion.simulation.replies import Reply, Writer, quote_thread, tag_reply, write_reply

ANNA = Writer("Anna", "Muster", "anna@muster.example", "+12025550142", "Leeds", "en", SMS)


def replies(response, writer=ANNA, count=400):
    rng = np.random.default_rng(5)
    return [write_reply(response, writer, "Hello Anna", rng) for _ in range(count)]


def test_an_opt_out_is_always_tagged_as_one():
    rng = np.random.default_rng(0)
    tags = [tag_reply(OPT_OUT, reply, rng) for reply in replies(OPT_OUT)]
    assert all("opt_out" in tag.split(",") for tag in tags)


@pytest.mark.parametrize("response", [NEUTRAL, OBJECTION, POSITIVE])
def test_other_replies_are_never_tagged_as_opt_outs_and_sometimes_not_at_all(response):
    rng = np.random.default_rng(0)
    tags = [tag_reply(response, reply, rng) for reply in replies(response)]
    assert None in tags
    assert not any(tag and "opt_out" in tag for tag in tags)


def test_an_objection_is_tagged_with_what_it_is_about():
    rng = np.random.default_rng(0)
    tags = [tag_reply(OBJECTION, Reply("too dear", "price"), rng) for _ in range(100)]
    assert tags.count("negative_intent,objection_price") > 70


def test_some_replies_hold_personal_data_and_most_do_not():
    bodies = [reply.body for reply in replies(NEUTRAL, count=2000)]
    assert 10 < sum(ANNA.phone in body for body in bodies) < 200
    assert any("5555" in body or "4111" in body or "4242" in body for body in bodies)


def test_card_numbers_pass_the_check_digit():
    from lead_conversion.simulation.replies import _TEST_CARDS

    for card in _TEST_CARDS:
        digits = [int(c) for c in card if c.isdigit()][::-1]
        doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)]
        assert sum(doubled) % 10 == 0


def test_a_spanish_writer_writes_spanish():
    lucia = Writer("Lucía", "Zamora", None, "+34655500001", None, "es", SMS)
    bodies = {reply.body for reply in replies(POSITIVE, lucia)}
    assert any("jueves" in body for body in bodies)
    assert not any("Thursday" in body for body in bodies)


def test_an_email_may_be_signed_and_quote_what_it_answers_and_a_text_message_does_not():
    by_mail = Writer("Anna", "Muster", None, None, None, "en", EMAIL)
    assert any("> Hello Anna" in reply.body for reply in replies(NEUTRAL, by_mail))
    assert any(reply.body.endswith("Anna Muster") for reply in replies(NEUTRAL, by_mail))
    assert not any("> Hello" in reply.body for reply in replies(NEUTRAL))


def test_a_thread_is_quoted_as_deep_as_it_went():
    assert "> > > Hello" in quote_thread("yes", "Hello", "Mon", 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_some_who_agree_or_ask_are_in_haste_in_every_language(language):
    writer = Writer("Lucía", "Zamora", None, None, None, language, SMS)
    for response in (POSITIVE, NEUTRAL):
        hasty = [describe_reply(reply.body).reply_is_urgent for reply in replies(response, writer)]
        assert 0.03 < np.mean(hasty) < 0.3


def test_a_reply_in_haste_says_what_it_means_in_its_own_language():
    from lead_conversion.simulation.replies import _NEUTRAL, _POSITIVE

    for intent, texts in (("positive", _POSITIVE), ("neutral", _NEUTRAL)):
        for language, written in texts.items():
            hasty = [features for features in map(describe_reply, written) if features.reply_is_urgent]
            assert hasty
            for features in hasty:
                assert (features.reply_intent, features.reply_language) == (intent, language)
                assert features.reply_objection is None
                assert not features.reply_is_opt_out


def test_a_few_replies_of_a_world_are_in_haste_and_no_quoted_notice_opts_anybody_out(clean_world):
    received = clean_world.ask(
        "SELECT body, coalesce(contains(conversation_tags, 'opt_out'), false) "
        "FROM dbo.Education_Cory_Communication_Log WHERE direction = 'inbound'"
    )
    described = [(describe_reply(own_words(body)), is_opt_out) for body, is_opt_out in received]
    assert 0.01 < np.mean([features.reply_is_urgent for features, _ in described]) < 0.15
    assert any("STOP" in body or "unsubscribe" in body for body, is_opt_out in received if not is_opt_out)
    assert not any(features.reply_is_opt_out for features, is_opt_out in described if not is_opt_out)
