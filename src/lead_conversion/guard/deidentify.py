"""What leaves the source door: every column as its personal class allows, and no column that has none.

The classes stand in contracts.source_entities; here stands what each of them means in practice.
"""

import re
from collections.abc import Callable
from functools import cache

import pyarrow as pa

from lead_conversion.contracts.source_entities import PersonalClass, SourceColumn, source_entity
from lead_conversion.guard.contact_points import normalise_email, normalise_phone
from lead_conversion.guard.pseudonyms import PseudonymKey, pseudonymise
from lead_conversion.guard.reply_features import REPLY_FIELDS, reply_columns
from lead_conversion.guard.seniority import seniority_of
from lead_conversion.kernel.errors import ConfigurationError

KEY = pa.string()

# The words that conversation tags are made of. A tag is kept when all of its words stand here: the column is free
# text, and a name would pass every test of shape.
TAG_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    ask asked authority auto booked booking bot bounce budget busy call callback chat clicked cold competitor
    complaint confirmed contact customer demo document email engaged english existing fit follow followup form
    french future german hot human inbound info intent interested language later lead left link manual meeting
    message missed more negative neutral new no not now number objection office ooo opt option out outbound
    partner phone portuguese positive price pricing question quote ready referral reminder reply request requested
    reschedule response sales sms spam spanish stop student support text time timing trial trust unknown
    unsubscribe up urgent voice voicemail warm web wrong yes
        """,
    )
)
TAG_SHAPE = re.compile(r"[a-z0-9_]{1,40}")
TAG_SEPARATOR = re.compile(r"[,;|]")
MAX_LABEL_CHARS = 100
# In a label of a form or tool: an address, a link, or as many digits as a phone number or a card has.
CONTACT_DATA = re.compile(r"@|://|www\.|\[at\]|\(at\)|(?:\d[\s().\-/]*){7,}", re.IGNORECASE)
BAND = re.compile(r"[1-9]\d{0,5} ?[-\u2013] ?[1-9]\d{0,5}")  # of employees: '201-1000'


def deidentify_batch(entity: str, batch: pa.RecordBatch, key: PseudonymKey) -> pa.RecordBatch:
    """The batch as it may be kept: `raw_schema(entity)`, in which no personal value stands.

    Raises:
        ConfigurationError: a column that the entity's contract does not know, or one that is missing.
    """
    contract = source_entity(entity)
    found, expected = batch.schema.names, list(contract.column_names)
    if found != expected:
        unknown = [name for name in found if name not in expected]
        missing = [name for name in expected if name not in found]
        raise ConfigurationError(
            f"'{entity}' is not let through: expected the columns of its contract in their order, found "
            f"{len(unknown)} unknown ({', '.join(unknown) or 'none'}) and {len(missing)} missing "
            f"({', '.join(missing) or 'none'}). A new column needs a personal class in contracts/source_entities.py."
        )
    arrays = [array for column in contract.columns for array in _let_through(column, batch, key)]
    return pa.RecordBatch.from_arrays(arrays, schema=raw_schema(entity))


@cache
def raw_schema(entity: str) -> pa.Schema:
    """The Arrow schema of the entity in the snapshot.

    Raises:
        ConfigurationError: no such entity.
    """
    return pa.schema([field for column in source_entity(entity).columns for field in _fields_of(column)])


def _fields_of(column: SourceColumn) -> list[pa.Field]:
    """What a column of the source becomes in the snapshot."""
    if column.personal in {PersonalClass.IDENTIFIER, PersonalClass.CONTACT_POINT}:
        return [pa.field(f"{column.pseudonym}_key", KEY, column.nullable)]
    if column.personal is PersonalClass.TEXT:
        return [pa.field("text_key", KEY), *REPLY_FIELDS]
    if column.personal is PersonalClass.TITLE:
        return [pa.field("seniority", pa.string())]
    return [pa.field(column.name, column.type, column.nullable)]


def _let_through(column: SourceColumn, batch: pa.RecordBatch, key: PseudonymKey) -> list[pa.Array]:
    """The arrays that stand for a column in the snapshot, in the order of _fields_of."""
    values = batch.column(column.name)
    if column.personal is PersonalClass.TEXT:
        return [pseudonymise(values, "text", key), *reply_columns(values)]
    if column.personal is PersonalClass.IDENTIFIER:
        return [pseudonymise(values, str(column.pseudonym), key)]
    if column.personal is PersonalClass.CONTACT_POINT:
        return [pseudonymise(_normalised(column, batch), str(column.pseudonym), key)]
    if column.personal in REDUCED_TO:
        return [_each_distinct(values, REDUCED_TO[column.personal])]
    return [values]


def label_or_null(text: str | None) -> str | None:
    """The label, unless it looks like contact data or is too long to be one."""
    if text is None or len(text) > MAX_LABEL_CHARS:
        return None
    return None if CONTACT_DATA.search(text) and not BAND.fullmatch(text.strip()) else text


def known_tags(text: str | None) -> str | None:
    """The tags that are made of known words, lower-cased and comma-joined; None where there is none."""
    tags = (tag.strip().lower().replace(" ", "_").replace("-", "_") for tag in TAG_SEPARATOR.split(text or ""))
    kept = [tag for tag in tags if TAG_SHAPE.fullmatch(tag) and TAG_WORDS.issuperset(tag.split("_"))]
    return ",".join(kept) or None


# What a value of these classes is reduced to, on its own.
REDUCED_TO: dict[PersonalClass, Callable[[str | None], str | None]] = {
    PersonalClass.LABEL: label_or_null,
    PersonalClass.TOKENS: known_tags,
    PersonalClass.TITLE: seniority_of,
}


def _normalised(column: SourceColumn, batch: pa.RecordBatch) -> pa.Array:
    values = batch.column(column.name)
    if column.pseudonym == "email":
        return _each_distinct(values, normalise_email)
    pairs = zip(values.to_pylist(), batch.column("country").to_pylist(), strict=True)
    return pa.array([phone and normalise_phone(phone, country) for phone, country in pairs], pa.string())


def _each_distinct(values: pa.Array, change: Callable[[str | None], str | None]) -> pa.Array:
    """The change of each value, done once for each distinct value; a null is a value too."""
    encoded = values.dictionary_encode("encode")
    changed = [change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)
