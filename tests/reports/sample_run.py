"""A run's results as the catalog would hold them: one with everything in it, one with too little data for anything."""

from difflib import unified_diff
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from lead_conversion.contracts.features import FEATURES

AS_OF = "2026-09-01T06:00:00"
SNAPSHOT = "20260901T060000Z-3f9a1c07"
TARGETS = {
    "t1": {
        "outcome": "call_booked",
        "window_days": 7,
        "landmarks_hours": [0, 24],
        "sentence": "A call is booked within 7 days of first engagement",
    },
    "t2": {
        "outcome": "qualified",
        "window_days": 14,
        "landmarks_hours": [0, 24],
        "sentence": "The lead is qualified within 14 days of first engagement",
    },
    "t3": {
        "outcome": "converted",
        "window_days": 30,
        "landmarks_hours": [0, 24],
        "sentence": "The lead becomes a customer within 30 days of first engagement",
    },
}
EARLIER = [
    {"snapshot_id": "20260830T060000Z-0b51c2aa", "as_of": "2026-08-30T06:00:00"},
    {"snapshot_id": "20260831T060000Z-77aa0e12", "as_of": "2026-08-31T06:00:00"},
]
ROLES = {
    "blend": "candidate",
    "lightgbm": "candidate",
    "logistic": "candidate",
    "contact_logistic": "baseline",
    "rule": "baseline",
    "campaign_rate": "comparator",
    "champion": "champion",
}
SIGNAL = {
    "blend": 1.0,
    "lightgbm": 0.97,
    "logistic": 0.94,
    "contact_logistic": 0.55,
    "rule": 0.42,
    "campaign_rate": 0.3,
    "champion": 0.96,
}
PORTFOLIO = "2 changes can be made side by side; order-1-B excludes one of them."
CURRENT_TEXT = (
    "Subject: Following up\n\nHi {{first_name}},\n\nI hope this message finds you well. I wanted to reach out and see "
    "whether you might have had the chance to look at the information about our evening programme that I sent over "
    "last week, and whether there is anything at all that I could help you with.\n\nBest regards,\n{{agent_name}}"
)
PROPOSED_TEXT = (
    "Subject: Following up\n\nHi {{first_name}},\n\nDid you get a chance to look at the evening programme? "
    "Most people at {{company}} start with a 15-minute call."
    "\n\nWould Tuesday or Wednesday after 5 pm suit you?\n\nBest regards,\n{{agent_name}}"
)


def sample_inputs(seed: int = 11, leads: int = 400) -> dict[str, Any]:
    """Every input of the reporting pipeline, by its name in the catalog; t3 does not pass its gate."""
    rng = np.random.default_rng(seed)
    predictions = pd.concat(
        [_predictions(rng, name, rate, leads) for name, rate in (("t1", 0.13), ("t2", 0.09), ("t3", 0.04))]
    )
    targets = {name: _evaluate(rng, predictions[predictions["target"] == name]) for name in TARGETS}
    targets["t3"]["gate"]["passed"] = False
    targets["t3"]["gate"]["conditions"][1] |= {"passed": False, "figure": -0.004}
    return _inputs(
        evaluation={"as_of": AS_OF, "snapshot_id": SNAPSHOT, "targets": targets},
        holdout_predictions=predictions.reset_index(drop=True),
        backtest={name: _backtest() for name in TARGETS},
        scored_leads=_scored_leads(rng),
        feature_attribution=_attribution(rng),
        feature_dependence=_dependence(),
        leakage_audit=_leakage_audit(),
        effects=_effects(rng),
        recommendations={
            "as_of": AS_OF,
            "snapshot_id": SNAPSHOT,
            "status": "recommendations",
            "message": "3 worth testing, of 21 comparisons: below the alternative by more than 0.3 points.",
            "recommendations": [_recommendation(1), _recommendation(2), _recommendation(3)],
            "portfolio": {"together": [], "excluded": [], "sentence": PORTFOLIO},
            "held_back": [],
            "sequences": [sequence()],
        },
        experiment_plan={
            "as_of": AS_OF,
            "snapshot_id": SNAPSHOT,
            "schedule": "1 test begins at once. The last outcome is known after 25 weeks.",
            "open_questions": "Of 2 places nobody can tell yet which side does better.",
            "running": [],
            "experiments": [_experiment(1), _experiment(2), _experiment(3), open_question()],
        },
        data_quality=_data_quality(_entities(), rules=_rules(), gates=_gates(), compared_with=EARLIER[-1]),
        drift=_drift(),
        label_summary={
            "t1": {
                "states": {"positive": 2104, "negative": 14220, "immature": 1830, "excluded": 412},
                "reasons": {"outcome_before_first_event": 290, "left_truncated": 122},
            },
            "t2": {
                "states": {"positive": 1377, "negative": 13905, "immature": 2872, "excluded": 412},
                "reasons": {"outcome_before_first_event": 64, "left_truncated": 348},
            },
            "t3": {
                "states": {"positive": 533, "negative": 12210, "immature": 5411, "excluded": 412},
                "reasons": {"left_truncated": 412},
            },
        },
    )


def empty_inputs() -> dict[str, Any]:
    """The same for 26 leads: no target can be evaluated, nobody scored, nothing compared."""
    full = sample_inputs(leads=60)
    message = "Not enough data: 26 leads, 1 conversion; 30 conversions are needed before a model can be trained."
    targets = {name: {"status": "not_enough_data", "message": message} for name in TARGETS}
    names = ("holdout_predictions", "scored_leads", "feature_attribution", "feature_dependence", "effects")
    return _inputs(
        evaluation={"as_of": AS_OF, "snapshot_id": SNAPSHOT, "targets": targets},
        backtest={name: {"figures": {}, "origins": []} for name in TARGETS},
        **{name: full[name].head(0) for name in names},
        leakage_audit={"targets": {name: _not_judged() for name in TARGETS}, "replay": _replay(0)},
        recommendations={
            "as_of": AS_OF,
            "snapshot_id": SNAPSHOT,
            "status": "not_enough_data",
            "message": "Not enough data: no attempt belongs to a step of a campaign, so there is nothing to compare.",
            "recommendations": [],
            "portfolio": {"together": [], "excluded": [], "sentence": ""},
            "held_back": [],
            "sequences": [],
        },
        experiment_plan={
            "as_of": AS_OF,
            "snapshot_id": SNAPSHOT,
            "schedule": "No test is feasible.",
            "open_questions": "",
            "running": [],
            "experiments": [],
        },
        data_quality=_data_quality(
            {
                "contacts": {"rows_read": 26, "rows_clean": 26, "rows_rejected": 0, "reasons": {}},
                "outcomes": {"rows_read": 0, "rows_clean": 0, "rows_rejected": 0, "reasons": {}},
            },
            rules=[_rule("void_booking", None, None, 0, 0)],
            gates=[
                _gate("refused", "contacts", None, 0.0, 0.2, 0, 26),
                _gate("freshness", None, None, None, 3.0, unit="days"),
            ],
            compared_with=None,
        ),
        drift={"as_of": AS_OF, "snapshot_id": SNAPSHOT, "verdict": "steady", "targets": {}},
        label_summary={},
    )


def _inputs(**results: Any) -> dict[str, Any]:
    return {
        "primary_as_of": {"as_of": AS_OF, "snapshot_id": SNAPSHOT},
        **results,
        "raw_manifest": {
            "snapshot_id": SNAPSHOT,
            "extracted_at": "2026-09-02T01:02:03+00:00",
            "as_of": AS_OF,
            "entities": {
                "contacts": {"file": "contacts.parquet", "sha256": sha256(b"contacts").hexdigest(), "rows": 20000}
            },
        },
        "run_identity": {
            "code": {"version": "0.1.0", "git_commit": sha256(b"code").hexdigest()[:40], "dirty": False},
            "config": {"parameters": {"seed": 1}, "sha256": sha256(b"config").hexdigest()},
            "environment": {"python": "3.11.9"},
            "run": {"run_id": "2026-09-02T01.02.03.000Z", "started_at": "2026-09-02T01:02:03+00:00"},
        },
        "params:target": TARGETS,
        "params:reporting": {"leads_shown": 10, "features_shown": 12, "effects_shown": 30},
    }


def _key(kind: str, number: int) -> str:
    return sha256(f"{kind}{number}".encode()).hexdigest()[:32]


def _predictions(rng: np.random.Generator, target: str, rate: float, leads: int) -> pd.DataFrame:
    merit = rng.normal(size=leads)
    offset = np.log(rate / (1 - rate)) - 0.9
    label = (rng.random(leads) < _probability(offset + 1.9 * merit)).astype(int)
    frames = []
    for model, signal in SIGNAL.items():
        noise = rng.normal(size=leads)
        score = offset + 1.5 * (signal * merit + np.sqrt(1 - signal**2) * noise) + 0.1
        probability = np.round(_probability(score), 1 if model == "rule" else 6)
        frames.append(
            pd.DataFrame(
                {
                    "lead_key": [_key("lead", n) for n in range(leads)],
                    "target": target,
                    "landmark_hours": 24.0,
                    "label": label,
                    "probability": probability,
                    "model": model,
                    "split": "holdout",
                }
            )
        )
    return pd.concat(frames)


def _probability(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def _evaluate(rng: np.random.Generator, predictions: pd.DataFrame) -> dict[str, Any]:
    models = {name: _measure(rng, predictions[predictions["model"] == name], role) for name, role in ROLES.items()}
    chosen = models["blend"]["pr_auc"]
    comparisons = []
    for name in ("contact_logistic", "rule", "campaign_rate"):
        baseline = models[name]["pr_auc"]["value"]
        comparisons.append(
            {
                "baseline": name,
                "metric": "pr_auc",
                "difference": _figure(chosen["value"] - baseline, 0.04),
                "relative": chosen["value"] / baseline - 1,
            }
        )
    conditions = [
        ("pr_auc_gain", "PR-AUC at least 5 % above the best baseline", 0.05, round(comparisons[0]["relative"], 3)),
        (
            "pr_auc_difference_low",
            "Interval of the paired difference above zero",
            0.0,
            comparisons[0]["difference"]["ci_low"],
        ),
        ("brier_skill", "Brier skill above zero", 0.0, models["blend"]["brier_skill"]["value"]),
        ("calibration_slope", "Calibration slope in range", [0.8, 1.25], models["blend"]["calibration_slope"]["value"]),
        ("lift_at_10", "Lift at 10 % at least", 2.0, models["blend"]["lift_at_10"]["value"]),
        ("leakage_audit", "Features that may hold the outcome are at most this many", 0.0, 0.0),
        ("positives", "Positives in the holdout", 100, models["blend"]["positives"]),
    ]
    split = {
        "train": {
            "leads": 11208,
            "rows": 31877,
            "positives": 1490,
            "from": "2025-11-03T00:00:00",
            "to": "2026-04-30T00:00:00",
        },
        "calibration": {
            "leads": 2310,
            "rows": 6402,
            "positives": 301,
            "from": "2026-04-30T00:00:00",
            "to": "2026-06-05T00:00:00",
        },
        "holdout": {
            "leads": 2806,
            "rows": 7911,
            "positives": 313,
            "from": "2026-07-05T00:00:00",
            "to": "2026-08-20T00:00:00",
        },
        "embargo_days": 7,
    }
    return {
        "status": "evaluated",
        "message": "",
        "chosen_model": "blend",
        "split": split,
        "models": models,
        "comparisons": comparisons,
        "by_landmark": [_landmark(hours, rate) for hours, rate in ((0.0, 0.13), (6.0, 0.12), (72.0, 0.06))],
        "by_segment": [
            {"dimension": "campaign", "segment": "3"} | _cell(0.12),
            {"dimension": "source", "segment": "paid_search"} | _cell(0.08),
            {"dimension": "source", "segment": "unknown"} | dict.fromkeys(_cell(0.1)) | {"n": 41},
        ],
        "champion": {
            "status": "compared",
            "version": "4",
            "message": "Compared with the champion, version 4, on leads that it has not learned from: 2,806 of 2,806 "
            "holdout leads, 313 of them positive.",
        },
        "gate": {
            "passed": True,
            "conditions": [
                {"name": n, "sentence": s, "limit": limit, "figure": figure, "passed": True}
                for n, s, limit, figure in conditions
            ],
        },
    }


def _landmark(landmark_hours: float, rate: float) -> dict[str, Any]:
    return {"landmark_hours": landmark_hours} | _cell(rate)


def _cell(rate: float) -> dict[str, Any]:
    return {
        "n": 2800,
        "positives": round(2800 * rate),
        "base_rate": rate,
        "mean_probability": rate + 0.01,
        "pr_auc": _figure(0.24, 0.02),
        "baseline": "contact_logistic",
        "baseline_pr_auc": _figure(0.2, 0.02),
    }


def _backtest() -> dict[str, Any]:
    figures = {
        "pr_auc": _figure(0.22, 0.02),
        "lift_at_10_at_landmark": _figure(2.1, 0.3),
        "brier_skill_at_landmark": _figure(0.05, 0.02),
        "calibration_slope": _figure(0.97, 0.12),
    }
    judged = {"message": "", "leads": 2100, "positives": 260, "figures": figures}
    return {
        "figures": figures,
        "origins": [
            {"from": f"2026-0{month}-01T00:00:00", "chosen": chosen} | judged
            for month, chosen in ((4, "logistic"), (6, "blend"))
        ],
    }


def _figure(value: float, half_width: float) -> dict[str, float]:
    return {
        "value": round(float(value), 4),
        "ci_low": round(float(value) - half_width, 4),
        "ci_high": round(float(value) + 1.1 * half_width, 4),
    }


def _measure(rng: np.random.Generator, rows: pd.DataFrame, role: str) -> dict[str, Any]:
    label, probability = rows["label"].to_numpy(), rows["probability"].clip(0.001, 0.999).to_numpy()
    rate = label.mean()
    top = np.argsort(-probability, kind="stable")[: max(1, len(label) // 10)]
    brier = brier_score_loss(label, probability)
    edges = np.array_split(np.argsort(probability, kind="stable"), 10)
    curve = [
        {
            "predicted": float(probability[bin_].mean()),
            "observed": float(label[bin_].mean()),
            "ci_low": max(0.0, float(label[bin_].mean()) - 0.05),
            "ci_high": float(label[bin_].mean()) + 0.06,
            "n": len(bin_),
        }
        for bin_ in edges
    ]
    return {
        "role": role,
        "n": len(label),
        "positives": int(label.sum()),
        "pr_auc": _figure(average_precision_score(label, probability), 0.035),
        "roc_auc": _figure(roc_auc_score(label, probability), 0.02),
        "brier": _figure(brier, 0.004),
        "brier_skill": _figure(1 - brier / (rate * (1 - rate)), 0.03),
        "log_loss": _figure(log_loss(label, probability), 0.01),
        "lift_at_10": _figure(label[top].mean() / rate, 0.4),
        "calibration_slope": _figure(1.0 + rng.normal(0, 0.04), 0.08),
        "calibration_intercept": {"value": None, "ci_low": None, "ci_high": None},
        "calibration_curve": curve,
    }


def _scored_leads(rng: np.random.Generator) -> pd.DataFrame:
    drivers = [
        "replied to the second SMS within 4 minutes: raises the chance; came by referral: raises the chance",
        "3 e-mails opened: raises the chance; no reply yet: lowers the chance",
        "asked a question in the last reply: raises the chance",
        "",
    ]
    frames = []
    for target, leads, mean in (("t1", 420, -1.9), ("t2", 610, -2.3), ("t3", 880, -3.2)):
        probability = np.sort(_probability(rng.normal(mean, 0.9, leads)))[::-1]
        frames.append(
            pd.DataFrame(
                {
                    "lead_key": [_key(target, n) for n in range(leads)],
                    "target": target,
                    "scored_at": pd.Timestamp(AS_OF),
                    "probability": probability,
                    "rank": range(1, leads + 1),
                    "percentile": np.linspace(100, 0, leads),
                    "model_version": _key(f"model {target}", 0),
                    "snapshot_id": SNAPSHOT,
                    "top_drivers": [drivers[n % len(drivers)] for n in range(leads)],
                    "is_trial": target != "t1",
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _attribution(rng: np.random.Generator) -> pd.DataFrame:
    frames = []
    for target in TARGETS:
        size = np.sort(rng.exponential(0.2, len(FEATURES)))[::-1]
        order = rng.permutation(len(FEATURES))
        frames.append(
            pd.DataFrame(
                {
                    "target": target,
                    "feature": [FEATURES[n].name for n in order],
                    "family": [FEATURES[n].family for n in order],
                    "mean_abs_contribution": size,
                    "share": size / size.sum(),
                    "direction": [("raises", "lowers", "mixed", "unsteady")[n % 4] for n in order],
                    "rank": range(1, len(FEATURES) + 1),
                    "rank_low": [max(n - 2, 1) for n in range(1, len(FEATURES) + 1)],
                    "rank_high": range(3, len(FEATURES) + 3),
                    "stability": np.linspace(1, 0, len(FEATURES)),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _dependence() -> pd.DataFrame:
    """Of each target a number with a cell where it is not known, and a category."""
    score = [(30.0, "", -0.6), (50.0, "", 0.0), (70.0, "", 0.5), (np.nan, "not known", -0.2)]
    source = [(np.nan, "referral", 0.7), (np.nan, "cold_list", -0.4), (np.nan, "others", 0.0)]
    rows = [
        {
            "target": target,
            "feature": feature,
            "rank": rank,
            "cell": cell,
            "value": value,
            "category": category,
            "leads": 40 + cell,
            "contribution": contribution,
            "ci_low": contribution - 0.2,
            "ci_high": contribution + 0.2,
        }
        for target in TARGETS
        for rank, (feature, cells) in enumerate((("crm_score", score), ("lead_source", source)), start=1)
        for cell, (value, category, contribution) in enumerate(cells)
    ]
    return pd.DataFrame(rows)


def _leakage_audit() -> dict[str, Any]:
    targets = {name: _audited() for name in TARGETS}
    call = _suspect("call_seconds", "added_auc", 0.118, 0.05, "Alone it ranks a winner above another lead with 0.812.")
    tags = _suspect("industry", "winners_value", 0.961, 0.82, "Of 214 leads with the value 'Will revert', 211 won.")
    score = _suspect("crm_score", "auc", 0.871, 0.85, "Alone it ranks a winner above another lead with 0.884.")
    targets["t3"] |= {
        "suspects": [score | {"accepted": "set when the lead comes in, and never changed"}, call, tags],
        "open_suspects": 2,
    }
    return {"targets": targets, "replay": _replay(1500)}


def _audited() -> dict[str, Any]:
    figures = [
        {
            "feature": feature.name,
            "auc": {"value": 0.5 + number / 1000, "ci_low": 0.49 + number / 1000, "ci_high": 0.51 + number / 1000},
            "missing_auc": {"value": None, "ci_low": None, "ci_high": None},
            "winners_value": {"value": "any value", "leads": 90, "winners": 12, "share_at_least": 0.07},
        }
        for number, feature in enumerate(FEATURES)
    ]
    found = {"leads": 13518, "winners": 1791, "rows": 38279, "message": ""}
    return found | {"open_suspects": 0, "suspects": [], "features": figures}


def _not_judged() -> dict[str, Any]:
    message = "Not judged: 1 of 26 leads are winners (20 of each kind are needed), and 0 landmarks were replayed."
    found = {"leads": 26, "winners": 1, "rows": 52, "message": message}
    return found | {"open_suspects": None, "suspects": [], "features": []}


def _replay(landmarks: int) -> dict[str, Any]:
    moments = [{"moment": f"2026-0{month}-11T09:12:00", "landmarks": landmarks // 3} for month in (2, 5, 8)]
    return {"moments": moments if landmarks else [], "landmarks": landmarks, "differing": {}}


def _suspect(name: str, check: str, figure: float, limit: float, words: str) -> dict[str, Any]:
    sentence = next(feature.sentence for feature in FEATURES if feature.name == name)
    reasons = [{"check": check, "figure": figure, "limit": limit, "words": words}]
    return {"feature": name, "sentence": sentence, "reasons": reasons, "accepted": None}


def _effects(rng: np.random.Generator) -> pd.DataFrame:
    labels = {
        "prompt": [
            f"{campaign}: {step} · version {v}"
            for campaign, step in (
                ("MBA autumn intake", "SMS 1"),
                ("MBA autumn intake", "E-mail 2"),
                ("Data bootcamp", "SMS 3"),
            )
            for v in (1, 2, 3)
        ],
        "step": ["MBA autumn intake: Call 4", "Data bootcamp: E-mail 5", "Nursing open day: SMS 6"],
        "wait": ["MBA autumn intake: E-mail 2 after 24 h", "Data bootcamp: SMS 3 after 48 h"],
        "order": ["Nursing open day", "Data bootcamp"],
        "text_feature": ["asks a question (sms)", "names a time (email)", "more than 90 words (email)"],
    }
    rows = []
    for element_type, names in labels.items():
        for number, label in enumerate(names):
            effect, spread = rng.normal(-0.002, 0.016), rng.uniform(0.005, 0.014)
            q_value = float(np.clip(np.exp(-1.2 * abs(effect / spread)), 0.0004, 1))
            rows.append(
                {
                    "element_type": element_type,
                    "element_id": str(number + 1),
                    "campaign_id": 1,
                    "step_id": 1,
                    "contrast": f"{label} - the other versions",
                    "effect": effect,
                    "ci_low": effect - 1.96 * spread,
                    "ci_high": effect + 1.96 * spread,
                    "p_value": q_value / 2,
                    "q_value": q_value,
                    "n_treated": int(rng.integers(200, 4000)),
                    "n_control": int(rng.integers(200, 4000)),
                    "overlap": 0.9,
                    "text_doubt": np.nan,
                    "sensitivity": 1.2,
                    "evidence_grade": ("C", "C", "B", "C", "A")[(number + len(element_type)) % 5],
                    "tested_by": "",
                    "flagged": bool(effect + 1.96 * spread < 0),
                    "bounce_effect": 0.001,
                    "bounce_q": 0.9,
                    "bounces_differ": False,
                    "guardrails_worse": "opt_out negative_reply" if number == 1 else "",
                    "guardrails_better": "opt_out" if number == 2 else "",
                    "label": label,
                    "exposed_leads_month": 600.0,
                }
            )
    return pd.DataFrame(rows)


def sequence(**given: Any) -> dict[str, Any]:
    keeping = {"effect": 0.02, "ci_low": 0.01, "ci_high": 0.03}
    stage = {
        "step_id": 101, "step_order": 1, "channel": "sms", "leads": 1200, "share_of_entered": 1.0, "sent": 0.9,
        "booked_here": 0.05, "opted_out_here": 0.02, "ended_otherwise": 0.03, "hours_since_enrolment": 6.3,
        "hours_to_next": 24.0, "verdict": "works", "keeping": keeping,
    }  # fmt: skip
    second = {"step_id": 102, "step_order": 2, "channel": "email"}
    third = {"step_id": 103, "step_order": 3, "channel": "voice"}
    harm = {"effect": -0.03, "ci_low": -0.05, "ci_high": -0.01}
    value = {"effect": 0.03, "ci_low": 0.01, "ci_high": 0.05, "leads": 900, "effective_leads": 400.0}
    return {
        "campaign_id": 1,
        "name": "Autumn",
        "funnel": [
            stage,
            stage | second | {"leads": 1000, "verdict": "harmful", "keeping": harm},
            stage | third | {"leads": 700, "verdict": "can't tell", "keeping": None},
        ],
        "waits": [second | {"own": "24 h", "other": "48 h", "effect": 0.01, "ci_low": -0.01, "ci_high": 0.03}],
        "channels": [],
        "stopping": {"after_step_id": 101, "later_steps": 2, "effect": -0.03, "ci_low": -0.05, "ci_high": -0.01},
        "proposal": {
            "changes": [
                {
                    "decision": "step",
                    "step_id": 102,
                    "to": "skip",
                    "label": "Autumn · step 2 (email)",
                    "gain": 0.025,
                    "sent_from": [1],
                }
            ],
            "value": value | {"sum_of_parts": {"effect": 0.04, "ci_low": 0.02, "ci_high": 0.06}},
            "expected_sum_of_parts": 0.025,
            "reason": None,
        },
    } | given


def _recommendation(rank: int) -> dict[str, Any]:
    is_prompt = rank == 1
    titles = {
        1: "Test a new wording instead of MBA autumn intake: E-mail 2 · version 3",
        2: "Test skipping the step: Data bootcamp: E-mail 5",
        3: "Test waiting 48 h: MBA autumn intake: E-mail 2",
    }
    diff = "\n".join(
        unified_diff(CURRENT_TEXT.splitlines(), PROPOSED_TEXT.splitlines(), "current", "proposed", lineterm="")
    )
    return {
        "id": f"prompt-{rank}",
        "rank": rank,
        "element_type": ("prompt", "step", "wait")[rank - 1],
        "element_id": str(rank),
        "title": titles[rank],
        "action": "test first",
        "evidence": {
            "grade": "C",
            "effect": -0.031,
            "ci_low": -0.049,
            "ci_high": -0.013,
            "q_value": 0.0004,
            "n_treated": 1204,
            "n_control": 2377,
            "certainty": 0.97,
            "counts_wording": False,
        },
        "expected_impact": {
            "conversions_a_month": 14.2 / rank,
            "ci_low": 5.1 / rank,
            "ci_high": 23.0 / rank,
            "assumes": "the association is the cause",
            "if_causal": True,
        },
        "effort": "small: one text is written anew",
        "excludes": [{"id": "order-1-B", "reason": "both change the same step"}] if rank == 2 else [],
        "current_text": CURRENT_TEXT if is_prompt else None,
        "proposed_text": PROPOSED_TEXT if is_prompt else None,
        "diff": diff if is_prompt else None,
        "edit": _edit() if is_prompt else None,
        "machine_written": None,
        "reasons": [
            "Of 1,204 leads that were sent this version, 9.1 % booked a call within 30 days; of 2,377 others, 12.2 %.",
        ],
        "experiment_id": f"test-prompt-{rank}",
        "proven_by": "",
    }


def _edit() -> dict[str, Any]:
    own = {
        "basis": "text feature",
        "words": "E-mails with it (clear ask) booked +1.9 points against the others of their step, as an association.",
        "source": "email:clear_ask",
        "effect": 0.019,
        "ci_low": 0.001,
        "ci_high": 0.037,
    }
    rule = {"basis": "rule of the trade", "words": "Not measured: nobody tried it here."}
    unmeasured = dict.fromkeys(("source", "effect", "ci_low", "ci_high"))
    return {
        "channel": "email",
        "placeholders": ["agent_name", "company", "first_name"],
        "is_whole_version": False,
        "changes": [
            {
                "action": "shorten",
                "part": "value",
                "before": "I hope this message finds you well.",
                "after": None,
                "reason": "shorten from 120 to 40 words",
                "evidence": [rule | unmeasured],
            },
            {
                "action": "add",
                "part": "ask",
                "before": None,
                "after": "Would Tuesday or Wednesday after 5 pm suit you?",
                "reason": "add a clear ask",
                "evidence": [own],
            },
        ],
        "expected_effect": {
            "effect": None,
            "ci_low": 0.0,
            "ci_high": 0.049,
            "is_measured": False,
            "words": "Not measured: nobody was sent this text.",
        },
    }


def _experiment(number: int) -> dict[str, Any]:
    feasible = number != 3
    return {
        "id": f"test-prompt-{number}",
        "recommendation_id": f"prompt-{number}",
        "change": "edit_prompt",
        "hypothesis": "Test a new wording: with the proposed text more leads book a call than with the current text.",
        "arms": ["A (control): the current text", "B (treatment): the proposed text"],
        "unit": "lead",
        "allocation": "50/50 at random when the lead is at risk at the step",
        "primary_metric": "call booked within 30 days after the lead is at risk",
        "sample_ratio_check": {"p_below": 0.001, "rule": "looked at first: below 0.001 the test stops"},
        "guardrails": [
            {
                "guardrail": "opt-outs",
                "days": 7,
                "rate_now": 0.021,
                "limit_ratio": 1.25,
                "rule": "opt-outs within 7 days (now 2.1%): stop if treatment has more beyond chance",
            }
        ],
        "conflicts": [
            {"with": "test-prompt-1", "reason": "same leads", "shared_leads": 0.6, "rule": "not beside test-prompt-1"}
        ]
        if number == 2
        else [],
        "first_week": {1: 1, 2: 11}.get(number),
        "last_week": {1: 10, 2: 25}.get(number),
        "runs_after": ["test-prompt-1"] if number == 2 else [],
        "runs_beside": [],
        "so_far": None,
        "base_rate": 0.091,
        "minimal_detectable_effect": 0.024,
        "alpha": 0.05,
        "power": 0.8,
        "sample_size_per_arm": 2411,
        "weekly_eligible_leads": 455.5,
        "weeks_enrolment": 5 * number if feasible else None,
        "label_maturation_days": 30,
        "duration_weeks": 5 * number + 5 if feasible else None,
        "stopping_boundaries": [{"look": k, "information": k / 4, "z": 4.05 / np.sqrt(k)} for k in (1, 2, 3, 4)],
        "feasible": feasible,
        "reason": "Feasible."
        if feasible
        else "Infeasible: 4,822 leads are needed and no lead has met this place lately. Enrol leads first.",
    }


def open_question() -> dict[str, Any]:
    """A test of what nobody can tell yet."""
    so_far = {"effect": 0.002, "ci_low": -0.018, "ci_high": 0.022, "worth": 1.37, "evidence_grade": "B"}
    return _experiment(1) | {
        "id": "test-wait-9-48h",
        "recommendation_id": None,
        "hypothesis": "Autumn · step 9: do more leads book a call where the wait is 24 h, or where the wait is 48 h?",
        "arms": ["A (control): the wait is 24 h", "B (treatment): the wait is 48 h"],
        "so_far": so_far,
        "first_week": 26,
        "last_week": 36,
        "runs_after": ["test-prompt-2"],
    }


def _drift() -> dict[str, Any]:
    moved = [
        _drift_check("distribution", "n_replies", "act", 0.31, 0.52, 0.12, 0.058),
        _drift_check("categories", "lead_source = <paid>", "watch", 0.2, 0.24, 0.041, 0.045),
        _drift_check("together", "n_replies with crm_score", "steady", 0.3, 0.24, -0.06, 0.1),
        _drift_check("outcomes", "PR-AUC", "steady", 0.31, 0.3, -0.03, 0.12),
    ]
    return {
        "as_of": AS_OF,
        "snapshot_id": SNAPSHOT,
        "verdict": "act",
        "targets": {
            "t1": _watched("act", "Changed by more than chance explains and than matters: n_replies.", moved),
            "t2": _watched("steady", "The 610 scored leads are like the 5,000.", moved[2:], same_clock=False),
            "t3": _watched("steady", "The model was trained in this run.", [], trained_at=None),
        },
    }


def _watched(verdict: str, message: str, checks: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "model_version": "0123456789ab",
        "trained_at": "2026-08-25T06:00:00",
        "verdict": verdict,
        "message": message,
        "advice": "Look at the feeds of what moved first." if verdict == "act" else "Nothing to do.",
        "reference_leads": 5000,
        "scored_leads": 420,
        "mature_leads": 300,
        "mature_positives": 31,
        "same_clock": True,
        "not_judged": ["local_hour", "campaign_rate"],
        "checks": checks,
        **changes,
    }


def _drift_check(
    kind: str, subject: str, verdict: str, before: float, now: float, figure: float, limit: float
) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject,
        "sentence": "What was compared",
        "before": before,
        "now": now,
        "figure": figure,
        "ci_low": None if kind == "distribution" else figure - 0.02,
        "ci_high": None if kind == "distribution" else figure + 0.02,
        "limit": limit,
        "watch_limit": 0.8 * limit,
        "floor": 0.02,
        "is_worse": True,
        "verdict": verdict,
        "remedy": "" if verdict == "steady" else "Look at the feed of this feature.",
    }


def _entities() -> dict[str, Any]:
    return {
        "contacts": {
            "rows_read": 20000,
            "rows_clean": 19811,
            "rows_rejected": 189,
            "reasons": {"missing_key": 3, "same_person_as_another": 186},
        },
        "campaign_steps": {
            "rows_read": 112,
            "rows_clean": 110,
            "rows_rejected": 2,
            "reasons": {"repeated_step_order": 2},
        },
        "engagement_logs": {
            "rows_read": 143212,
            "rows_clean": 139877,
            "rows_rejected": 3335,
            "reasons": {"duplicate_event": 2101, "orphan_contact": 702, "at_or_after_as_of": 532},
        },
        "outcomes": {"rows_read": 6120, "rows_clean": 6044, "rows_rejected": 76, "reasons": {"void_booking": 76}},
    }


def _data_quality(entities: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "snapshot_id": SNAPSHOT,
        "as_of": AS_OF,
        "newest_event_at": "2026-09-01T05:58:00",
        "entities": entities,
        **parts,
    }


def _rules() -> list[dict[str, Any]]:
    return [
        _rule("duplicate_event", "engagement_logs", "rejected", 2101, 143212, (0.0131, 0.0139)),
        _rule("orphan_contact", "engagement_logs", "rejected", 702, 143212, (0.0049, 0.0049)),
        _rule("void_booking", "outcomes", "rejected", 76, 6120, (0.019, 0.016)),
        _rule("time_far_off", "engagement_logs", "mended", 412, 143212, (0.0012, 0.0031)),
        _rule("industry_spelling", "contacts", "mended", 5210, 20000),
        _rule("unknown_label", "contacts", "noted", 118, 20000) | {"unknown_labels": {"industry": 96, "region": 22}},
        _rule("step_without_wait", "campaign_steps", "rejected", 0, 112, (0.009, 0.0)),
        _rule("country_spelling", None, None, 0, 1),
    ]


def _rule(
    name: str, entity: str | None, kind: str | None, rows: int, of: int, earlier: tuple[float, ...] = ()
) -> dict[str, Any]:
    return {
        "rule": name,
        "entity": entity,
        "kind": kind,
        "rows": rows,
        "share": rows / max(of, 1),
        "sentence": f"What the rule of {name.replace('_', ' ')} does, in a sentence",
        "trend": [{**snapshot, "share": share} for snapshot, share in zip(EARLIER, earlier, strict=False)],
    }


def _gates() -> list[dict[str, Any]]:
    return [
        _gate("refused", "contacts", None, 0.0, 0.2, 3, 20000),
        _gate("refused", "engagement_logs", None, 0.0086, 0.2, 1234, 143212),
        _gate("nulls", "engagement_logs", "channel", 0.0, 0.02, 0, 143212),
        _gate("lost_rows", "outcomes", None, 0.0, 0.1, 0, 6000),
        _gate("grown", "engagement_logs", None, 3.4, 3.0, unit="ratio", stops_the_run=False),
        _gate("freshness", None, None, None, None, unit="days"),
    ]


def _gate(
    gate: str,
    entity: str | None,
    column: str | None,
    figure: float | None,
    limit: float | None,
    rows: int | None = None,
    rows_of: int | None = None,
    *,
    unit: str = "share",
    stops_the_run: bool = True,
) -> dict[str, Any]:
    return {
        "gate": gate,
        "sentence": f"What the gate of {gate.replace('_', ' ')} asks, in a sentence",
        "limit": limit,
        "entity": entity,
        "column": column,
        "kind": None,
        "before": None,
        "unit": unit,
        "figure": figure,
        "bound": figure,
        "rows": rows,
        "rows_of": rows_of,
        "stops_the_run": stops_the_run,
        "passed": None if figure is None or limit is None else figure <= limit,
    }
