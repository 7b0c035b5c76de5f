"""Each entity by itself: one spelling, sound times, no duplicates; what is refused is kept with its reason.

The rules that changed a row stand in its `mended`, those that only saw something in its `noted`. What each of them
means stands in conf/base/parameters/quality/.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table, TimestampValue, Value

from lead_conversion.contracts.intermediate import OUTCOME_TYPES, VOID_BOOKING
from lead_conversion.kernel.windows import HOURS_A_DAY, MOMENT, SECONDS_A_DAY, SECONDS_AN_HOUR
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters
from lead_conversion.pipelines.data_engineering.rules import has_name, names_of

ISO_COUNTRY_LENGTH = 2
ATTRIBUTES = (
    "region", "country", "timezone", "lead_source", "industry", "seniority", "job_function", "company_size",
    "crm_score", "site_visits_30d",
)  # fmt: skip
# Faults of replies that were taken out before the text was described, and those that are part of what was written.
MENDED_IN_REPLIES = ("html", "invisible", "mojibake", "quoted_thread")
NOTED_IN_REPLIES = ("emoji", "long")
EVENT_TIME_RULES = (
    "missing_time", "time_far_off", "time_after_recording", "event_before_enrolment", "completed_before_started",
)  # fmt: skip
OUTCOME_TIME_RULES = ("missing_time", "time_far_off", "time_after_recording")


def clean_contacts(raw_contacts: Table, clean_people: Table, raw_manifest: dict[str, Any]) -> dict[str, Table]:
    """One contact a person, in one spelling.

    Refused: no id, no creation time, a repeated id, a person's later contacts.

    Of a person is known what its first contact knew: a later one would tell of what was to come. Only whether the
    person has opted out is taken from all of its contacts.
    """
    people = clean_people.rename(contact_key="lead_key")
    known = _without_later_enrolments(raw_contacts, _moment(raw_manifest))
    read = known.left_join(people, known.lead_key == people.contact_key)
    judged = (
        _standard_contacts(read)
        .mutate(
            reason=ibis.cases(
                (_.lead_key.isnull(), "no_contact_id"),
                (_.created_at.isnull(), "no_creation_time"),
                (_.person_key != _.lead_key, "same_person_twice"),
            ),
        )
        .drop("contact_key", "opted_out", "person_key", "has_shared_contact_point", "email_fault", "phone_fault")
    )
    judged = _refuse_copies(judged, ["lead_key"], ["created_at"], "repeated_contact_id")
    return _split("contacts", judged, ["lead_key", "created_at"])


def clean_campaign_steps(
    raw_campaign_steps: Table, raw_manifest: dict[str, Any], clean: CleanParameters
) -> dict[str, Table]:
    """Steps and prompt versions in one spelling.

    Refused: a step whose campaign is not there, an unknown channel, a negative wait or position, a repeated version.

    A prompt that was retired at or after the as-of is one that was live.
    """
    integers = ["org_id", "campaign_id", "step_id", "step_order", "prompt_id", "prompt_version"]
    standard = {
        **{name: _[name].cast("int64") for name in integers},
        "channel": _spelling(_.channel, clean.channel_spellings),
        "wait_hours": _.wait_hours.cast("float64"),
        "prompt_retired_at": (_.prompt_retired_at < _moment(raw_manifest)).ifelse(_.prompt_retired_at, None),
    }
    at_position = ibis.window(group_by=["campaign_id", "step_order"])
    noted = {
        "paused_campaign": _.campaign_status.strip().lower() == "paused",
        "repeated_step_order": _.step_id.min().over(at_position) != _.step_id.max().over(at_position),
        "retired_prompt": _.prompt_retired_at.notnull(),
        "step_edited_in_place": _.prompt_created_at < _.step_created_at,
        "step_without_prompt": _.prompt_id.isnull(),
    }
    spelling = {"channel_spelling": _changes("channel", standard)}
    judged = raw_campaign_steps.mutate(**standard, mended=names_of(spelling)).mutate(
        noted=names_of(noted),
        reason=ibis.cases(
            (_.org_id.isnull() | _.campaign_name.isnull(), "no_campaign"),
            (_.channel.isnull(), "unknown_channel"),
            (_.wait_hours.isnull() | (_.wait_hours < 0), "no_wait"),
            (_.step_order.isnull() | (_.step_order < 0), "no_position"),
        ),
    )
    judged = _refuse_copies(judged, ["step_id", "prompt_id"], ["prompt_version"], "repeated_prompt_version")
    return _split("campaign_steps", judged, ["step_id", "prompt_id"])


def clean_engagement_logs(
    raw_engagement_logs: Table, clean_people: Table, raw_manifest: dict[str, Any], clean: CleanParameters
) -> dict[str, Table]:
    """Events of people in one spelling with mended times.

    Refused: no lead, an unknown channel, direction or outcome, an event at or after the as-of, a second copy (the same
    id; or, of attempts, the same lead, step, channel and recorded time under a new id).
    """
    judged = _standard_events(_of_person(raw_engagement_logs, clean_people), clean).mutate(
        reason=ibis.cases(
            (_.lead_key.isnull() & (_.direction == "inbound"), "unknown_ghl_contact"),
            (_.lead_key.isnull(), "unknown_enrollment"),
            (_.channel.isnull(), "unknown_channel"),
            (_.direction.isnull(), "unknown_direction"),
            (_.outcome.isnull(), "unknown_outcome"),
            (_.occurred_at >= _moment(raw_manifest), "at_or_after_as_of"),
        )
    )
    order = ["logged_at", "occurred_at", "text_key"]
    judged = _refuse_copies(judged, ["event_key"], order, "repeated_message_id")
    judged = _refuse_copies(judged, ["attempt_key"], ["logged_at", "event_key"], "reimported_activity")
    helpers = ["attempt_key", "is_moved", "recorded_at", "reply_faults", "scheduled_at", "started_at", "text_key"]
    return _split("engagement_logs", judged, ["event_key", *order], *helpers, "time_rule")


def clean_outcomes(
    raw_outcomes: Table, clean_people: Table, raw_manifest: dict[str, Any], clean: CleanParameters
) -> dict[str, Table]:
    """Outcomes that count, and bookings that our side made void, under a type of their own.

    Refused: an unknown type, no lead, one at or after the as-of, a second copy.
    """
    read = _of_person(raw_outcomes, clean_people).mutate(recorded_at=_.occurred_at, time_rule=_outcome_time_rule(clean))
    standard = {"outcome_type": _category(_.outcome_type)}
    mended = {
        **{rule: _.time_rule == rule for rule in OUTCOME_TIME_RULES},
        "outcome_type_spelling": _changes("outcome_type", standard),
        "missing_message_id": _.outcome_key.isnull(),
        "same_person_twice": _.is_moved,
    }
    judged = read.mutate(
        **standard,
        mended=names_of(mended),
        noted=names_of({VOID_BOOKING: _category(_.status) == "void"}),
        occurred_at=_.time_rule.notnull().ifelse(_.logged_at, _.occurred_at).cast(MOMENT),
        status=_category(_.status),
    ).mutate(
        outcome_key=_.outcome_key.fill_null(_content_key("lead_key", "outcome_type", "recorded_at")),
        reason=ibis.cases(
            (~_.outcome_type.fill_null("").isin(OUTCOME_TYPES), "unknown_outcome_type"),
            (_.lead_key.isnull(), "no_lead"),
            (_.occurred_at >= _moment(raw_manifest), "at_or_after_as_of"),
        ),
    )
    is_void = (_.status == "void").fill_null(False) & _.reason.isnull()
    judged = judged.mutate(outcome_type=is_void.ifelse(VOID_BOOKING, _.outcome_type))
    order = ["logged_at", "occurred_at"]
    judged = _refuse_copies(judged, ["outcome_key"], order, "repeated_outcome_id")
    helpers = ["is_moved", "org_id", "recorded_at", "status", "time_rule"]
    return _split("outcomes", judged, ["outcome_key", *order], *helpers)


def kind_in_standard_words(columns: Iterable[str], clean: CleanParameters) -> StringValue:
    """What kind of row it is, by columns as they were read: 'inbound sms'; 'unknown' for a word that nobody knows."""
    outcome_type = _category(_.outcome_type)
    standard = {
        "channel": _spelling(_.channel, clean.channel_spellings),
        "direction": _direction(_.direction),
        "outcome": _spelling(_.outcome, clean.outcome_spellings),
        "outcome_type": outcome_type.isin(OUTCOME_TYPES).ifelse(outcome_type, None),
    }
    return kind_of(standard[name] for name in columns)


def kind_of(words: Iterable[StringValue]) -> StringValue:
    """The words of a row that tell its kind, as one name; no words tell none."""
    known = [word.fill_null("unknown") for word in words]
    return reduce(lambda joined, word: joined + " " + word, known) if known else ibis.literal("")


def _without_later_enrolments(contacts: Table, as_of: TimestampValue) -> Table:
    """The contacts as they were known; who is enrolled at or after the as-of was not enrolled yet."""
    enrolled = ["enrolled_at", "enrolled_campaign_id", "enrolled_variant"]
    return contacts.mutate(**{name: (_.enrolled_at < as_of).ifelse(_[name], None) for name in enrolled})


def _of_person(rows: Table, people: Table) -> Table:
    """The rows under the key of the contact that stands for their person; `is_moved` where that is another one."""
    copies = people.filter(_.person_key != _.lead_key).select(copy_key="lead_key", person_key="person_key")
    return (
        rows.left_join(copies, rows.lead_key == copies.copy_key)
        .mutate(is_moved=_.person_key.notnull(), lead_key=ibis.coalesce(_.person_key, _.lead_key))
        .drop("copy_key", "person_key")
    )


def _standard_contacts(read: Table) -> Table:
    """The contacts in one spelling, with the rules that touched them."""
    standard = {
        "org_id": _.org_id.cast("int64"),
        "region": _tidy(_.region),
        "country": _country(_.country),
        "timezone": _tidy(_.timezone),
        "lead_source": _category(_.lead_source),
        "landing_page": _tidy(_.landing_page),
        "industry": _category(_.industry),
        "company_size": _tidy(_.company_size),
        "crm_score": _within(_.crm_score.cast("float64"), 0, 100),
        "site_visits_30d": _within(_.site_visits_30d.cast("int64"), 0, None),
        "enrolled_campaign_id": _.enrolled_campaign_id.cast("int64"),
        "enrolled_variant": _.enrolled_at.notnull().ifelse(_tidy(_.enrolled_variant).fill_null("A"), None),
        "enrolled_at": _.enrolled_at.cast(MOMENT),
        "is_opted_out_now": ibis.coalesce(_.is_opted_out_now, _.opted_out, ibis.literal(value=False)),
    }
    mended = {
        **{f"{name}_spelling": _changes(name, standard) for name in ("country", "industry", "lead_source")},
        "out_of_range": _changes("crm_score", standard) | _changes("site_visits_30d", standard),
        "same_person_twice": (_.person_key == _.lead_key) & (_.is_opted_out_now > _.opted_out.fill_null(False)),
        "unreadable_address": _has_fault("unreadable_address"),
    }
    noted = {
        **{rule: _has_fault(rule) for rule in ("invalid_phone", "nobodys_address")},
        "missing_attribute": reduce(or_, [_[name].isnull() for name in ATTRIBUTES]),
        "shared_contact_point": _.has_shared_contact_point,
    }
    return read.mutate(**standard, mended=names_of(mended)).mutate(noted=names_of(noted))


def _has_fault(rule: str) -> BooleanValue:
    """Whether the source door found this fault in one of the contact points."""
    return _.email_fault.identical_to(rule) | _.phone_fault.identical_to(rule)


def _standard_events(read: Table, clean: CleanParameters) -> Table:
    """The events in one spelling, with believable times, a key each, and the rules that touched them."""
    standard = {
        **{name: _[name].cast("int64") for name in ["org_id", "campaign_id", "step_id", "prompt_id"]},
        "channel": _spelling(_.channel, clean.channel_spellings),
        "direction": _direction(_.direction),
        "outcome": _spelling(_.outcome, clean.outcome_spellings),
        "planned_wait_hours": _within(_.planned_wait_hours.cast("float64"), 0, clean.max_wait_days * HOURS_A_DAY),
        "duration_seconds": _within(_.duration_seconds.cast("int64"), 0, clean.max_call_seconds),
        "reply_chars": _.reply_chars.cast("int64"),
        "reply_words": _.reply_words.cast("int64"),
    }
    mended = {
        **{f"{name}_spelling": _changes(name, standard) for name in ("channel", "direction", "outcome")},
        **{rule: _.time_rule == rule for rule in EVENT_TIME_RULES},
        **{f"reply_{fault}": has_name(_.reply_faults, fault) for fault in MENDED_IN_REPLIES},
        "missing_message_id": _.event_key.isnull(),
        "out_of_range": _changes("planned_wait_hours", standard) | _changes("duration_seconds", standard),
        "same_person_twice": _.is_moved,
    }
    noted = {
        **{f"reply_{fault}": has_name(_.reply_faults, fault) for fault in NOTED_IN_REPLIES},
        "recorded_late": _seconds_between(_.occurred_at, _.logged_at) >= int(clean.late_after_hours * SECONDS_AN_HOUR),
    }
    is_attempt = _.direction == "outbound"
    return (
        read.mutate(recorded_at=ibis.coalesce(_.occurred_at, _.started_at), time_rule=_event_time_rule(clean))
        .mutate(**standard, occurred_at=_believable_time(clean), mended=names_of(mended))
        .mutate(
            noted=names_of(noted),
            event_key=_.event_key.fill_null(_content_key("lead_key", "channel", "recorded_at", "text_key")),
        )
        .mutate(
            sequence_variant=is_attempt.ifelse(_tidy(_.sequence_variant).fill_null("A"), None),
            attempt_key=is_attempt.ifelse(_content_key("lead_key", "step_id", "channel", "recorded_at"), _.event_key),
        )
    )


def _event_time_rule(clean: CleanParameters) -> StringValue:
    """Why the event's own time cannot be believed; null where it can.

    Far off is far from the record, unless scheduled so. An attempt can be long before its lead entered the campaign
    only by its clock, where it was scheduled for after that.
    """
    time = ibis.greatest(_.occurred_at, ibis.coalesce(_.started_at, _.occurred_at))
    is_far_off = _is_far(time, _.logged_at, clean) & _is_far(time, _.scheduled_at, clean).fill_null(True)
    direction = _direction(_.direction)
    tolerance = ibis.interval(seconds=int(clean.max_hours_before_contact * SECONDS_AN_HOUR))
    is_before_enrolment = (time < _.enrolled_at - tolerance) & (_.scheduled_at >= _.enrolled_at)
    return ibis.cases(
        (_.occurred_at.isnull(), "missing_time"),
        (is_far_off, "time_far_off"),
        ((direction == "inbound") & (time > _.logged_at), "time_after_recording"),
        ((direction == "outbound") & is_before_enrolment, "event_before_enrolment"),
        (_.started_at > _.occurred_at, "completed_before_started"),
    )


def _believable_time(clean: CleanParameters) -> TimestampValue:
    """The event's own time where it can be believed, else the next best that is known of it."""
    seconds = _within(_.duration_seconds.cast("int64"), 0, clean.max_call_seconds).fill_null(0)
    return ibis.cases(
        (_.time_rule == "missing_time", ibis.coalesce(_.started_at, _.logged_at)),
        (_.time_rule == "event_before_enrolment", _.scheduled_at),
        (_.time_rule == "completed_before_started", _.started_at + seconds.as_interval("s")),
        (_.time_rule.notnull(), _.logged_at),
        else_=_.occurred_at,
    ).cast(MOMENT)


def _outcome_time_rule(clean: CleanParameters) -> StringValue:
    """Why the outcome's own time cannot be believed, and its record's is taken; null where it can."""
    return ibis.cases(
        (_.occurred_at.isnull(), "missing_time"),
        (_is_far(_.occurred_at, _.logged_at, clean), "time_far_off"),
        (_.occurred_at > _.logged_at, "time_after_recording"),
    )


def _refuse_copies(judged: Table, keys: list[str], order: list[str], reason: str) -> Table:
    """Of the rows that are not refused yet, refuse all but the first with the same keys.

    Where the order ties, the rest of the row decides, so that the same one is kept whatever order rows came in.
    """
    ties = [name for name in judged.columns if name not in {*keys, *order, "reason"}]
    window = ibis.window(group_by=[*keys, judged.reason.isnull()], order_by=[*order, *ties])
    is_copy = ibis.row_number().over(window) > 0
    return judged.mutate(reason=_.reason.fill_null(is_copy.ifelse(reason, None)))


def _split(entity: str, judged: Table, order: list[str], *helpers: str) -> dict[str, Table]:
    """The rows without a reason to refuse them, less the helper columns, and the refused ones with theirs."""
    return {
        f"clean_{entity}": judged.filter(_.reason.isnull()).order_by(order).drop("reason", *helpers),
        f"rejected_{entity}": judged.filter(_.reason.notnull()).order_by(["reason", *order]),
    }


def _is_far(time: TimestampValue, reference: TimestampValue, clean: CleanParameters) -> BooleanValue:
    return _seconds_between(time, reference).abs() > clean.max_days_from_record * SECONDS_A_DAY


def _seconds_between(start: TimestampValue, end: TimestampValue) -> IntegerValue:
    return end.epoch_seconds() - start.epoch_seconds()


def _changes(name: str, standard: Mapping[str, Value]) -> BooleanValue:
    """Whether the standard form of a column is another than the one that was read."""
    return ~standard[name].identical_to(_[name])


def _moment(raw_manifest: dict[str, Any]) -> TimestampValue:
    return ibis.literal(raw_manifest["as_of"]).cast(MOMENT)


def _tidy(text: StringValue) -> StringValue:
    return text.strip().nullif("")


def _country(text: StringValue) -> StringValue:
    code = text.strip().upper()
    return (code.length() == ISO_COUNTRY_LENGTH).ifelse(code, None)


def _category(text: StringValue) -> StringValue:
    return _tidy(text.lower().strip().re_replace(r"[\s\-]+", "_"))


def _within(number: Any, low: float, high: float | None) -> Any:
    """The number where it lies in its range; outside it nothing is known."""
    inside = number >= low if high is None else number.between(low, high)
    return inside.ifelse(number, None)


def _spelling(text: StringValue, spellings: Mapping[str, tuple[str, ...]]) -> StringValue:
    """The standard word for a spelling, null where it is not known."""
    plain = text.lower().strip()
    joined = plain.re_replace(r"[\s\-]+", "_")
    return ibis.cases(*[(plain.isin(found) | joined.isin(found), word) for word, found in spellings.items()])


def _direction(text: StringValue) -> StringValue:
    plain = text.lower().strip()
    return ibis.cases((plain.startswith("in"), "inbound"), (plain.startswith("out"), "outbound"))


def _content_key(*columns: str) -> StringValue:
    """A key made of what the row says, for rows that came without an id or under several."""
    parts = [_[name].cast("string").fill_null("") for name in columns]
    return reduce(lambda joined, part: joined + "|" + part, parts).hexdigest("md5")
