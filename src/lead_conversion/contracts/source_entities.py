"""What the SELECTs of conf/<env>/source/ give: the database's side of the source door.

Personal values still stand in these columns. Each column names its personal class, and the class
alone decides what becomes of the column on its way to the snapshot (guard.deidentify).
"""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from lead_conversion.kernel.errors import ConfigurationError


class PersonalClass(StrEnum):
    """What a column may say about a person, and so what may be kept of it."""

    NONE = "none"
    """A number, a moment or a flag that says nothing personal: passes as it is. No text has this class."""
    LABEL = "label"
    """One of few words that a form or a tool offers: known words pass, any other becomes a keyed token."""
    VARIANTS = "variants"
    """Entries such as 'B:2:24.00': the variant is a label, the numbers pass."""
    TEMPLATE = "template"
    """Written by the team for many people: personal values are scrubbed, placeholders stay."""
    TOKENS = "tokens"
    """Comma-separated tags that a tool sets: only tags made of known words pass."""
    IDENTIFIER = "identifier"
    """Names one person or one event of a person: becomes a keyed pseudonym."""
    CONTACT_POINT = "contact_point"
    """An e-mail address or phone number: normalised, then becomes a keyed pseudonym."""
    TEXT = "text"
    """Written by a person: features are computed in flight, the text is never kept."""
    TITLE = "title"
    """A job title, which can name one person in a company: reduced to a seniority and a kind of work."""
    PERSON = "person"
    """A person's own value: read to be found in other texts, and never kept."""


@dataclass(frozen=True)
class SourceColumn:
    """One column of a source entity; `pseudonym` is the kind of key that the value becomes.

    A column that is not `nullable` has a value in every row, or the reading stops. Where `null_is_refused`, cleaning
    sets the row aside, and the run stops where that happens to many. `labels_of` names the column whose labels a label
    column holds, where that is another one.
    """

    name: str
    type: pa.DataType
    meaning: str
    personal: PersonalClass = PersonalClass.NONE
    nullable: bool = True
    pseudonym: str | None = None
    null_is_refused: bool = False
    labels_of: str | None = None


@dataclass(frozen=True)
class SourceEntity:
    """One entity: its columns in order, and the moments at which its rows became known.

    A row belongs to an as-of when every one of `known_at` that is not null lies before it. `sliced_by` is the moment,
    never null, by whose month the rows are read and kept apart; null for an entity that is read whole.
    `may_be_empty` tells an entity that a database can lack altogether (no steps yet) from one
    without which no lead can be described.
    """

    name: str
    grain: str
    columns: tuple[SourceColumn, ...]
    known_at: tuple[str, ...]
    may_be_empty: bool = True
    sliced_by: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema to which every batch is cast before it leaves the source."""
        return pa.schema([pa.field(column.name, column.type, column.nullable) for column in self.columns])

    def columns_of(self, personal: PersonalClass) -> tuple[SourceColumn, ...]:
        """The columns of one personal class, in order."""
        return tuple(column for column in self.columns if column.personal is personal)

    def column(self, name: str) -> SourceColumn:
        """The column of that name.

        Raises:
            KeyError: the entity has no such column.
        """
        return next(column for column in self.columns if column.name == name)


TEXT = pa.string()
INTEGER = pa.int64()
NUMBER = pa.float64()
FLAG = pa.bool_()
MOMENT = pa.timestamp("us")

LABEL = PersonalClass.LABEL
TEMPLATE = PersonalClass.TEMPLATE
PERSON = PersonalClass.PERSON
IDENTIFIER = PersonalClass.IDENTIFIER
CONTACT_POINT = PersonalClass.CONTACT_POINT

CONTACTS = SourceEntity(
    name="contacts",
    grain="one lead",
    known_at=("created_at",),
    sliced_by="created_at",
    may_be_empty=False,
    columns=(
        SourceColumn("contact_id", TEXT, "The CRM's id of the lead", IDENTIFIER, False, pseudonym="lead"),
        SourceColumn("org_id", INTEGER, "The organisation the lead belongs to", nullable=False),
        SourceColumn("email", TEXT, "E-mail address as typed", CONTACT_POINT, pseudonym="email"),
        SourceColumn("phone", TEXT, "Phone number as typed", CONTACT_POINT, pseudonym="phone"),
        SourceColumn("region", TEXT, "State or region, free spelling", LABEL),
        SourceColumn("country", TEXT, "ISO 3166-1 alpha-2 code", LABEL),
        SourceColumn("timezone", TEXT, "IANA time zone of the lead", LABEL),
        SourceColumn("lead_source", TEXT, "Channel that brought the lead, raw spelling", LABEL),
        SourceColumn("landing_page", TEXT, "Page or form through which the lead came in", LABEL),
        SourceColumn("industry", TEXT, "Industry of the lead's company, raw spelling", LABEL),
        SourceColumn("job_title", TEXT, "Job title as typed", PersonalClass.TITLE),
        SourceColumn("company_size", TEXT, "Employees, as a band such as '11-50'", LABEL),
        SourceColumn("crm_score", NUMBER, "The CRM's score when the lead came in, 0 to 100"),
        SourceColumn("site_visits_30d", INTEGER, "Visits in the 30 days before created_at"),
        SourceColumn("enrolled_campaign_id", INTEGER, "Campaign of the lead's first enrolment; null where none"),
        SourceColumn(
            "enrolled_variant",
            TEXT,
            "Sequence variant of that enrolment; null means 'A'",
            LABEL,
            labels_of="sequence_variant",
        ),
        SourceColumn("enrolled_at", MOMENT, "When the lead was first enrolled"),
        SourceColumn("opted_out", FLAG, "True where the lead has opted out NOW", nullable=False),
        SourceColumn("created_at", MOMENT, "When the lead came in", nullable=False),
    ),
)

CAMPAIGN_STEPS = SourceEntity(
    name="campaign_steps",
    grain="one step x prompt version; a step without prompts keeps one row",
    # Not step_created_at, which an edit moves: a step edited after the as-of would be gone, and what its attempts said.
    known_at=("prompt_created_at",),
    columns=(
        SourceColumn("org_id", INTEGER, "The organisation that runs the campaign", null_is_refused=True),
        SourceColumn("campaign_id", INTEGER, "The campaign's id", nullable=False),
        SourceColumn("campaign_name", TEXT, "The campaign's name", TEMPLATE, null_is_refused=True),
        SourceColumn("campaign_objective", TEXT, "What the campaign is for", TEMPLATE),
        SourceColumn("campaign_status", TEXT, "draft, active, paused or archived NOW", LABEL),
        SourceColumn("campaign_created_at", MOMENT, "When the campaign was set up"),
        SourceColumn("step_id", INTEGER, "The step's id", nullable=False),
        SourceColumn("step_order", INTEGER, "Place within the campaign, from 1; can repeat", null_is_refused=True),
        SourceColumn("step_name", TEXT, "The step's name", TEMPLATE),
        SourceColumn("channel", TEXT, "Channel of the step, raw spelling", LABEL, null_is_refused=True),
        SourceColumn("wait_hours", NUMBER, "Hours after the step before it", null_is_refused=True),
        SourceColumn("decision_point", TEXT, "JSON of the branch taken after the step", TEMPLATE),
        SourceColumn("is_active", FLAG, "True where the step is in use NOW", nullable=False),
        SourceColumn("step_created_at", MOMENT, "When the step was set up", nullable=False),
        SourceColumn(
            "variant_orders",
            TEXT,
            "Order and wait of the step in each other sequence variant: 'B:2:24.00;C:3:48.00'",
            PersonalClass.VARIANTS,
        ),
        SourceColumn("prompt_id", INTEGER, "The prompt version's id; null where none"),
        SourceColumn("prompt_version", INTEGER, "Version of the prompt within the step"),
        SourceColumn("subject", TEXT, "Subject line of an e-mail template", TEMPLATE),
        SourceColumn("body", TEXT, "Text of the template, with {{first_name}}-style placeholders", TEMPLATE),
        SourceColumn("prompt_created_at", MOMENT, "When the prompt version went live"),
        SourceColumn("prompt_retired_at", MOMENT, "When it was retired; null while it is live"),
    ),
)

ENGAGEMENT_LOGS = SourceEntity(
    name="engagement_logs",
    grain="one attempt and what became of it, or one inbound message",
    known_at=("logged_at",),
    sliced_by="logged_at",
    may_be_empty=False,
    columns=(
        SourceColumn(
            "event_id",
            TEXT,
            "'a:' and the activity's id, or 'm:' and the message's; null where it has none",
            IDENTIFIER,
            pseudonym="event",
        ),
        SourceColumn(
            "contact_id",
            TEXT,
            "The lead; null where the event belongs to none that is known",
            IDENTIFIER,
            pseudonym="lead",
            null_is_refused=True,
        ),
        SourceColumn("org_id", INTEGER, "The organisation; null where the lead is unknown"),
        SourceColumn("campaign_id", INTEGER, "The campaign; null for an inbound message"),
        SourceColumn("step_id", INTEGER, "The step; null for an inbound message"),
        SourceColumn("prompt_id", INTEGER, "The prompt version; null for an inbound message"),
        SourceColumn("sequence_variant", TEXT, "Sequence variant; null means 'A'", LABEL),
        SourceColumn("enrolled_at", MOMENT, "When the lead entered the campaign"),
        SourceColumn("channel", TEXT, "sms, email or voice, raw spelling", LABEL, null_is_refused=True),
        SourceColumn("direction", TEXT, "inbound or outbound, raw spelling", LABEL, null_is_refused=True),
        SourceColumn("outcome", TEXT, "What became of the attempt, raw spelling", LABEL, null_is_refused=True),
        SourceColumn("planned_wait_hours", NUMBER, "Hours of wait the attempt was planned with"),
        SourceColumn("scheduled_at", MOMENT, "When the attempt was due"),
        SourceColumn("started_at", MOMENT, "When the call began; null but for voice"),
        SourceColumn("occurred_at", MOMENT, "When it happened, as recorded; can be years off"),
        SourceColumn("logged_at", MOMENT, "When the database learned of it", nullable=False),
        SourceColumn("duration_seconds", INTEGER, "Length of the call; null but for voice"),
        SourceColumn("body", TEXT, "Text of an inbound message", PersonalClass.TEXT),
        SourceColumn("tags", TEXT, "Comma-separated conversation tags", PersonalClass.TOKENS),
    ),
)

OUTCOMES = SourceEntity(
    name="outcomes",
    grain="one event: call_booked, qualified, converted or opted_out",
    known_at=("logged_at",),
    sliced_by="logged_at",
    columns=(
        SourceColumn(
            "outcome_id",
            TEXT,
            "'b:', 's:' or 'm:' and the id of the booking, status or message; null where none",
            IDENTIFIER,
            pseudonym="outcome",
        ),
        SourceColumn(
            "contact_id", TEXT, "The lead; null where unknown", IDENTIFIER, pseudonym="lead", null_is_refused=True
        ),
        SourceColumn("org_id", INTEGER, "The organisation; null where the lead is unknown"),
        SourceColumn("outcome_type", TEXT, "call_booked, qualified, converted or opted_out", LABEL, False),
        SourceColumn("status", TEXT, "State of the booking NOW, raw spelling", LABEL),
        SourceColumn("occurred_at", MOMENT, "When it happened, as recorded"),
        SourceColumn("logged_at", MOMENT, "When the database learned of it", nullable=False),
    ),
)

SOURCE_ENTITIES: dict[str, SourceEntity] = {
    entity.name: entity for entity in (CONTACTS, CAMPAIGN_STEPS, ENGAGEMENT_LOGS, OUTCOMES)
}

# No entity of a snapshot: what it gives is compared with other texts in flight, so that they can be scrubbed of it.
PEOPLE = SourceEntity(
    name="people",
    grain="one lead",
    known_at=(),
    columns=(
        SourceColumn("contact_id", TEXT, "The CRM's id of the lead", IDENTIFIER, False, pseudonym="lead"),
        SourceColumn("first_name", TEXT, "First name as typed", PERSON),
        SourceColumn("last_name", TEXT, "Last name as typed", PERSON),
        SourceColumn("email", TEXT, "E-mail address as typed", CONTACT_POINT, pseudonym="email"),
        SourceColumn("phone", TEXT, "Phone number as typed", CONTACT_POINT, pseudonym="phone"),
        SourceColumn("city", TEXT, "City as typed", PERSON),
        SourceColumn("company", TEXT, "Company as typed", PERSON),
    ),
)


def source_entity(name: str) -> SourceEntity:
    """The entity of that name.

    Raises:
        ConfigurationError: there is no such entity.
    """
    known = {**SOURCE_ENTITIES, PEOPLE.name: PEOPLE}
    if name not in known:
        raise ConfigurationError(
            f"Unknown source entity '{name}': expected one of {', '.join(known)}. "
            "Name the SELECT after the entity that it gives."
        )
    return known[name]
