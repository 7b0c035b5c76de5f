"""Results as tables of cells, which a page or a Markdown document sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import pandas as pd

from lead_conversion.contracts.features import FEATURES
from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.reports.experiment_result import say_next_look
from lead_conversion.reports.formats import (
    MISSING,
    NumberFormat,
    after_words,
    bounds,
    count,
    day,
    decimal,
    hours,
    in_words,
    p_value,
    percent,
    points,
    short_key,
    signed,
    times,
)

TIMING_HEADS = ("#Weeks", "#Runs in weeks", "Feasible")
Tone = Literal["", "good", "bad", "quiet", "strong", "key"]


@dataclass(frozen=True)
class Metric:
    """A figure of the evaluation: what it is called, how it is written, and what it tells."""

    title: str
    form: NumberFormat
    sentence: str


METRICS: Mapping[str, Metric] = {
    "pr_auc": Metric(
        "PR-AUC",
        decimal,
        "How well the ranking puts converters first, 0 to 1; chance gives the base rate. Higher is better.",
    ),
    "lift_at_10": Metric(
        "Lift at 10 %",
        times,
        "Converters among the top tenth of the ranking, as a multiple of the base rate. Higher is better.",
    ),
    "roc_auc": Metric(
        "ROC-AUC", decimal, "Chance that a converter is ranked above a non-converter; 0.5 is a coin. Higher is better."
    ),
    "brier": Metric(
        "Brier score",
        lambda value: decimal(value, 4),
        "Mean squared distance of the probability from what happened. Lower is better.",
    ),
    "brier_skill": Metric(
        "Brier skill",
        percent,
        "Share by which the Brier score beats always saying the base rate. Above zero is useful.",
    ),
    "lift_at_10_at_landmark": Metric(
        "Lift at 10 %, at one hour",
        times,
        "The same among leads at the same hour after first engagement, averaged: knowing the hour alone earns nothing.",
    ),
    "brier_skill_at_landmark": Metric(
        "Brier skill, at one hour",
        percent,
        "Share by which the Brier score beats always saying the rate of leads at the same hour. Above zero is useful.",
    ),
    "log_loss": Metric(
        "Log loss", decimal, "Punishes confident mistakes harder than the Brier score. Lower is better."
    ),
    "calibration_slope": Metric(
        "Calibration slope",
        lambda value: decimal(value, 2),
        "1 is right; below 1 the probabilities are too extreme, above 1 too timid.",
    ),
    "calibration_intercept": Metric(
        "Calibration intercept",
        lambda value: decimal(value, 2),
        "0 is right; below 0 the probabilities are too high on the whole.",
    ),
    "expected_calibration_error": Metric(
        "Expected calibration error",
        percent,
        "How far ten bins of probabilities are from what happened, on average; chance alone keeps it above zero.",
    ),
    "brier_reliability": Metric(
        "Reliability",
        lambda value: decimal(value, 4),
        "Part of the Brier score: what the probabilities are off, squared. Lower is better.",
    ),
    "brier_resolution": Metric(
        "Resolution",
        lambda value: decimal(value, 4),
        "Part of the Brier score: how far the probabilities tell leads apart, squared. Higher is better.",
    ),
    "brier_uncertainty": Metric(
        "Uncertainty",
        lambda value: decimal(value, 4),
        "Part of the Brier score: what the base rate alone leaves open; no model changes it.",
    ),
}
HEADLINE_METRICS = ("pr_auc", "lift_at_10", "brier", "brier_skill", "calibration_slope")


FAMILY_WORDS: Mapping[str, str] = {
    "attribution": "contact and source",
    "interaction": "interaction",
    "calendar": "moment and local time",
    "timing": "timing",
    "content": "content",
    "engagement": "engagement score",
    "conversion": "conversion indicators",
    "performance": "campaign and step performance",
}


DIRECTION_WORDS: Mapping[str, str] = {
    "raises": "▲ raises",
    "lowers": "▼ lowers",
    "mixed": "◆ depends",
    "unsteady": "◇ not settled",
}


def metric_of(name: str) -> Metric:
    """The words for a metric; one that is not in METRICS is shown under its own name."""
    return METRICS.get(name) or Metric(in_words(name), decimal, "")


@dataclass(frozen=True)
class Cell:
    """What stands in one cell; `note` stands beneath it, `bar`, a share in [0, 1], and `spark`, a series, are drawn."""

    text: str
    tone: Tone = ""
    note: str = ""
    bar: float | None = None
    spark: tuple[float, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether it holds numbers (which stand to the right)."""

    heading: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """A table of cells; every row has one cell a column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def table(columns: Iterable[str], rows: Iterable[Iterable[Cell | str]]) -> Table:
    """A table from headings and texts; a heading that begins with "#" is numeric, one with "~" is prose.

    Raises:
        ValueError: a row's length differs from the number of columns.
    """
    heads = tuple(_column(column) for column in columns)
    cells = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    if any(len(row) != len(heads) for row in cells):
        raise ValueError(f"Every row needs {len(heads)} cells, one a column")
    return Table(heads, cells)


def estimate_cell(value: float | None, low: float | None, high: float | None, form: NumberFormat) -> Cell:
    """An estimate with its 95 % interval beneath it."""
    return Cell(form(value), note=bounds(low, high, form))


def _column(column: str) -> Column:
    return Column(column.lstrip("#~"), numeric=column.startswith("#"), wide=column.startswith("~"))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by column name."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def metric_table(result: Mapping[str, Any], metrics: tuple[str, ...]) -> Table:
    """Each model's figures on the holdout with 95 % intervals, the chosen model first."""
    chosen = result["chosen_model"]
    models = sorted(
        result["models"].items(), key=lambda item: (item[0] != chosen, -_value(item[1].get("pr_auc")), item[0])
    )
    rows: list[list[Cell | str]] = [
        [
            Cell(in_words(name), tone="strong" if name == chosen else ""),
            Cell("chosen" if name == chosen else in_words(model["role"]), tone="quiet"),
            *(_figure_cell(model.get(metric), metric_of(metric).form) for metric in metrics),
        ]
        for name, model in models
    ]
    return table(["Model", "Role", *(f"#{metric_of(metric).title}" for metric in metrics)], rows)


CELL_HEADS = ("#Converters", "#Observed", "#Predicted", "#PR-AUC", "#PR-AUC of the best baseline")


def landmark_table(by_landmark: list[Mapping[str, Any]]) -> Table:
    """The ranking among leads at the same hour after first engagement, beside the best baseline's."""
    rows = [[hours(item["landmark_hours"]), count(item["n"]), *_cell_figures(item)] for item in by_landmark]
    return table(["Time since first engagement", "#Leads", *CELL_HEADS], rows)


def segment_table(by_segment: list[Mapping[str, Any]], campaigns: Mapping[str, str]) -> Table:
    """The ranking within each campaign and each source, beside the best baseline's; small ones show no figures.

    Args:
        by_segment: as in the evaluation.
        campaigns: by id, the names that are known.
    """
    named = {("campaign", campaign_id): name for campaign_id, name in campaigns.items()}
    rows = [
        [
            f"{item['dimension']}: {named.get((item['dimension'], item['segment'])) or in_words(item['segment'])}",
            count(item["n"]),
            *_cell_figures(item),
        ]
        for item in by_segment
    ]
    return table(["Campaign of the first attempt, or source", "#Rows", *CELL_HEADS], rows)


def _cell_figures(item: Mapping[str, Any]) -> list[Cell | str]:
    return [
        count(item["positives"]),
        percent(item["base_rate"]),
        percent(item["mean_probability"]),
        _figure_cell(item["pr_auc"], decimal),
        _figure_cell(item["baseline_pr_auc"], decimal),
    ]


def backtest_table(origins: list[Mapping[str, Any]]) -> Table:
    """How models made in the same way did at earlier moments, each on the leads that came next."""
    shown = ("pr_auc", "lift_at_10_at_landmark", "brier_skill_at_landmark", "calibration_slope")
    rows: list[list[Cell | str]] = [
        [
            day(origin["from"]),
            in_words(origin["chosen"]),
            count(origin["leads"]),
            count(origin["positives"]),
            *(_figure_cell(origin["figures"].get(metric), metric_of(metric).form) for metric in shown),
        ]
        for origin in origins
    ]
    heads = ["Judged on leads from", "Chosen", "#Leads", "#Converters"]
    return table([*heads, *(f"#{metric_of(metric).title}" for metric in shown)], rows)


def difference_table(comparisons: list[Mapping[str, Any]]) -> Table:
    """How far the chosen model is ahead of each baseline."""
    rows: list[list[Cell | str]] = [
        [
            in_words(item["baseline"]),
            metric_of(item["metric"]).title,
            _figure_cell(item["difference"], lambda x: signed(x, 3)),
            relative_lead(item),
        ]
        for item in comparisons
    ]
    return table(["Baseline", "Figure", "#Ahead by (95 % interval)", "#Relative"], rows)


def gate_table(gate: Mapping[str, Any]) -> Table:
    """Each condition of the gate with its limit, the figure and whether it passed."""
    rows = [
        [
            Cell("✓ passed", tone="good") if condition["passed"] else Cell("✗ failed", tone="bad"),
            condition["sentence"],
            gate_figure(condition["limit"]),
            MISSING if condition["passed"] and condition["figure"] is None else gate_figure(condition["figure"]),
        ]
        for condition in gate["conditions"]
    ]
    return table(["Verdict", "~Condition", "#Limit", "#Figure"], rows)


def gate_figure(value: Any) -> str:
    """A gate's limit or figure: a number, a range, a yes or no, or missing (which fails the gate)."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " to ".join(gate_figure(part) for part in value)
    if isinstance(value, int | float):
        return count(value) if float(value).is_integer() else decimal(value)
    return str(value)


def split_table(split: Mapping[str, Any]) -> Table:
    """Which leads the model learned from, which chose and calibrated it before they trained it, and which judged it."""
    uses = {
        "train": "to learn from",
        "calibration": "to choose and calibrate by, then to learn from",
        "holdout": "to judge by",
    }
    rows = [
        [
            use,
            count(part["leads"]),
            count(part["rows"]),
            count(part["positives"]),
            day(part.get("from")),
            day(part.get("to")),
        ]
        for name, use in uses.items()
        if (part := split.get(name))
    ]
    return table(["Which", "#Leads", "#Rows", "#Positive", "#From", "#To"], rows)


def lead_table(top: pd.DataFrame) -> Table:
    """The first leads of a ranking; keys are pseudonyms, shortened."""
    best = max(float(top["probability"].max()), 1e-9)
    rows = [
        [
            count(lead["rank"]),
            Cell(short_key(lead["lead_key"]), tone="key"),
            Cell(percent(lead["probability"]), bar=lead["probability"] / best),
            lead["top_drivers"] or MISSING,
        ]
        for lead in records(top)
    ]
    return table(["#Rank", "Lead", "#Probability", "~What drives it"], rows)


def feature_table() -> Table:
    """The data dictionary of features."""
    features = [[f.name, FAMILY_WORDS[f.family], f.unit, f.sentence, f.missing] for f in FEATURES]
    return table(["Feature", "Family", "Unit", "~Meaning", "~Where missing"], features)


def family_table(attribution: pd.DataFrame) -> Table:
    """Each feature family's share of the total contribution."""
    shares = (
        attribution.groupby("family")["share"]
        .agg(["sum", "size"])
        .reset_index()
        .sort_values(["sum", "family"], ascending=[False, True])
    )
    rows: list[list[Cell | str]] = [
        [FAMILY_WORDS[family], count(size), Cell(percent(share), bar=share)]
        for family, share, size in shares.itertuples(index=False)
    ]
    return table(["Family", "#Features", "#Share of the total"], rows)


def ranking_table(attribution: pd.DataFrame, words: Mapping[str, str]) -> Table:
    """The strongest features with how sure their places are."""
    rows: list[list[Cell | str]] = [
        [
            count(row["rank"]),
            words.get(row["feature"], in_words(row["feature"])),
            FAMILY_WORDS[row["family"]],
            Cell(percent(row["share"]), bar=row["share"]),
            DIRECTION_WORDS[row["direction"]],
            f"{row['rank_low']} to {row['rank_high']}",
            percent(row["stability"], 0),
        ]
        for row in records(attribution)
    ]
    heads = ["#Rank", "~Feature", "Family", "#Share of the total", "More of it", "#Rank in bootstrap models"]
    return table([*heads, "#Among their first ten"], rows)


def effect_table(effects: pd.DataFrame) -> Table:
    """Effects in words and figures."""
    rows: list[list[Cell | str]] = [
        [
            in_words(effect["element_type"]),
            effect["label"],
            estimate_cell(effect["effect"], effect["ci_low"], effect["ci_high"], points),
            p_value(effect["q_value"]),
            Cell(effect["evidence_grade"], note=effect["tested_by"]),
            Cell("✗ does worse", tone="bad") if effect["flagged"] else Cell("not flagged", tone="quiet"),
            _guardrail_cell(effect["guardrails_worse"], effect["guardrails_better"]),
            count(effect["n_treated"]),
            count(effect["n_control"]),
        ]
        for effect in records(effects)
    ]
    heads = ["Element", "~Which", "#Effect (95 % interval)", "#q", "Grade", "Verdict", "Beside bookings"]
    return table([*heads, "#With", "#Without"], rows)


def _guardrail_cell(worse: str, better: str) -> Cell:
    """What nobody wants, beyond chance and margin; more of it weighs more than less of something else."""
    if worse:
        return Cell(f"✗ more {_guardrails_in_words(worse)}", tone="bad")
    return Cell(
        f"fewer {_guardrails_in_words(better)}" if better else "no more opt-outs or negative replies", tone="quiet"
    )


def _guardrails_in_words(names: str) -> str:
    return " and ".join({"opt_out": "opt-outs", "negative_reply": "negative replies"}[name] for name in names.split())


def experiment_table(experiments: list[Mapping[str, Any]]) -> Table:
    """The test of each change: size, duration and place in the schedule."""
    rows = [
        [
            Cell(experiment["id"], tone="key"),
            experiment["hypothesis"],
            percent(experiment.get("base_rate")),
            points(experiment.get("minimal_detectable_effect")),
            count(experiment.get("sample_size_per_arm")),
            count(experiment.get("weekly_eligible_leads")),
            *_timing(experiment),
        ]
        for experiment in experiments
    ]
    heads = ["Test", "~Hypothesis", "#Base rate", "#Detects", "#Leads an arm", "#Eligible a week"]
    return table([*heads, *TIMING_HEADS], rows)


def question_table(experiments: list[Mapping[str, Any]]) -> Table:
    """The test of each open question: what is known so far, what knowing more is worth, and the schedule."""
    rows: list[list[Cell | str]] = []
    for experiment in experiments:
        so_far = experiment["so_far"]
        rows.append(
            [
                Cell(experiment["id"], tone="key"),
                experiment["hypothesis"],
                estimate_cell(so_far["effect"], so_far["ci_low"], so_far["ci_high"], points),
                signed(so_far["worth"], 2),
                points(experiment["minimal_detectable_effect"]),
                *_timing(experiment),
            ]
        )
    heads = ["Test", "~Question", "#First against second (95 % interval)", "#To know, calls a month", "#Detects"]
    return table([*heads, *TIMING_HEADS], rows)


def _timing(experiment: Mapping[str, Any]) -> list[Cell | str]:
    return [
        count(experiment.get("duration_weeks")),
        run_weeks(experiment),
        Cell("✓ yes", tone="good") if experiment["feasible"] else Cell("✗ no", tone="bad"),
    ]


def run_weeks(experiment: Mapping[str, Any]) -> str:
    """First and last week of a test, counted from the start of the first one: "1 to 13"; a dash where it cannot run."""
    first, last = experiment.get("first_week"), experiment.get("last_week")
    if first is None:
        return MISSING
    after = after_words(experiment["runs_after"])
    return f"{count(first)} to {count(last)}" + (f", {after}" if after else "")


def running_table(running: Sequence[Mapping[str, Any]], as_of: str) -> Table:
    """The tests that run already: how many of their leads are in, and for how long they hold others back at most."""
    rows: list[list[Cell | str]] = [
        [
            Cell(test["id"], tone="key"),
            test["hypothesis"],
            Cell("✗ stopped: arms not by chance", tone="bad")
            if test["was_stopped"]
            else say_next_look(test["next_look"], as_of),
            day(test["start"]),
            count(test["leads_taken_in"]),
            count(test["leads_needed"]),
            count(test["weeks_left"]),
        ]
        for test in running
    ]
    return table(
        ["Test", "~Hypothesis", "Next look", "#Since", "#Leads taken in", "#Leads needed", "#Weeks left at most"], rows
    )


def in_order(entities: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The entities in the order in which the contract names them."""
    return [(name, entities[name]) for name in SOURCE_ENTITIES if name in entities]


def entity_table(entities: Mapping[str, Mapping[str, Any]]) -> Table:
    """Rows read, kept and rejected of each entity."""
    rows = [
        [
            in_words(name),
            count(entity["rows_read"]),
            count(entity["rows_clean"]),
            count(entity["rows_rejected"]),
            percent(share_of(entity["rows_rejected"], entity["rows_read"]), 2),
        ]
        for name, entity in in_order(entities)
    ]
    return table(["Entity", "#Rows read", "#Kept", "#Rejected", "#Share rejected"], rows)


def state_table(label_summary: Mapping[str, Any]) -> Table:
    """Leads in each label state, a row for each target."""
    states = list(
        dict.fromkeys(
            [
                "positive",
                "negative",
                "immature",
                "excluded",
                *(s for summary in label_summary.values() for s in summary["states"]),
            ]
        )
    )
    rows = []
    for name, summary in label_summary.items():
        positive, negative = (summary["states"].get(state, 0) for state in ("positive", "negative"))
        rate = percent(share_of(positive, positive + negative))
        rows.append([name.upper(), *(count(summary["states"].get(state, 0)) for state in states), rate])
    return table(["Target", *(f"#{in_words(state)}" for state in states), "#Rate among mature"], rows)


def exclusion_table(label_summary: Mapping[str, Any]) -> Table:
    """Why leads were excluded from a target's labels."""
    rows = [
        [name.upper(), in_words(reason), count(leads)]
        for name, summary in label_summary.items()
        for reason, leads in sorted(summary["reasons"].items(), key=lambda item: (-item[1], item[0]))
    ]
    return table(["Target", "~Reason", "#Leads"], rows)


def identity_table(snapshot_id: str | None, run_identity: Mapping[str, Any], model_versions: list[str]) -> Table:
    """Snapshot, code and configuration; nothing about when or where the run itself took place."""
    code, config = run_identity.get("code", {}), run_identity.get("config", {})
    rows = [
        ["Snapshot", snapshot_id or MISSING],
        ["Code", " ".join(str(code[key]) for key in ("version", "git_commit", "commit") if code.get(key)) or MISSING],
        ["Uncommitted changes", gate_figure(bool(code["dirty"])) if code.get("dirty") is not None else MISSING],
        ["Configuration, sha256", str(config.get("sha256") or MISSING)],
        ["Models that scored", ", ".join(model_versions) or MISSING],
    ]
    return table(["What", "~Value"], rows)


def file_table(raw_manifest: Mapping[str, Any]) -> Table:
    """The snapshot's hashes, one row each; an entity's stands for those of its files."""
    rows = [
        [path, value]
        for path, value in _leaves(raw_manifest)
        if ("sha256" in path or "hash" in path) and ".files." not in path
    ]
    return table(["Entry of the snapshot's manifest", "~Hash"], rows)


def relative_lead(comparison: Mapping[str, Any]) -> str:
    """By how much of the baseline's figure the chosen model is ahead: "+12.3 %"."""
    relative = comparison.get("relative")
    value = relative.get("value") if isinstance(relative, Mapping) else relative
    return MISSING if value is None else f"{signed(100 * value, 1)}\N{NO-BREAK SPACE}%"


def _leaves(node: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(node, Mapping):
        return [leaf for key, value in node.items() for leaf in _leaves(value, f"{path}.{key}".lstrip("."))]
    if isinstance(node, list):
        return [leaf for number, value in enumerate(node) for leaf in _leaves(value, f"{path}.{number}")]
    return [(path, str(node))]


def _figure_cell(figure: Mapping[str, Any] | None, form: NumberFormat) -> Cell:
    figure = figure or {}
    return estimate_cell(figure.get("value"), figure.get("ci_low"), figure.get("ci_high"), form)


def _value(figure: Mapping[str, Any] | None) -> float:
    value = (figure or {}).get("value")
    return float("-inf") if value is None else float(value)


def share_of(part: float, whole: float) -> float | None:
    """The share of a part in a whole; null of nothing."""
    return part / whole if whole else None
