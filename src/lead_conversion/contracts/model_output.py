"""Contracts of 05_model_input and 07_model_output: tables that are small enough for pandas."""

import pandera.pandas as pa

from lead_conversion.contracts.features import FEATURES
from lead_conversion.contracts.gate import Gate

MOMENT = "datetime64[us]"
SPLITS = ("train", "calibration", "embargo", "holdout", "scoring")
GRADES = ("A", "B", "C")
DIRECTIONS = ("raises", "lowers", "mixed", "unsteady")
ELEMENT_TYPES = ("prompt", "step", "wait", "order", "campaign", "text_feature")

GUARDRAILS = ("opt_out", "negative_reply")

_SEGMENT = pa.Check.isin(("", "lead_source", "industry", "engagement"))
_SHARE = pa.Check.in_range(0, 1)


def _text(description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column(str, list(checks), nullable=nullable, description=description)


def _number(description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column(float, list(checks), nullable=nullable, description=description)


def _whole(description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column("Int64" if nullable else "int64", list(checks), nullable=nullable, description=description)


def _moment(description: str, *, nullable: bool = False) -> pa.Column:
    return pa.Column(MOMENT, nullable=nullable, description=description)


def _guardrails(description: str) -> pa.Column:
    return _text(description, pa.Check.isin(("", *GUARDRAILS, " ".join(GUARDRAILS))))


_LEAD = pa.Column(str, pa.Check.str_length(32, 32), description="The lead", metadata={"personal": "pseudonym"})
_TARGET = _text("t1, t2 or t3")
_LANDMARK = _number("Hours after first engagement", pa.Check.ge(0))

Examples = pa.DataFrameSchema(
    {
        "lead_key": _LEAD,
        "target": _TARGET,
        "landmark_hours": _LANDMARK,
        "landmark_at": _moment("The moment of the landmark, UTC"),
        "first_engaged_at": _moment("Start of the label window, UTC"),
        "outcome_at": _moment("When the lead got there, in its window or later, UTC; null: not yet", nullable=True),
        "label": _whole(
            "1 positive, 0 negative, missing where it is to be predicted", pa.Check.isin([0, 1]), nullable=True
        ),
        "split": _text("The part of the chronological split", pa.Check.isin(SPLITS)),
        "campaign_id": _whole("Campaign of the first attempt", nullable=True),
        "source": _text("What brought the lead in; 'unknown' where that is not known"),
    },
    name="Examples",
    strict=True,
    unique=["lead_key", "target", "landmark_hours", "split"],
)

HoldoutPredictions = pa.DataFrameSchema(
    {
        "lead_key": _LEAD,
        "target": _TARGET,
        "landmark_hours": _LANDMARK,
        "label": _whole("1 positive, 0 negative", pa.Check.isin([0, 1])),
        "probability": _number("What the model says", _SHARE),
        "model": _text("The model's name"),
        "split": _text("Always holdout", pa.Check.eq("holdout")),
    },
    name="HoldoutPredictions",
    strict=True,
    unique=["lead_key", "target", "landmark_hours", "model"],
)

ScoredLeads = pa.DataFrameSchema(
    {
        "lead_key": _LEAD,
        "target": _TARGET,
        "scored_at": _moment("The run's as-of, UTC"),
        "probability": _number("Calibrated probability that the target is reached in its window", _SHARE),
        "rank": _whole("1 is the best of the target", pa.Check.ge(1)),
        "percentile": _number("100 is the best of the target", pa.Check.in_range(0, 100)),
        "model_version": _text("Hash of the model's content"),
        "snapshot_id": _text("The snapshot the lead was read from"),
        "top_drivers": _text("What moves the probability most, in plain words"),
        "is_trial": pa.Column(bool, description="Whether the model is not approved as champion"),
    },
    name="ScoredLeads",
    strict=True,
    unique=["lead_key", "target"],
)

ScoreHistory = pa.DataFrameSchema(
    {
        "lead_key": _LEAD,
        "target": _TARGET,
        "scored_at": _moment("The as-of of the run that scored it, UTC"),
        "probability": _number("What the model said then", _SHARE),
        "model_version": _text("Hash of the model's content"),
    },
    name="ScoreHistory",
    strict=True,
    unique=["lead_key", "target", "scored_at", "model_version"],
)

References = pa.DataFrameSchema(
    {
        "target": _TARGET,
        "model_version": _text("Hash of the model's content"),
        "trained_at": _moment("The as-of of the run that trained it, UTC"),
        "probability": _number("What the model said of the lead", _SHARE),
    }
    | {
        feature.name: pa.Column(
            str if feature.kind == "categorical" else float, nullable=True, required=False, description=feature.sentence
        )
        for feature in FEATURES
    },
    name="References",
    strict=True,
)

FeatureAttribution = pa.DataFrameSchema(
    {
        "target": _TARGET,
        "feature": _text("The feature"),
        "family": _text("Its family in the data dictionary"),
        "mean_abs_contribution": _number("Mean size of its contribution, log-odds", pa.Check.ge(0)),
        "share": _number("Its share of all contributions", _SHARE),
        "direction": _text(
            "Whether more of it raises the chance; unsteady where that is luck", pa.Check.isin(DIRECTIONS)
        ),
        "rank": _whole("1 contributes most", pa.Check.ge(1)),
        "rank_low": _whole("Lower end of the 90 % interval of its rank in bootstrap models", pa.Check.ge(1)),
        "rank_high": _whole("Upper end of it", pa.Check.ge(1)),
        "stability": _number("Share of bootstrap models in which it is among the first ten", _SHARE),
    },
    name="FeatureAttribution",
    strict=True,
    unique=["target", "feature"],
)

FeatureDependence = pa.DataFrameSchema(
    {
        "target": _TARGET,
        "feature": _text("The feature"),
        "rank": _whole("The feature's rank in the attribution", pa.Check.ge(1)),
        "cell": _whole("The cell of its values, in their order", pa.Check.ge(0)),
        "value": _number("Mean of the cell's values; missing for categories and where not known", nullable=True),
        "category": _text("The category, 'others' or 'not known'; empty for numbers"),
        "leads": _whole("Holdout leads in the cell", pa.Check.ge(1)),
        "contribution": _number("Mean contribution to the log odds, against the average lead"),
        "ci_low": _number("Lower end of its 90 % interval over bootstrap models"),
        "ci_high": _number("Upper end of it"),
    },
    name="FeatureDependence",
    strict=True,
    unique=["target", "feature", "cell"],
)

Effects = pa.DataFrameSchema(
    {
        "element_type": _text("What the element is", pa.Check.isin(ELEMENT_TYPES)),
        "element_id": _text("The element"),
        "campaign_id": _whole("Its campaign", nullable=True),
        "step_id": _whole("Its step", nullable=True),
        "contrast": _text("What is compared with what"),
        "effect": _number("Change of the probability to book, absolute", pa.Check.in_range(-1, 1), nullable=True),
        "ci_low": _number("Lower end of the 95 % interval", nullable=True),
        "ci_high": _number("Upper end of the 95 % interval", nullable=True),
        "p_value": _number("Two-sided", _SHARE, nullable=True),
        "q_value": _number("Benjamini-Hochberg", _SHARE, nullable=True),
        "n_treated": _whole("Leads with the element", pa.Check.ge(0)),
        "n_control": _whole("Leads with the alternative", pa.Check.ge(0)),
        "overlap": _number("Share of leads that could have got any of the arms", _SHARE, nullable=True),
        "opt_out_effect": _number("Change of the probability to opt out, absolute"),
        "opt_out_ci_low": _number("Lower end of its 95 % interval"),
        "opt_out_ci_high": _number("Upper end of it"),
        "negative_reply_effect": _number("Change of the probability of a negative reply, absolute"),
        "negative_reply_ci_low": _number("Lower end of its 95 % interval"),
        "negative_reply_ci_high": _number("Upper end of it"),
        "bounce_effect": _number(
            "Negative control: change of the share that bounced; of prompts, waits", nullable=True
        ),
        "bounce_q": _number("Benjamini-Hochberg, of that", _SHARE, nullable=True),
        "bounces_differ": pa.Column(bool, description="Whether that is beyond chance, so that arms are not alike"),
        "guardrails_worse": _guardrails("Of which it makes more than its alternative, beyond chance and margin"),
        "guardrails_better": _guardrails("Of which it makes less, beyond chance and margin"),
        "differs_by": _text("The segment by which it differs most surely; empty where too few leads", _SEGMENT),
        "differs_q": _number("Benjamini-Hochberg, of one effect for all levels of it", _SHARE, nullable=True),
        "differs": pa.Column(bool, description="Whether it differs by that segment beyond chance"),
        "segment": _text("The level that stands out, where other leads bear it out; else empty"),
        "segment_effect": _number("The effect among leads of that level", nullable=True),
        "segment_ci_low": _number("Lower end of its 95 % interval", nullable=True),
        "segment_ci_high": _number("Upper end of it", nullable=True),
        "others_effect": _number("The effect among the other leads", nullable=True),
        "text_mean": _number("Of a prompt, its effect, the wording counted; missing where that is off", nullable=True),
        "text_sd": _number("Its spread", pa.Check.ge(0), nullable=True),
        "text_doubt": _number("Chance of being no worse than the margin, the wording counted", _SHARE, nullable=True),
        "posterior": _number("The effect with its noise taken off"),
        "posterior_low": _number("Lower end of its 95 % interval"),
        "posterior_high": _number("Upper end of it"),
        "sensitivity": _number("How strong a hidden cause would have to be", nullable=True),
        "evidence_grade": _text("A randomised, B adjusted, C association only", pa.Check.isin(GRADES)),
        "tested_by": _text("The registered test whose result this is, its looks allowed for; empty where none is"),
        "flagged": pa.Column(bool, description="Worse than its alternative by more than the margin of relevance"),
        "label": _text("A name to read"),
        "exposed_leads_month": _number("Leads that meet the element in 30 days", pa.Check.ge(0)),
    },
    name="Effects",
    strict=False,
    unique=["element_type", "element_id", "contrast"],
)

RiskSet = pa.DataFrameSchema(
    {
        "lead_key": _LEAD,
        "campaign_id": pa.Column("Int64", description="The campaign"),
        "step_id": pa.Column("Int64", description="The step that was met"),
        "met_at": _moment("When the lead was at risk at the step, UTC"),
        "bounced": pa.Column(bool, description="Whether the attempt reached no address"),
        "booked_at": _moment("First booking of the lead, UTC", nullable=True),
        "opted_out_at": _moment("First opt-out of the lead, UTC", nullable=True),
        "replied_negative_at": _moment("Its next negative reply from met_at on, UTC", nullable=True),
    },
    name="RiskSet",
    strict=False,
)

examples = Gate(Examples)
holdout_predictions = Gate(HoldoutPredictions)
scored_leads = Gate(ScoredLeads)
score_history = Gate(ScoreHistory)
references = Gate(References)
feature_attribution = Gate(FeatureAttribution)
feature_dependence = Gate(FeatureDependence)
effects = Gate(Effects)
risk_set = Gate(RiskSet)
