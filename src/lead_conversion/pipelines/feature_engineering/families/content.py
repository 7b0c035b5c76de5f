"""Content: what the replies said, as far as their features tell, and what was last written to the lead."""

from ibis.expr.types import FloatingValue, StringValue

from lead_conversion.language.embeddings import ANCHORS
from lead_conversion.pipelines.feature_engineering.events import Seen
from lead_conversion.pipelines.feature_engineering.families.measures import (
    MILLI,
    count,
    is_prompted,
    last_prompt,
    last_reply,
    mean,
    number,
    share,
)


def replies_by_what_they_say(seen: Seen) -> dict[str, FloatingValue]:
    """Replies that say a certain thing."""
    return {
        "n_positive_replies": count(seen, seen.is_positive_reply),
        "n_negative_replies": count(seen, seen.is_negative_reply),
        "n_objections": count(seen, seen.is_objection),
        "n_questions": count(seen, seen.is_reply & seen.reply_has_question),
        "n_opt_out_replies": count(seen, seen.is_reply & seen.reply_is_opt_out),
        "n_urgent_replies": count(seen, seen.is_reply & seen.reply_is_urgent),
        "n_meeting_replies": count(seen, seen.is_reply & seen.reply_wants_meeting),
        "n_price_replies": count(seen, seen.is_reply & seen.reply_asks_price),
    }


def mean_reply_words(seen: Seen) -> FloatingValue:
    """Average length of the replies."""
    return mean(seen.reply_words, seen.is_reply)


def mean_reply_sentiment(seen: Seen) -> FloatingValue:
    """Average mood of the replies, from whole thousandths."""
    return mean((seen.reply_sentiment * MILLI).round(), seen.is_reply) / MILLI


def last_reply_words(seen: Seen) -> FloatingValue:
    """Length of the last reply."""
    return number(last_reply(seen)["reply_words"])


def last_reply_intent(seen: Seen) -> StringValue:
    """Intent of the last reply."""
    return last_reply(seen)["reply_intent"].fill_null("none")


def reply_language(seen: Seen) -> StringValue:
    """Language of the last reply."""
    return last_reply(seen)["reply_language"].fill_null("none")


def last_objection(seen: Seen) -> StringValue:
    """What the last objection was about."""
    return seen.reply_objection.argmax(seen.order, where=seen.is_objection).fill_null("none")


def last_prompt_features(seen: Seen) -> dict[str, FloatingValue]:
    """What the last prompt sent is like."""
    names = (
        "chars", "questions", "has_ask", "has_link", "placeholders", "has_pressure", "has_opt_out", "reading_ease",
        "sentiment", *(f"like_{anchor}" for anchor in ANCHORS),
    )  # fmt: skip
    return {f"last_prompt_{name}": number(last_prompt(seen)[f"prompt_{name}"]) for name in names}


def mean_prompt_words(seen: Seen) -> FloatingValue:
    """Average length of the prompts sent."""
    return mean(seen.prompt_words, is_prompted(seen))


def pressing_prompt_share(seen: Seen) -> FloatingValue:
    """Prompts that hurry the reader, among those of which it is known."""
    return share(seen, seen.is_attempt & seen.prompt_has_pressure, seen.is_attempt & seen.prompt_has_pressure.notnull())


def asking_prompt_share(seen: Seen) -> FloatingValue:
    """Prompts that ask for one clear thing, among those of which it is known."""
    return share(seen, seen.is_attempt & seen.prompt_has_ask, seen.is_attempt & seen.prompt_has_ask.notnull())
