"""Pages from templates: the report in HTML, the model card and the recommendations in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from lead_conversion.reports import edit_words, formats, markdown, palette, wording
from lead_conversion.reports.sections import SECTIONS, Picture, RunResults, condition
from lead_conversion.reports.tables import gate_figure, metric_of

COLOURS: Mapping[str, str] = {
    name.lower(): value for name, value in vars(palette).items() if isinstance(value, str) and name.isupper()
}


def render_report(run: RunResults) -> str:
    """The whole report as one HTML file that needs nothing else: no network, no clock, the same bytes each time."""
    environment = _environment(autoescape=True)
    chapters = [
        {
            "id": section.id,
            "title": section.title,
            "html": Markup(_render(environment, f"sections/{section.id}.html.j2", section.view(run))),  # noqa: S704 - rendered with autoescape
        }
        for section in SECTIONS
    ]
    script = Markup(get_plotlyjs().replace("</script", "<\\/script"))  # noqa: S704 - a library's own text
    return _render(
        environment,
        "report.html.j2",
        {"as_of": run.as_of, "snapshot_id": run.snapshot_id, "chapters": chapters, "plotly": script},
    )


def render_markdown(template: str, view: Mapping[str, Any]) -> str:
    """A Markdown document from its template; every text from the data passes a filter that escapes it."""
    return _render(_environment(autoescape=False), template, view).rstrip() + "\n"


def figure_data(picture: Picture) -> Markup:
    """The figure as JSON that can stand inside a script element."""
    return Markup(picture.figure.to_json().replace("<", "\\u003c"))  # noqa: S704 - no "<" is left in it


def metric_words(model: Mapping[str, Any], metric: str) -> str:
    """One figure of a model with its interval, in the metric's own format."""
    return formats.estimate(model.get(metric), metric_of(metric).form)


def arm_words(arm: Mapping[str, Any] | str) -> str:
    """An experiment's arm: its text, or its fields one after another."""
    return ", ".join(str(value) for value in arm.values()) if isinstance(arm, Mapping) else arm


def spark_points(values: Sequence[float], width: int, height: int) -> str:
    """A series as the points of a line in a box, from zero at the bottom to its highest value at the top."""
    top = max(values) or 1.0
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{step * n:.1f},{height * (1 - value / top):.1f}" for n, value in enumerate(values))


def _render(environment: Environment, template: str, view: Mapping[str, Any]) -> str:
    return environment.get_template(template).render(view)


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("lead_conversion.reports"),
        autoescape=autoescape,  # noqa: S701 - Markdown escapes by its own filters
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "chance": formats.chance,
        "count": formats.count,
        "day": formats.day,
        "decimal": formats.decimal,
        "percent": formats.percent,
        "points": formats.points,
        "signed": formats.signed,
        "moment": formats.moment,
        "short_key": formats.short_key,
        "in_words": formats.in_words,
        "estimate": formats.estimate,
        "p_value": formats.p_value,
        "gate_figure": gate_figure,
        "metric": metric_words,
        "arm": arm_words,
        "figure_data": figure_data,
        "spark_points": spark_points,
        "diff_lines": wording.diff_lines,
        "sentence": edit_words.sentence,
        "md": markdown.markdown_text,
        "md_table": markdown.markdown_table,
        "md_fence": markdown.markdown_fence,
    }
    environment.globals |= {
        "after_words": formats.after_words,
        "colours": COLOURS,
        "condition": condition,
        "edit_words": edit_words.edit_words,
        "machine_words": edit_words.machine_words,
        "form_points": formats.points,
        "form_signed": formats.signed,
        "interval": formats.interval,
        "plural": formats.plural,
        "redline": wording.redline,
    }
    return environment
