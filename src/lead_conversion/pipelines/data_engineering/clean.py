"""Each entity by itself: one spelling, sound times, no duplicates; what is refused is kept with its reason."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, StringValue, Table, TimestampValue

from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.windows import HOURS_A_DAY, MOMENT
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters

SECONDS_A_DAY = HOURS_A_DAY * 3600
ISO_COUNTRY_LENGTH = 2
MENDING_RULES = {
    "time_was_mended": "A time that is missing, far off or out of order is replaced by when the event was recorded",
    "link_was_mended": "An attempt whose step or prompt is not in the database did happen: it is kept without the link",
}


def clean_contacts(raw_contacts: Table) -> dict[str, Table]:
    """Leads in one spelling; refused: no id, no creation time, a repeated id."""
    standard = raw_contacts.mutate(
        org_id=_.org_id.cast("int64"),
        region=_tidy(_.region),
        country=_country(_.country),
        timezone=_tidy(_.timezone),
        lead_source=_category(_.lead_source),
        industry=_category(_.industry),
        company_size=_tidy(_.company_size),
        crm_score=_within(_.crm_score.cast("float64"), 0, 100),
        site_visits_30d=_within(_.site_visits_30d.cast("int64"), 0, None),
        is_opted_out_now=_.opted_out.fill_null(False),
    ).drop("opted_out")
    judged = standard.mutate(
        reason=ibis.cases((_.lead_key.isnull(), "no_contact_id"), (_.created_at.isnull(), "no_creation_time"))
    )
    judged = _refuse_copies(judged, ["lead_key"], ["created_at"], "repeated_contact_id")
    return _split("contacts", judged, ["lead_key", "created_at"])


def clean_campaign_steps(
    raw_campaign_steps: Table, primary_as_of: dict[str, str], clean: CleanParameters
) -> dict[str, Table]:
    """Steps and prompt versions in one spelling.

    Refused: a step whose campaign is not there, an unknown channel, a negative wait or position, a repeated version.

    A prompt that was retired at or after the as-of is one that was live.
    """
    integers = ["org_id", "campaign_id", "step_id", "step_order", "prompt_id", "prompt_version"]
    standard = raw_campaign_steps.mutate(
        **{name: _[name].cast("int64") for name in integers},
        channel=_spelling(_.channel, clean.channel_spellings),
        wait_hours=_.wait_hours.cast("float64"),
        prompt_retired_at=(_.prompt_retired_at < _moment(primary_as_of)).ifelse(_.prompt_retired_at, None),
    )
    judged = standard.mutate(
        reason=ibis.cases(
            (_.org_id.isnull() | _.campaign_name.isnull() | _.campaign_created_at.isnull(), "no_campaign"),
            (_.channel.isnull(), "unknown_channel"),
            (_.wait_hours.isnull() | (_.wait_hours < 0), "no_wait"),
            (_.step_order.isnull() | (_.step_order < 0), "no_position"),
        )
    )
    judged = _refuse_copies(judged, ["step_id", "prompt_id"], ["prompt_version"], "repeated_prompt_version")
    return _split("campaign_steps", judged, ["step_id", "prompt_id"])


def clean_engagement_logs(
    raw_engagement_logs: Table, primary_as_of: dict[str, str], clean: CleanParameters
) -> dict[str, Table]:
    """Events in one spelling with mended times.

    Refused: no lead, an unknown channel, direction or outcome, an event at or after the as-of, a second copy (the same
    id; or, of attempts, the same lead, step, channel and time under a new id).
    """
    standard = (
        raw_engagement_logs.mutate(
            **{name: _[name].cast("int64") for name in ["org_id", "campaign_id", "step_id", "prompt_id"]},
            channel=_spelling(_.channel, clean.channel_spellings),
            direction=_direction(_.direction),
            outcome=_spelling(_.outcome, clean.outcome_spellings),
            planned_wait_hours=_within(_.planned_wait_hours.cast("float64"), 0, clean.max_wait_days * HOURS_A_DAY),
            duration_seconds=_within(_.duration_seconds.cast("int64"), 0, clean.max_call_seconds),
            reply_chars=_.reply_chars.cast("int64"),
            reply_words=_.reply_words.cast("int64"),
        )
        .mutate(believed_at=_believable_event_time(clean))
        .mutate(time_was_mended=~_.believed_at.identical_to(_.occurred_at), occurred_at=_.believed_at)
        .mutate(event_key=_.event_key.fill_null(_content_key("lead_key", "channel", "occurred_at", "text_key")))
        .mutate(
            sequence_variant=(_.direction == "outbound").ifelse(_tidy(_.sequence_variant).fill_null("A"), None),
            attempt_key=(_.direction == "outbound").ifelse(
                _content_key("lead_key", "step_id", "channel", "occurred_at"), _.event_key
            ),
        )
    )
    judged = standard.mutate(
        reason=ibis.cases(
            (_.lead_key.isnull(), "no_lead"),
            (_.channel.isnull(), "unknown_channel"),
            (_.direction.isnull(), "unknown_direction"),
            (_.outcome.isnull(), "unknown_outcome"),
            (_.occurred_at >= _moment(primary_as_of), "at_or_after_as_of"),
        )
    )
    order = ["logged_at", "occurred_at", "text_key"]
    judged = _refuse_copies(judged, ["event_key"], order, "repeated_event_id")
    judged = _refuse_copies(judged, ["attempt_key"], ["logged_at", "event_key"], "repeated_attempt")
    helpers = ["attempt_key", "believed_at", "text_key", "scheduled_at", "started_at"]
    return _split("engagement_logs", judged, ["event_key", *order], *helpers)


def clean_outcomes(raw_outcomes: Table, primary_as_of: dict[str, str], clean: CleanParameters) -> dict[str, Table]:
    """Outcomes that count; refused: no lead, a booking voided by our side, at or after the as-of, a second copy."""
    standard = raw_outcomes.mutate(occurred_at=_believable_outcome_time(clean)).mutate(
        outcome_key=_.outcome_key.fill_null(_content_key("lead_key", "outcome_type", "occurred_at")),
        status=_category(_.status),
    )
    judged = standard.mutate(
        reason=ibis.cases(
            (_.lead_key.isnull(), "no_lead"),
            (_.status == "void", "void_booking"),
            (_.occurred_at >= _moment(primary_as_of), "at_or_after_as_of"),
        )
    )
    order = ["logged_at", "occurred_at"]
    judged = _refuse_copies(judged, ["outcome_key"], order, "repeated_outcome_id")
    return _split("outcomes", judged, ["outcome_key", *order], "org_id", "status")


def summarise_quality(
    raw_manifest: dict[str, Any], primary_engagement_logs: Table, clean: CleanParameters, **refused: Table
) -> dict[str, Any]:
    """Rows read, kept, mended and refused by entity and reason; `refused` are the rejected tables, by entity.

    Raises:
        DataError: more than `max_refused_share` of an entity's rows were refused, copies not counted. Results on what
            is left would be of a selection that nobody chose.
    """
    entities: dict[str, dict[str, Any]] = {}
    for entity, tables in _by_entity(refused).items():
        reasons = {
            row["reason"]: int(row["rows"])
            for table in tables
            for row in table.group_by("reason").agg(rows=_.count()).order_by("reason").to_pandas().to_dict("records")
        }
        rows_read = int(raw_manifest["entities"][entity]["rows"])
        _require_enough_left(entity, rows_read, reasons, clean.max_refused_share)
        rows_rejected = sum(reasons.values())
        entities[entity] = {
            "rows_read": rows_read,
            "rows_clean": rows_read - rows_rejected,
            "rows_rejected": rows_rejected,
            "reasons": reasons,
        }
    read = entities["engagement_logs"]["rows_read"]
    mended = primary_engagement_logs.agg(**{name: _[name].sum().fill_null(0) for name in MENDING_RULES}).to_pandas()
    rules = [
        {
            "rule": name,
            "entity": "engagement_logs",
            "rows": int(mended[name].iloc[0]),
            "share": int(mended[name].iloc[0]) / max(read, 1),
            "sentence": sentence,
        }
        for name, sentence in MENDING_RULES.items()
    ]
    return {"snapshot_id": raw_manifest["snapshot_id"], "entities": entities, "rules": rules}


def _require_enough_left(entity: str, rows_read: int, reasons: Mapping[str, int], limit: float) -> None:
    faults = {reason: rows for reason, rows in reasons.items() if not reason.startswith("repeated_")}
    share = sum(faults.values()) / max(rows_read, 1)
    if share > limit:
        found = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(faults.items(), key=lambda item: -item[1]))
        raise DataError(
            f"{share:.0%} of the {rows_read:,} rows of '{entity}' had to be refused ({found}); at most {limit:.0%} may "
            "be. Mend the source or its SELECT in conf/<env>/source/, or raise clean.max_refused_share knowingly."
        )


def _by_entity(refused: Mapping[str, Table]) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = {}
    for name, table in refused.items():
        found.setdefault(name.split("_", 1)[1], []).append(table)
    return found


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


def _believable_event_time(clean: CleanParameters) -> TimestampValue:
    """The event's own time where its clock can be believed, else when it was recorded.

    Not believed: missing; far from the record, unless scheduled so; of an inbound message, after it was recorded. A
    call that ended before it began takes its beginning.
    """
    event_time = ibis.greatest(_.occurred_at, ibis.coalesce(_.started_at, _.occurred_at))
    is_far_off = _is_far(event_time, _.logged_at, clean) & _is_far(event_time, _.scheduled_at, clean).fill_null(True)
    is_from_the_future = (_.direction == "inbound") & (event_time > _.logged_at)
    unbelievable = event_time.isnull() | is_far_off | is_from_the_future.fill_null(False)
    return unbelievable.ifelse(_.logged_at, event_time).cast(MOMENT)


def _believable_outcome_time(clean: CleanParameters) -> TimestampValue:
    """The outcome's own time, or when it was recorded where that is missing, far off or after it was recorded."""
    unbelievable = _.occurred_at.isnull() | (_.occurred_at > _.logged_at) | _is_far(_.occurred_at, _.logged_at, clean)
    return unbelievable.ifelse(_.logged_at, _.occurred_at).cast(MOMENT)


def _is_far(time: TimestampValue, reference: TimestampValue, clean: CleanParameters) -> BooleanValue:
    return (time.epoch_seconds() - reference.epoch_seconds()).abs() > clean.max_days_from_record * SECONDS_A_DAY


def _moment(primary_as_of: dict[str, str]) -> TimestampValue:
    return ibis.literal(primary_as_of["as_of"]).cast(MOMENT)


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
