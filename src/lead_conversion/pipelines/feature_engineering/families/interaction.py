"""Interaction patterns: what was tried, what arrived, what came back."""

from ibis.expr.types import ArrayValue, BooleanValue, FloatingValue, StringValue

from lead_conversion.contracts.features import CHANNEL_WORDS, COUNTED_OVER
from lead_conversion.pipelines.feature_engineering.events import Leads, Seen, Times
from lead_conversion.pipelines.feature_engineering.families.measures import count, last_attempt, number, share


def attempts_and_replies(seen: Seen) -> dict[str, FloatingValue]:
    """Attempts and replies, each in all, lately and by channel."""
    return _counts(seen, "n_outbound", seen.is_attempt) | _counts(seen, "n_replies", seen.is_reply)


def outcomes_of_attempts(seen: Seen) -> dict[str, FloatingValue]:
    """Attempts by what became of them."""
    return {
        "n_delivered": count(seen, seen.is_delivered),
        "n_opened": count(seen, seen.is_opened),
        "n_clicked": count(seen, seen.is_clicked),
        "n_failed": count(seen, seen.is_failed),
        "n_skipped": count(seen, seen.is_skipped),
        **{f"n_skipped_{name}": count(seen, seen.is_skipped & (seen.channel == name)) for name in CHANNEL_WORDS},
        "n_connected": count(seen, seen.is_connected),
        "n_voicemail": count(seen, seen.is_settled & (seen.outcome == "voicemail")),
        "n_no_answer": count(seen, seen.is_settled & (seen.outcome == "no_answer")),
    }


def call_seconds(seen: Seen) -> FloatingValue:
    """Time spent in calls."""
    return number(seen.duration_seconds.sum(where=seen.is_connected).fill_null(0))


def shares_of_messages(seen: Seen) -> dict[str, FloatingValue]:
    """What became of settled messages, as shares."""
    return {
        "open_share": share(seen, seen.is_settled_message & seen.is_opened, seen.is_settled_message),
        "click_share": share(seen, seen.is_settled_message & seen.is_clicked, seen.is_settled_message),
        "failed_share": share(seen, seen.is_settled_message & seen.is_failed, seen.is_settled_message),
    }


def connect_share(seen: Seen) -> FloatingValue:
    """Calls answered among calls that are over."""
    return share(seen, seen.is_ended_call & seen.is_connected, seen.is_ended_call)


def reply_shares(seen: Seen) -> dict[str, FloatingValue]:
    """Replies for each attempt, in all and by channel."""
    return {
        "reply_share": share(seen, seen.is_reply, seen.is_attempt),
        **{
            f"reply_share_{name}": share(
                seen, seen.is_reply & (seen.channel == name), seen.is_attempt & (seen.channel == name)
            )
            for name in CHANNEL_WORDS
        },
    }


def n_steps_tried(seen: Seen) -> FloatingValue:
    """Different steps tried."""
    # A short list costs DuckDB less time and memory than a distinct count, which keeps a hash table of its own.
    return number(seen.step_id.collect(where=seen.is_attempt).unique().length().fill_null(0))


def last_step_order(seen: Seen) -> FloatingValue:
    """Position of the last step tried."""
    return number(last_attempt(seen)["step_order"])


def last_channel(seen: Seen) -> StringValue:
    """Channel of the last attempt."""
    return last_attempt(seen)["channel"].fill_null("none")


def sequence_variant(leads: Leads) -> StringValue:
    """Order of steps that the lead is in."""
    return leads.variant.fill_null("none")


def n_outbound_since_reply(times: Times) -> FloatingValue:
    """The streak of silence: attempts since the last reply."""
    return _since_reply(times, times.attempt_seconds)


def n_opened_since_reply(times: Times) -> FloatingValue:
    """Opened and not answered."""
    return _since_reply(times, times.opened_seconds)


def _counts(seen: Seen, name: str, condition: BooleanValue) -> dict[str, FloatingValue]:
    return {
        name: count(seen, condition),
        **{f"{name}_{span}": count(seen, condition & seen[f"is_within_{span}"]) for span in COUNTED_OVER},
        **{f"{name}_{channel}": count(seen, condition & (seen.channel == channel)) for channel in CHANNEL_WORDS},
    }


def _since_reply(times: Times, seconds: ArrayValue) -> FloatingValue:
    return number(seconds.filter(lambda second: second > times.last_reply_second).length().fill_null(0))
