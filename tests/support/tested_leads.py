"""A project folder with what `experiments` reads: a plan with one test, and published entities of leads in two arms."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lead_conversion.pipelines.recommendation.exposure.histories import ATTRIBUTES
from project import PROJECT

PLANNED_AT, START = "2026-03-01T00:00:00", "2026-03-02"
STEP, CONTROL, TREATMENT = 10, 1, 2
TEST = "test-prompt-1"
WORDING = "Hi {{first_name}}, could we talk this week?"
LOG_COLUMNS: dict[str, Any] = {
    "event_key": "str", "lead_key": "str", "campaign_id": "Int64", "step_id": "Int64", "prompt_id": "Int64",
    "sequence_variant": "str", "enrolled_at": "datetime64[us]", "channel": "str", "direction": "str", "outcome": "str",
    "planned_wait_hours": "float64", "occurred_at": "datetime64[us]", "duration_seconds": "Int64",
    "reply_intent": "str", "reply_objection": "str", "reply_words": "Int64",
}  # fmt: skip
OUTCOME_COLUMNS = {"outcome_key": "str", "lead_key": "str", "outcome_type": "str", "occurred_at": "datetime64[us]"}
STEP_COLUMNS: dict[str, Any] = {
    "campaign_id": "Int64", "campaign_name": "str", "campaign_status": "str", "step_id": "Int64",
    "step_order": "int64", "channel": "str", "wait_hours": "float64", "is_active": "bool", "variant_orders": "str",
    "decision_point": "str", "prompt_id": "Int64", "prompt_version": "Int64", "subject": "str", "body": "str",
    "prompt_created_at": "datetime64[us]", "prompt_retired_at": "datetime64[us]",
}  # fmt: skip
LABEL_COLUMNS = {"lead_key": "str", "target": "str", "state": "str", "reason": "str"}


def make_project(folder: Path, *experiments: dict[str, Any]) -> Path:
    """A folder with the project's configuration and a plan; by default of one test, of 400 leads an arm."""
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("pseudonym*", "access.yml.*"))
    publish_leads(folder, PLANNED_AT)
    write_plan(folder, *(experiments or (planned(),)))
    return folder


def planned(**changes: Any) -> dict[str, Any]:
    """An entry of the plan."""
    return {
        "id": TEST, "recommendation_id": "prompt-1", "hypothesis": "More leads book under the new wording.",
        "element_type": "prompt", "element_id": str(CONTROL), "campaign_id": 1, "step_id": STEP,
        "contrast": "version 1 - mean of the other live versions", "change": "edit_prompt", "horizon_days": 30,
        "told_by": [{"mark": "prompt", "told_as": [str(CONTROL)]}, None], "wording": WORDING, "so_far": None,
        "arms": ["A (control): the current text is sent", "B (treatment): the proposed text is sent"],
        "unit": "lead", "allocation": "50/50 at random", "primary_metric": "call booked within 30 days",
        "sample_ratio_check": {"p_below": 0.001, "rule": "looked at first"},
        "guardrails": [
            {"guardrail": name, "days": 7, "rate_now": 0.02, "limit_ratio": 1.25, "rule": f"{name} within 7 days"}
            for name in ("opt-outs", "negative replies")
        ],
        "base_rate": 0.1, "minimal_detectable_effect": 0.06, "alpha": 0.05, "power": 0.8, "sample_size_per_arm": 400,
        "weekly_eligible_leads": 100.0, "weeks_enrolment": 8, "label_maturation_days": 30, "duration_weeks": 13,
        "feasible": True, "reason": "Feasible: 800 leads at 100 a week.", "first_week": 1, "last_week": 13,
        "runs_after": [], "runs_beside": [], "conflicts": [],
        "stopping_boundaries": [
            {"look": 1, "information": 0.5, "z": 2.963}, {"look": 2, "information": 1.0, "z": 1.969},
        ],
    } | changes  # fmt: skip


def write_plan(
    folder: Path, *experiments: dict[str, Any], running: Sequence[dict[str, Any]] = (), snapshot_id: str = "s0"
) -> None:
    """The published plan, made while these tests ran."""
    plan = {
        "as_of": PLANNED_AT, "snapshot_id": snapshot_id, "schedule": "1 test begins at once.", "open_questions": "",
        "running": [*running], "experiments": [*experiments],
    }  # fmt: skip
    _write_json(folder / "data/07_model_output/experiment_plan.json", plan)


def publish_leads(
    folder: Path,
    as_of: str,
    a: tuple[int, int] = (0, 0),
    b: tuple[int, int] = (0, 0),
    met_at: str = "2026-03-10",
    opted_out: int = 0,
) -> None:
    """The entities as of a moment: so many leads in each arm of which so many booked, and opt-outs in B."""
    dealt = [
        {
            "lead": f"{arm}{number}",
            "prompt_id": prompt,
            "booked": number < booked,
            "left": arm == "b" and number < opted_out,
        }
        for arm, prompt, (leads, booked) in (("a", CONTROL, a), ("b", TREATMENT, b))
        for number in range(leads)
    ]
    logs = [
        {
            "event_key": f"e{lead['lead']}", "lead_key": lead["lead"], "campaign_id": 1, "step_id": STEP,
            "prompt_id": lead["prompt_id"], "sequence_variant": "A", "enrolled_at": met_at, "channel": "sms",
            "direction": "outbound", "outcome": "sent", "planned_wait_hours": 24.0, "occurred_at": met_at,
        }
        for lead in dealt
    ]  # fmt: skip
    after = pd.Timestamp(met_at) + pd.Timedelta(days=2)
    outcomes = [
        {"outcome_key": f"{kind}{lead['lead']}", "lead_key": lead["lead"], "outcome_type": kind, "occurred_at": after}
        for lead in dealt
        for kind, happened in (("call_booked", lead["booked"]), ("opted_out", lead["left"]))
        if happened
    ]
    steps = [
        {
            "campaign_id": 1, "campaign_name": "Autumn", "campaign_status": "active", "step_id": STEP, "step_order": 1,
            "channel": "sms", "wait_hours": 24.0, "is_active": True, "prompt_id": prompt, "prompt_version": prompt,
            "body": "Hi {{first_name}}", "prompt_created_at": "2026-01-01", "variant_orders": "B:2:24.00",
        }
        for prompt in (CONTROL, TREATMENT)
    ]  # fmt: skip
    contacts = pd.DataFrame({"lead_key": [lead["lead"] for lead in dealt], "email_key": "e", "phone_key": "p"})
    contacts = contacts.assign(**dict.fromkeys(ATTRIBUTES, "unknown")).astype("str")
    frames = {
        "engagement_logs": _frame(logs, LOG_COLUMNS),
        "outcomes": _frame(outcomes, OUTCOME_COLUMNS),
        "campaign_steps": _frame(steps, STEP_COLUMNS),
        "contacts": contacts.assign(crm_score=50.0, site_visits_30d=1.0, first_engaged_at=pd.Timestamp(met_at)),
        "labels": _frame([], LABEL_COLUMNS),
    }
    primary = folder / "data/03_primary"
    primary.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(primary / f"{name}.parquet")
    _write_json(primary / "as_of.json", {"as_of": as_of, "snapshot_id": f"s{as_of}"})


def _frame(rows: list[dict[str, Any]], dtypes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
