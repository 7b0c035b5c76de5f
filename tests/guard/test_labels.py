import pytest

from lead_conversion.guard.labels import TOKEN_PREFIX, known_labels, label_or_token, standardise, variants_or_tokens
from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import ConfigurationError

KEY = PseudonymKey("a key for tests, long enough")
OTHER_KEY = PseudonymKey("another key for tests, long enough")


def privacy(**known):
    return PrivacyParameters(
        known_labels=known, kept_names=(), nobodys_addresses={}, keep_scrubbed_text=False, scrubbed_text_days=30
    )


LABELS = known_labels(privacy(lead_source=("paid_search",), industry=("Non-Profit",)), {"channel": ["e-mail", "sms"]})


def passed(column, label):
    return label_or_token(column, label, LABELS, KEY)


@pytest.mark.parametrize("label", ["paid_search", " Paid  Search", "PAID-SEARCH", "paid\u00a0search"])
def test_a_known_word_passes_as_it_is_spelt(label):
    assert passed("lead_source", label) == label


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("country", "de"),
        ("timezone", "America/Port-au-Prince"),
        ("timezone", "UTC+5:30"),
        ("timezone", "utc"),
        ("direction", "In-Bound"),
        ("outcome_type", "call_booked"),
        ("status", "No Show"),
        ("campaign_status", "Archived"),
        ("channel", "E-Mail"),
        ("industry", "non profit"),
        ("company_size", "11-50"),
        ("company_size", "201 - 1000"),
        ("company_size", "51\u2013200 employees"),
        ("company_size", "1000+"),
        ("company_size", "1,001-5,000"),
        ("company_size", "< 10"),
        ("sequence_variant", "B"),
        ("sequence_variant", "C12"),
        ("sequence_variant", "variant_b"),
        ("sequence_variant", "control"),
    ],
)
def test_what_its_column_is_made_of_passes(column, label):
    assert passed(column, label) == label


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("lead_source", "Zenobia"),
        ("lead_source", "non_profit"),  # a word of another column
        ("country", "Zenobia"),
        ("timezone", "Israel"),  # a first name too
        ("timezone", "UTC+99"),
        ("company_size", "867-5309"),
        ("company_size", "50-11"),
        ("company_size", "4242 4242 4242 4242"),
        ("sequence_variant", "Zen"),
        ("sequence_variant", "order_zen"),
        ("status", "Quartermaine"),
        ("region", "Springfield"),
    ],
)
def test_any_other_value_becomes_a_token_that_tells_nothing(column, label):
    token = passed(column, label)
    assert token.startswith(TOKEN_PREFIX)
    assert len(token) == len("other:3fa9c12b")
    assert token != label_or_token(column, label, LABELS, OTHER_KEY)


def test_spellings_of_one_unknown_word_share_a_token_and_other_words_do_not():
    assert passed("industry", "Bee  Keeping") == passed("industry", " bee-keeping ") != passed("industry", "bees")


def test_one_value_in_two_columns_has_two_tokens():
    assert passed("industry", "zenobia") != passed("lead_source", "zenobia")


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_stays_blank(blank):
    assert passed("industry", blank) == blank


@pytest.mark.parametrize(
    ("spelt", "variant"), [("a", "A"), (" b2 ", "B2"), ("Variant B", "variant_b"), ("CONTROL", "control")]
)
def test_spellings_of_one_variant_are_one(spelt, variant):
    assert passed("sequence_variant", spelt) == variant
    assert variants_or_tokens(f"{spelt}:1:2.0", LABELS, KEY) == f"{variant}:1:2.0"


def test_the_variants_of_a_step_meet_the_variants_of_its_events():
    orders = variants_or_tokens("B:2:24.00;Zenobia's: order:3:48.00;b:x", LABELS, KEY)
    token = passed("sequence_variant", "Zenobia's: order")
    assert orders == f"B:2:24.00;{token}:3:48.00"


@pytest.mark.parametrize("orders", [None, "", ":1:2.0", "Zenobia Quartermaine", "B:4158675309123:1"])
def test_what_is_no_order_of_a_variant_goes(orders):
    assert variants_or_tokens(orders, LABELS, KEY) is None


def test_words_for_a_column_that_is_no_label_are_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match=r"'industri'.*Did you mean 'industry'"):
        known_labels(privacy(industri=("x",)), {})


def test_words_are_known_in_their_standard_spelling():
    assert LABELS["channel"] == {"e_mail", "sms"}
    assert standardise("  Text  Message ") == "text_message"
