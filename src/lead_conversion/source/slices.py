"""The parts in which an entity is read, kept and compared: its calendar months."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.windows import Span
from lead_conversion.source.protocol import DaySummary
from lead_conversion.source.row_hash import MODULUS

WHOLE = "all"
DIGEST_CHARS = 16


@dataclass(frozen=True)
class Slice:
    """The rows of an entity that became known in one calendar month (UTC), or all of them where `span` is None.

    `content` stands for what the database said of the rows before they were read: equal contents, equal rows. It is
    keyed, for without the key it would tell whether a guessed row is the only one of its month.
    """

    entity: str
    name: str
    span: Span | None
    rows: int
    content: str

    def ends_after(self, moment: datetime) -> bool:
        """Whether the slice has room for rows that became known at that moment or later."""
        return self.span is None or self.span.end > moment


def slices_of(entity: str, days: Iterable[DaySummary], key: PseudonymKey) -> tuple[Slice, ...]:
    """The slices that have rows, by month; one slice of the whole where months mean nothing or there is no row."""
    months: dict[date | None, list[DaySummary]] = {}
    for day in days:
        month = day.day.replace(day=1) if SOURCE_ENTITIES[entity].sliced_by else None
        months.setdefault(month, []).append(day)
    return tuple(_slice(entity, month, of_month, key) for month, of_month in (months or {None: []}).items())


def _slice(entity: str, month: date | None, days: list[DaySummary], key: PseudonymKey) -> Slice:
    name = f"{month:%Y-%m}" if month else WHOLE
    rows = sum(day.rows for day in days)
    contents = [day.content for day in days if day.content is not None]
    # Counts are compared by day: rows that come and go within a month show, unless they do so on one and the same day.
    counted = ",".join(f"{day.day.isoformat()}={day.rows}" for day in days)
    said = f"{sum(contents) % MODULUS}" if len(contents) == len(days) else counted
    content = key.pseudonym_of("slice", f"{entity}:{name}:{rows}:{said}")[:DIGEST_CHARS]
    return Slice(entity, name, _span_of(month) if month else None, rows, content)


def _span_of(month: date) -> Span:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return Span(datetime.combine(month, time()), datetime.combine(following, time()))
