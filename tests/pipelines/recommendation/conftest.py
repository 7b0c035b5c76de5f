"""Builders of small frames in the shape of the primary entities."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from tested_leads import LABEL_COLUMNS, LOG_COLUMNS, OUTCOME_COLUMNS, STEP_COLUMNS

from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.recommendation.exposure.histories import ATTRIBUTES
from lead_conversion.pipelines.recommendation.exposure.risk_sets import RISK_SET_DTYPES
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters

AS_OF = {"snapshot_id": "s1", "as_of": "2026-09-01T00:00:00"}
DEFAULTS = Path(__file__).parents[3] / "conf/base/parameters/recommendation/default.yaml"
LAST = ("last_channel", "last_outcome", "last_result", "last_intent")


def _frame(rows: list[dict[str, Any]], dtypes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)


def _since_met(row: dict[str, Any]) -> dict[str, Any]:
    booked_at = pd.Timestamp(row["met_at"]) + pd.Timedelta(days=1) if row["booked"] else None
    return {"booked_at": booked_at} | row


@pytest.fixture
def as_of() -> dict[str, str]:
    return dict(AS_OF)


@pytest.fixture
def parameters() -> RecommendationParameters:
    """The shipped configuration with limits that small frames can pass."""
    shipped = yaml.safe_load(DEFAULTS.read_text())
    shipped["effects"] |= {"min_leads_per_arm": 5, "min_leads_per_period": 5, "min_steps_per_text_feature": 2}
    shipped["minimum_data"] = {"leads": 20, "bookings": 5}
    return RecommendationParameters(**shipped)


@pytest.fixture
def make_steps() -> Callable[..., pd.DataFrame]:
    def make(*rows: dict[str, Any]) -> pd.DataFrame:
        default = {
            "campaign_id": 1, "campaign_name": "Autumn", "campaign_status": "active", "step_id": 10,
            "step_order": 1, "channel": "sms",
            "wait_hours": 24.0, "is_active": True, "prompt_created_at": "2026-01-01", "prompt_version": 1,
            "body": "Hi {{first_name}}, could we talk for ten minutes this week?",
        }  # fmt: skip
        return _frame([default | row for row in rows], STEP_COLUMNS)

    return make


@pytest.fixture
def make_logs() -> Callable[..., pd.DataFrame]:
    def make(*rows: dict[str, Any]) -> pd.DataFrame:
        number = count()
        default = {
            "lead_key": "lead", "campaign_id": 1, "step_id": 10, "prompt_id": 1, "sequence_variant": "A",
            "enrolled_at": "2026-01-01", "channel": "sms", "direction": "outbound", "outcome": "sent",
            "planned_wait_hours": 24.0, "occurred_at": "2026-06-01",
        }  # fmt: skip
        return _frame([{"event_key": f"e{next(number):03}"} | default | row for row in rows], LOG_COLUMNS)

    return make


@pytest.fixture
def make_outcomes() -> Callable[..., pd.DataFrame]:
    def make(*rows: tuple[str, str, str]) -> pd.DataFrame:
        records = [
            {"outcome_key": f"o{i}", "lead_key": lead, "outcome_type": kind, "occurred_at": moment}
            for i, (lead, kind, moment) in enumerate(rows)
        ]
        return _frame(records, OUTCOME_COLUMNS)

    return make


@pytest.fixture
def targets() -> Targets:
    common = {"window_days": 7, "landmarks_hours": [0], "sentence": "."}
    return Targets.model_validate({"t1": common | {"outcome": "call_booked"}, "t2": common | {"outcome": "qualified"}})


@pytest.fixture
def make_labels() -> Callable[..., pd.DataFrame]:
    def make(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
        """Lead, target and the reason for which it is excluded."""
        records = [
            {"lead_key": lead, "target": target, "state": "excluded" if reason else "negative", "reason": reason}
            for lead, target, reason in rows
        ]
        return _frame(records, LABEL_COLUMNS)

    return make


@pytest.fixture
def make_contacts() -> Callable[..., pd.DataFrame]:
    def make(*leads: str, **columns: Any) -> pd.DataFrame:
        given = {"lead_key": list(leads), "email_key": "e", "phone_key": "p"} | columns
        frame = pd.DataFrame(given | dict.fromkeys(ATTRIBUTES, "unknown")).astype("str")
        return frame.assign(crm_score=50.0, site_visits_30d=1.0, first_engaged_at=pd.Timestamp("2026-01-01"))

    return make


@pytest.fixture
def make_risk_set() -> Callable[..., pd.DataFrame]:
    """Rows from groups: `leads` of them, the first `booked` of which booked a call."""

    def make(*groups: dict[str, Any]) -> pd.DataFrame:
        number = count()
        default = {
            "campaign_id": 1, "step_id": 10, "prompt_id": 1, "sequence_variant": "A", "channel": "sms",
            "met_at": "2026-06-01", "planned_wait_hours": 24.0, "variant_wait_hours": 24.0, "is_skipped": False,
            "is_reachable": True, "is_mature": True, "opted_out": False, "bounced": False,
            "replied_negative": False, "enrolled_at": "2026-05-30", "has_email": True, "has_phone": True,
            "steps_met": 0, "steps_skipped": 0, "replies": 0, "positive_replies": 0, "objections": 0,
            **dict.fromkeys(ATTRIBUTES, "unknown"), **dict.fromkeys(LAST, "none"),
        }  # fmt: skip
        rows = [
            _since_met(default | group | {"lead_key": f"l{next(number):06}", "booked": i < group["booked"]})
            for group in groups
            for i in range(group["leads"])
        ]
        return _frame(rows, RISK_SET_DTYPES)

    return make
