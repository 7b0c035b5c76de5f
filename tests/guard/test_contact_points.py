import numpy as np
import pytest
from configured import PARAMETERS

from lead_conversion.guard.contact_points import read_email, read_phone
from lead_conversion.simulation.people import _phones

NOBODYS = PARAMETERS["privacy"]["nobodys_addresses"]


def normalise_email(text):
    return read_email(text, {}).address


def normalise_phone(text, country):
    return read_phone(text, country, {}).address


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


def test_two_people_with_extensions_at_one_switchboard_have_two_lines():
    assert normalise_phone("+1 415 555 0100 x12", None) == "+14155550100;ext=12"
    assert normalise_phone("(415) 555-0100 ext. 13", "US") == "+14155550100;ext=13"


def test_a_number_of_no_known_plan_keeps_its_digits():
    assert normalise_phone("555 0100 22", None) == "555010022"


@pytest.mark.parametrize("text", ["", "n/a", "12345", "call me"])
def test_what_is_no_number_is_null(text):
    assert normalise_phone(text, "US") is None


@pytest.mark.parametrize(
    "text",
    [
        "test@test.com", "Test1@gmail.com", "noreply@firm.example", "No-Reply@firm.example", "no.reply@gmail.com",
        "none@none.com", "n/a@n.example", "na@firm.example", "unknown@firm.example", "info@firm.example",
        "Sales <sales@firm.example>", "ana.lee@example.com", "x@y.invalid",
    ],
)  # fmt: skip
def test_a_mailbox_that_many_type_or_share_names_no_person(text):
    assert read_email(text, NOBODYS) == (normalise_email(text), "nobodys_address")
    assert normalise_email(text) is not None


@pytest.mark.parametrize("text", ["ana.lee@firm.example", "testa@firm.example", "info.lee@firm.example"])
def test_a_persons_own_mailbox_has_no_fault(text):
    assert read_email(text, NOBODYS) == (text, None)


@pytest.mark.parametrize(
    "text",
    ["0000000000", "1234567890", "(123) 456-7890", "555-555-5555", "+1 999 999 9999", "000-0000"],
)
@pytest.mark.parametrize("country", ["US", None])
def test_a_number_of_one_digit_or_of_digits_in_a_row_names_no_person(text, country):
    assert read_phone(text, country, NOBODYS).fault == "nobodys_address"


def test_an_extension_does_not_make_a_number_somebodys():
    assert read_phone("212 555 5555 x9", "US", NOBODYS) == ("+12125555555;ext=9", "nobodys_address")


@pytest.mark.parametrize(
    ("text", "country", "fault"),
    [
        ("+1 415 555 2671", None, None),
        ("(415) 555-2671", "US", None),
        ("001 415 555 2671", "US", None),
        ("+49 30 901820", None, None),
        ("+1 055 555 2671", None, "invalid_phone"),
        ("+999 555 010 0199", None, "invalid_phone"),
        ("555 0100 22", None, "invalid_phone"),
    ],
)
def test_a_number_that_its_plan_does_not_have_names_no_person(text, country, fault):
    found = read_phone(text, country, NOBODYS)
    assert found.fault == fault
    assert found.address


@pytest.mark.parametrize(("text", "fault"), [("n/a", "unreadable_address"), ("  ", None), ("", None), (None, None)])
def test_what_stands_in_the_place_of_an_address_is_told_from_what_is_missing(text, fault):
    assert read_email(text, NOBODYS) == (None, fault)
    assert read_phone(text, "US", NOBODYS) == (None, fault)


def test_without_patterns_every_address_is_somebodys():
    assert read_email("info@firm.example", {}).fault is None


def test_a_group_of_patterns_adds_to_the_others():
    switchboard = {"our_switchboard": ("+14155552671",)}
    assert read_phone("+1 415 555 2671", None, {**NOBODYS, **switchboard}).fault == "nobodys_address"
    assert read_phone("0000000000", "US", {**NOBODYS, **switchboard}).fault == "nobodys_address"


@pytest.mark.parametrize(
    "text",
    [
        "aaa@gmail.com", "a@b.com", "foo@bar.com", "12345@mail.example", "empty@firm.example", "declined@firm.example",
        "noemailprovided@gmail.com", "no-email-provided@gmail.com", "deletedemail@firm.example", "guest@firm.example",
        "prueba@firm.example", "keine@firm.example", "ninguno@firm.example", "aucun@firm.example", "nao@tem.com",
        "admissions@uni.example", "secretaria@uni.example", "sekretariat@uni.example", "family@lee.example",
        "ana@example.co.uk", "ana@mailinator.com",
    ],
)  # fmt: skip
def test_placeholders_of_every_language_and_offices_of_schools_name_no_person(text):
    assert read_email(text, NOBODYS).fault == "nobodys_address"


@pytest.mark.parametrize("text", ["a@a.com", "123@123.com", "refused@refused.com", "zz@mail.zz.example"])
def test_a_mailbox_called_like_its_domain_names_no_person(text):
    assert read_email(text, NOBODYS) == (text, "nobodys_address")


@pytest.mark.parametrize(
    "text",
    [
        "noreply+5@firm.example", "info+de@firm.example", "info.de@firm.example", "sales-emea@firm.example",
        "test123@gmail.com", "test_1@firm.example", "sales1@firm.example", "test.test@firm.example",
    ],
)  # fmt: skip
def test_what_is_added_to_a_mailbox_of_nobody_makes_it_nobody_elses(text):
    assert read_email(text, NOBODYS) == (text, "nobodys_address")


@pytest.mark.parametrize(
    "text", ["na.li@firm.example", "ana+de@firm.example", "ana.li5@firm.example", "tes@firm.example"]
)
def test_what_is_added_to_a_persons_mailbox_leaves_it_the_persons(text):
    assert read_email(text, NOBODYS) == (text, None)


@pytest.mark.parametrize("text", ["+1 234 567 8901", "2345678901", "415-555-0100", "(415) 555-0199", "212-555-1212"])
def test_a_number_of_films_and_examples_names_no_person(text):
    assert read_phone(text, "US", NOBODYS).fault == "nobodys_address"


def test_the_numbers_of_the_simulated_world_are_their_peoples():
    country = np.array(["US"] * 300, dtype=object)
    numbers = _phones(0, country, np.random.default_rng(1))
    assert {read_phone(number, "US", NOBODYS).fault for number in numbers} == {None}


@pytest.mark.parametrize(
    "text",
    [
        "jane\u200b@firm.example",
        "jane@firm.example\u200b",
        "\ufeffjane@firm.example",
        "'jane@firm.example'",
        "\u2018jane@firm.example\u2019",
        "jane@firm.example?subject=1",
        "mailto:jane@firm.example?subject=1",
        "jane@firm.example.",
        "E-mail: jane@firm.example",
        "jane@firm.example; jane@firm.example",
    ],
)
def test_what_clings_to_an_address_is_no_part_of_it(text):
    assert read_email(text, NOBODYS) == ("jane@firm.example", None)


def test_an_apostrophe_within_a_mailbox_is_a_part_of_it():
    assert normalise_email("shane.o'neill@firm.example") == "shane.o'neill@firm.example"


@pytest.mark.parametrize("text", ["max@firm.example;eva@home.example", "max@firm.example / eva@home.example"])
def test_two_addresses_in_one_field_merge_nobody_and_keep_the_first(text):
    assert read_email(text, NOBODYS) == ("max@firm.example", "nobodys_address")


@pytest.mark.parametrize("text", ["4155552671 (home)", "(415) 555-2671 [cell phone]", "415\u200b5552671"])
def test_a_word_in_brackets_behind_a_number_is_no_part_of_it(text):
    assert read_phone(text, "US", NOBODYS) == ("+14155552671", None)
