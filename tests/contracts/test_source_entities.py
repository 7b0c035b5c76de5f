import pyarrow as pa
import pytest

from lead_conversion.contracts.source_entities import (
    CONTACTS,
    ENGAGEMENT_LOGS,
    OUTCOMES,
    SOURCE_ENTITIES,
    PersonalClass,
    source_entity,
)
from lead_conversion.kernel.errors import ConfigurationError

ENTITIES = list(SOURCE_ENTITIES.values())


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_each_column_is_named_once_and_says_what_it_means(entity):
    assert len(set(entity.column_names)) == len(entity.columns)
    assert all(column.meaning for column in entity.columns)


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_the_moments_that_decide_the_as_of_are_columns_of_type_moment(entity):
    assert all(entity.column(name).type == pa.timestamp("us") for name in entity.known_at)


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_a_pseudonym_has_a_kind_and_nothing_else_has_one(entity):
    keyed = {PersonalClass.IDENTIFIER, PersonalClass.CONTACT_POINT}
    assert all((column.pseudonym is not None) == (column.personal in keyed) for column in entity.columns)


def test_a_lead_has_one_kind_of_pseudonym_in_every_entity_that_names_it():
    kinds = {entity.column("contact_id").pseudonym for entity in (CONTACTS, ENGAGEMENT_LOGS, OUTCOMES)}
    assert kinds == {"lead"}


def test_columns_of_a_class_are_given_in_order():
    assert [column.name for column in CONTACTS.columns_of(PersonalClass.CONTACT_POINT)] == ["email", "phone"]


def test_the_arrow_schema_holds_nullability():
    assert not CONTACTS.schema.field("contact_id").nullable
    assert CONTACTS.schema.field("email").nullable


def test_a_misspelt_entity_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"'contact'.*contacts, campaign_steps, engagement_logs, outcomes"):
        source_entity("contact")
