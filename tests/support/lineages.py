"""A lineage as a run of the project hands it to the registry, for a model of two features."""

from typing import Any

from lead_conversion.kernel.targets import Target
from lead_conversion.lifecycle.champions import describe_target

TARGET = Target(outcome="call_booked", window_days=7, landmarks_hours=(0,), sentence="A call is booked within 7 days")
RECIPE = {"settling_hours": 24, "embeddings": None, "engagement": {"half_life_hours": 72}}
FIGURE = {"value": 0.31, "ci_low": 0.28, "ci_high": 0.34}
METRIC_NAMES = ("pr_auc", "roc_auc", "lift_at_10", "brier", "brier_skill", "log_loss", "calibration_slope")


def lineage(starter: str = "scheduler", champion: str | None = None, **changes: Any) -> dict[str, Any]:
    """Everything that a lineage holds; `champion` is the version that its gate compared it with."""
    side = {"leads": 100, "rows": 200, "positives": 20, "from": "2026-01-01T00:00:00", "to": "2026-05-01T00:00:00"}
    condition = {"name": "lift_at_10", "sentence": "A lift", "limit": 1.5, "figure": 3.0, "passed": True}
    model = {"role": "candidate", "n": 200, "positives": 20, **dict.fromkeys(METRIC_NAMES, FIGURE)}
    return {
        "target": "t1",
        "sentence": TARGET.sentence,
        "feature_recipe": RECIPE,
        "target_definition": describe_target(TARGET),
        "chosen_model": "logistic",
        "model_version": "0123456789ab",
        "snapshot_id": "20260901T000000Z-0123456789ab",
        "as_of": "2026-09-01T00:00:00",
        "snapshot_sha256": {"contacts": "ab" * 32},
        "code": {"version": "0.1.0", "git_commit": "c0ffee", "dirty": False},
        "config_sha256": "cd" * 32,
        "environment": {"python": "3.11.9", "platform": "Linux", "packages": {"lightgbm": "4.7.0"}},
        "run": {
            "run_id": "r1",
            "pipeline": "training",
            "environment": None,
            "started_at": "2026-09-01T06:00:00+00:00",
            "started_by": starter,
        },
        "features": ["crm_score", "n_replies"],
        "learned_until": "2026-05-08T00:00:00",
        "metrics": {"pr_auc": 0.31},
        "champion": {"version": champion},
        "gate": {"passed": True, "conditions": [condition]},
        "evaluation": {
            "status": "evaluated",
            "message": "Enough for models of full size.",
            "chosen_model": "logistic",
            "split": {"train": side, "calibration": side, "holdout": side},
            "models": {"logistic": model},
            "comparisons": [{"baseline": "rule", "metric": "pr_auc", "difference": FIGURE, "relative": FIGURE}],
            "champion": {"status": "none", "version": champion, "message": "There is no champion to compare with."},
        },
        **changes,
    }
