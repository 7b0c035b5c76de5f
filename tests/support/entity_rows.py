"""Rows of the entities with sane defaults, so that a test names only what it is about."""

from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

AS_OF = {"snapshot_id": "20260601T000000Z-test", "as_of": "2026-06-01T00:00:00"}
MOMENT = "timestamp(6)"

RAW_EVENT = {
    "event_key": "string", "lead_key": "string", "org_id": "int32", "campaign_id": "int32", "step_id": "int32",
    "prompt_id": "int32", "sequence_variant": "string", "enrolled_at": MOMENT, "channel": "string",
    "direction": "string", "outcome": "string", "planned_wait_hours": "float64", "scheduled_at": MOMENT,
    "started_at": MOMENT, "occurred_at": MOMENT, "logged_at": MOMENT, "duration_seconds": "int32",
    "text_key": "string", "reply_chars": "int32", "reply_words": "int32", "reply_has_question": "boolean",
    "reply_intent": "string", "reply_objection": "string", "reply_is_opt_out": "boolean",
    "reply_is_urgent": "boolean", "reply_wants_meeting": "boolean", "reply_asks_price": "boolean",
    "reply_sentiment": "float64", "reply_language": "string", "reply_faults": "string", "tags": "string",
}  # fmt: skip
EVENT = {name: kind.replace("int32", "int64") for name, kind in RAW_EVENT.items()}
for _dropped in ("scheduled_at", "started_at", "text_key", "reply_faults"):
    del EVENT[_dropped]
TOUCHED = {"mended": "string", "noted": "string"}
EVENT |= TOUCHED
SHIFT = {"event_key": "string", "shift_seconds": "int64", "log_odds": "float64", "is_local_time": "boolean"}
PERSON = {
    "lead_key": "string", "person_key": "string", "is_opted_out_now": "boolean", "has_shared_contact_point": "boolean",
}  # fmt: skip
PRIMARY_EVENT = EVENT
RAW_CONTACT = {
    "lead_key": "string", "org_id": "int32", "email_key": "string", "email_fault": "string", "phone_key": "string",
    "phone_fault": "string", "region": "string",
    "country": "string", "timezone": "string", "lead_source": "string", "landing_page": "string", "industry": "string",
    "seniority": "string", "job_function": "string", "company_size": "string",
    "crm_score": "float64", "site_visits_30d": "int32",
    "enrolled_campaign_id": "int32", "enrolled_variant": "string", "enrolled_at": MOMENT,
    "opted_out": "boolean", "created_at": MOMENT,
}  # fmt: skip
CONTACT = {
    name.replace("opted_out", "is_opted_out_now"): kind.replace("int32", "int64")
    for name, kind in RAW_CONTACT.items()
    if not name.endswith("_fault")
} | TOUCHED
PRIMARY_CONTACT = CONTACT | {
    "first_engaged_at": MOMENT, "engagement_logged_at": MOMENT, "first_campaign_id": "int64", "opted_out_at": MOMENT,
}  # fmt: skip
RAW_OUTCOME = {
    "outcome_key": "string", "lead_key": "string", "org_id": "int32", "outcome_type": "string", "status": "string",
    "occurred_at": MOMENT, "logged_at": MOMENT,
}  # fmt: skip
OUTCOME = {name: kind for name, kind in RAW_OUTCOME.items() if name not in {"org_id", "status"}} | TOUCHED
RAW_STEP = {
    "org_id": "int64", "campaign_id": "int64", "campaign_name": "string", "campaign_objective": "string",
    "campaign_status": "string", "campaign_created_at": MOMENT, "step_id": "int64", "step_order": "int64",
    "step_name": "string", "channel": "string", "wait_hours": "float64", "decision_point": "string",
    "is_active": "boolean", "step_created_at": MOMENT, "variant_orders": "string", "prompt_id": "int64",
    "prompt_version": "int64", "subject": "string", "body": "string", "prompt_created_at": MOMENT,
    "prompt_retired_at": MOMENT,
}  # fmt: skip
STEP = RAW_STEP | TOUCHED

DEFAULTS: dict[str, Any] = {
    "org_id": 1, "campaign_id": 1, "step_id": 11, "prompt_id": 111, "channel": "sms", "direction": "outbound",
    "outcome": "sent", "logged_at": "2026-05-01T10:00:00", "occurred_at": "2026-05-01T10:00:00",
    "created_at": "2026-04-01T00:00:00", "campaign_name": "Spring", "campaign_status": "active",
    "campaign_created_at": "2026-01-01", "step_order": 1, "wait_hours": 24.0, "is_active": True,
    "step_created_at": "2026-01-01", "prompt_version": 1, "body": "Hi {{first_name}}, shall we talk?",
    "prompt_created_at": "2026-01-01", "outcome_type": "call_booked",
}  # fmt: skip


def key(name: str) -> str:
    """A pseudonym-like key that starts with a readable name."""
    return name.ljust(32, "0")


def rows(schema: dict[str, str], *given: dict[str, Any]) -> Table:
    """A lazy table of a schema from dicts: keys are padded, what is left out has its default or is null."""
    filled = [{name: row.get(name, DEFAULTS.get(name)) for name in schema} for row in given]
    frame = pd.DataFrame(filled, columns=list(schema), dtype=object)
    for name, kind in schema.items():
        if name.endswith("_key"):
            frame[name] = [None if value is None else key(value) for value in frame[name]]
        if kind == MOMENT:
            frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[us]")
        elif kind.startswith("int"):
            frame[name] = frame[name].astype("Int64")
    return ibis.memtable(frame, schema=ibis.schema(schema))
