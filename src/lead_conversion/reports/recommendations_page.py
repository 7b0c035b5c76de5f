"""The recommendations as a page of Markdown."""

from collections.abc import Mapping
from typing import Any

from lead_conversion.reports.formats import interval, points, signed
from lead_conversion.reports.page import render_markdown
from lead_conversion.reports.sections import condition, parted_experiments, recommendation_views
from lead_conversion.reports.sequence_tables import sequence_views
from lead_conversion.reports.tables import table


def render_recommendations(recommendations: Mapping[str, Any], experiment_plan: Mapping[str, Any]) -> str:
    """What to change, in order, each change with its evidence, its wording and the test that proves it."""
    entries = recommendation_views(recommendations, experiment_plan)
    conditions = [condition(entry["item"]["expected_impact"]) for entry in entries]
    is_shared = len(set(conditions)) == 1
    overview = [
        [
            str(number),
            entry["item"]["title"],
            entry["item"]["evidence"]["grade"],
            impact(entry["item"]) + ("" if is_shared else conditions[number - 1]),
            effect(entry["item"]),
        ]
        for number, entry in enumerate(entries, start=1)
    ]
    gain = f"#Booked calls a month{conditions[0] if is_shared else ''} (95 % interval)"
    heads = ["#No.", "~Change", "Grade", gain, "#Effect (95 % interval)"]
    return render_markdown(
        "recommendations.md.j2",
        {
            **recommendations,
            "entries": [
                {**entry, "impact": impact(entry["item"]), "effect": effect(entry["item"])} for entry in entries
            ],
            "overview": table(heads, overview),
            "portfolio": recommendations["portfolio"]["sentence"],
            "sequences": sequence_views(recommendations["sequences"], experiment_plan),
            "open_questions": experiment_plan["open_questions"],
            "questions": [
                {**test, "effect": effect({"evidence": test["so_far"]})}
                for test in parted_experiments(experiment_plan)[1]
            ],
            "has_associations": any(entry["item"]["evidence"]["grade"] == "C" for entry in entries),
        },
    )


def impact(recommendation: Mapping[str, Any]) -> str:
    """Extra booked calls a month with their interval."""
    expected = recommendation["expected_impact"]
    return interval(expected["conversions_a_month"], expected["ci_low"], expected["ci_high"], signed)


def effect(recommendation: Mapping[str, Any]) -> str:
    """The element's effect as it stands, with its interval."""
    evidence = recommendation["evidence"]
    return interval(evidence["effect"], evidence["ci_low"], evidence["ci_high"], points)
