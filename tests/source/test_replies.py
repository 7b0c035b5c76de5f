import pyarrow as pa
import pytest
from agent_cory_rows import LOG, make_database, selects

from lead_conversion.guard.pseudonyms import PseudonymKey, pseudonymise
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.replies import SCRUBBED_REPLIES, ScrubbedReplies
from lead_conversion.source.retry import Retry

KEY = PseudonymKey("k" * 32)
AS_OF = parse_moment("2026-06-01")
DANA = {
    "contact_id": 7, "ghl_contact_id": "g7", "first_name": "Dana", "last_name": "Lee", "email": "dana@mail.example",
    "phone": "+1 415 555 0123", "city": "Leeds", "company": "Northwind Ltd",
}  # fmt: skip
MESSAGE = {"message_id": "m1", "ghl_contact_id": "g7", "channel": "SMS", "created_at": "2026-05-30 10:00:00"}


@pytest.fixture
def replies(tmp_path):
    """The scrubbed replies of a database with these messages."""

    def make(*messages, statements=None, **changes):
        rows = {"education.contacts": [DANA, {"contact_id": 8, "org_id": 2, "ghl_contact_id": "g8"}]}
        database = make_database(tmp_path / "cory.duckdb", rows | {LOG: [MESSAGE | message for message in messages]})
        facts = {
            "source": DuckDBSource(database, statements or selects()),
            "key": KEY,
            "as_of": AS_OF,
            "org_id": None,
            "days": 30,
            "channels": {"sms": "sms", "text": "sms"},
            "retry": Retry(attempts=1, wait_seconds=0),
        }
        return ScrubbedReplies(**facts | changes)

    return make


def rows_of(replies):
    return pa.Table.from_batches(list(replies.stream()), SCRUBBED_REPLIES).to_pylist()


def test_a_reply_is_kept_without_what_names_its_writer(replies):
    (row,) = rows_of(
        replies({"body": "Dana of Northwind here, call 415-555-0123 or write to bob@mail.example in Leeds"})
    )
    assert row["scrubbed_text"] == "[name] of [company] here, call [phone] or write to [email] in [address]"
    assert row["lead_key"] == pseudonymise(pa.array(["7"]), "lead", KEY)[0].as_py()
    assert row["event_key"] == pseudonymise(pa.array(["m:m1"]), "event", KEY)[0].as_py()
    assert row["expires_at"] == parse_moment("2026-06-29T10:00:00")
    assert row["channel"] == "sms"


def test_neither_a_quoted_thread_nor_a_signature_is_kept(replies):
    (row,) = rows_of(replies({"body": "Yes\n-- \nDana Lee\n\nOn Mon, Cory <c@x.example> wrote:\n> Hi Dana"}))
    assert row["scrubbed_text"] == "Yes"


def test_a_channel_that_is_spelled_as_none_is_not_kept(replies):
    assert rows_of(replies({"body": "Yes", "channel": "Dana's phone"}))[0]["channel"] is None


@pytest.mark.parametrize(
    "message",
    [
        {"body": "Yes", "created_at": "2026-05-01 00:00:00"},
        {"body": "Yes", "created_at": "2026-06-01 00:00:00"},
        {"body": "Yes", "ghl_contact_id": "nobody's"},
        {"body": "> Are you interested?"},
        {"body": None},
    ],
    ids=["expired at the as-of", "after the as-of", "of nobody known", "no words of its own", "no body"],
)
def test_a_reply_is_left_out(replies, message):
    assert [row["scrubbed_text"] for row in rows_of(replies(message, {"body": "No", "message_id": "m2"}))] == ["No"]


def test_only_the_organisations_own_replies_are_read(replies):
    other = {"body": "Theirs", "ghl_contact_id": "g8", "message_id": "m2"}
    assert [row["scrubbed_text"] for row in rows_of(replies({"body": "Ours"}, other, org_id=1))] == ["Ours"]


def test_replies_come_in_the_order_they_were_logged(replies):
    late, early = {"body": "late"}, {"body": "early", "message_id": "m2", "created_at": "2026-05-29"}
    assert [row["scrubbed_text"] for row in rows_of(replies(late, early))] == ["early", "late"]


def test_nothing_is_read_where_no_text_is_kept(replies):
    assert list(replies({"body": "Yes"}, source=None).stream()) == []


def test_nothing_is_read_where_nobody_knows_the_people(replies):
    without = {name: text for name, text in selects().items() if name != "people"}
    with pytest.raises(ConfigurationError, match=r"source/people\.sql"):
        list(replies({"body": "Yes"}, statements=without).stream())


def test_selects_that_name_a_part_alike_are_refused(replies):
    people = (
        "WITH contact_of_ghl AS (SELECT c.contact_id, c.first_name, c.last_name, c.email, c.phone, c.city, c.company "
    )
    people += "FROM education.contacts AS c) SELECT p.contact_id, p.first_name, p.last_name, p.email, p.phone, p.city, "
    people += "p.company FROM contact_of_ghl AS p"
    with pytest.raises(ConfigurationError, match="Rename one"):
        list(replies({"body": "Yes"}, statements=selects() | {"people": people}).stream())
    renamed = people.replace("contact_of_ghl", "known")
    assert (
        rows_of(replies({"body": "Dana"}, statements=selects() | {"people": renamed}))[0]["scrubbed_text"] == "[name]"
    )
