"""What a run takes out of the database: the four entities as they were known at one moment, de-identified in flight."""

import json
import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from lead_conversion import __version__
from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.guard.deidentify import deidentify_batch
from lead_conversion.guard.privacy import KnownLabels, PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.guard.templates import NO_NAMES, NamesInTemplates, names_in_templates
from lead_conversion.kernel.errors import AccessError, BrokenOffError, DataError, SourceError, TimedOutError
from lead_conversion.kernel.windows import Span
from lead_conversion.source.protocol import Comparison, Source
from lead_conversion.source.retry import Retry
from lead_conversion.source.slices import Slice, slices_of

# Whose own rules decide what a value is read as and what becomes of it.
LIBRARIES = ("beautifulsoup4", "ftfy", "phonenumbers", "py3langid", "pyarrow", "sqlglot", "vadersentiment")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Extraction:
    """A reading of the source that has not been done yet: `stream` does it, a slice and a batch at a time.

    Args:
        source: the database.
        key: of the pseudonyms.
        as_of: rows that became known at this moment or later are left out.
        org_id: the organisation whose rows are read; None reads every row, those of no organisation included.
        labels: the words that pass the source door in clear, by column.
        privacy: what else was chosen of the source door's rules.
        organisations: the ids of the organisations that are read.
        compare: what a slice is compared by with the same slice of an earlier reading.
        overlap_days: slices with rows of the last days before an earlier reading's as-of are read anew in any case.
        retry: how often a slice is begun anew when the source breaks off.
    """

    source: Source
    key: PseudonymKey
    as_of: datetime
    org_id: int | None
    labels: KnownLabels
    privacy: PrivacyParameters
    organisations: tuple[int, ...] = ()
    compare: Comparison = "contents"
    overlap_days: int = 3
    retry: Retry = field(default_factory=Retry)

    @cached_property
    def slices(self) -> dict[str, tuple[Slice, ...]]:
        """By entity, what the database says of its months before they are read; later changes show the next time."""
        return self._summary[1]

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """What decides how rows are read and what becomes of them; readings of one recipe can share files."""
        source = self.source.describe().facts()
        del source["access"]  # what else the login may do changes no row
        return {
            "source": source,
            "org_id": self.organisations[0] if len(self.organisations) == 1 else self.org_id,
            "organisations": list(self.organisations),
            "rows_of_no_organisation": "read" if self.org_id is None else "left out",
            "compared_by": self._summary[0],
            "pseudonym_key": self.key.fingerprint,
            "privacy_hash": self._privacy_hash,
            "code_version": __version__,
            "code_sha256": _code_hash(),
        }

    @cached_property
    def recipe_sha256(self) -> str:
        """A hash of the recipe."""
        return _hash(self.recipe)

    @cached_property
    def content(self) -> dict[str, Any]:
        """By entity, how many rows the reading gives, and what stands for them.

        The contacts' names that go out of templates count here and not in the recipe: every new contact can bring one,
        and no slice of templates, which are read whole, is ever shared.
        """
        return {
            entity: {
                "rows": sum(part.rows for part in parts),
                "content": _hash([self._names_hash(entity), *([part.name, part.content] for part in parts)])[:16],
            }
            for entity, parts in self.slices.items()
        }

    @cached_property
    def snapshot_id(self) -> str:
        """The as-of and a hash of recipe and content: the same reading has the same id."""
        whole = _hash({"as_of": self.as_of.isoformat(), "content": self.content, **self.recipe})
        return f"{self.as_of:%Y%m%dT%H%M%SZ}-{whole[:12]}"

    def stream(self, part: Slice) -> Generator[pa.RecordBatch, None, None]:
        """The slice's rows, de-identified, in bounded batches; one attempt.

        Raises:
            BrokenOffError: what came is not all of the slice.
            SourceError: a template was written after the names in templates were looked for.
        """
        templates = _templates_of(part.entity)
        names = self._names_in_templates if templates else NO_NAMES
        with closing(self.source.stream(part.entity, self.as_of, self.org_id, part.span)) as batches:
            for batch in batches:
                if templates and not self._template_texts.issuperset(_texts_of(batch, templates)):
                    raise SourceError(
                        f"A text of {part.entity} was written while the database was read: nobody has looked for "
                        "contacts' names in it. Run again."
                    )
                yield deidentify_batch(part.entity, batch, self.key, self.labels, names, self.privacy.nobodys_addresses)

    def unchanged(self, entity: str, parts: Sequence[Slice]) -> frozenset[Slice]:
        """Those of an entity's slices of which the database says now what it said before they were read.

        None where it does not answer any more. What was changed and taken back in between is not told: no database can
        be asked what it was.
        """
        spans = [part.span for part in parts if part.span]
        span = Span(min(span.start for span in spans), max(span.end for span in spans)) if spans else None
        try:
            return frozenset(parts).intersection(self._slices_of(entity, self._summary[0], span))
        except BrokenOffError:
            return frozenset()

    def rows_left_out(self) -> dict[str, int]:
        """By entity, the rows that became known at the as-of or later."""
        return {entity: self._count_after(entity) for entity in SOURCE_ENTITIES}

    def _count_after(self, entity: str) -> int:
        return self.retry.ask(
            f"The count of late {entity}", lambda: self.source.count_after(entity, self.as_of, self.org_id)
        )

    @cached_property
    def _summary(self) -> tuple[Comparison, dict[str, tuple[Slice, ...]]]:
        if self.compare == "counts":
            return "counts", self._summarised("counts")
        try:
            return "contents", self._summarised("contents")
        except (AccessError, DataError, TimedOutError) as error:
            # Of a very large table the sum can take longer than a statement may, today as at the next attempt.
            refusal = type(error).__name__
        counted = self._summarised("counts")
        # Said only now: a source that does not even count is refused for another reason.
        log.warning(
            "The database does not compute the contents of rows, or not in time (%s), so they are compared by counts: "
            "no file is shared with a snapshot that was compared by contents, and rows that were changed in place more "
            "than %d days before an earlier snapshot's as-of are not read anew. If it never does, "
            "source.compare=counts spares the attempt",
            refusal, self.overlap_days,
        )  # fmt: skip
        return "counts", counted

    def _summarised(self, by: Comparison) -> dict[str, tuple[Slice, ...]]:
        return {entity: self._slices_of(entity, by) for entity in SOURCE_ENTITIES}

    def _slices_of(self, entity: str, by: Comparison, span: Span | None = None) -> tuple[Slice, ...]:
        days = self.retry.ask(
            f"The summary of {entity}",
            lambda: self.source.summarise(entity, self.as_of, self.org_id, by, span),
            again_when_timed_out=by == "counts",
        )
        return slices_of(entity, days, self.key)

    @cached_property
    def _names_in_templates(self) -> NamesInTemplates:
        """The contacts' names in the templates, which are read once for their words and once to be kept."""
        texts = self._template_texts
        return self.retry.ask(
            "The search for names in templates",
            lambda: names_in_templates(texts, self.source.names_among, self.privacy.kept_names),
        )

    @cached_property
    def _template_texts(self) -> frozenset[str | None]:
        return self.retry.ask("The reading of templates", lambda: frozenset(self._read_template_texts()))

    def _read_template_texts(self) -> Iterator[str | None]:
        for entity in filter(_templates_of, SOURCE_ENTITIES):
            with closing(self.source.stream(entity, self.as_of, self.org_id)) as batches:
                for batch in batches:
                    yield from _texts_of(batch, _templates_of(entity))

    def _names_hash(self, entity: str) -> str:
        """Keyed, as it would tell whether a guessed person is one of the contacts."""
        if not _templates_of(entity):
            return ""
        names = {use: sorted(words) for use, words in asdict(self._names_in_templates).items()}
        return self.key.pseudonym_of("names", json.dumps(names, sort_keys=True))

    @cached_property
    def _privacy_hash(self) -> str:
        """A hash of what decides, beside the key, what becomes of a value on its way."""
        return _hash(
            {
                "labels": {column: sorted(words) for column, words in self.labels.items()},
                "privacy": self.privacy.model_dump(mode="json"),
            }
        )


@dataclass(frozen=True)
class Snapshot:
    """An extraction that has been done: its manifest, and a lazy table an entity."""

    manifest: dict[str, Any]
    tables: dict[str, Table]


def _templates_of(entity: str) -> list[str]:
    return [column.name for column in SOURCE_ENTITIES[entity].columns_of(PersonalClass.TEMPLATE)]


def _texts_of(batch: pa.RecordBatch, columns: Sequence[str]) -> Iterator[str | None]:
    return chain.from_iterable(batch.column(name).to_pylist() for name in columns)


@cache
def _code_hash() -> str:
    """A hash of the code that reads and de-identifies, and of the versions of its libraries.

    Of the sources themselves, not of their tables of words: a pattern or a function decides as much, and no list of
    tables can be forgotten. A change that decides nothing, as of a comment, costs a reading of everything.
    """
    packages = ("lead_conversion.guard", "lead_conversion.language", "lead_conversion.source")
    modules = [module for package in packages for module in files(package).iterdir()]
    modules.append(files("lead_conversion.contracts") / "source_entities.py")
    texts = sorted((file.name, file.read_text(encoding="utf-8")) for file in modules if file.name.endswith(".py"))
    return _hash([texts, [version(library) for library in LIBRARIES]])


def _hash(facts: Any) -> str:
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
