import pytest
from configured import CLEAN
from entity_rows import RAW_CONTACT, key, rows

from lead_conversion.contracts import intermediate
from lead_conversion.pipelines.data_engineering.people import find_people


def people(*contacts, most=5):
    clean = CLEAN.model_copy(update={"max_contacts_per_person": most})
    found = find_people(rows(RAW_CONTACT, *contacts), clean)
    return intermediate.people.validate(found).to_pandas().set_index("lead_key")


def persons(*contacts, **knobs):
    return {lead.rstrip("0"): person.rstrip("0") for lead, person in people(*contacts, **knobs)["person_key"].items()}


ANNA = {"lead_key": "anna", "email_key": "x", "phone_key": "y", "created_at": "2026-04-03"}


@pytest.mark.parametrize("shared", [{"email_key": "x"}, {"phone_key": "y"}])
def test_earliest_of_two_contacts_with_a_common_address_stands_for_the_person(shared):
    assert persons({"lead_key": "twin", "created_at": "2026-04-01", **shared}, ANNA) == {"anna": "twin", "twin": "twin"}


def test_of_two_contacts_of_one_moment_the_smaller_key_stands_for_the_person():
    assert persons({**ANNA, "lead_key": "b"}, {**ANNA, "lead_key": "a"}) == {"a": "a", "b": "a"}


def test_contacts_that_share_an_address_at_second_hand_are_one_person():
    chain = (
        {"lead_key": "c", "phone_key": "y", "created_at": "2026-04-05"},
        {"lead_key": "b", "phone_key": "y", "email_key": "x", "created_at": "2026-04-04"},
        {"lead_key": "a", "email_key": "x", "created_at": "2026-04-03"},
    )
    assert persons(*chain) == {"a": "a", "b": "a", "c": "a"}


def test_contacts_of_two_organisations_are_two_people():
    assert persons(ANNA, {**ANNA, "lead_key": "b", "org_id": 2}) == {}


def test_contacts_without_an_address_or_with_one_of_their_own_are_not_compared():
    assert persons({"lead_key": "a"}, {"lead_key": "b"}, {"lead_key": "c", "email_key": "x", "phone_key": "x"}) == {}


def test_the_same_contact_twice_is_not_two_contacts_of_a_person():
    assert persons(ANNA, ANNA) == {}


def test_office_line_merges_nobody_and_is_noted_while_a_common_address_of_two_still_does():
    office = [{"lead_key": name, "phone_key": "office"} for name in "abc"]
    private = {"lead_key": "d", "email_key": "x", "created_at": "2026-05-01"}
    found = people(office[0] | {"email_key": "x"}, *office[1:], private, most=2)
    assert found["person_key"].tolist() == [key("a"), key("b"), key("c"), key("a")]
    assert found["has_shared_contact_point"].tolist() == [True, True, True, False]


def test_chain_of_more_contacts_than_a_person_has_merges_nobody():
    chain = [{"lead_key": f"l{n}", "email_key": f"e{n // 2}", "phone_key": f"p{(n + 1) // 2}"} for n in range(4)]
    found = people(*chain, most=3)
    assert found["person_key"].tolist() == found.index.tolist()
    assert found["has_shared_contact_point"].all()


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (None, True)])
def test_person_is_opted_out_where_any_contact_is(first, second):
    found = people({**ANNA, "opted_out": first}, {**ANNA, "lead_key": "b", "opted_out": second})
    assert found["is_opted_out_now"].tolist() == [True, True]


def test_contact_that_is_refused_for_itself_stands_for_nobody():
    assert persons(ANNA, {**ANNA, "lead_key": "a", "created_at": None}, {**ANNA, "lead_key": None}) == {}


@pytest.mark.parametrize(("kind", "fault"), [("email", "nobodys_address"), ("phone", "invalid_phone")])
def test_strangers_with_an_address_that_is_nobodys_stay_strangers(kind, fault):
    typed = {f"{kind}_key": "placeholder", f"{kind}_fault": fault}
    assert persons({"lead_key": "a", **typed}, {"lead_key": "b", **typed}) == {}


def test_strangers_with_a_placeholder_are_found_by_their_own_address():
    typed = {"phone_key": "placeholder", "phone_fault": "nobodys_address"}
    first = {"lead_key": "a", "email_key": "x", **typed}
    again = {"lead_key": "b", "email_key": "x", **typed, "created_at": "2026-04-03"}
    assert persons(first, again, {"lead_key": "c", "email_key": "z", **typed}) == {"a": "a", "b": "a"}


def test_one_contact_id_in_two_organisations_is_one_contact():
    second = {**ANNA, "lead_key": "b"}
    assert persons({**ANNA, "org_id": 1}, {**ANNA, "org_id": 2}, second) == {"anna": "anna", "b": "anna"}


def test_corrected_address_parts_two_contacts_in_the_next_snapshot():
    second = {**ANNA, "lead_key": "b", "phone_key": "own", "created_at": "2026-04-05"}
    assert persons(ANNA, second) == {"anna": "anna", "b": "anna"}
    assert persons(ANNA, {**second, "email_key": "corrected"}) == {}
