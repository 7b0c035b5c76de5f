"""Labels at the source door: a known word passes as it was spelt, any other value becomes a keyed token.

A name that somebody typed into 'industry' looks like any new industry, so that no test of shape can tell them apart.
What can be told is whether a value is one of the words that are known to name no person. Any other value becomes
'other:' and 8 hex digits of a keyed hash: models still tell such values apart, and nobody can read them.
"""

import re
import zoneinfo
from collections.abc import Iterable, Mapping

import phonenumbers

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.guard.privacy import KnownLabels, PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import ConfigurationError, suggest

TOKEN_PREFIX = "other:"  # noqa: S105 - the token of a label, no secret
TOKEN_CHARS = 8
BLANKS_AND_HYPHENS = re.compile(r"[\s\-]+")
LABEL_COLUMNS = frozenset(
    column.name for entity in SOURCE_ENTITIES.values() for column in entity.columns_of(PersonalClass.LABEL)
)

# An area and a place, or letters as in 'EST'. Zones of one word are left out: 'Israel' is a first name too.
TIME_ZONES = frozenset(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone.isupper())
OWN_WORDS: Mapping[str, Iterable[str]] = {
    "country": phonenumbers.SUPPORTED_REGIONS,  # ISO 3166-1 alpha-2
    "timezone": TIME_ZONES,
    "direction": ("in", "inbound", "in-bound", "incoming", "out", "outbound", "out-bound", "outgoing"),
    "outcome_type": ("call_booked", "qualified", "converted", "opted_out"),
    "status": (
        "requested", "pending", "new", "booked", "scheduled", "confirmed", "rescheduled", "tentative", "completed",
        "done", "attended", "showed", "no_show", "noshow", "missed", "cancelled", "canceled", "void", "voided",
        "invalid",
    ),
    "campaign_status": (
        "draft", "scheduled", "active", "running", "live", "paused", "inactive", "stopped", "completed", "ended",
        "cancelled", "canceled", "archived", "deleted",
    ),
}  # fmt: skip

# Bands of employees end at a round number or next to one. Any two numbers would do for a local phone number: 867-5309.
ROUND_NUMBERS = {digit * 10**zeros for digit in (1, 2, 3, 5) for zeros in range(6)} | {25, 250, 2_500, 25_000}
BAND_ENDS = {end + step for end in ROUND_NUMBERS for step in (-1, 0, 1)}
BAND = re.compile(r"(\d{1,6})_?(?:[_\u2013\u2014]|to)_?(\d{1,6})(?:_(?:employees|people))?")
OPEN_BAND = re.compile(r"[<>\u2264\u2265]?=?_?(\d{1,6})_?\+?(?:_(?:employees|people))?")
LETTERED_VARIANT = re.compile(r"[a-z]\d{0,2}")
NAMED_VARIANT = re.compile(
    r"(?:variant|version|order|sequence|arm|test)_?(?:[a-z]|\d{1,2})|control|treatment|test|default|baseline|original"
)
UTC_OFFSET = re.compile(r"(?:utc|gmt)_?[+_\u2212](?:0?\d|1[0-4])(?::?(?:00|15|30|45))?")
VARIANT_ENTRY = re.compile(r"(.+):(\d{1,9}):(\d{1,9}(?:\.\d{1,9})?)")


def known_labels(privacy: PrivacyParameters, spellings: Mapping[str, Iterable[str]]) -> KnownLabels:
    """By column, the standardised words that pass the source door.

    Args:
        privacy: the words that a person added.
        spellings: by column, the spellings that cleaning understands.

    Raises:
        ConfigurationError: words for a column that is no label of any entity.
    """
    words: dict[str, set[str]] = {}
    for source in (OWN_WORDS, spellings, privacy.known_labels):
        for column, known in source.items():
            if column not in LABEL_COLUMNS:
                raise ConfigurationError(
                    f"There are known labels for '{column}', which is no label of any entity: expected one of "
                    f"{', '.join(sorted(LABEL_COLUMNS))}.{suggest(column, LABEL_COLUMNS)} Mend privacy.known_labels."
                )
            words.setdefault(column, set()).update(map(standardise, known))
    return {column: frozenset(known) for column, known in sorted(words.items())}


def standardise(label: str) -> str:
    """The label trimmed, in lower case, with underscores for blanks and hyphens."""
    return BLANKS_AND_HYPHENS.sub("_", label.strip().lower())


def label_or_token(column: str, label: str | None, labels: KnownLabels, key: PseudonymKey) -> str | None:
    """The label where it is known in its column, else its token; spellings of one word share a token.

    A known label stays as it is spelt, for cleaning to standardise; but sequence variants, some of which stand within a
    text, get one spelling here.
    """
    if label is None or not label.strip():
        return label
    word = standardise(label)
    if is_known(column, label, labels):
        return _spell_variant(word) if column == "sequence_variant" else label
    return TOKEN_PREFIX + key.pseudonym_of("label", f"{column}:{word}")[:TOKEN_CHARS]


def is_known(column: str, label: str, labels: KnownLabels) -> bool:
    """Whether the label passes the source door in clear."""
    word = standardise(label)
    return word in labels.get(column, ()) or _has_known_shape(column, word)


def variants_or_tokens(orders: str | None, labels: KnownLabels, key: PseudonymKey) -> str | None:
    """'B:2:24.00;C:3:48.00' with each variant as label_or_token of sequence_variant; entries of another form go."""
    entries = (VARIANT_ENTRY.fullmatch(entry) for entry in (orders or "").split(";"))
    kept = [
        f"{label_or_token('sequence_variant', entry[1].strip(), labels, key)}:{entry[2]}:{entry[3]}"
        for entry in entries
        if entry and entry[1].strip()
    ]
    return ";".join(kept) or None


def _has_known_shape(column: str, word: str) -> bool:
    """Whether the values of the column follow a pattern that the word has, where no list would hold them all."""
    if column == "company_size":
        return _is_band(word)
    if column == "timezone":
        return bool(UTC_OFFSET.fullmatch(word))
    return column == "sequence_variant" and bool(LETTERED_VARIANT.fullmatch(word) or NAMED_VARIANT.fullmatch(word))


def _spell_variant(word: str) -> str:
    """'B' as the source's schema writes it, 'variant_b' as any other word."""
    return word.upper() if LETTERED_VARIANT.fullmatch(word) else word


def _is_band(word: str) -> bool:
    """Whether the word is a band of employees such as '201_1000', '1,000+' or '<10'."""
    plain = re.sub(r"(?<=\d)[,'](?=\d{3}(?!\d))", "", word)
    band = BAND.fullmatch(plain)
    if band:
        low, high = int(band[1]), int(band[2])
        return low < high and {low, high} <= BAND_ENDS
    alone = OPEN_BAND.fullmatch(plain)
    return alone is not None and int(alone[1]) in BAND_ENDS
