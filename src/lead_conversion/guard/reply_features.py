"""What is kept of a reply: features of its own words, and what was wrong with the message. The text is not kept."""

import pyarrow as pa

from lead_conversion.guard.message_text import read_message
from lead_conversion.language.identification import LANGUAGES
from lead_conversion.language.replies import describe_reply

FEATURES = (
    pa.field("reply_chars", pa.int64()),
    pa.field("reply_words", pa.int64()),
    pa.field("reply_has_question", pa.bool_()),
    pa.field("reply_intent", pa.string()),
    pa.field("reply_objection", pa.string()),
    pa.field("reply_is_opt_out", pa.bool_()),
    pa.field("reply_is_urgent", pa.bool_()),
    pa.field("reply_wants_meeting", pa.bool_()),
    pa.field("reply_asks_price", pa.bool_()),
    pa.field("reply_sentiment", pa.float64()),
    pa.field("reply_language", pa.string()),
)
REPLY_FIELDS = (*FEATURES, pa.field("reply_faults", pa.string()))


def reply_columns(bodies: pa.Array, languages: tuple[str, ...] = LANGUAGES) -> list[pa.Array]:
    """The features of each body, one array a field of REPLY_FIELDS; null where there is no body.

    `reply_faults` names what was wrong with the message: comma-joined, sorted; null where nothing was.
    """
    encoded = bodies.cast(pa.string()).dictionary_encode()
    messages = [read_message(text) for text in encoded.dictionary.to_pylist()]
    described = [describe_reply(message.own_words, languages) for message in messages]
    columns = [pa.array([getattr(each, field.name) for each in described], field.type) for field in FEATURES]
    faults = pa.array([",".join(message.faults) or None for message in messages], pa.string())
    return [column.take(encoded.indices) for column in (*columns, faults)]
