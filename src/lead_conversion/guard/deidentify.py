"""What leaves the source door: every column as its personal class allows, and no column that has none.

The classes stand in contracts.source_entities; here stands what each of them means in practice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType

import pyarrow as pa

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass, SourceColumn, SourceEntity
from lead_conversion.guard.contact_points import ContactPoint, NobodysAddresses, read_email, read_phone
from lead_conversion.guard.job_titles import job_function_of, seniority_of
from lead_conversion.guard.labels import label_or_token, variants_or_tokens
from lead_conversion.guard.privacy import KnownLabels
from lead_conversion.guard.pseudonyms import PseudonymKey, pseudonymise
from lead_conversion.guard.reply_features import REPLY_FIELDS, reply_columns
from lead_conversion.guard.templates import NO_NAMES, NamesInTemplates, scrub_template
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


def deidentify_batch(
    entity: str,
    batch: pa.RecordBatch,
    key: PseudonymKey,
    labels: KnownLabels,
    names: NamesInTemplates = NO_NAMES,
    nobodys: NobodysAddresses = MappingProxyType({}),
) -> pa.RecordBatch:
    """The batch as it may be kept: `raw_schema(entity)`, in which no personal value stands.

    Numbers, moments and flags pass as they are: a phone number that somebody typed into a number's column cannot be
    told from a number. That no personal column is read into one is checked with the SELECT (source.lineage).

    Args:
        entity: the source entity.
        batch: rows with the columns of its contract.
        key: the secret of the pseudonyms.
        labels: the words that pass in clear, by column.
        names: the contacts' names among the words of the entity's templates.
        nobodys: patterns of addresses and numbers that are not one person's.

    Raises:
        ConfigurationError: a column that the entity's contract does not know, or one that is missing.
    """
    contract = _entity_of_snapshot(entity)
    found, expected = batch.schema.names, list(contract.column_names)
    if found != expected:
        unknown = [name for name in found if name not in expected]
        missing = [name for name in expected if name not in found]
        raise ConfigurationError(
            f"'{entity}' is not let through: expected the columns of its contract in their order, found "
            f"{len(unknown)} unknown ({', '.join(unknown) or 'none'}) and {len(missing)} missing "
            f"({', '.join(missing) or 'none'}). A new column needs a personal class in contracts/source_entities.py."
        )
    door = _Door(batch, key, labels, names, nobodys)
    arrays = [array for column in contract.columns for array in door.let_through(column)]
    return pa.RecordBatch.from_arrays(arrays, schema=raw_schema(entity))


@cache
def raw_schema(entity: str) -> pa.Schema:
    """The Arrow schema of the entity in the snapshot.

    Raises:
        ConfigurationError: no such entity in a snapshot.
    """
    return pa.schema([field for column in _entity_of_snapshot(entity).columns for field in _fields_of(column)])


def _entity_of_snapshot(name: str) -> SourceEntity:
    if name not in SOURCE_ENTITIES:
        raise ConfigurationError(
            f"'{name}' is not let through: expected one of {', '.join(SOURCE_ENTITIES)}; nothing else is ever kept."
        )
    return SOURCE_ENTITIES[name]


def _fields_of(column: SourceColumn) -> list[pa.Field]:
    """What a column of the source becomes in the snapshot."""
    if column.personal is PersonalClass.IDENTIFIER:
        return [pa.field(f"{column.pseudonym}_key", KEY, column.nullable)]
    if column.personal is PersonalClass.CONTACT_POINT:
        return [
            pa.field(f"{column.pseudonym}_key", KEY, column.nullable),
            pa.field(f"{column.pseudonym}_fault", pa.string()),
        ]
    if column.personal is PersonalClass.TEXT:
        return [pa.field("text_key", KEY), *REPLY_FIELDS]
    if column.personal is PersonalClass.TITLE:
        return [pa.field("seniority", pa.string()), pa.field("job_function", pa.string())]
    return [pa.field(column.name, column.type, column.nullable)]


@dataclass(frozen=True)
class _Door:
    """What decides, beside its class, what becomes of a column."""

    batch: pa.RecordBatch
    key: PseudonymKey
    labels: KnownLabels
    names: NamesInTemplates
    nobodys: NobodysAddresses

    def let_through(self, column: SourceColumn) -> list[pa.Array]:
        """The arrays that stand for a column in the snapshot, in the order of _fields_of."""
        values = self.batch.column(column.name)
        match column.personal:
            case PersonalClass.TEXT:
                return [pseudonymise(values, "text", self.key), *reply_columns(values)]
            case PersonalClass.IDENTIFIER:
                return [pseudonymise(values, str(column.pseudonym), self.key)]
            case PersonalClass.CONTACT_POINT:
                points = self._contact_points(column)
                addresses = pa.array([point.address for point in points], pa.string())
                faults = pa.array([point.fault for point in points], pa.string())
                return [pseudonymise(addresses, str(column.pseudonym), self.key), faults]
            case PersonalClass.TITLE:
                return [_each_distinct(values, seniority_of), _each_distinct(values, job_function_of)]
            case PersonalClass.NONE:
                return [values]
        return [_each_distinct(values, self._reduction(column))]

    def _contact_points(self, column: SourceColumn) -> list[ContactPoint]:
        values = self.batch.column(column.name).to_pylist()
        if column.pseudonym == "email":
            return [read_email(value, self.nobodys) for value in values]
        countries = self.batch.column("country").to_pylist()
        return [read_phone(value, country, self.nobodys) for value, country in zip(values, countries, strict=True)]

    def _reduction(self, column: SourceColumn) -> Callable[[str | None], str | None]:
        """What a value of the column is reduced to, on its own."""
        reductions: dict[PersonalClass, Callable[[str | None], str | None]] = {
            PersonalClass.LABEL: partial(
                label_or_token, column.labels_of or column.name, labels=self.labels, key=self.key
            ),
            PersonalClass.VARIANTS: partial(variants_or_tokens, labels=self.labels, key=self.key),
            PersonalClass.TEMPLATE: partial(scrub_template, names=self.names),
            PersonalClass.TOKENS: known_tags,
        }
        return reductions[column.personal]


def known_tags(text: str | None) -> str | None:
    """The tags that are made of known words, lower-cased and comma-joined; None where there is none."""
    tags = (tag.strip().lower().replace(" ", "_").replace("-", "_") for tag in TAG_SEPARATOR.split(text or ""))
    kept = [tag for tag in tags if TAG_SHAPE.fullmatch(tag) and TAG_WORDS.issuperset(tag.split("_"))]
    return ",".join(kept) or None


def _each_distinct(values: pa.Array, change: Callable[[str | None], str | None]) -> pa.Array:
    """The change of each value, done once for each distinct value; a null is a value too."""
    encoded = values.dictionary_encode("encode")
    changed = [change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)
