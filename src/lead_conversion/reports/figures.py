"""Results as Plotly figures: pure functions from data to figure, without titles (the page captions them).

Rows of a figure carry their label above the mark, not beside it, so that a figure reads the same on a phone and on a
wide screen. Every text from the data is escaped, for Plotly reads a little HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lead_conversion.reports import palette
from lead_conversion.reports.drift_tables import KIND_WORDS
from lead_conversion.reports.formats import (
    MISSING,
    NBSP,
    TIMES,
    count,
    decimal,
    estimate,
    in_words,
    interval,
    is_known,
    percent,
    points,
)
from lead_conversion.reports.tables import FAMILY_WORDS, metric_of, records

ROW_HEIGHT = 40
MARGIN = {"l": 10, "r": 14, "t": 12, "b": 46}
CHART_HEIGHT = 350
LABEL_CHARACTERS = 56
RANKED_LABEL_CHARACTERS = 42
LABEL_HEAD = 20
CURVE_POINTS = 101
HISTOGRAM_BINS = 30
# A change of many times its limit would leave no room for the others.
MOST_OF_A_LIMIT = 3.0
TWO_COLUMNS = {"entrywidth": 0.49, "entrywidthmode": "fraction"}
ARROWS = {"raises": "▲", "lowers": "▼", "mixed": "◆", "unsteady": "◇"}
DEPENDENCE_HEIGHT = 320
# Where the axis of an odds ratio may have its ticks.
ODDS_TICKS = (0.5, 0.7, 1, 1.4, 2)
COARSE_ODDS_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
WIDEST_FINE_ODDS = 4
SHORTEST_ODDS_AXIS = 0.45
# Plotly orders a legend by rank, 1000 where none is given; the chosen model is drawn last and named first.
CHOSEN_FIRST = 1
SYMBOLS = {"A": "circle", "B": "square", "C": "diamond-open"}

AXIS_TITLE = {"font": {"size": 12, "color": palette.MUTED}, "standoff": 8}
LAYOUT = {
    "font": {"family": palette.FONT, "size": 13, "color": palette.INK},
    "paper_bgcolor": palette.PAPER,
    "plot_bgcolor": palette.PAPER,
    "margin": MARGIN,
    "hoverlabel": {"bgcolor": palette.PAPER, "bordercolor": palette.RULE, "align": "left"},
    "legend": {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "yref": "container",
        "y": 0,
        "yanchor": "bottom",
        "font": {"size": 12},
    },
    "xaxis": {
        "gridcolor": palette.RULE,
        "linecolor": palette.RULE,
        "zeroline": False,
        "automargin": True,
        "title": AXIS_TITLE,
    },
    "yaxis": {
        "gridcolor": palette.RULE,
        "linecolor": palette.RULE,
        "zeroline": False,
        "automargin": True,
        "title": AXIS_TITLE,
    },
}


@cache
def _template() -> go.layout.Template:
    # Plotly takes a fifth of a second to check it, which a command that draws nothing need not wait for.
    return go.layout.Template(layout=LAYOUT)


def calibration_curve(curve: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Observed share of converters against predicted probability, with 95 % intervals; the diagonal is perfect."""
    figure = _figure(CHART_HEIGHT)
    figure.add_traces(_calibration_traces(curve))
    top = _calibration_top(curve)
    return figure.update_layout(
        showlegend=False,
        xaxis=_share_axis("Predicted probability", top),
        yaxis=_share_axis("Observed share", top),
    )


def calibration_panels(evaluation: Mapping[str, Any]) -> go.Figure:
    """The chosen model's calibration curve of every evaluated target, side by side."""
    curves = {
        name: result["models"][result["chosen_model"]]["calibration_curve"]
        for name, result in evaluated_targets(evaluation).items()
    }
    if not curves:
        return _sentence("Not enough data to draw a calibration curve for any target.")
    figure = _panels(list(curves))
    for column, curve in enumerate(curves.values(), start=1):
        figure.add_traces(_calibration_traces(curve), rows=1, cols=column)
        top = _calibration_top(curve)
        figure.update_xaxes(_share_axis("Predicted probability", top), col=column)
        figure.update_yaxes(_share_axis("Observed share" if column == 1 else "", top), col=column)
    return figure.update_layout(showlegend=False)


def gain_curve(predictions: pd.DataFrame, chosen_model: str) -> go.Figure:
    """Share of all converters reached against the share of leads contacted, best first, for each model.

    Args:
        predictions: one target's holdout rows: model, label, probability.
        chosen_model: drawn strongest.
    """
    figure = _figure(CHART_HEIGHT)
    figure.add_traces(_gain_traces(predictions, chosen_model))
    return figure.update_layout(
        xaxis=_share_axis("Leads contacted, best first"),
        yaxis=_share_axis("Converters reached"),
        legend=TWO_COLUMNS,
    )


def gain_panels(predictions: pd.DataFrame, evaluation: Mapping[str, Any]) -> go.Figure:
    """The gain curves of every evaluated target, side by side."""
    targets = {
        name: result["chosen_model"]
        for name, result in evaluated_targets(evaluation).items()
        if has_both_labels(holdout_of(predictions, name))
    }
    if not targets:
        return _sentence("Not enough data to draw a gain curve for any target.")
    figure = _panels(list(targets))
    for column, (name, chosen_model) in enumerate(targets.items(), start=1):
        traces = _gain_traces(holdout_of(predictions, name), chosen_model)
        figure.add_traces(traces, rows=1, cols=column)
        figure.update_xaxes(_share_axis("Leads contacted, best first"), col=column)
        figure.update_yaxes(_share_axis("Converters reached" if column == 1 else ""), col=column)
    seen: set[str] = set()
    for trace in figure.data:
        trace.showlegend = trace.name not in seen
        trace.legendgroup = trace.name
        seen.add(trace.name)
    return figure


def precision_recall_curve(predictions: pd.DataFrame, chosen_model: str) -> go.Figure:
    """Precision against recall on the holdout for each model; the dotted line is chance (the base rate)."""
    figure = _figure(CHART_HEIGHT)
    base_rate = float(predictions["label"].mean())
    figure.add_trace(_reference_line([0, 100], [100 * base_rate, 100 * base_rate], f"chance, {percent(base_rate)}"))
    for style, frame in _by_model(predictions, chosen_model):
        recall, precision = _precision_at_recall(frame)
        figure.add_trace(
            _line(recall, precision, style, "%{y:.1f} % of those contacted convert, %{x:.0f} % of converters reached")
        )
    return figure.update_layout(
        xaxis=_share_axis("Recall: converters reached"),
        yaxis=_share_axis("Precision", None),
        legend=TWO_COLUMNS,
    )


def model_comparison(models: Mapping[str, Mapping[str, Any]], chosen_model: str, metric: str = "pr_auc") -> go.Figure:
    """One metric of every model with its 95 % interval, best first; the chosen model is filled."""
    form = metric_of(metric).form
    measured = {
        name: model[metric] for name, model in models.items() if (model.get(metric) or {}).get("value") is not None
    }
    names = sorted(measured, key=lambda name: (-measured[name]["value"], name))
    figure = _rows([_model_label(name, models[name].get("role", ""), chosen_model) for name in names])
    for row, name in enumerate(names):
        value = measured[name]
        is_chosen = name == chosen_model
        colour = palette.ACCENT if is_chosen else palette.NEUTRAL
        low, high = value.get("ci_low"), value.get("ci_high")
        figure.add_trace(
            go.Scatter(
                x=[value["value"]],
                y=[row],
                mode="markers",
                marker={
                    "size": 11,
                    "color": colour,
                    "symbol": "circle" if is_chosen else "circle-open",
                    "line": {"width": 2, "color": colour},
                },
                error_x=whiskers([value["value"]], [low], [high], colour),
                hovertext=f"{escape(in_words(name))}: {estimate(value, form)}",
                hoverinfo="text",
                showlegend=False,
            )
        )
    height = max(figure.layout.height, CHART_HEIGHT)  # as high as the chart that stands beside it
    return figure.update_layout(height=height, xaxis={"title": metric_of(metric).title, "rangemode": "tozero"})


def score_distribution(probabilities: pd.Series) -> go.Figure:
    """How many active leads have which probability, in bins of equal width from 0 to the highest score."""
    top = max(float(probabilities.max()), 0.01)
    counts, edges = np.histogram(probabilities, bins=HISTOGRAM_BINS, range=(0.0, top))
    centres = (edges[:-1] + edges[1:]) / 2
    bins = [
        f"{count(n)} leads between {percent(a)} and {percent(b)}"
        for n, a, b in zip(counts, edges, edges[1:], strict=False)
    ]
    bars = go.Bar(
        x=_in_percent(centres), y=counts.tolist(), marker_color=palette.ACCENT, hovertext=bins, hoverinfo="text"
    )
    figure = _figure(240).add_trace(bars)
    return figure.update_layout(
        bargap=0.06,
        xaxis=_share_axis("Probability", top),
        yaxis={"title": "Active leads", "rangemode": "tozero", "nticks": 5},
    )


def attribution_bars(attribution: pd.DataFrame, words: Mapping[str, str]) -> go.Figure:
    """Each feature's share of what moves the predictions, coloured by family, strongest first.

    Args:
        attribution: one target's rows of feature_attribution, in the order to draw.
        words: what a feature means in a sentence, by name; its name stands in where there is none.
    """
    labels = [_feature_label(row, words) for row in records(attribution)]
    figure = _rows(labels)
    positions = {feature: row for row, feature in enumerate(attribution["feature"])}
    for family, members in attribution.groupby("family", sort=False):
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=_in_percent(members["share"]),
                y=[positions[feature] for feature in members["feature"]],
                width=0.32,
                name=escape(FAMILY_WORDS[str(family)]),
                marker_color=palette.FAMILIES[str(family)],
                hovertext=[_feature_hover(row) for row in records(members)],
                hoverinfo="text",
                showlegend=True,
            )
        )
    return figure.update_layout(xaxis=_share_axis("Share of the total contribution", None))


def dependence_curve(dependence: pd.DataFrame, unit: str) -> go.Figure:
    """What a feature's values do to the odds, with the 90 % band of bootstrap models; 1 is the average lead.

    Args:
        dependence: one target and feature's rows of feature_dependence.
        unit: the unit of the feature's values; "" where there is none to tell.
    """
    rows = dependence.sort_values("cell")
    named = rows["category"] != ""
    figure = _figure(DEPENDENCE_HEIGHT)
    numbers = rows[~named]
    if len(numbers):
        figure.add_traces(_dependence_traces(numbers))
        figure.update_layout(xaxis={"title": escape(unit), "nticks": 6})
    else:
        figure = _rows([escape(in_words(name)) for name in _by_contribution(rows)["category"]])
    figure.add_traces(
        _category_dots(_by_contribution(rows[named]), along_rows=not len(numbers), numbers=numbers["value"])
    )
    odds = _odds_axis(rows)
    if len(numbers):
        return figure.update_layout(showlegend=False, yaxis=odds, margin={**MARGIN, "r": 20})
    figure.add_vline(x=1, line={"color": palette.MUTED, "width": 1, "dash": "dot"})
    return figure.update_layout(showlegend=False, xaxis=odds)


def effects_forest(effects: pd.DataFrame) -> go.Figure:
    """Each element's effect with its 95 % interval, in percentage points; left of zero is worse than the alternative.

    Args:
        effects: rows of effects.parquet, in the order to draw. The symbol says the evidence grade, the colour whether
            the element is flagged.
    """
    if effects.empty:
        return _sentence("No element of a campaign has been compared yet.")
    frame = effects.reset_index(drop=True)
    labels = [f"<b>{in_words(row['element_type']).capitalize()}</b>  {_elide(row['label'])}" for row in records(frame)]
    figure = _rows(labels)
    figure.add_vline(x=0, line={"color": palette.INK, "width": 1})
    verdict = np.select(
        [frame["flagged"], frame["ci_low"] > 0], ["does worse (flagged)", "interval above zero"], "no clear difference"
    )
    colours = {
        "does worse (flagged)": palette.BAD,
        "no clear difference": palette.NEUTRAL,
        "interval above zero": palette.ACCENT,
    }
    groups = frame.assign(verdict=verdict).groupby(["verdict", "evidence_grade"], sort=True)
    for (words, grade), members in cast("Iterable[tuple[tuple[str, str], pd.DataFrame]]", groups):
        figure.add_trace(
            go.Scatter(
                x=_in_percent(members["effect"]),
                y=members.index.tolist(),
                mode="markers",
                name=f"{words}, grade {grade}",
                marker={
                    "size": 10,
                    "color": colours[words],
                    "symbol": SYMBOLS[grade],
                    "line": {"width": 2, "color": colours[words]},
                },
                error_x=whiskers(members["effect"], members["ci_low"], members["ci_high"], colours[words], scale=100),
                hovertext=[_effect_hover(row) for row in records(members)],
                hoverinfo="text",
            )
        )
    return figure.update_layout(showlegend=True, xaxis={"title": "Effect in percentage points", "tickformat": "~f"})


def drift_bars(checks: Sequence[Mapping[str, Any]]) -> go.Figure:
    """How much of its limit each change takes up, in the order given; the line is the limit, beyond it is drawn short.

    Args:
        checks: of drift.json, each with a figure, a limit and a verdict.
    """
    figure = _rows([f"<b>{_short(check['subject'])}</b>, {escape(KIND_WORDS[check['kind']])}" for check in checks])
    figure.add_vline(x=100, line={"color": palette.INK, "width": 1})
    colours = {"act": palette.BAD, "watch": palette.AMBER, "steady": palette.NEUTRAL}
    for verdict, colour in colours.items():
        rows = [(row, check) for row, check in enumerate(checks) if check["verdict"] == verdict]
        if not rows:
            continue
        parts = [
            abs(check["figure"]) / check["limit"] if check["limit"] and check["is_worse"] else 0.0
            for _row, check in rows
        ]
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=_in_percent(min(part, MOST_OF_A_LIMIT) for part in parts),
                y=[row for row, _check in rows],
                width=0.32,
                name=verdict,
                marker_color=colour,
                marker_pattern_shape="/" if verdict == "watch" else "",
                hovertext=[
                    f"{escape(check['sentence'])}: {decimal(check['figure'])}, limit {decimal(check['limit'])}; "
                    f"before {decimal(check['before'])}, now {decimal(check['now'])}"
                    for _row, check in rows
                ],
                hoverinfo="text",
                showlegend=True,
            )
        )
    return figure.update_layout(xaxis=_share_axis("Share of the limit", None))


def experiment_durations(experiments: Sequence[Mapping[str, Any]]) -> go.Figure:
    """When each experiment runs: weeks of enrolment, then the wait until the last label is known."""
    figure = _rows([f"<b>{escape(str(e['id']))}</b>  {_short(str(e.get('hypothesis', '')))}" for e in experiments])
    enrolment = [float(e.get("weeks_enrolment") or 0) for e in experiments]
    whole = [float(e.get("duration_weeks") or 0) for e in experiments]
    begins = [float(e.get("first_week") or 1) - 1 for e in experiments]
    matures = [begin + weeks for begin, weeks in zip(begins, enrolment, strict=True)]
    parts = {
        "enrolling leads": (begins, enrolment, palette.ACCENT),
        "waiting for outcomes": (
            matures, [max(w - e, 0.0) for w, e in zip(whole, enrolment, strict=True)], palette.SKY,
        ),
    }  # fmt: skip
    for name, (bases, weeks, colour) in parts.items():
        figure.add_trace(
            go.Bar(
                orientation="h",
                base=bases,
                x=weeks,
                y=list(range(len(weeks))),
                width=0.34,
                name=name,
                marker_color=colour,
                hovertext=[
                    f"{name}: {length:.0f} weeks, from week {base + 1:.0f} on"
                    for base, length in zip(bases, weeks, strict=True)
                ],
                hoverinfo="text",
                showlegend=True,
            )
        )
    return figure.update_layout(barmode="overlay", xaxis={"title": "Weeks from the first test's start"})


def cohort_states(states: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Leads in each label state, one bar a target; `states` maps a target's words to its counts."""
    figure = _rows([escape(words) for words in states])
    names = [
        *palette.LABEL_STATES,
        *sorted({name for counts in states.values() for name in counts} - set(palette.LABEL_STATES)),
    ]
    for name in names:
        leads = [int(counts.get(name, 0)) for counts in states.values()]
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=leads,
                y=list(range(len(leads))),
                width=0.36,
                name=escape(in_words(name)),
                marker_color=palette.LABEL_STATES.get(name, palette.NEUTRAL),
                hovertext=[f"{count(n)} {escape(in_words(name))}" for n in leads],
                hoverinfo="text",
                showlegend=True,
            )
        )
    return figure.update_layout(barmode="stack", xaxis={"title": "Leads", "tickformat": ",d"})


def evaluated_targets(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The targets that had enough data to be evaluated, by name."""
    return {name: result for name, result in evaluation["targets"].items() if result["status"] == "evaluated"}


def holdout_of(predictions: pd.DataFrame, target: str) -> pd.DataFrame:
    """The holdout rows of one target."""
    return predictions[(predictions["target"] == target) & (predictions["split"] == "holdout")]


def has_both_labels(predictions: pd.DataFrame) -> bool:
    """Whether a curve can be drawn: there are converters and others."""
    return {0, 1} <= set(predictions["label"])


@dataclass(frozen=True)
class _LineStyle:
    name: str
    colour: str
    dash: str
    width: float


def _figure(height: int) -> go.Figure:
    return go.Figure(layout={"template": _template(), "height": height})


def _panels(targets: Sequence[str]) -> go.Figure:
    titles = [escape(name.upper()) for name in targets]
    figure = make_subplots(rows=1, cols=len(targets), subplot_titles=titles, horizontal_spacing=0.08)
    return figure.update_layout(template=_template(), height=CHART_HEIGHT + 30, margin={**MARGIN, "t": 34})


def _sentence(text: str) -> go.Figure:
    """A figure that says in words why there is nothing to draw."""
    figure = _figure(120)
    figure.add_annotation(text=escape(text), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})


def _rows(labels: Sequence[str]) -> go.Figure:
    """An empty figure of one row a label, first on top, the label above the row's mark."""
    figure = _figure(ROW_HEIGHT * len(labels) + 96)
    # All at once: Plotly copies those that are there for each that is added.
    figure.layout.annotations = [
        go.layout.Annotation(
            text=label,
            x=0,
            xref="paper",
            xanchor="left",
            y=row,
            yshift=15,
            showarrow=False,
            align="left",
            font={"size": 12},
            bgcolor=palette.PAPER,
            borderpad=0,
        )
        for row, label in enumerate(labels)
    ]
    figure.update_yaxes(range=[len(labels) - 0.5, -0.75], showticklabels=False, showgrid=False)
    return figure.update_layout(margin={"l": 6, "r": 14, "t": 6, "b": 40}, legend={"traceorder": "normal"})


def _share_axis(title: str, top: float | None = 1.0) -> dict[str, Any]:
    """An axis of shares, drawn in per cent so that its ticks read like every other share: "20 %"."""
    axis: dict[str, Any] = {"title": title, "ticksuffix": f"{NBSP}%", "rangemode": "tozero", "nticks": 6}
    return axis if top is None else {**axis, "range": [0, 102 * top]}


def _by_contribution(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["contribution", "category"], ascending=[False, True])


def _odds(log_odds: pd.Series) -> list[float]:
    return [round(float(value), 4) for value in np.exp(log_odds)]


def _odds_axis(rows: pd.DataFrame) -> dict[str, Any]:
    """A logarithmic axis of odds ratios around 1, never so short that little looks like much."""
    low, high = min(rows["ci_low"].min(), -SHORTEST_ODDS_AXIS), max(rows["ci_high"].max(), SHORTEST_ODDS_AXIS)
    is_fine = high - low <= np.log(WIDEST_FINE_ODDS)
    ticks = [tick for tick in (ODDS_TICKS if is_fine else COARSE_ODDS_TICKS) if low <= np.log(tick) <= high]
    return {
        "type": "log",
        "title": "Odds, 1 is the average lead",
        "range": [round(float(end) / np.log(10), 4) for end in (low - 0.08, high + 0.08)],
        "tickvals": ticks,
        "ticktext": [f"{TIMES}{tick:g}" for tick in ticks],
        "tickangle": 0,
    }


def _dependence_traces(numbers: pd.DataFrame) -> list[go.Scatter]:
    x = [float(value) for value in numbers["value"]]
    fill = {"fill": "toself", "fillcolor": palette.BAND, "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip"}
    return [
        go.Scatter(x=x + x[::-1], y=_odds(numbers["ci_low"]) + _odds(numbers["ci_high"])[::-1], **fill),
        go.Scatter(
            x=[x[0], x[-1]],
            y=[1, 1],
            mode="lines",
            line={"color": palette.MUTED, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=x,
            y=_odds(numbers["contribution"]),
            mode="lines+markers",
            line={"color": palette.ACCENT, "width": 2},
            marker={"size": 6, "color": palette.ACCENT},
            hovertext=[_dependence_hover(row, f"{row['value']:,.3g}") for row in records(numbers)],
            hoverinfo="text",
        ),
    ]


def _category_dots(named: pd.DataFrame, *, along_rows: bool, numbers: pd.Series) -> list[go.Scatter]:
    """A dot and its interval for each category; beside numbers, one for where the number is not known."""
    dots = []
    for row, cell in enumerate(records(named)):
        odds, low, high = (float(np.exp(cell[name])) for name in ("contribution", "ci_low", "ci_high"))
        beside = float(numbers.max() + 0.12 * max(np.ptp(numbers), 1e-9)) if not along_rows else 0.0
        bars = whiskers([odds], [low], [high], palette.ACCENT if along_rows else palette.NEUTRAL)
        dots.append(
            go.Scatter(
                x=[round(odds, 4)] if along_rows else [beside],
                y=[row] if along_rows else [round(odds, 4)],
                mode="markers" if along_rows else "markers+text",
                text=None if along_rows else [f"{escape(cell['category'])} "],
                textposition="middle left",
                textfont={"size": 11, "color": palette.MUTED},
                marker={"size": 8, "color": palette.ACCENT if along_rows else palette.NEUTRAL},
                error_x=bars if along_rows else None,
                error_y=None if along_rows else bars,
                hovertext=[_dependence_hover(cell, escape(in_words(cell["category"])))],
                hoverinfo="text",
            )
        )
    return dots


def _say_odds(ratio: float | None) -> str:
    return f"{TIMES}{ratio:.2f}" if is_known(ratio) else MISSING


def _dependence_hover(row: Mapping[str, Any], value: str) -> str:
    odds, low, high = (float(np.exp(row[name])) for name in ("contribution", "ci_low", "ci_high"))
    return f"{value}: odds {interval(odds, low, high, _say_odds)}, {count(row['leads'])} leads"


def _in_percent(shares: Iterable[float]) -> list[float]:
    return [round(100 * share, 4) for share in shares]


def _calibration_top(curve: Sequence[Mapping[str, Any]]) -> float:
    tops = [
        value
        for bin_ in curve
        for value in (bin_["predicted"], bin_["observed"], bin_.get("ci_high"))
        if value is not None
    ]
    return min(1.0, 1.06 * max(tops, default=1.0))


def _calibration_traces(curve: Sequence[Mapping[str, Any]]) -> list[go.Scatter]:
    predicted = _in_percent(bin_["predicted"] for bin_ in curve)
    observed = _in_percent(bin_["observed"] for bin_ in curve)
    hover = [
        f"predicted {percent(b['predicted'])}, observed "
        f"{interval(b['observed'], b.get('ci_low'), b.get('ci_high'), percent)}, {count(b['n'])} rows"
        for b in curve
    ]
    points_drawn = go.Scatter(
        x=predicted,
        y=observed,
        mode="lines+markers",
        name="observed",
        line={"color": palette.ACCENT, "width": 1.5},
        marker={"size": 8, "color": palette.ACCENT},
        error_y=whiskers(
            [b["observed"] for b in curve],
            [b.get("ci_low") for b in curve],
            [b.get("ci_high") for b in curve],
            palette.ACCENT,
            scale=100,
        ),
        hovertext=hover,
        hoverinfo="text",
    )
    return [_reference_line([0, 100], [0, 100], "perfectly calibrated"), points_drawn]


def _gain_traces(predictions: pd.DataFrame, chosen_model: str) -> list[go.Scatter]:
    traces = [_reference_line([0, 100], [0, 100], "in random order")]
    for style, frame in _by_model(predictions, chosen_model):
        contacted, reached = _gain(frame)
        traces.append(_line(contacted, reached, style, "best %{x:.0f} % of leads hold %{y:.0f} % of converters"))
    return traces


def _by_model(predictions: pd.DataFrame, chosen_model: str) -> list[tuple[_LineStyle, pd.DataFrame]]:
    """Each model's rows with its line, the chosen model last so that it lies on top."""
    others = sorted(set(predictions["model"]) - {chosen_model})
    styles = [
        _LineStyle(name, *palette.OTHER_MODELS[number % len(palette.OTHER_MODELS)], 1.6)
        for number, name in enumerate(others)
    ]
    if (predictions["model"] == chosen_model).any():
        styles.append(_LineStyle(chosen_model, palette.ACCENT, "solid", 3))
    return [(style, predictions[predictions["model"] == style.name]) for style in styles]


def _line(x: np.ndarray, y: np.ndarray, style: _LineStyle, hover: str) -> go.Scatter:
    return go.Scatter(
        x=_in_percent(x),
        y=_in_percent(y),
        mode="lines",
        name=escape(in_words(style.name)),
        line={"color": style.colour, "dash": style.dash, "width": style.width},
        legendrank=CHOSEN_FIRST if style.dash == "solid" else None,
        hovertemplate=f"{escape(in_words(style.name))}: {hover}<extra></extra>",
    )


def _reference_line(x: list[float], y: list[float], name: str) -> go.Scatter:
    line = {"color": palette.MUTED, "dash": "dot", "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip")


def _counts_by_score(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows and converters at or above each distinct score, highest first. Tied leads enter together."""
    by_score = frame.groupby("probability")["label"].agg(["size", "sum"]).sort_index(ascending=False)
    return by_score["size"].cumsum().to_numpy(float), by_score["sum"].cumsum().to_numpy(float)


def _gain(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    rows, converters = _counts_by_score(frame)
    contacted = np.linspace(0, 1, CURVE_POINTS)
    # Straight lines across ties are the expectation over the tied leads' order.
    return contacted, np.interp(contacted, np.r_[0, rows / rows[-1]], np.r_[0, converters / converters[-1]])


def _precision_at_recall(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    rows, converters = _counts_by_score(frame)
    recall = np.linspace(0, 1, CURVE_POINTS)[1:]
    first_reaching = np.searchsorted(converters / converters[-1], recall - 1e-9).clip(max=len(rows) - 1)
    return recall, (converters / rows)[first_reaching]


def whiskers(
    values: Iterable[float],
    lows: Iterable[float | None],
    highs: Iterable[float | None],
    colour: str,
    scale: float = 1,
) -> dict[str, Any]:
    """Error bars from interval ends; an end that is not known is not drawn."""
    ends = list(zip(values, lows, highs, strict=True))
    above = [round(scale * max(high - value, 0.0), 4) if is_known(high) else 0.0 for value, _, high in ends]
    below = [round(scale * max(value - low, 0.0), 4) if is_known(low) else 0.0 for value, low, _ in ends]
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": colour,
        "thickness": 1.6,
        "width": 4,
    }


def _model_label(name: str, role: str, chosen_model: str) -> str:
    words = escape(in_words(name))
    note = "chosen" if name == chosen_model else escape(in_words(role))
    return f"<b>{words}</b>, {note}" if name == chosen_model else f"{words}, {note}"


def _feature_label(row: Mapping[str, Any], words: Mapping[str, str]) -> str:
    sentence = words.get(row["feature"], in_words(row["feature"]))
    arrow, ranks = (_muted(words) for words in (ARROWS[row["direction"]], _rank_words(row)))
    return f"{arrow} {_short(sentence, RANKED_LABEL_CHARACTERS)} {ranks}"


def _muted(text: str) -> str:
    return f"<span style='color:{palette.MUTED}'>{text}</span>"


def _rank_words(row: Mapping[str, Any]) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return f"rank {low}" if low == high else f"rank {low} to {high}"


def _feature_hover(row: Mapping[str, Any]) -> str:
    stability = percent(row["stability"], 0)
    return (
        f"{escape(row['feature'])}: {percent(row['share'])} of the total; rank {row['rank']} here, {_rank_words(row)} "
        f"in nine of ten bootstrap models; among the first ten in {stability} of them"
    )


def _effect_hover(row: Mapping[str, Any]) -> str:
    size = interval(row["effect"], row["ci_low"], row["ci_high"], points)
    leads = f"{count(row['n_treated'])} with and {count(row['n_control'])} without"
    return f"{escape(row['label'])}<br>{escape(row['contrast'])}<br>{size}<br>grade {row['evidence_grade']}, {leads}"


def _elide(text: str) -> str:
    """A label cut in its middle, between words: its beginning names the campaign, its end the version."""
    if len(text) > LABEL_CHARACTERS:
        head, tail = text[:LABEL_HEAD], text[LABEL_HEAD - LABEL_CHARACTERS :]
        text = f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"
    return escape(text)


def _short(text: str, characters: int = LABEL_CHARACTERS) -> str:
    cut = text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
    return escape(cut)
