"""Each entity by itself: one spelling, sound times, no duplicates; what is refused is kept with its reason."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, StringValue, Table, TimestampValue

from lead_conversion.kernel.windows import MOMENT
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters

SECONDS_A_DAY = 24 * 3600


def clean_contacts(raw_contacts: Table) -> dict[str, Table]:
    """Leads in one spelling; refused: no id, no creation time, a repeated id."""
    standard = raw_contacts.mutate(
        org_id=_.org_id.cast("int64"),
        region=_tidy(_.region),
        country=_tidy(_.country).upper(),
        timezone=_tidy(_.timezone),
        lead_source=_category(_.lead_source),
        industry=_category(_.industry),
        company_size=_tidy(_.company_size),
        crm_score=_within(_.crm_score.cast("float64"), 0, 100),
        site_visits_30d=_within(_.site_visits_30d.cast("int64"), 0, None),
        is_opted_out_now=_.opted_out.fill_null(False),
    ).drop("opted_out")
    reason = ibis.cases(
        (_.lead_key.isnull(), "no_contact_id"),
        (_.created_at.isnull(), "no_creation_time"),
        (_later_copy("lead_key", order_by=["created_at"]), "repeated_contact_id"),
    )
    return _split("contacts", standard, reason, ["lead_key", "created_at"])


def clean_campaign_steps(
    raw_campaign_steps: Table, primary_as_of: dict[str, str], clean: CleanParameters
) -> dict[str, Table]:
    """Steps and prompt versions in one spelling; refused: an unknown channel, a negative wait, a repeated version.

    A prompt that was retired at or after the as-of is one that was live.
    """
    integers = ["org_id", "campaign_id", "step_id", "step_order", "prompt_id", "prompt_version"]
    standard = raw_campaign_steps.mutate(
        **{name: _[name].cast("int64") for name in integers},
        channel=_spelling(_.channel, clean.channel_spellings),
        wait_hours=_.wait_hours.cast("float64"),
        prompt_retired_at=(_.prompt_retired_at < _moment(primary_as_of)).ifelse(_.prompt_retired_at, None),
    )
    reason = ibis.cases(
        (_.channel.isnull(), "unknown_channel"),
        (_.wait_hours.fill_null(0) < 0, "negative_wait"),
        (_later_copy("step_id", "prompt_id", order_by=["prompt_version"]), "repeated_prompt_version"),
    )
    return _split("campaign_steps", standard, reason, ["step_id", "prompt_id"])


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
            planned_wait_hours=_.planned_wait_hours.cast("float64"),
            duration_seconds=_within(_.duration_seconds.cast("int64"), 0, None),
            reply_chars=_.reply_chars.cast("int64"),
            reply_words=_.reply_words.cast("int64"),
        )
        .mutate(occurred_at=_mended_time(clean))
        .mutate(event_key=_.event_key.fill_null(_content_key("lead_key", "channel", "occurred_at", "text_key")))
        .mutate(
            sequence_variant=(_.direction == "outbound").ifelse(_tidy(_.sequence_variant).fill_null("A"), None),
            attempt_key=(_.direction == "outbound").ifelse(
                _content_key("lead_key", "step_id", "channel", "occurred_at"), _.event_key
            ),
        )
    )
    reason = ibis.cases(
        (_.lead_key.isnull(), "no_lead"),
        (_.channel.isnull(), "unknown_channel"),
        (_.direction.isnull(), "unknown_direction"),
        (_.outcome.isnull(), "unknown_outcome"),
        (_.occurred_at >= _moment(primary_as_of), "at_or_after_as_of"),
        (_later_copy("event_key", order_by=["logged_at", "occurred_at", "text_key"]), "repeated_event_id"),
        (_later_copy("attempt_key", order_by=["logged_at", "event_key"]), "repeated_attempt"),
    )
    order = ["event_key", "logged_at", "occurred_at", "text_key"]
    helpers = ["attempt_key", "text_key", "scheduled_at", "started_at"]
    return _split("engagement_logs", standard, reason, order, *helpers)


def clean_outcomes(raw_outcomes: Table, primary_as_of: dict[str, str]) -> dict[str, Table]:
    """Outcomes that count; refused: no lead, a booking voided by our side, at or after the as-of, a second copy."""
    standard = raw_outcomes.mutate(
        outcome_key=_.outcome_key.fill_null(_content_key("lead_key", "outcome_type", "occurred_at")),
        status=_category(_.status),
    )
    reason = ibis.cases(
        (_.lead_key.isnull(), "no_lead"),
        (_.occurred_at.isnull(), "no_time"),
        (_.status == "void", "void_booking"),
        (_.occurred_at >= _moment(primary_as_of), "at_or_after_as_of"),
        (_later_copy("outcome_key", order_by=["logged_at", "occurred_at"]), "repeated_outcome_id"),
    )
    return _split("outcomes", standard, reason, ["outcome_key", "logged_at", "occurred_at"], "org_id", "status")


def summarise_quality(raw_manifest: dict[str, Any], **refused: Table) -> dict[str, Any]:
    """Rows read, kept and refused by entity and reason; `refused` are the rejected tables, by entity."""
    entities = {}
    for entity, tables in _by_entity(refused).items():
        reasons = {
            row["reason"]: int(row["rows"])
            for table in tables
            for row in table.group_by("reason").agg(rows=_.count()).order_by("reason").to_pandas().to_dict("records")
        }
        rows_read = int(raw_manifest["entities"][entity]["rows"])
        rows_rejected = sum(reasons.values())
        entities[entity] = {
            "rows_read": rows_read,
            "rows_clean": rows_read - rows_rejected,
            "rows_rejected": rows_rejected,
            "reasons": reasons,
        }
    return {"snapshot_id": raw_manifest["snapshot_id"], "entities": entities}


def _by_entity(refused: Mapping[str, Table]) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = {}
    for name, table in refused.items():
        found.setdefault(name.split("_", 1)[1], []).append(table)
    return found


def _split(entity: str, standard: Table, reason: StringValue, order: list[str], *helpers: str) -> dict[str, Table]:
    """The rows without a reason to refuse them, less the helper columns, and the refused ones with theirs."""
    judged = standard.mutate(reason=reason)
    return {
        f"clean_{entity}": judged.filter(_.reason.isnull()).order_by(order).drop("reason", *helpers),
        f"rejected_{entity}": judged.filter(_.reason.notnull()).order_by(["reason", *order]),
    }


def _mended_time(clean: CleanParameters) -> TimestampValue:
    """The event's own time where its clock can be believed, else when it was recorded.

    Not believed: missing; years off; of an inbound message, after it was recorded. A call that ended before it began
    takes its beginning.
    """
    event_time = ibis.greatest(_.occurred_at, ibis.coalesce(_.started_at, _.occurred_at))
    seconds_off = event_time.epoch_seconds() - _.logged_at.epoch_seconds()
    is_years_off = seconds_off.abs() > clean.max_days_from_record * SECONDS_A_DAY
    is_from_the_future = (_.direction == "inbound") & (seconds_off > 0)
    unbelievable = event_time.isnull() | is_years_off | is_from_the_future
    return unbelievable.ifelse(_.logged_at, event_time).cast(MOMENT)


def _moment(primary_as_of: dict[str, str]) -> TimestampValue:
    return ibis.literal(primary_as_of["as_of"]).cast(MOMENT)


def _tidy(text: StringValue) -> StringValue:
    return text.strip().nullif("")


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


def _later_copy(*keys: str, order_by: list[str]) -> BooleanValue:
    """Whether an earlier row has the same keys."""
    window = ibis.window(group_by=list(keys), order_by=order_by)
    return ibis.row_number().over(window) > 0
