import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.guard.deidentify import deidentify_batch, known_tags, label_or_null, raw_schema
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.kernel.windows import parse_moment

KEY = PseudonymKey("a key for tests, long enough")
PEOPLES_ENTITIES = ("contacts", "engagement_logs", "outcomes")

# One person, in spellings that people and tools use.
CANARIES = (
    "Zenobia Quartermaine",
    "ZENOBIA QUARTERMAINE",
    "zenobia_quartermaine",
    "quartermaine, zenobia",
    "zenobia.quartermaine@private.example",
    "Zenobia <zenobia.quartermaine@private.example>",
    "zenobia.quartermaine [at] private.example",
    "+1 (415) 867-5309",
    "4158675309",
    "415 867 5309",
    "12 Canary Row, Springfield",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
)
MARKS = re.compile(r"zenobia|quartermaine|private\.example|867\D?5309|canary|4242", re.IGNORECASE)
# A name in a label cannot be told from a new industry. What can be told from its shape must not pass.
TOLD_BY_SHAPE = [
    canary for canary in CANARIES if "@" in canary or "[at]" in canary or sum(map(str.isdigit, canary)) > 6
]


def batch_of(entity, **values):
    """One row of the entity with these values; what is not named is null, or the least that may stand there."""
    least = {pa.string(): "x", pa.int64(): 1, pa.bool_(): False, pa.timestamp("us"): parse_moment("2026-01-01")}
    row = {
        column.name: values.get(column.name, None if column.nullable else least[column.type])
        for column in SOURCE_ENTITIES[entity].columns
    }
    return pa.RecordBatch.from_pylist([row], schema=SOURCE_ENTITIES[entity].schema)


def deidentified(entity, **values):
    return deidentify_batch(entity, batch_of(entity, **values), KEY).to_pylist()[0]


def columns_of(*classes):
    return [
        (entity, column.name)
        for entity in PEOPLES_ENTITIES
        for column in SOURCE_ENTITIES[entity].columns
        if column.personal in classes
    ]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    ("entity", "column"),
    columns_of(
        PersonalClass.IDENTIFIER,
        PersonalClass.CONTACT_POINT,
        PersonalClass.TEXT,
        PersonalClass.TITLE,
        PersonalClass.TOKENS,
    ),
)
def test_nothing_of_a_person_passes_a_personal_column(entity, column, canary):
    batch = deidentify_batch(entity, batch_of(entity, **{column: canary}), KEY)
    assert not MARKS.search(str(batch.to_pylist()))


@pytest.mark.parametrize("canary", TOLD_BY_SHAPE)
@pytest.mark.parametrize(("entity", "column"), columns_of(PersonalClass.LABEL))
def test_contact_data_typed_into_a_label_does_not_pass(entity, column, canary):
    assert deidentified(entity, **{column: canary})[column] is None


@given(text=st.text(alphabet=st.characters(categories=("L", "N", "P", "Z")), min_size=4, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_of_a_reply_or_title_is_found_in_what_is_kept(text):
    kept = [deidentified("engagement_logs", body=f"Ωmega {text}"), deidentified("contacts", job_title=f"Ωmega {text}")]
    assert not any("Ωmega" in str(value) for row in kept for value in row.values())


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_the_batch_has_the_fixed_schema_of_the_snapshot(entity):
    assert deidentify_batch(entity, batch_of(entity), KEY).schema == raw_schema(entity)
    no_rows = SOURCE_ENTITIES[entity].schema.empty_table().to_batches(max_chunksize=1)
    assert all(deidentify_batch(entity, batch, KEY).schema == raw_schema(entity) for batch in no_rows)


def test_an_empty_batch_stays_empty_and_keeps_its_schema():
    batch = pa.RecordBatch.from_pylist([], schema=SOURCE_ENTITIES["engagement_logs"].schema)
    kept = deidentify_batch("engagement_logs", batch, KEY)
    assert (kept.num_rows, kept.schema) == (0, raw_schema("engagement_logs"))


@pytest.mark.parametrize(
    ("entity", "gone", "there"),
    [
        (
            "contacts",
            {"contact_id", "email", "phone", "job_title"},
            {"lead_key", "email_key", "phone_key", "seniority"},
        ),
        ("engagement_logs", {"event_id", "contact_id", "body"}, {"event_key", "lead_key", "text_key", "reply_intent"}),
        ("outcomes", {"outcome_id", "contact_id"}, {"outcome_key", "lead_key"}),
    ],
)
def test_personal_columns_are_gone_and_what_stands_for_them_is_there(entity, gone, there):
    names = set(raw_schema(entity).names)
    assert there <= names
    assert not gone & names


def test_campaign_steps_pass_unchanged():
    batch = batch_of("campaign_steps", body="Hi {{first_name}}", subject="Your call", channel="sms")
    assert deidentify_batch("campaign_steps", batch, KEY).equals(batch)


def test_one_lead_has_one_key_in_every_entity():
    keys = {deidentified(entity, contact_id="7")["lead_key"] for entity in PEOPLES_ENTITIES}
    assert keys == {KEY.pseudonym_of("lead", "7")}


def test_two_spellings_of_a_mailbox_and_of_a_line_have_one_key():
    first = deidentified("contacts", email="Ana.Lee@gmail.com", phone="(415) 555-0100", country="US")
    second = deidentified("contacts", email="analee@googlemail.com", phone="+1 415 555 0100")
    assert first["email_key"] == second["email_key"] is not None
    assert first["phone_key"] == second["phone_key"] is not None


def test_a_missing_id_stays_missing():
    row = deidentified("engagement_logs", body="Yes")
    assert row["event_key"] is row["lead_key"] is None
    assert len(row["text_key"]) == 32


def test_a_row_without_a_body_has_no_features():
    row = deidentified("engagement_logs")
    assert {row[name] for name in row if name.startswith("reply_") or name == "text_key"} == {None}


def test_a_lead_without_a_title_has_an_unknown_seniority():
    assert deidentified("contacts")["seniority"] == "unknown"
    assert deidentified("contacts", job_title="VP Sales")["seniority"] == "vp"


def test_a_column_without_a_personal_class_is_refused_and_not_passed_through():
    batch = batch_of("contacts").append_column("notes", pa.array(["knows Zenobia"]))
    with pytest.raises(ConfigurationError, match=r"1 unknown \(notes\).*personal class") as refusal:
        deidentify_batch("contacts", batch, KEY)
    assert "Zenobia" not in str(refusal.value)


def test_a_missing_column_is_refused():
    batch = batch_of("contacts").drop_columns(["email"])
    with pytest.raises(ConfigurationError, match=r"1 missing \(email\)"):
        deidentify_batch("contacts", batch, KEY)


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ("positive_intent, objection_price", "positive_intent,objection_price"),
        ("Opt-Out; QUESTION", "opt_out,question"),
        ("opt_out,Zenobia,zenobia_quartermaine,4158675309", "opt_out"),
        ("a" * 50, None),
        ("", None),
        (None, None),
    ],
)
def test_only_tags_made_of_known_words_pass(tags, kept):
    assert known_tags(tags) == kept


@pytest.mark.parametrize(
    "label", ["Paid Search ", "201-1000", "1000+", "America/New_York", "US", "no-answer", "B2B 2026"]
)
def test_labels_pass_as_they_are_spelt(label):
    assert label_or_null(label) == label


@pytest.mark.parametrize("label", ["x" * 101, "https://crm.example/7", "call 867-5309", None])
def test_what_is_no_label_does_not_pass(label):
    assert label_or_null(label) is None
