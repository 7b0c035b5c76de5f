"""Contracts of the JSON documents: the parts that their readers rely on."""

from lead_conversion.contracts.gate import DocumentGate

raw_manifest = DocumentGate("raw_manifest", ["snapshot_id", "as_of", "source", "content", "entities", "pseudonym_key"])
QUALITY_PARTS = ["snapshot_id", "as_of", "origin", "pseudonym_key", "looked_for", "entities"]
quality = DocumentGate("quality", QUALITY_PARTS)
quality_history = DocumentGate("quality_history", each=QUALITY_PARTS)
completeness = DocumentGate("completeness", ["compared_with", "gates"])
data_quality = DocumentGate("data_quality", ["snapshot_id", "as_of", "entities", "rules", "compared_with", "gates"])
label_summary = DocumentGate("label_summary", each=["states", "reasons"])
feature_recipe = DocumentGate(
    "feature_recipe",
    ["settling_hours", "rated_target", "rate_prior", "reply_within_hours", "embeddings", "engagement"],
)
feature_replay = DocumentGate("feature_replay", ["moments", "landmarks", "differing"])
trained_models = DocumentGate("trained_models", each=["status", "base_rate", "models"])
champion_models = DocumentGate("champion_models", each=["version", "model", "lineage", "files"])
backtest = DocumentGate("backtest", each=["figures", "origins"])
leakage_audit = DocumentGate("leakage_audit", ["targets", "replay"])
evaluation = DocumentGate("evaluation", ["as_of", "snapshot_id", "targets"])
drift = DocumentGate("drift", ["as_of", "snapshot_id", "verdict", "targets"])
sequences = DocumentGate("sequences", ["campaigns"])
prompt_rewrites = DocumentGate(
    "prompt_rewrites",
    ["as_of", "snapshot_id", "status", "model", "requests"],
    listed={"requests": ["id", "messages", "answer", "failure"]},
)
recommendations = DocumentGate(
    "recommendations",
    ["as_of", "snapshot_id", "status", "message", "recommendations", "portfolio", "held_back", "sequences"],
    listed={
        "recommendations": [
            "id", "rank", "element_type", "element_id", "action", "evidence", "expected_impact", "effort", "excludes",
            "current_text",
            "proposed_text", "diff", "edit", "machine_written", "reasons", "experiment_id", "proven_by",
        ]
    },
)  # fmt: skip
PLANNED_TEST_PARTS = [
    "id", "recommendation_id", "hypothesis", "arms", "unit", "allocation", "primary_metric",
    # what `experiments register` tells leads and arms by
    "element_type", "element_id", "campaign_id", "step_id", "contrast", "change", "told_by", "wording", "horizon_days",
    # of an open question what is known so far
    "so_far",
    # booked calls a month that the change would bring, or that knowing would
    "worth",
    "sample_ratio_check", "guardrails", "base_rate", "minimal_detectable_effect", "alpha", "power",
    "sample_size_per_arm", "stopping_boundaries",
    "weekly_eligible_leads", "weeks_enrolment", "label_maturation_days", "duration_weeks", "feasible", "reason",
    "first_week", "last_week", "runs_after", "runs_beside", "conflicts",
]  # fmt: skip
RUNNING_TEST_PARTS = [
    "id", "campaign_id", "step_id", "hypothesis", "start", "was_stopped", "next_look", "leads_taken_in",
    "leads_needed", "weeks_left",
]  # fmt: skip
experiment_plan = DocumentGate(
    "experiment_plan",
    ["as_of", "snapshot_id", "schedule", "open_questions", "running", "experiments"],
    listed={
        "experiments": PLANNED_TEST_PARTS,
        "running": RUNNING_TEST_PARTS,
    },
)
run_manifest = DocumentGate("run_manifest", ["code", "config", "data", "environment"])
