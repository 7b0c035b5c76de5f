"""Scrubbed replies in one staged file; what has expired is never written, and is deleted when the next run starts."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kedro.io import AbstractDataset

from lead_conversion.datasets.staging import Staged, require_as_published, staged_path
from lead_conversion.guard.owner_only import FOR_THE_OWNER, create_for_owner
from lead_conversion.source.replies import SCRUBBED_REPLIES, ScrubbedReplies

log = logging.getLogger(__name__)


class ScrubbedTextsDataset(AbstractDataset[ScrubbedReplies, pa.Table]):
    """Saving reads and scrubs the replies a batch at a time; loading gives the table.

    The clock decides here and in no node: a text does not outlive its days because an as-of stands still.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = PurePosixPath(filepath)
        self.metadata = metadata

    def save(self, data: ScrubbedReplies) -> None:
        """Stage the replies that still live; an empty table where no text is kept."""
        written, expired = data.retry.ask("The reading of replies to scrub", lambda: self._stage(data.stream()))
        if data.source is not None:
            log.info("Kept %s scrubbed replies for their days; %s had expired", f"{written:,}", f"{expired:,}")

    def load(self) -> pa.Table:
        """The replies as they were published, or as this run has staged them."""
        path = Path(self._filepath)
        if path in Staged.waiting:
            return pq.read_table(staged_path(path))
        require_as_published(path)
        return pq.read_table(path)

    def stage_without_expired(self, *, keeps_text: bool) -> int:
        """Stage what has not expired of the published file, or nothing of it; how many replies that deletes.

        Nothing is staged where nothing is to be deleted. The caller publishes.
        """
        path = Path(self._filepath)
        if not path.is_file():
            return 0
        path.chmod(FOR_THE_OWNER)  # a copy that was restored can have any rights
        before: int = pq.read_metadata(path).num_rows
        kept = before - self._count_expired(path) if keeps_text else 0
        if kept < before:
            batches = pq.ParquetFile(path).iter_batches() if keeps_text else iter(())
            self._stage(batches)
        return before - kept

    @staticmethod
    def _count_expired(path: Path) -> int:
        moments = pq.read_table(path, columns=["expires_at"]).column("expires_at")
        return int(pc.sum(pc.less_equal(moments, _now())).as_py() or 0)

    def _stage(self, batches: Iterator[pa.RecordBatch]) -> tuple[int, int]:
        """Write what still lives under the staging name; how many rows were written, and how many had expired."""
        path = Path(self._filepath)
        written = expired = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        Staged.waiting.add(path)
        staged = staged_path(path)
        staged.unlink(missing_ok=True)
        with create_for_owner(staged) as file, pq.ParquetWriter(file, SCRUBBED_REPLIES) as writer:
            for batch in batches:
                alive = batch.filter(pc.greater(batch.column("expires_at"), _now()))
                writer.write_batch(alive)
                written += alive.num_rows
                expired += batch.num_rows - alive.num_rows
        return written, expired

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return Path(self._filepath).is_file()


def _now() -> pa.Scalar:
    return pa.scalar(datetime.now(UTC).replace(tzinfo=None), pa.timestamp("us"))
