from hashlib import sha256

import duckdb
import pyarrow as pa
import pytest
from agent_cory_rows import LOG, make_database, selects

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, SourceError
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.source.duckdb_source import DuckDBSource

AS_OF = parse_moment("2026-06-01")
LEAD = {"education.contacts": [{"contact_id": 1, "ghl_contact_id": "g1"}]}
EVENT = {
    "education.campaign_enrollments": [{"enrollment_id": 1}],
    "education.campaign_activities": [{"activity_id": 5}],
}


@pytest.fixture
def source_of(tmp_path):
    """A source over a database that holds these rows and no others."""

    def make(rows, **options):
        return DuckDBSource(make_database(tmp_path / "cory.duckdb", rows), selects(), **options)

    return make


def rows_of(source, entity, as_of=AS_OF, org_id=None):
    return [row for batch in source.stream(entity, as_of, org_id) for row in batch.to_pylist()]


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_every_batch_has_the_contracts_schema(source_of, entity):
    source = source_of(LEAD | EVENT | {"education.campaigns": [{"campaign_id": 1}]})
    assert all(batch.schema == SOURCE_ENTITIES[entity].schema for batch in source.stream(entity, AS_OF))


def test_ids_are_text_whatever_their_type_in_the_database(source_of):
    assert [row["contact_id"] for row in rows_of(source_of(LEAD), "contacts")] == ["1"]


def test_an_activity_happened_when_it_was_completed_else_called_else_created(source_of):
    times = {"completed_at": "2026-02-03", "call_started_at": "2026-02-02", "created_at": "2026-02-01"}
    activities = [
        {"activity_id": 1, **times},
        {"activity_id": 2, **times, "completed_at": None},
        {"activity_id": 3, **times, "completed_at": None, "call_started_at": None},
    ]
    source = source_of({"education.campaign_activities": activities})
    happened = {row["event_id"]: row["occurred_at"].day for row in rows_of(source, "engagement_logs")}
    assert happened == {"a:1": 3, "a:2": 2, "a:3": 1}


def test_an_activity_without_its_enrollment_is_kept_without_a_lead(source_of):
    source = source_of({"education.campaign_activities": [{"activity_id": 5, "enrollment_id": 99}]})
    (row,) = rows_of(source, "engagement_logs")
    assert (row["contact_id"], row["campaign_id"], row["direction"]) == (None, None, "outbound")


@pytest.mark.parametrize("direction", ["in", "Inbound", "inbound", " IN "])
def test_every_spelling_of_inbound_is_read(source_of, direction):
    source = source_of(LEAD | {LOG: [{"message_id": "m1", "ghl_contact_id": "g1", "direction": direction}]})
    assert [(row["event_id"], row["contact_id"]) for row in rows_of(source, "engagement_logs")] == [("m:m1", "1")]


def test_an_outbound_message_repeats_an_activity_and_is_left_out(source_of):
    messages = [{"message_id": "m1", "direction": "outbound"}, {"message_id": "m2"}]
    assert [row["event_id"] for row in rows_of(source_of({LOG: messages}), "engagement_logs")] == ["m:m2"]


def test_messages_without_an_id_do_not_come_to_share_one(source_of):
    rows = rows_of(source_of({LOG: [{"message_id": None}, {"message_id": None}]}), "engagement_logs")
    assert [row["event_id"] for row in rows] == [None, None]


def test_two_contacts_of_one_outreach_id_do_not_double_their_messages(source_of):
    contacts = [{"contact_id": 8, "ghl_contact_id": "g1"}, {"contact_id": 9, "ghl_contact_id": "g1"}]
    message = {"message_id": "m1", "ghl_contact_id": "g1", "conversation_tags": "opt_out"}
    booking = {"appointment_id": 1, "ghl_contact_id": "g1"}
    source = source_of({"education.contacts": contacts, LOG: [message], "education.booking_appointments": [booking]})
    assert [row["contact_id"] for row in rows_of(source, "engagement_logs")] == ["8"]
    assert [row["contact_id"] for row in rows_of(source, "outcomes")] == ["8", "8"]


def test_a_message_happened_at_its_timestamp_else_when_it_was_logged(source_of):
    messages = [{"message_id": "m1", "timestamp": "2026-01-05"}, {"message_id": "m2", "created_at": "2026-01-07"}]
    happened = {
        row["event_id"]: row["occurred_at"].day for row in rows_of(source_of({LOG: messages}), "engagement_logs")
    }
    assert happened == {"m:m1": 5, "m:m2": 7}


@pytest.mark.parametrize("tags", ["opt_out", "neutral,opt_out", "opt_out, neutral", "neutral, Opt_Out "])
def test_an_opt_out_tag_is_an_outcome_wherever_it_stands(source_of, tags):
    source = source_of({LOG: [{"message_id": "m1", "conversation_tags": tags}]})
    assert [row["outcome_type"] for row in rows_of(source, "outcomes")] == ["opted_out"]


@pytest.mark.parametrize("tags", [None, "", "no_opt_out", "opt_out_reverted"])
def test_a_tag_that_only_holds_the_word_is_no_opt_out(source_of, tags):
    assert rows_of(source_of({LOG: [{"message_id": "m1", "conversation_tags": tags}]}), "outcomes") == []


def test_only_qualified_and_customer_are_outcomes_of_the_status_history(source_of):
    statuses = ["qualified", " Customer ", "contacted", "disqualified"]
    history = [{"status_id": number, "new_status": status} for number, status in enumerate(statuses)]
    rows = rows_of(source_of({"education.contact_status_history": history}), "outcomes")
    assert [(row["outcome_id"], row["outcome_type"]) for row in rows] == [("s:0", "qualified"), ("s:1", "converted")]


def test_a_booking_keeps_its_status_and_takes_its_own_contact_first(source_of):
    booking = {"appointment_id": 3, "contact_id": 7, "ghl_contact_id": "g1", "status": "void"}
    (row,) = rows_of(source_of(LEAD | {"education.booking_appointments": [booking]}), "outcomes")
    assert (row["outcome_id"], row["contact_id"], row["status"]) == ("b:3", "7", "void")


def test_a_step_without_prompts_keeps_one_row_and_each_prompt_gives_one(source_of):
    source = source_of(
        {
            "education.campaigns": [{"campaign_id": 1}],
            "education.campaign_steps": [{"step_id": 1}, {"step_id": 2}],
            "education.prompt_templates": [{"prompt_id": 1}, {"prompt_id": 2, "version": 2}],
        }
    )
    rows = [(row["step_id"], row["prompt_id"]) for row in rows_of(source, "campaign_steps")]
    assert sorted(rows, key=str) == [(1, 1), (1, 2), (2, None)]


def test_the_place_of_a_step_in_the_other_variants_is_one_text(source_of):
    variants = [
        {"sequence_variant": "C", "step_order": 3, "wait_hours": 48},
        {"sequence_variant": "B", "step_order": 2, "wait_hours": 24},
    ]
    source = source_of({"education.campaign_steps": [{"step_id": 1}], "education.campaign_sequence_variants": variants})
    assert rows_of(source, "campaign_steps")[0]["variant_orders"] == "B:2:24.00;C:3:48.00"


def test_a_row_logged_at_the_as_of_or_later_is_absent(source_of):
    times = ["2026-05-31 23:59:59.999", "2026-06-01 00:00:00"]
    activities = [{"activity_id": number, "created_at": time} for number, time in enumerate(times)]
    source = source_of({"education.campaign_activities": activities})
    assert [row["event_id"] for row in rows_of(source, "engagement_logs")] == ["a:0"]


def test_a_prompt_newer_than_the_as_of_is_absent_and_its_step_stays_where_it_has_another(source_of):
    prompts = [{"prompt_id": 1}, {"prompt_id": 2, "created_at": "2026-07-01"}]
    source = source_of({"education.campaign_steps": [{"step_id": 1}], "education.prompt_templates": prompts})
    assert [row["prompt_id"] for row in rows_of(source, "campaign_steps")] == [1]


def test_one_organisation_is_read_where_one_is_asked_for(source_of):
    source = source_of({"education.contacts": [{"contact_id": 1}, {"contact_id": 2, "org_id": 2}]})
    assert [row["contact_id"] for row in rows_of(source, "contacts", org_id=2)] == ["2"]


def test_one_event_dated_2099_does_not_move_the_newest(source_of):
    messages = [{"message_id": "m1", "timestamp": "2099-01-01", "created_at": "2026-03-02 08:00:00"}]
    assert source_of({LOG: messages}).newest_event_at() == parse_moment("2026-03-02T08:00")


def test_batches_are_bounded(source_of):
    source = source_of({"education.contacts": [{"contact_id": number} for number in range(5)]}, batch_rows=2)
    assert max(batch.num_rows for batch in source.stream("contacts", AS_OF)) <= 2
    assert len(rows_of(source, "contacts")) == 5


def test_a_span_is_read_from_its_first_moment_to_before_its_end(source_of):
    moments = ("2026-01-31 23:59:59.999", "2026-02-01", "2026-02-28 23:59:59.999", "2026-03-01", "2026-05-31")
    source = source_of({"education.contacts": [{"contact_id": n, "created_at": at} for n, at in enumerate(moments)]})
    february = Span(parse_moment("2026-02-01"), parse_moment("2026-03-01"))
    rows = [row for batch in source.stream("contacts", AS_OF, span=february) for row in batch.to_pylist()]
    assert sorted(row["contact_id"] for row in rows) == ["1", "2"]


def test_a_slice_without_rows_is_no_empty_database(source_of):
    april = Span(parse_moment("2026-04-01"), parse_moment("2026-05-01"))
    assert list(source_of(LEAD).stream("contacts", AS_OF, span=april)) == []


def test_a_summary_of_an_empty_database_is_refused(source_of):
    with pytest.raises(DataError, match=r"contacts'.*before 2026-06-01.*of organisation 1"):
        source_of(EVENT).summarise("contacts", AS_OF, 1)


def test_a_row_that_is_changed_in_place_shows_in_the_contents_of_its_day_and_not_in_the_counts(source_of, tmp_path):
    source = source_of(LEAD | EVENT)
    before = {by: source.summarise("engagement_logs", AS_OF, by=by) for by in ("contents", "counts")}
    with duckdb.connect(str(tmp_path / "cory.duckdb")) as connection:
        connection.execute("UPDATE education.campaign_activities SET outcome = 'failed'")
    assert source.summarise("engagement_logs", AS_OF) != before["contents"]
    assert source.summarise("engagement_logs", AS_OF, by="counts") == before["counts"]


def test_rows_that_came_too_late_are_counted_by_organisation(source_of):
    times = ("2026-05-31", "2026-06-01", "2026-06-02")
    contacts = [{"contact_id": n, "created_at": at, "org_id": 1 + n % 2} for n, at in enumerate(times)]
    prompts = [{"prompt_id": 1}, {"prompt_id": 2, "created_at": "2026-07-01"}]
    steps = {"education.campaign_steps": [{"step_id": 1}], "education.prompt_templates": prompts}
    source = source_of({"education.contacts": contacts} | steps)
    assert [source.count_after("contacts", AS_OF, org_id) for org_id in (None, 1, 2)] == [2, 1, 1]
    assert source.count_after("campaign_steps", AS_OF) == 1


def test_organisations_are_those_that_have_contacts(source_of):
    contacts = [{"contact_id": number, "org_id": org_id} for number, org_id in enumerate((10, 9, 10))]
    assert list(source_of({"education.contacts": contacts}).organisations().items()) == [(9, 1), (10, 2)]


def test_one_column_is_read_alone_and_recorded_as_an_export(source_of):
    records = []
    contacts = [{"contact_id": 1}, {"contact_id": 2, "org_id": 2}, {"contact_id": 3, "created_at": "2026-07-01"}]
    source = source_of({"education.contacts": contacts}, on_statement=records.append)
    assert [array.to_pylist() for array in source.stream_column("contacts", "contact_id", AS_OF, 1)] == [["1"]]
    assert records[-1].purpose == "export"


@pytest.mark.parametrize(
    "name", ["education.duckdb", "dbo.duckdb", "memory.duckdb", "it's; here.duckdb", "temp", "x y"]
)
def test_a_file_may_bear_any_name(tmp_path, name):
    source = DuckDBSource(make_database(tmp_path / "cory.duckdb", LEAD | EVENT).rename(tmp_path / name), selects())
    assert [row["contact_id"] for row in rows_of(source, "contacts")] == ["1"]
    assert len(rows_of(source, "engagement_logs")) == 1


def test_the_description_names_the_file_without_its_folder_and_the_schema_it_was_read_from(source_of, tmp_path):
    facts = source_of(LEAD).describe().facts()
    assert facts["name"] == "cory.duckdb"
    assert str(tmp_path) not in str(facts)
    with duckdb.connect(str(tmp_path / "cory.duckdb")) as connection:
        connection.execute("ALTER TABLE education.contacts ALTER crm_score TYPE DOUBLE")
    assert DuckDBSource(tmp_path / "cory.duckdb", selects()).describe().schema_hash != facts["schema_hash"]


def test_every_statement_is_recorded_before_it_is_sent_and_after_it_was_answered(source_of):
    records = []
    source = source_of(LEAD, on_statement=records.append)
    for _ in source.stream("contacts", AS_OF):
        assert [record.state for record in records][-1] == "asked"
    lines = [(record.purpose, record.state, record.rows) for record in records]
    assert lines[-2:] == [("rows", "asked", 0), ("rows", "answered", 1)]
    assert lines[0][:2] == ("schema", "asked")
    assert records[-1].sha256 == source.describe().statement_hashes["contacts"]


def test_every_record_of_a_reading_says_what_was_sent_and_how_far_it_reached(source_of, monkeypatch):
    records, sent = [], []
    source = source_of(LEAD, on_statement=records.append)
    fetch = source._fetch
    monkeypatch.setattr(source, "_fetch", lambda sql: sent.append(sql) or fetch(sql))
    january = Span(parse_moment("2026-01-01"), parse_moment("2026-02-01"))
    list(source.stream("contacts", AS_OF, 1, january))
    source.summarise("contacts", AS_OF, 1, span=january)
    list(source.stream_replies(january.start, AS_OF))
    source.organisations()
    asked, ended = records[0::2], records[1::2]
    for records_of in (asked, ended):
        assert [record.sent_sha256 for record in records_of] == [sha256(sql.encode()).hexdigest() for sql in sent]
        assert [(record.purpose, record.as_of, record.org_id, record.span) for record in records_of] == [
            ("schema", None, None, None),
            ("rows", AS_OF, 1, january),
            ("summary", AS_OF, 1, january),
            ("texts", AS_OF, None, Span(january.start, AS_OF)),
            ("organisations", None, None, None),
        ]
    assert records[2].sha256 == records[4].sha256 == source.describe().statement_hashes["contacts"]
    assert records[2].sent_sha256 != records[4].sent_sha256


def test_a_summary_of_a_span_without_rows_is_empty_and_no_refusal(source_of):
    april = Span(parse_moment("2026-04-01"), parse_moment("2026-05-01"))
    assert source_of(LEAD).summarise("contacts", AS_OF, span=april) == []


def test_a_reading_whose_rows_are_refused_is_recorded_as_broken_off_and_its_file_is_closed(tmp_path):
    path = make_database(tmp_path / "cory.duckdb", {"education.contacts": [{"contact_id": 1}]})
    texts, records = selects(), []
    texts["contacts"] = texts["contacts"].replace("    c.org_id,", "    CAST(NULL AS int) AS org_id,")
    with pytest.raises(DataError):
        list(DuckDBSource(path, texts, on_statement=records.append).stream("contacts", AS_OF))
    assert [(record.purpose, record.state) for record in records[-2:]] == [("rows", "asked"), ("rows", "broken off")]
    duckdb.connect(str(path)).close()


def test_a_reading_that_is_left_early_is_recorded_as_broken_off(source_of):
    records = []
    source = source_of(
        {"education.contacts": [{"contact_id": number} for number in range(5)]},
        batch_rows=1,
        on_statement=records.append,
    )
    stream = source.stream("contacts", AS_OF)
    next(stream)
    stream.close()
    assert (records[-1].state, records[-1].rows) == ("broken off", 1)


def test_a_database_that_is_not_there_is_named_with_what_to_do(tmp_path):
    source = DuckDBSource(tmp_path / "none.duckdb", selects())
    with pytest.raises(SourceError, match=r"No database.*none\.duckdb.*CORY_DUCKDB_PATH"):
        source.newest_event_at()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 1_000)
    with pytest.raises(SourceError, match="not a DuckDB database"):
        DuckDBSource(path, selects()).newest_event_at()


def test_a_file_that_this_process_writes_to_is_refused(tmp_path):
    path = make_database(tmp_path / "cory.duckdb", LEAD)
    with duckdb.connect(str(path)), pytest.raises(SourceError, match="open for writing"):
        DuckDBSource(path, selects()).newest_event_at()


def test_everything_that_is_missing_stands_in_one_message_with_the_nearest_name(tmp_path):
    path = make_database(tmp_path / "cory.duckdb", LEAD)
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE education.contacts RENAME crm_score TO crm_scores")
        connection.execute("ALTER TABLE education.booking_appointments RENAME TO booking_appointment")
        connection.execute("ALTER TABLE education.campaigns DROP COLUMN objective")
    with pytest.raises(DataError) as refusal:
        DuckDBSource(path, selects()).describe()
    message = str(refusal.value)
    assert "Wrong schema" in message
    assert "column education.contacts.crm_score (nearest: crm_scores)" in message
    assert "table education.booking_appointments (nearest: education.booking_appointment)" in message
    assert "column education.campaigns.objective" in message


def test_a_database_without_contacts_is_refused(source_of):
    with pytest.raises(DataError, match=r"contacts'.*gives no row.*database is loaded"):
        rows_of(source_of(EVENT), "contacts")


def test_a_database_without_events_is_refused(source_of):
    source = source_of(LEAD)
    with pytest.raises(DataError, match=r"engagement_logs'.*gives no row"):
        source.newest_event_at()
    with pytest.raises(DataError, match=r"engagement_logs'.*before 2026-06-01"):
        rows_of(source, "engagement_logs")


def test_a_database_without_steps_or_outcomes_is_read(source_of):
    source = source_of(LEAD)
    assert rows_of(source, "campaign_steps") == rows_of(source, "outcomes") == []


def test_a_value_that_its_column_cannot_hold_is_refused_without_being_named(source_of):
    texts = selects()
    texts["contacts"] = texts["contacts"].replace("c.site_visits_30d", "c.region AS site_visits_30d")
    source = source_of({"education.contacts": [{"contact_id": 1, "region": "ana@private.example"}]})
    source = DuckDBSource(source._path, texts)
    with pytest.raises(DataError, match=r"'site_visits_30d'.*expected int64, found string") as refusal:
        rows_of(source, "contacts")
    assert "private" not in f"{refusal.value}{refusal.value.__cause__}{refusal.value.__context__}"


def test_a_value_that_the_engine_cannot_convert_is_refused_without_being_named(source_of):
    texts = selects()
    texts["contacts"] = texts["contacts"].replace("c.site_visits_30d", "CAST(c.region AS int) AS site_visits_30d")
    source = source_of({"education.contacts": [{"contact_id": 1, "region": "ana@private.example"}]})
    with pytest.raises(DataError, match="cannot carry out") as refusal:
        rows_of(DuckDBSource(source._path, texts), "contacts")
    assert "private" not in f"{refusal.value}{refusal.value.__cause__}{refusal.value.__context__}"


def test_a_lead_without_an_id_is_refused(source_of):
    texts = selects()
    texts["contacts"] = texts["contacts"].replace("c.contact_id,", "NULLIF(c.contact_id, 1) AS contact_id,")
    source = source_of(LEAD)
    with pytest.raises(DataError, match=r"contact_id'.*1 null"):
        rows_of(DuckDBSource(source._path, texts), "contacts")


def test_nothing_can_be_written_or_read_through_the_connection(source_of, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    source = source_of(LEAD)
    for attempt in (
        "DELETE FROM education.contacts",
        "CREATE TABLE education.copy AS SELECT 1 AS a",
        "CREATE TABLE memory.copy AS SELECT 1 AS a",
        f"SELECT * FROM read_csv('{secret}')",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        f"ATTACH '{tmp_path / 'other.duckdb'}'",
        "SET enable_external_access = true",
    ):
        with pytest.raises((DataError, SourceError)):
            list(source._fetch(attempt))
    assert not (tmp_path / "out.csv").exists()
    assert len(rows_of(source, "contacts")) == 1


def test_an_engine_that_runs_out_of_memory_is_a_source_error(source_of, monkeypatch):
    class Exhausted:
        def execute(self, sql):
            raise duckdb.OutOfMemoryException(f"could not allocate for {sql}")

        def close(self):
            pass

    source = source_of(LEAD)
    monkeypatch.setattr(source, "_connect", Exhausted)
    with pytest.raises(SourceError, match="one organisation"):
        source.describe()


def test_a_dangerous_select_is_refused_before_the_database_is_opened(tmp_path):
    hinted = selects()["contacts"].replace("education.contacts AS c", "education.contacts AS c WITH (NOLOCK)")
    texts = selects() | {"contacts": hinted}
    with pytest.raises(AccessError, match="table hint"):
        DuckDBSource(tmp_path / "none.duckdb", texts)


def test_a_misspelt_entity_and_an_empty_batch_are_refused(source_of, tmp_path):
    with pytest.raises(ConfigurationError, match="Unknown entity 'contact'"):
        rows_of(source_of(LEAD), "contact")
    with pytest.raises(ConfigurationError, match="batch_rows"):
        DuckDBSource(tmp_path / "cory.duckdb", selects(), batch_rows=0)


def test_the_same_reading_twice_gives_the_same_rows(source_of):
    source = source_of({"education.contacts": [{"contact_id": number} for number in range(200)]}, batch_rows=64)
    first, second = (pa.Table.from_batches(list(source.stream("contacts", AS_OF))) for _ in range(2))
    assert first.sort_by("contact_id").equals(second.sort_by("contact_id"))
