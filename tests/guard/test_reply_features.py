import time

import pyarrow as pa

from lead_conversion.guard.reply_features import REPLY_FIELDS, reply_columns

THREAD = (
    "On Mon, 5 Jan 2026 at 15:04, Cory <cory@agency.example> wrote:\n> Are you interested?\n> Reply STOP to opt out"
)
NAMES = [field.name for field in REPLY_FIELDS]


def kept(text):
    return dict(zip(NAMES, [column[0].as_py() for column in reply_columns(pa.array([text]))], strict=True))


def test_a_reply_that_only_quotes_says_nothing():
    reply = kept(THREAD)
    assert (reply["reply_chars"], reply["reply_words"], reply["reply_intent"]) == (0, 0, None)
    assert not reply["reply_is_opt_out"]
    assert reply["reply_language"] == "und"


def test_a_mark_in_a_quoted_thread_is_no_question():
    assert not kept(f"Yes\n{THREAD}")["reply_has_question"]


def test_requests_of_a_quoted_thread_are_not_the_replys():
    asked = "Call me today? How much is it?"
    names = ["reply_is_urgent", "reply_wants_meeting", "reply_asks_price"]
    quoted = f"Thanks\nOn Mon, 5 Jan 2026 at 15:04, Cory <c@agency.example> wrote:\n> {asked}"
    assert [kept(asked)[name] for name in names] == [True, True, True]
    assert [kept(quoted)[name] for name in names] == [False, False, False]


def test_what_was_wrong_with_a_reply_is_named():
    garbled = f"<p>Don\u00e2\u20ac\u2122t call</p>\n{THREAD}"
    assert kept(garbled)["reply_faults"] == "html,mojibake,quoted_thread"
    assert kept("Don't call")["reply_faults"] is None


def test_columns_are_null_where_there_is_no_body_and_typed_where_no_row_has_one():
    columns = dict(zip(NAMES, reply_columns(pa.array(["Yes please", None, "Yes please"])), strict=True))
    assert columns["reply_chars"].to_pylist() == [10, None, 10]
    assert columns["reply_language"].null_count == 1
    empty = reply_columns(pa.array([None, None], pa.string()))
    assert [column.type for column in empty] == [field.type for field in REPLY_FIELDS]
    assert all(column.null_count == 2 for column in empty)


def test_a_hostile_text_does_not_take_long():
    hostile = [
        "<" * 50_000,
        "on 1 " * 20_000,
        "talk a b c " * 10_000,
        "> \n" * 30_000,
        "\u00c3" * 50_000,
        "\n thanks" * 9_000,
    ]
    started = time.perf_counter()
    reply_columns(pa.array(hostile))
    assert time.perf_counter() - started < 3
