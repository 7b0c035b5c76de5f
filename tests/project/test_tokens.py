"""The tokens that stand for unknown labels, on their way from the source door through cleaning."""

from configured import CLEAN
from entity_rows import AS_OF, PERSON, RAW_CONTACT, RAW_EVENT, rows

from lead_conversion.guard.labels import label_or_token, variants_or_tokens
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.pipelines.data_engineering.clean import clean_contacts, clean_engagement_logs
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import parse_variant_orders

KEY = PseudonymKey("a key for tests, long enough")
PEOPLE = {"lead_key": "ana", "person_key": "ana", "is_opted_out_now": False, "has_shared_contact_point": False}


def token_of(column):
    return label_or_token(column, "Zenobia Quartermaine", {}, KEY)


def test_cleaning_leaves_the_tokens_of_a_contact_as_they_are():
    tokens = {name: token_of(name) for name in ("lead_source", "landing_page", "industry", "region", "company_size")}
    cleaned = clean_contacts(rows(RAW_CONTACT, {"lead_key": "ana", **tokens}), rows(PERSON, PEOPLE), AS_OF)
    (contact,) = cleaned["clean_contacts"].to_pyarrow().to_pylist()
    assert {name: contact[name] for name in tokens} == tokens


def test_the_token_of_a_variant_meets_its_steps_after_cleaning():
    variant = token_of("sequence_variant")
    orders = variants_or_tokens("Zenobia Quartermaine:2:24.00", {}, KEY)
    event = {"event_key": "e", "lead_key": "ana", "sequence_variant": variant}
    cleaned = clean_engagement_logs(rows(RAW_EVENT, event), rows(PERSON, PEOPLE), AS_OF, CLEAN)
    (kept,) = cleaned["clean_engagement_logs"].to_pyarrow().to_pylist()
    assert [kept["sequence_variant"]] == [entry[0] for entry in parse_variant_orders(orders)]


def test_a_token_is_no_direction_channel_or_outcome():
    events = [
        {"event_key": name, "lead_key": "ana", name: token_of(name)} for name in ("channel", "direction", "outcome")
    ]
    cleaned = clean_engagement_logs(rows(RAW_EVENT, *events), rows(PERSON, PEOPLE), AS_OF, CLEAN)
    reasons = {row["reason"] for row in cleaned["rejected_engagement_logs"].to_pyarrow().to_pylist()}
    assert reasons == {"unknown_channel", "unknown_direction", "unknown_outcome"}
