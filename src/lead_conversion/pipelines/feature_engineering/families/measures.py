"""What the families have in common: counts, shares, times, and the last event of a kind."""

import ibis
from ibis.expr.types import (
    ArrayValue,
    BooleanValue,
    FloatingValue,
    IntegerValue,
    NumericValue,
    StructValue,
    Table,
    Value,
)

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.language.embeddings import ANCHORS
from lead_conversion.pipelines.feature_engineering.events import Seen, Times

MILLI = 1000

_OF_ATTEMPT = ("channel", "local_hour", "campaign_id", "step_id", "step_order", "sequence_variant")
_OF_PROMPT = (
    "prompt_id", "prompt_chars", "prompt_questions", "prompt_has_ask", "prompt_has_link", "prompt_placeholders",
    "prompt_has_pressure", "prompt_has_opt_out", "prompt_reading_ease", "prompt_sentiment",
    *(f"prompt_like_{anchor}" for anchor in ANCHORS),
)  # fmt: skip
_OF_REPLY = ("reply_words", "reply_intent", "reply_language")


def number(value: NumericValue | BooleanValue) -> FloatingValue:
    """As features are stored."""
    return value.cast("float64")


def count(seen: Seen, condition: BooleanValue) -> FloatingValue:
    """Events that meet the condition; 0 where there are none, for which Spark alone would have null."""
    return number(seen.count(where=condition).fill_null(0))


def share(seen: Seen, part: BooleanValue, whole: BooleanValue) -> FloatingValue:
    """Null where there is nothing to have a share of."""
    return count(seen, part) / count(seen, whole).nullif(0)


def mean(value: NumericValue, condition: BooleanValue) -> FloatingValue:
    """Mean of whole numbers, whose sum does not depend on the order of addition; nulls do not count."""
    return number(value.cast("int64").sum(where=condition)) / number(value.count(where=condition)).nullif(0)


def hours(seconds: NumericValue) -> FloatingValue:
    """Seconds as hours."""
    return number(seconds) / SECONDS_AN_HOUR


def hours_since(seen: Seen, condition: BooleanValue) -> FloatingValue:
    """Hours from the last event that meets the condition to the landmark; null where there is none."""
    return hours(seen.age_seconds.min(where=condition))


def last_attempt(seen: Seen) -> StructValue:
    """The last attempt; null where there is none."""
    return _last(seen, _OF_ATTEMPT, seen.is_attempt)


def last_prompt(seen: Seen) -> StructValue:
    """The prompt of the last attempt that had one; of a text that was written later only the id is known."""
    return _last(seen, _OF_PROMPT, seen.is_attempt & seen.prompt_id.notnull())


def last_reply(seen: Seen) -> StructValue:
    """The last reply; null where there is none."""
    return _last(seen, _OF_REPLY, seen.is_reply)


def is_prompted(seen: Seen) -> BooleanValue:
    """Attempts of which is known what their prompt said."""
    return seen.is_attempt & seen.prompt_chars.notnull()


def gather_times(seen: Seen) -> dict[str, Value]:
    """The seconds of the events of each kind, of touches and replies ascending; null where there are none."""
    return {
        "touch_seconds": seen.second.collect(where=seen.is_attempt | seen.is_reply).sort(),
        "reply_seconds": seen.second.collect(where=seen.is_reply).sort(),
        "attempt_seconds": seen.second.collect(where=seen.is_attempt),
        "opened_seconds": seen.second.collect(where=seen.is_opened),
        "last_reply_second": seen.second.max(where=seen.is_reply).fill_null(-1),
    }


def order_times(gathered: Table) -> Times:
    """With the gaps and latencies that the gathered times make, in seconds, in order of time.

    Gaps: from each attempt or reply to the next; the first has none before it and is null. Latencies: for each reply,
    the time since the last attempt before it; null where there is none. Made once, for Ibis writes an expression out
    wherever it is used, so that a list sorted on the spot would be sorted again for each of its elements.
    """
    touches, attempts = gathered.touch_seconds, gathered.attempt_seconds
    return gathered.mutate(
        gaps=touches.map(lambda touch, position: (position > 0).ifelse(touch - touches[position - 1], None)),
        latencies=gathered.reply_seconds.map(lambda reply: reply - _last_until(attempts, reply)),
    )


def _last_until(attempts: ArrayValue, reply: IntegerValue) -> IntegerValue:
    return attempts.filter(lambda attempt: attempt <= reply).maxs()


def _last(seen: Seen, names: tuple[str, ...], condition: BooleanValue) -> StructValue:
    return ibis.struct({name: seen[name] for name in names}).argmax(seen.order, where=condition)
