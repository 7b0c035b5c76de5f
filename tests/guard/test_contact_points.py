import pytest

from lead_conversion.guard.contact_points import normalise_email, normalise_phone


@pytest.mark.parametrize(
    "text",
    [
        "ana.lee@gmail.com",
        " Ana.Lee@Gmail.com ",
        "analee@gmail.com",
        "a.n.a.l.e.e+crm@googlemail.com",
        "Ana Lee <ana.lee@gmail.com>",
        "mailto:ana.lee@gmail.com",
        "\uff41na.lee@gmail.com",
    ],
)
def test_every_spelling_of_a_gmail_box_is_one(text):
    assert normalise_email(text) == "analee@gmail.com"


def test_dots_and_plus_count_where_the_provider_is_not_gmail():
    assert normalise_email("a.lee+x@firm.example") == "a.lee+x@firm.example"
    assert normalise_email("a.lee@firm.example") != normalise_email("alee@firm.example")


@pytest.mark.parametrize("text", ["", "n/a", "none", "@", "ana@", "@firm.example", "ana@firm", "+crm@gmail.com", None])
def test_what_is_no_address_is_null_so_that_people_without_one_are_not_merged(text):
    assert normalise_email(text) is None


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+1 415 555 0100", None),
        ("+14155550100", "GB"),
        ("(415) 555-0100", "US"),
        ("415.555.0100", "us "),
        ("1-415-555-0100", "US"),
        ("001 415 555 0100", "US"),
    ],
)
def test_every_spelling_of_a_number_is_one(text, country):
    assert normalise_phone(text, country) == "+14155550100"


@pytest.mark.parametrize("text", ["+44 20 7946 0958", "+44 (0)20 7946 0958", "+4402079460958", "020 7946 0958"])
def test_a_trunk_prefix_is_no_part_of_the_number(text):
    assert normalise_phone(text, "GB") == "+442079460958"


def test_a_leading_zero_that_counts_is_kept():
    assert normalise_phone("+39 06 1234 5678", None) == "+390612345678"


def test_an_extension_is_no_part_of_the_line():
    assert normalise_phone("+1 415 555 0100 x12", None) == "+14155550100"


def test_a_number_of_no_known_plan_keeps_its_digits():
    assert normalise_phone("555 0100 22", None) == "555010022"


@pytest.mark.parametrize("text", ["", "n/a", "12345", "call me"])
def test_what_is_no_number_is_null(text):
    assert normalise_phone(text, "US") is None
