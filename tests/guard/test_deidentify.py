import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.guard.deidentify import deidentify_batch, known_tags, raw_schema
from lead_conversion.guard.folding import fold_letters
from lead_conversion.guard.labels import known_labels
from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.guard.templates import names_in_templates
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.kernel.windows import parse_moment

KEY = PseudonymKey("a key for tests, long enough")
PRIVACY = PrivacyParameters(
    known_labels={"lead_source": ("paid_search",)},
    kept_names=(),
    nobodys_addresses={},
    keep_scrubbed_text=False,
    scrubbed_text_days=30,
)
LABELS = known_labels(PRIVACY, {"channel": ("sms", "e-mail"), "outcome": ("no_answer",)})
PEOPLES_ENTITIES = ("contacts", "engagement_logs", "outcomes")
TEXT_COLUMNS = [
    (entity.name, column.name)
    for entity in SOURCE_ENTITIES.values()
    for column in entity.columns
    if column.type == pa.string()
]

# One person, as people and tools write it.
CANARIES = {
    "name": "Zenobia Quartermaine",
    "name as an id": "zenobia_quartermaine",
    "name turned round": "Quartermaine, Zenobia",
    "first name": "Zenobia",
    "mail": "zenobia.quartermaine@private.example",
    "mail with a name": "Zenobia <zenobia.quartermaine@private.example>",
    "mail spelt out": "zenobia.quartermaine [at] private.example",
    "phone": "+1 (415) 867-5309",
    "phone in one": "4158675309",
    "phone with blanks": "415 867 5309",
    "address": "12 Canary Street",
    "card": "4242 4242 4242 4242",
    "card with hyphens": "4242-4242-4242-4242",
}
SPELLINGS = {
    "plain": str,
    "upper": str.upper,
    "spaced": lambda text: f"  {text.replace(' ', '  ')} ",
    "with zero-width characters": lambda text: "\u200b".join(text[i : i + 3] for i in range(0, len(text), 3)),
    "with soft hyphens": lambda text: text[:4] + "\u00ad" + text[4:],
    "mojibake": lambda text: ("\u2019" + text.replace("e", "\u00e9")).encode().decode("cp1252"),
    "wide": lambda text: "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text),
    "in a sentence": "Ask {} about it".format,
    "in JSON": '{{"goto": "{}"}}'.format,
    "in a placeholder": "{{{{{}}}}}".format,
    "as a variant": "{}:2:24.00".format,
}
MARKS = re.compile("zenobia|nobia|quartermain|privateexample|8675309|canary|42424242")


def names_of(batch):
    """What a source that holds the one person answers for the batch's texts."""

    def ask(words):
        # A database compares letters, so that mojibake and accents are its to be found by.
        known = {"zenobia", "quartermaine", "zénobia", "quartérmainé", "quartermainé"}
        firsts, lasts = (sorted(word for word in known if word in words and word[0] == letter) for letter in "zq")
        return frozenset([*firsts, *lasts, *(f"{first} {last}" for first in firsts for last in lasts)])

    texts = [text for values in batch.columns if values.type == pa.string() for text in values.to_pylist()]
    return names_in_templates(texts, ask, ())


def traces(batch):
    """What of the canary stands in the batch, however it is spelt."""
    texts = [str(value) for values in batch.columns for value in values.to_pylist() if isinstance(value, str)]
    return [text for text in texts if MARKS.search(re.sub(r"[\W_]", "", fold_letters(text).text))]


def batch_of(entity, **values):
    """One row of the entity with these values; what is not named is null, or the least that may stand there."""
    least = {pa.string(): "x", pa.int64(): 1, pa.bool_(): False, pa.timestamp("us"): parse_moment("2026-01-01")}
    row = {
        column.name: values.get(column.name, None if column.nullable else least[column.type])
        for column in SOURCE_ENTITIES[entity].columns
    }
    return pa.RecordBatch.from_pylist([row], schema=SOURCE_ENTITIES[entity].schema)


def deidentify(entity, batch):
    return deidentify_batch(entity, batch, KEY, LABELS, names_of(batch))


def deidentified(entity, **values):
    return deidentify(entity, batch_of(entity, **values)).to_pylist()[0]


def test_every_text_column_has_a_personal_class():
    unclassed = [
        (entity, column)
        for entity, column in TEXT_COLUMNS
        if SOURCE_ENTITIES[entity].column(column).personal is PersonalClass.NONE
    ]
    assert unclassed == []


# A number, a moment or a flag cannot hold a name; a phone number in a number's column cannot be told from a number.
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("entity", "column"), TEXT_COLUMNS)
def test_no_canary_in_any_text_or_id_column_passes_the_door(entity, column, spelling):
    for kind, canary in CANARIES.items():
        written = SPELLINGS[spelling](canary)
        assert not traces(deidentify(entity, batch_of(entity, **{column: written}))), kind


def test_the_search_for_canaries_finds_one_that_passes():
    for spelling in SPELLINGS.values():
        for canary in CANARIES.values():
            assert traces(batch_of("contacts", region=spelling(canary)))


def test_canaries_in_many_templates_do_not_excuse_each_other():
    written = [spelling(canary) for spelling in SPELLINGS.values() for canary in CANARIES.values()]
    rows = [{**batch_of("campaign_steps").to_pylist()[0], "body": text, "step_name": text} for text in written]
    batch = pa.RecordBatch.from_pylist(rows, schema=SOURCE_ENTITIES["campaign_steps"].schema)
    assert not traces(deidentify("campaign_steps", batch))


@given(text=st.text(alphabet=st.characters(categories=("L", "N", "P", "Z")), min_size=4, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_of_a_reply_or_title_is_found_in_what_is_kept(text):
    kept = [deidentified("engagement_logs", body=f"Ωmega {text}"), deidentified("contacts", job_title=f"Ωmega {text}")]
    assert not any("Ωmega" in str(value) for row in kept for value in row.values())


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_the_batch_has_the_fixed_schema_of_the_snapshot(entity):
    assert deidentify(entity, batch_of(entity)).schema == raw_schema(entity)
    no_rows = SOURCE_ENTITIES[entity].schema.empty_table().to_batches(max_chunksize=1)
    assert all(deidentify(entity, batch).schema == raw_schema(entity) for batch in no_rows)


def test_an_empty_batch_stays_empty_and_keeps_its_schema():
    batch = pa.RecordBatch.from_pylist([], schema=SOURCE_ENTITIES["engagement_logs"].schema)
    kept = deidentify("engagement_logs", batch)
    assert (kept.num_rows, kept.schema) == (0, raw_schema("engagement_logs"))


@pytest.mark.parametrize(
    ("entity", "gone", "there"),
    [
        (
            "contacts",
            {"contact_id", "email", "phone", "job_title"},
            {"lead_key", "email_key", "phone_key", "seniority", "job_function"},
        ),
        ("engagement_logs", {"event_id", "contact_id", "body"}, {"event_key", "lead_key", "text_key", "reply_intent"}),
        ("outcomes", {"outcome_id", "contact_id"}, {"outcome_key", "lead_key"}),
    ],
)
def test_personal_columns_are_gone_and_what_stands_for_them_is_there(entity, gone, there):
    names = set(raw_schema(entity).names)
    assert there <= names
    assert not gone & names


def test_what_the_team_wrote_passes_unchanged():
    batch = batch_of(
        "campaign_steps",
        body="Hi {{first_name}}, it's Cory \u2013 50% off!",
        subject="Your call",
        channel="SMS ",
        campaign_status="Active",
        decision_point='{"if": "no_reply", "goto": 5}',
        variant_orders="B:2:24.00;C:3:48.00",
    )
    assert deidentify("campaign_steps", batch).equals(batch)


def test_an_outcome_of_an_unknown_type_is_a_token():
    assert deidentified("outcomes", outcome_type="Call booked")["outcome_type"] == "Call booked"
    assert deidentified("outcomes", outcome_type="Zenobia")["outcome_type"].startswith("other:")


def test_one_lead_has_one_key_in_every_entity():
    keys = {deidentified(entity, contact_id="7")["lead_key"] for entity in PEOPLES_ENTITIES}
    assert keys == {KEY.pseudonym_of("lead", "7")}


def test_two_spellings_of_a_mailbox_and_of_a_line_have_one_key():
    first = deidentified("contacts", email="Ana.Lee@gmail.com", phone="(415) 555-0100", country="US")
    second = deidentified("contacts", email="analee@googlemail.com", phone="+1 415 555 0100")
    assert first["email_key"] == second["email_key"] is not None
    assert first["phone_key"] == second["phone_key"] is not None


def test_an_address_that_names_no_person_keeps_its_pseudonym_and_says_so():
    batch = batch_of("contacts", email="info@firm.example", phone="n/a")
    kept = deidentify_batch("contacts", batch, KEY, LABELS, nobodys={"shared": ("info@*",)}).to_pylist()[0]
    assert kept["email_key"] == KEY.pseudonym_of("email", "info@firm.example")
    assert (kept["email_fault"], kept["phone_key"], kept["phone_fault"]) == (
        "nobodys_address",
        None,
        "unreadable_address",
    )


def test_a_missing_id_stays_missing():
    row = deidentified("engagement_logs", body="Yes")
    assert row["event_key"] is row["lead_key"] is None
    assert len(row["text_key"]) == 32


def test_a_row_without_a_body_has_no_features():
    row = deidentified("engagement_logs")
    assert {row[name] for name in row if name.startswith("reply_") or name == "text_key"} == {None}


def test_of_a_title_seniority_and_kind_of_work_are_kept():
    untitled, titled = deidentified("contacts"), deidentified("contacts", job_title="VP Sales")
    assert (untitled["seniority"], untitled["job_function"]) == ("unknown", "unknown")
    assert (titled["seniority"], titled["job_function"]) == ("vp", "sales")


def test_a_column_without_a_personal_class_is_refused_and_not_passed_through():
    batch = batch_of("contacts").append_column("notes", pa.array(["knows Zenobia"]))
    with pytest.raises(ConfigurationError, match=r"1 unknown \(notes\).*personal class") as refusal:
        deidentify("contacts", batch)
    assert "Zenobia" not in str(refusal.value)


def test_a_missing_column_is_refused():
    batch = batch_of("contacts").drop_columns(["email"])
    with pytest.raises(ConfigurationError, match=r"1 missing \(email\)"):
        deidentify("contacts", batch)


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


def test_people_are_read_to_scrub_texts_and_never_let_through():
    batch = pa.RecordBatch.from_pylist([{"contact_id": "1", "first_name": "Zenobia"}])
    with pytest.raises(ConfigurationError, match=r"'people' is not let through.*nothing else is ever kept"):
        deidentify_batch("people", batch, KEY, LABELS)
    with pytest.raises(ConfigurationError, match="'people'"):
        raw_schema("people")
