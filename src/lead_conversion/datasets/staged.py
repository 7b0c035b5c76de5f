"""Kedro's file datasets, staged: see staging.py."""

from kedro_datasets.ibis import FileDataset
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.plotly import JSONDataset as PlotlyDataset
from kedro_datasets.text import TextDataset

from lead_conversion.datasets.staging import Staged


class StagedTable(Staged, FileDataset):  # type: ignore[misc]
    """An Ibis table in a Parquet file, with the preview that frames have."""

    preview = ParquetDataset.preview


class StagedFrame(Staged, ParquetDataset):  # type: ignore[misc]
    """A pandas frame in a Parquet file."""


class StagedJSON(Staged, JSONDataset):  # type: ignore[misc]
    """A JSON document."""


class StagedText(Staged, TextDataset):  # type: ignore[misc]
    """A text document: Markdown, HTML."""


class StagedFigure(Staged, PlotlyDataset):  # type: ignore[misc]
    """A Plotly figure."""
