"""Replies whose text somebody asked to keep: read a second time, scrubbed in flight, never kept as they were."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lead_conversion.guard.message_text import own_words
from lead_conversion.guard.pseudonyms import PseudonymKey, pseudonymise
from lead_conversion.guard.scrubbing import KnownPerson, scrub
from lead_conversion.source.protocol import Source
from lead_conversion.source.retry import Retry
from lead_conversion.source.statements import PERSON_COLUMNS

MOMENT = pa.timestamp("us")
SCRUBBED_REPLIES = pa.schema(
    [
        pa.field("event_key", pa.string()),
        pa.field("lead_key", pa.string(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("occurred_at", MOMENT),
        pa.field("logged_at", MOMENT, nullable=False),
        pa.field("scrubbed_text", pa.string(), nullable=False),
        pa.field("expires_at", MOMENT, nullable=False),
    ]
)


@dataclass(frozen=True)
class ScrubbedReplies:
    """A reading that has not been done yet of the replies that still live: `stream` does it, a batch at a time.

    Args:
        source: the database; None where no text is kept, and so none is read.
        key: of the pseudonyms.
        as_of: replies logged at this moment or later are left out.
        org_id: the organisation; None for all.
        days: how long a text lives from the moment it was logged.
        channels: by lower-cased spelling, the channel; other spellings become null.
        retry: how often the reading is begun anew when the source breaks off.
    """

    source: Source | None
    key: PseudonymKey
    as_of: datetime
    org_id: int | None
    days: int
    channels: dict[str, str]
    retry: Retry

    def stream(self) -> Generator[pa.RecordBatch, None, None]:
        """Batches of SCRUBBED_REPLIES; one attempt. Replies without words of their own are left out.

        Raises:
            BrokenOffError: what came is not all.
            ConfigurationError: the source does not give the people, whose own values are to be scrubbed.
        """
        if self.source is None:
            return
        since = self.as_of - timedelta(days=self.days)
        with closing(self.source.stream_replies(since, self.as_of, self.org_id)) as batches:
            for batch in batches:
                yield self._scrubbed(batch)

    def _scrubbed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        people = zip(*(batch.column(name).to_pylist() for name in PERSON_COLUMNS), strict=True)
        bodies = batch.column("body").to_pylist()
        texts = [scrub(own_words(body), KnownPerson(*person)) for body, person in zip(bodies, people, strict=True)]
        channels = [(channel or "").strip().lower() for channel in batch.column("channel").to_pylist()]
        logged_at = batch.column("logged_at")
        columns = [
            pseudonymise(batch.column("event_id"), "event", self.key),
            pseudonymise(batch.column("contact_id"), "lead", self.key),
            pa.array(map(self.channels.get, channels), pa.string()),
            batch.column("occurred_at"),
            logged_at,
            pa.array(texts, pa.string()),
            pc.add(logged_at, pa.scalar(timedelta(days=self.days), pa.duration("us"))),
        ]
        rows = pa.RecordBatch.from_arrays(columns, schema=SCRUBBED_REPLIES)
        return rows.filter(pc.not_equal(rows.column("scrubbed_text"), ""))
