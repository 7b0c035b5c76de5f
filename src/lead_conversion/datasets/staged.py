"""Kedro's file datasets, staged: see staging.py."""

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from ibis.expr.types import Table
from kedro_datasets._typing import TablePreview
from kedro_datasets.ibis import FileDataset
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.plotly import JSONDataset as PlotlyDataset
from kedro_datasets.text import TextDataset

from lead_conversion.datasets.staging import Staged, require_as_published
from lead_conversion.kernel.errors import AccessError


class StagedParquet(Staged):
    """A Parquet file whose first rows kedro-viz can show; its own preview fails on times and missing whole numbers."""

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows as kedro-viz wants them: index, columns and data, all of plain JSON."""
        path: PurePosixPath = self._get_load_path()
        first = next(pq.ParquetFile(str(path)).iter_batches(batch_size=nrows), None)
        frame = pq.read_schema(str(path)).empty_table().to_pandas() if first is None else first.to_pandas()
        preview: TablePreview = json.loads(frame.to_json(orient="split", date_format="iso"))
        return preview


class StagedTable(StagedParquet, FileDataset):  # type: ignore[misc]
    """An Ibis table in a Parquet file."""


class StagedSlices(StagedTable):
    """An Ibis table in a Parquet file, saved as slices that follow one another, each computed when its turn comes."""

    def save(self, data: Iterable[Table]) -> None:
        """Write the slices, of one schema and at least one, each as a row group; one at a time is in memory."""
        slices = (piece.to_pyarrow() for piece in data)
        first = next(slices)
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, first.schema) as writer:
            for piece in chain([first], slices):
                writer.write_table(piece)


class StagedFrame(StagedParquet, ParquetDataset):  # type: ignore[misc]
    """A pandas frame in a Parquet file."""


class StagedJSON(Staged, JSONDataset):  # type: ignore[misc]
    """A JSON document."""


class Earlier(Staged):
    """What earlier runs published of a file, whatever this run stages; empty where none did. Read only."""

    def load(self) -> Any:
        """The file as it was published, or an empty one."""
        path = Path(str(self._filepath))
        require_as_published(path)
        return self._read(path if path.is_file() else None)

    def save(self, data: Any) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always; another entry of the catalog writes the file.
        """
        raise AccessError(f"{self._filepath.name} is read here as earlier runs left it; it is saved by another entry.")

    def _read(self, path: Path | None) -> Any:
        raise NotImplementedError


class EarlierJSON(Earlier, JSONDataset):  # type: ignore[misc]
    """A JSON document as earlier runs published it."""

    def _read(self, path: Path | None) -> Any:
        return json.loads(path.read_text(encoding="utf-8")) if path else {}


class EarlierFrame(Earlier, StagedParquet, ParquetDataset):  # type: ignore[misc]
    """A table as earlier runs published it."""

    def _read(self, path: Path | None) -> pd.DataFrame:
        return pd.read_parquet(path) if path else pd.DataFrame()


class StagedText(Staged, TextDataset):  # type: ignore[misc]
    """A text document: Markdown, HTML."""


class StagedFigure(Staged, PlotlyDataset):  # type: ignore[misc]
    """A Plotly figure."""
