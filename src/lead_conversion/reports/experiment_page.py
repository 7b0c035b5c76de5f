"""An experiment's comparison: a table, a picture, and the words that say what they may be used for.

A result is one job's figures for one target, as the experiment's manifest holds them.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lead_conversion.reports import palette
from lead_conversion.reports.figures import whiskers
from lead_conversion.reports.formats import MISSING, count, decimal, estimate, signed
from lead_conversion.reports.markdown import markdown_table, markdown_text
from lead_conversion.reports.tables import Cell, Table, metric_of, table

Result = Mapping[str, Any]

HOW_JUDGED = (
    "Figures come from rolling origins before the holdout's embargo: each configuration was trained anew from what was "
    "known at each origin, and judged on the leads that came next. The holdout was not looked at."
)
HOW_COMPARED = (
    "Ahead: above zero is better than the first configuration of the same target that gave figures, paired on the same "
    "leads; 95 % intervals from resamples of leads."
)
CHANCE_SHARE = 20
ROW_HEIGHT = 46
FEWEST_TO_SPREAD = 2
COLOURS = {"better": palette.GOOD, "worse": palette.BAD}


def comparison_table(results: Sequence[Result]) -> Table:
    """A row a job and target: its figures, and how far they are from the reference's on the same leads."""
    heads = [
        "Target",
        "Configuration",
        "#PR-AUC",
        "#Ahead in PR-AUC",
        "#Ahead in log loss",
        "Verdict (PR-AUC)",
        "Chosen",
    ]
    return table(heads, [_comparison_row(result) for result in results])


def seed_table(results: Sequence[Result]) -> Table | None:
    """Each configuration over its seeds, which tells what is luck; None where no configuration has two."""
    frame = pd.DataFrame(
        [
            {"target": result["target"], "configuration": result["without_seed"], "pr_auc": result["pr_auc"]["value"]}
            for result in results
            if result["status"] == "compared"
        ]
    )
    if frame.empty or frame.duplicated(["target", "configuration"]).sum() == 0:
        return None
    spread = frame.groupby(["target", "configuration"], sort=False)["pr_auc"].agg(["size", "mean", "min", "max"])
    rows = [
        [target, configuration, count(size), decimal(mean), f"{decimal(low)} to {decimal(high)}"]
        for (target, configuration), size, mean, low, high in spread.itertuples()
    ]
    return table(["Target", "Configuration", "#Seeds", "#Mean PR-AUC", "#Lowest to highest"], rows)


def text_table(content: Table) -> str:
    """The table for a terminal, columns in line."""
    rows = [[column.heading for column in content.columns]]
    rows += [[f"{cell.text} ({cell.note})" if cell.note else cell.text for cell in row] for row in content.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.rjust if column.numeric else str.ljust for column in content.columns]
    return "\n".join(
        "  ".join(side(text, width) for text, width, side in zip(row, widths, sides, strict=True)).rstrip()
        for row in rows
    )


def say_comparison(results: Sequence[Result]) -> list[str]:
    """What the figures were measured on, and what they may be used for."""
    compared = [result for result in results if result["status"] == "compared"]
    others = [result for result in compared if not result["is_reference"]]
    sentences = [HOW_JUDGED, HOW_COMPARED]
    if len(others) >= FEWEST_TO_SPREAD:
        sentences.append(
            f"There are {len(others)} comparisons, and one in {CHANCE_SHARE} such intervals leaves zero out by chance "
            "alone: the best of many looks better than it is."
        )
    return sentences


def render_comparison(title: str, facts: Sequence[str], results: Sequence[Result]) -> str:
    """The comparison as Markdown."""
    parts = [f"# {markdown_text(title)}", *map(markdown_text, facts), *map(markdown_text, say_comparison(results))]
    parts.append(markdown_table(comparison_table(results)))
    seeds = seed_table(results)
    if seeds is not None:
        parts += ["## Over seeds", markdown_table(seeds)]
    failed = [f"- {markdown_text(words)}" for words in say_failures(results)]
    if failed:
        parts += ["## Not compared", "\n".join(failed)]
    return "\n\n".join(parts) + "\n"


def say_failures(results: Sequence[Result]) -> list[str]:
    """For each job and target without figures, why; each reason once."""
    without = [result for result in results if result["status"] != "compared"]
    return list(
        dict.fromkeys(
            f"Job {result['job']}, {_name(result)}, {result['target']}: {result['message']}" for result in without
        )
    )


def comparison_frame(results: Sequence[Result]) -> pd.DataFrame:
    """The results as a table of plain columns: `pr_auc`, `pr_auc_low`, `pr_auc_high` and so on."""
    rows = []
    for result in results:
        row = {key: value for key, value in result.items() if not isinstance(value, Mapping)}
        for name, figure in result.items():
            if isinstance(figure, Mapping):
                row |= {name: figure["value"], f"{name}_low": figure["ci_low"], f"{name}_high": figure["ci_high"]}
        rows.append(row)
    return pd.DataFrame(rows)


def render_figure(title: str, facts: Sequence[str], results: Sequence[Result]) -> str:
    """The comparison as one HTML page that needs nothing else: PR-AUC, and how far ahead of the first, by target."""
    compared = [result for result in results if result["status"] == "compared"]
    picture = _as_html(_figure(compared)) if compared else ""
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in (*facts, *say_comparison(results)))
    missing = "".join(f"<li>{escape(sentence)}</li>" for sentence in say_failures(results))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>'
        f"{escape(title)}</title><style>body{{font-family:{palette.FONT};color:{palette.INK};max-width:70rem;"
        f"margin:2rem auto;padding:0 1rem;line-height:1.5}}p{{max-width:46rem;color:{palette.MUTED}}}</style></head>"
        f"<body><h1>{escape(title)}</h1>{words}{picture}{f'<h2>Not compared</h2><ul>{missing}</ul>' if missing else ''}"
        "</body></html>\n"
    )


def _as_html(figure: go.Figure) -> str:
    bare = {"displayModeBar": False, "responsive": True}
    # An id of its own making would be another one each time.
    return str(figure.to_html(full_html=False, include_plotlyjs=True, div_id="comparison", config=bare))


def _figure(results: Sequence[Result]) -> go.Figure:
    targets = list(dict.fromkeys(result["target"] for result in results))
    sizes = [sum(result["target"] == target for result in results) for target in targets]
    height = ROW_HEIGHT * sum(sizes) + 90 * len(targets) + 40
    figure = make_subplots(
        rows=len(targets),
        cols=2,
        row_heights=sizes,
        shared_yaxes=True,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.04,
        vertical_spacing=min(90 / height, 1 / max(len(targets) - 1, 1)),
        subplot_titles=[
            title for target in targets for title in (f"{target}: PR-AUC", f"{target}: PR-AUC ahead of the first")
        ],
    )
    for row, target in enumerate(targets, start=1):
        for result in (result for result in results if result["target"] == target):
            figure.add_trace(_mark(result, "pr_auc"), row=row, col=1)
            if not result["is_reference"]:
                figure.add_trace(_mark(result, "pr_auc_ahead"), row=row, col=2)
        names = [_label(result) for result in results if result["target"] == target]
        figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], automargin=True, row=row)
        figure.add_vline(x=0, line={"color": palette.INK, "width": 1}, row=row, col=2)
    figure.update_xaxes(gridcolor=palette.RULE, zeroline=False)
    return figure.update_layout(
        height=height,
        showlegend=False,
        font={"family": palette.FONT, "color": palette.INK, "size": 13},
        paper_bgcolor=palette.PAPER,
        plot_bgcolor=palette.PAPER,
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
    )


def _mark(result: Result, name: str) -> go.Scatter:
    figure = result[name]
    colour = COLOURS.get(_verdict(result), palette.NEUTRAL) if name != "pr_auc" else palette.ACCENT
    is_filled = not result["is_reference"]
    return go.Scatter(
        x=[figure["value"]],
        y=[_label(result)],
        mode="markers",
        marker={
            "size": 10,
            "color": colour,
            "symbol": "circle" if is_filled else "circle-open",
            "line": {"width": 2, "color": colour},
        },
        error_x=whiskers([figure["value"]], [figure["ci_low"]], [figure["ci_high"]], colour),
        hovertext=f"{_label(result)}: {estimate(figure, decimal)}",
        hoverinfo="text",
    )


def _label(result: Result) -> str:
    # Jobs may be equal but for what is not swept, and Plotly would put equal names on one line.
    return f"{escape(_name(result))} [{result['job']}]"


def _name(result: Result) -> str:
    return str(result["configuration"]) or "as configured"


def _comparison_row(result: Result) -> list[Cell | str]:
    head = [result["target"], f"{_name(result)} [{result['job']}]"]
    if result["status"] != "compared":
        return [*head, MISSING, MISSING, MISSING, result["status"].replace("_", " "), MISSING]
    ahead: list[Cell | str] = [MISSING, MISSING]
    if not result["is_reference"]:
        ahead = [
            estimate(result["pr_auc_ahead"], lambda value: signed(value, 3)),
            estimate(result["log_loss_ahead"], lambda value: signed(value, 4)),
        ]
    return [*head, estimate(result["pr_auc"], metric_of("pr_auc").form), *ahead, _verdict(result), result["chosen"]]


def _verdict(result: Result) -> str:
    if result["is_reference"]:
        return "first"
    ahead = result["pr_auc_ahead"]
    if ahead["ci_low"] is not None and ahead["ci_low"] > 0:
        return "better"
    return "worse" if ahead["ci_high"] is not None and ahead["ci_high"] < 0 else "can be chance"
