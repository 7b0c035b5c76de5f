"""The model card of a registered version, from its lineage and the log: Mitchell et al. (2019), Model Cards."""

from collections.abc import Iterable, Mapping
from typing import Any

from lead_conversion.reports.formats import MISSING, moment
from lead_conversion.reports.page import render_markdown
from lead_conversion.reports.tables import (
    METRICS,
    difference_table,
    gate_figure,
    gate_table,
    metric_table,
    split_table,
    table,
)


def render_registered_model(
    name: str, version: str, standing: str, lineage: Mapping[str, Any], changes: Iterable[Mapping[str, Any]]
) -> str:
    """The card in Markdown.

    Args:
        name: of the registered model.
        version: its number in the registry.
        standing: champion, challenger or neither.
        lineage: where the version comes from.
        changes: the lines of the promotion log that are about the version.
    """
    code, run, evaluation, environment = (lineage[part] for part in ("code", "run", "evaluation", "environment"))
    return render_markdown(
        "registered_model.md.j2",
        {
            "name": name,
            "version": version,
            "standing": standing,
            "sentence": lineage["sentence"],
            "details": table(
                ["What", "~Value"],
                [
                    ["Chosen model", lineage["chosen_model"]],
                    ["Content", lineage["model_version"]],
                    ["Code", f"{code['version']}, commit {code['git_commit'] or MISSING}"],
                    ["Uncommitted changes", MISSING if code["dirty"] is None else gate_figure(code["dirty"])],
                    ["Configuration, sha256", lineage["config_sha256"]],
                    ["Run", f"{run['pipeline']} in environment {run['environment'] or 'local'}, {run['run_id']}"],
                    ["Started", f"by the account {run['started_by']}, {moment(run['started_at'])}"],
                ],
            ),
            "changes": table(
                ["When", "What", "By", "Account", "~Reason"],
                [
                    [moment(change["at"]), change["action"], change["by"], change["person"], change["reason"]]
                    for change in changes
                ],
            ),
            "metric_sentences": [(metric.title, metric.sentence) for metric in METRICS.values()],
            "snapshot_id": lineage["snapshot_id"],
            "as_of": lineage["as_of"],
            "learned_until": lineage["learned_until"],
            "split": split_table(evaluation["split"]),
            "hashes": table(
                ["Recorded", "~sha256"],
                [
                    *([f"snapshot: {entity}", digest] for entity, digest in lineage["snapshot_sha256"].items()),
                    *([f"file: {file}", digest] for file, digest in lineage["files"].items()),
                ],
            ),
            "message": evaluation["message"],
            "metrics": metric_table(evaluation, tuple(METRICS)),
            "differences": difference_table(evaluation["comparisons"]),
            "champion_message": evaluation["champion"]["message"],
            "passed": lineage["gate"]["passed"],
            "gate": gate_table(lineage["gate"]),
            "features": lineage["features"],
            "environment": table(
                ["Package", "Version"],
                [["python", environment["python"]], *map(list, environment["packages"].items())],
            ),
        },
    )
