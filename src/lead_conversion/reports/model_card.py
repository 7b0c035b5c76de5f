"""The model card: Mitchell et al. (2019), Model Cards for Model Reporting, for the models of one run."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lead_conversion.contracts.features import TERMS
from lead_conversion.kernel.targets import Targets
from lead_conversion.reports.page import render_markdown
from lead_conversion.reports.quality_tables import completeness_table
from lead_conversion.reports.sections import verdict
from lead_conversion.reports.tables import (
    METRICS,
    difference_table,
    entity_table,
    feature_table,
    gate_table,
    metric_table,
    split_table,
    state_table,
)


def render_model_card(
    as_of: Mapping[str, str],
    targets: Targets,
    evaluation: Mapping[str, Any],
    scored_leads: pd.DataFrame,
    data_quality: Mapping[str, Any],
    label_summary: Mapping[str, Any],
    code: Mapping[str, Any],
) -> str:
    """The model card in Markdown.

    Args:
        as_of: the moment the run looks from, and its snapshot.
        targets: what is predicted.
        evaluation: figures and gate, as in evaluation.json.
        scored_leads: says whether a target's scores are a trial.
        data_quality: rows read, kept and rejected by entity, and the verdicts of the completeness gates.
        label_summary: leads by label state and target.
        code: version and commit.
    """
    cards = []
    for name, target in targets.items():
        result = evaluation["targets"][name]
        card: dict[str, Any] = {"verdict": verdict(name, target.sentence, result, scored_leads)}
        if result["status"] == "evaluated":
            card |= {
                "split": split_table(result["split"]),
                "metrics": metric_table(result, tuple(METRICS)),
                "differences": difference_table(result["comparisons"]),
                "gate": gate_table(result["gate"]),
            }
        cards.append(card)
    view = {
        "as_of": as_of["as_of"],
        "snapshot_id": as_of["snapshot_id"],
        "code": [code[key] for key in ("version", "git_commit") if code.get(key)],
        "targets": cards,
        "metrics": [(metric.title, metric.sentence) for metric in METRICS.values()],
        "entities": entity_table(data_quality["entities"]),
        "completeness": completeness_table(data_quality["gates"]),
        "states": state_table(label_summary),
        "features": feature_table(),
        "terms": TERMS,
    }
    return render_markdown("model_card.md.j2", view)
