"""Contracts of 02_intermediate: entities in one spelling, each row sound by itself, and the rows that were refused."""

from typing import Annotated

import ibis.expr.datatypes as dt
import pandera.ibis as pa

from lead_conversion.contracts.gate import Gate

CHANNELS = ("sms", "email", "voice")
OUTBOUND_OUTCOMES = (
    "sent", "delivered", "opened", "clicked", "failed", "bounced", "skipped", "connected", "voicemail", "no_answer",
)  # fmt: skip
REPLIED = "replied"
OUTCOME_TYPES = ("call_booked", "qualified", "converted", "opted_out")
# A booking that our side made void: no outcome, yet it stood as one until then, and the source does not say when.
VOID_BOOKING = "void_booking"
INTENTS = ("positive", "negative", "neutral")
Moment = Annotated[dt.Timestamp, None, 6, True]
KEY_LENGTH = {"min_value": 32, "max_value": 32}


def pseudonym_field(description: str, *, nullable: bool = False) -> str:
    """A keyed pseudonym: 32 hex digits, of no meaning without the key."""
    field: str = pa.Field(
        str_length=KEY_LENGTH, nullable=nullable, description=description, metadata={"personal": "pseudonym"}
    )
    return field


def rules_field(description: str) -> str:
    """Names of rules of cleaning, sorted and comma-joined; null where none touched the row."""
    field: str = pa.Field(nullable=True, str_length={"min_value": 1}, description=description)
    return field


MENDED, NOTED = "Rules that changed the row", "Rules that saw something in the row and changed nothing"


class People(pa.DataFrameModel):
    """One row a contact that shares an e-mail address or a phone number with another."""

    lead_key: str = pseudonym_field("The contact")
    person_key: str = pseudonym_field("The contact that stands for its person; the contact itself where it is alone")
    is_opted_out_now: bool = pa.Field(description="Whether any contact of the person has opted out when read")
    has_shared_contact_point: bool = pa.Field(description="Whether more contacts share an address than one person has")

    class Config:
        strict = True
        unique = ["lead_key"]


class Contacts(pa.DataFrameModel):
    """One row a person: the contact that stands for it."""

    lead_key: str = pseudonym_field("The lead")
    org_id: int = pa.Field(description="The organisation that the lead belongs to")
    email_key: str = pseudonym_field("The normalised e-mail address; null where there is none", nullable=True)
    phone_key: str = pseudonym_field("The normalised phone number; null where there is none", nullable=True)
    region: str = pa.Field(nullable=True, description="Region in the lead's country")
    country: str = pa.Field(nullable=True, str_length=2, description="ISO 3166-1 alpha-2")
    timezone: str = pa.Field(nullable=True, description="IANA name")
    lead_source: str = pa.Field(nullable=True, description="Attribution: paid_search, referral, ...")
    landing_page: str = pa.Field(nullable=True, description="Attribution: page or form through which the lead came in")
    industry: str = pa.Field(nullable=True, description="Industry of the lead's company")
    seniority: str = pa.Field(nullable=True, description="Seniority read from the job title in flight")
    job_function: str = pa.Field(nullable=True, description="Kind of work read from the job title in flight")
    company_size: str = pa.Field(nullable=True, description="Employees, in bands")
    crm_score: float = pa.Field(
        nullable=True, ge=0, le=100, description="The CRM's score when the lead came in, points"
    )
    site_visits_30d: int = pa.Field(nullable=True, ge=0, description="Visits in the 30 days before created_at")
    enrolled_campaign_id: int = pa.Field(nullable=True, description="Campaign of the first enrolment")
    enrolled_variant: str = pa.Field(nullable=True, description="Order of steps of the first enrolment; A is its own")
    enrolled_at: Moment = pa.Field(nullable=True, description="When the lead was first enrolled, UTC")
    is_opted_out_now: bool = pa.Field(description="State when read; never a feature, only keeps a lead off the ranking")
    created_at: Moment = pa.Field(description="When the contact came in, UTC")
    mended: str = rules_field(MENDED)
    noted: str = rules_field(NOTED)

    class Config:
        strict = True
        unique = ["lead_key"]


class CampaignSteps(pa.DataFrameModel):
    """One row a step and prompt version; a step without prompts keeps one row."""

    org_id: int = pa.Field(description="The organisation that runs the campaign")
    campaign_id: int = pa.Field(description="The campaign")
    campaign_name: str = pa.Field(description="Its name")
    campaign_objective: str = pa.Field(nullable=True, description="What it is for")
    campaign_status: str = pa.Field(nullable=True, description="draft, active, paused, archived")
    campaign_created_at: Moment = pa.Field(nullable=True, description="When it was made, UTC")
    step_id: int = pa.Field(description="The step")
    step_order: int = pa.Field(ge=0, description="Its position in the campaign's own order; it can repeat")
    step_name: str = pa.Field(nullable=True, description="Its name")
    channel: str = pa.Field(isin=CHANNELS, description="What it is sent on")
    wait_hours: float = pa.Field(ge=0, description="Wait after the step before it, hours")
    decision_point: str = pa.Field(nullable=True, description="JSON: where the sequence goes on which condition")
    is_active: bool = pa.Field(description="Whether the step is in use when read")
    step_created_at: Moment = pa.Field(description="When the step was made, UTC")
    variant_orders: str = pa.Field(nullable=True, description="variant:order:wait_hours in other sequence variants")
    prompt_id: int = pa.Field(nullable=True, description="The prompt version")
    prompt_version: int = pa.Field(nullable=True, description="Its number within the step")
    subject: str = pa.Field(nullable=True, description="Subject template, e-mail only")
    body: str = pa.Field(nullable=True, description="Message template with {{placeholders}}")
    prompt_created_at: Moment = pa.Field(nullable=True, description="When the version went live, UTC")
    prompt_retired_at: Moment = pa.Field(nullable=True, description="When it was retired, UTC")
    mended: str = rules_field(MENDED)
    noted: str = rules_field(NOTED)

    class Config:
        strict = True
        unique = ["step_id", "prompt_id"]


class EngagementLogs(pa.DataFrameModel):
    """One row an event: an attempt of the agent and what became of it, or a reply."""

    event_key: str = pseudonym_field("The event")
    lead_key: str = pseudonym_field("The lead", nullable=True)
    org_id: int = pa.Field(nullable=True, description="The organisation")
    campaign_id: int = pa.Field(nullable=True, description="The campaign, of outbound events")
    step_id: int = pa.Field(nullable=True, description="The step, of outbound events")
    prompt_id: int = pa.Field(nullable=True, description="The prompt version, of outbound events")
    sequence_variant: str = pa.Field(nullable=True, description="The order of steps; A is the campaign's own")
    enrolled_at: Moment = pa.Field(nullable=True, description="When the lead entered the campaign, UTC")
    channel: str = pa.Field(isin=CHANNELS, description="What it went over")
    direction: str = pa.Field(isin=("outbound", "inbound"), description="Who wrote")
    outcome: str = pa.Field(isin=(*OUTBOUND_OUTCOMES, REPLIED), description="The best that became of it")
    planned_wait_hours: float = pa.Field(nullable=True, description="The wait the attempt was planned with, hours")
    occurred_at: Moment = pa.Field(description="When it happened, UTC, mended")
    logged_at: Moment = pa.Field(description="When it was recorded, UTC")
    duration_seconds: int = pa.Field(nullable=True, description="Length of a call, seconds")
    reply_chars: int = pa.Field(nullable=True, ge=0, description="Characters of the reply")
    reply_words: int = pa.Field(nullable=True, ge=0, description="Words of the reply")
    reply_has_question: bool = pa.Field(nullable=True, description="Whether the reply asks something")
    reply_intent: str = pa.Field(nullable=True, isin=INTENTS, description="What the reply sounds like")
    reply_objection: str = pa.Field(nullable=True, description="What an objection is about")
    reply_is_opt_out: bool = pa.Field(nullable=True, description="Whether the reply asks to stop")
    reply_is_urgent: bool = pa.Field(nullable=True, description="Whether the reply asks for haste")
    reply_wants_meeting: bool = pa.Field(nullable=True, description="Whether the reply asks for a call or a meeting")
    reply_asks_price: bool = pa.Field(nullable=True, description="Whether the reply asks what it costs")
    reply_sentiment: float = pa.Field(
        nullable=True, ge=-1, le=1, description="How the reply sounds, from all bad to all good; null: not in English"
    )
    reply_language: str = pa.Field(nullable=True, description="ISO 639-1, or und")
    tags: str = pa.Field(nullable=True, description="Machine tags of the conversation")
    mended: str = rules_field(MENDED)
    noted: str = rules_field(NOTED)

    class Config:
        strict = True
        unique = ["event_key"]


class Shifts(pa.DataFrameModel):
    """One row an attempt that an import is likelier to have written in local time than in UTC."""

    event_key: str = pseudonym_field("The event")
    shift_seconds: int = pa.Field(description="Local time less UTC at the event, seconds")
    log_odds: float = pa.Field(gt=0, description="Log odds of its batch's being in local time, nats")
    is_local_time: bool = pa.Field(description="Whether that is enough to change the time")

    class Config:
        strict = True
        unique = ["event_key"]


class Outcomes(pa.DataFrameModel):
    """One row an outcome: a call booked, a lead qualified, converted or opted out."""

    outcome_key: str = pseudonym_field("The outcome")
    lead_key: str = pseudonym_field("The lead", nullable=True)
    outcome_type: str = pa.Field(isin=(*OUTCOME_TYPES, VOID_BOOKING), description="What was reached")
    occurred_at: Moment = pa.Field(description="When, UTC")
    logged_at: Moment = pa.Field(description="When it was recorded, UTC")
    mended: str = rules_field(MENDED)
    noted: str = rules_field(NOTED)

    class Config:
        strict = True
        unique = ["outcome_key"]


class Rejected(pa.DataFrameModel):
    """Rows that were refused, as they were read, with the reason."""

    reason: str = pa.Field(str_length={"min_value": 1}, description="The rule that refused the row")

    class Config:
        strict = False


people = Gate(People)
shifts = Gate(Shifts)
contacts = Gate(Contacts)
campaign_steps = Gate(CampaignSteps)
engagement_logs = Gate(EngagementLogs)
outcomes = Gate(Outcomes)
rejected = Gate(Rejected)
