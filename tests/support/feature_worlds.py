"""Random worlds of entities, and the features that the project makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
from configured import FEATURES as PARAMETERS
from configured import TARGETS
from entity_rows import MOMENT, OUTCOME, PRIMARY_CONTACT, PRIMARY_EVENT, STEP, key, rows

from lead_conversion.pipelines.feature_engineering.events import describe_events, see_events
from lead_conversion.pipelines.feature_engineering.features import aggregate_histories, complete_features
from lead_conversion.pipelines.feature_engineering.labels import label_conversions
from lead_conversion.pipelines.feature_engineering.landmarks import place_landmarks
from lead_conversion.pipelines.feature_engineering.rates import measure_rates

Row = dict[str, Any]
PROMPT = {
    "prompt_id": "int64", "prompt_created_at": MOMENT, "prompt_chars": "int64", "prompt_words": "int64",
    "prompt_questions": "int64", "prompt_has_ask": "boolean", "prompt_has_link": "boolean",
    "prompt_placeholders": "int64", "prompt_has_pressure": "boolean", "prompt_has_opt_out": "boolean",
    "prompt_reading_ease": "float64", "prompt_sentiment": "float64", "prompt_language": "string",
    "prompt_like_offer": "float64", "prompt_like_proof": "float64", "prompt_like_help": "float64",
    "prompt_like_reminder": "float64", "prompt_like_hurry": "float64",
}  # fmt: skip
SCHEMAS = {"contacts": PRIMARY_CONTACT, "events": PRIMARY_EVENT, "outcomes": OUTCOME, "steps": STEP, "prompts": PROMPT}

BEGIN, AS_OF = datetime(2026, 2, 5), datetime(2026, 6, 1, 7, 30)  # noqa: DTZ001, times are naive UTC
# Clocks change in these within the world's months, in Casablanca twice; some have none.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Sydney", "Africa/Casablanca", "Asia/Kolkata", "Asia/Tokyo",
    "Atlantis/Poseidonis", None,
)  # fmt: skip
OUTCOMES = {
    "sms": ("sent", "delivered", "opened", "clicked", "failed", "skipped"),
    "email": ("sent", "delivered", "opened", "clicked", "bounced", "skipped"),
    "voice": ("connected", "voicemail", "no_answer", "failed", "skipped"),
}


@dataclass
class World:
    """The entities of a world, as rows."""

    contacts: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    prompts: list[Row] = field(default_factory=list)


class Draw:
    """Random choices."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def one(self, options):
        return options[int(self.random.integers(len(options)))]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def maybe(self, value, missing: float = 0.2):
        return None if self.chance(missing) else value

    def whole(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high))

    def within(self, low: float, high: float, decimals: int = 4) -> float:
        return round(float(self.random.uniform(low, high)), decimals)

    def shuffled(self, found: list[Row]) -> list[Row]:
        return [found[position] for position in self.random.permutation(len(found))]

    def moment(self, low: datetime, high: datetime) -> datetime:
        """Most to the second, some to the millisecond."""
        at = low + timedelta(seconds=int(self.random.integers(int((high - low).total_seconds()))))
        return at + timedelta(milliseconds=self.whole(0, 1000)) if self.chance(0.3) else at


def random_world(seed: int, leads: int) -> World:
    """Leads with everything that the contracts allow: ties, late records, gaps, replies first, unknown steps."""
    draw = Draw(seed)
    world = World(steps=_steps(draw), prompts=[random_prompt(draw, number) for number in range(101, 113)])
    for number in range(leads):
        _add_lead(world, draw, key(f"l{number:05}"))
    world.events = draw.shuffled(world.events)
    return world


def _steps(draw: Draw) -> list[Row]:
    """Steps 11 to 16 of campaigns 1 to 3, step 11 twice for its two prompts."""
    return [
        {"step_id": step, "prompt_id": 100 + number, "campaign_id": 1 + number % 3, "step_order": draw.whole(0, 5)}
        for number, step in enumerate((12, 13, 14, 15, 16), start=1)
    ] + [{"step_id": 11, "prompt_id": prompt, "step_order": 7} for prompt in (106, 107)]


def random_prompt(draw: Draw, prompt_id: int) -> Row:
    """What a prompt says; of some it is not known since when."""
    return {
        "prompt_id": prompt_id,
        "prompt_created_at": draw.maybe(draw.moment(BEGIN, BEGIN + timedelta(days=60)), 0.6),
        "prompt_chars": draw.whole(10, 300),
        "prompt_words": draw.whole(2, 60),
        "prompt_questions": draw.whole(0, 3),
        "prompt_has_link": draw.chance(0.5),
        **{f"prompt_has_{what}": draw.one((True, True, False, None)) for what in ("ask", "pressure", "opt_out")},
        "prompt_placeholders": draw.whole(0, 4),
        "prompt_reading_ease": draw.maybe(draw.within(0, 100), 0.4),
        "prompt_sentiment": draw.maybe(draw.within(-1, 1), 0.4),
        "prompt_language": "en",
        **{
            f"prompt_like_{move}": draw.maybe(draw.within(-1, 1), 0.4)
            for move in ("offer", "proof", "help", "reminder", "hurry")
        },
    }


def _add_lead(world: World, draw: Draw, lead_key: str) -> None:
    engaged_at = draw.moment(BEGIN, AS_OF)
    # Some leads are busy for a day, some for a month.
    until = min(AS_OF, engaged_at + timedelta(hours=draw.one((2, 30, 200, 800))))
    moments = [engaged_at, *(draw.moment(engaged_at, until) for _ in range(draw.whole(0, 12)))]
    moments += [draw.one(moments) for _ in range(draw.whole(0, 3))]
    events = [random_event(draw, lead_key, f"e{n:02}", at) for n, at in enumerate(moments)]
    _put_on_landmarks(draw, events, engaged_at)
    if draw.chance(0.05):
        events = []
    world.events += events
    started = [(event["occurred_at"], event["logged_at"]) for event in events if event["outcome"] != "skipped"]
    began_at, known_at = min(started) if started else (draw.maybe(engaged_at),) * 2
    contact = random_contact(draw, lead_key, began_at, engaged_at)
    world.contacts.append(contact | {"engagement_logged_at": known_at})
    for number in range(draw.one((0, 0, 1, 2))):
        at = draw.moment(engaged_at - timedelta(hours=2), engaged_at + timedelta(days=12))
        world.outcomes.append(random_outcome(draw, lead_key, f"o{number}", at))


def _put_on_landmarks(draw: Draw, events: list[Row], engaged_at: datetime) -> None:
    """Some events happen, or are recorded, in the very moment of a landmark, and the other before it."""
    for event in events:
        landmark = engaged_at + timedelta(hours=draw.one(TARGETS.landmarks_hours))
        before = engaged_at + (landmark - engaged_at) / 2
        if engaged_at < landmark < AS_OF and draw.chance(0.1):
            moments = draw.one(((landmark, before), (before, landmark)))
            event["occurred_at"], event["logged_at"] = moments


def random_contact(draw: Draw, lead_key: str, first_engaged_at: datetime | None, engaged_at: datetime) -> Row:
    """A contact with gaps, created in the month before."""
    return {
        "lead_key": lead_key,
        "is_opted_out_now": draw.chance(0.2),
        "first_engaged_at": first_engaged_at,
        "engagement_logged_at": first_engaged_at,
        "created_at": draw.moment(engaged_at - timedelta(days=30), engaged_at),
        "timezone": draw.one(ZONES),
        "lead_source": draw.maybe(draw.one(("webinar", "referral", "paid search"))),
        "landing_page": draw.maybe(draw.one(("a", "b"))),
        "industry": draw.maybe(draw.one(("retail", "health"))),
        "seniority": draw.maybe(draw.one(("director", "manager"))),
        "job_function": draw.maybe(draw.one(("sales", "education"))),
        "company_size": draw.maybe(draw.one(("1-10", "11-50"))),
        "country": draw.maybe(draw.one(("DE", "US"))),
        "crm_score": draw.maybe(draw.within(0, 100, 1)),
        "site_visits_30d": draw.maybe(draw.whole(0, 9)),
        **_enrolment(draw, engaged_at),
    }


def _enrolment(draw: Draw, engaged_at: datetime) -> Row:
    """Some enrolments come in the very moment of the first engagement or after it."""
    enrolled_at = draw.one((engaged_at, engaged_at - timedelta(hours=1), engaged_at + timedelta(hours=30), None))
    campaign, variant = (None, None) if enrolled_at is None else (draw.whole(1, 4), draw.one(("A", "B")))
    return {"enrolled_at": enrolled_at, "enrolled_campaign_id": campaign, "enrolled_variant": variant}


def random_event(draw: Draw, lead_key: str, name: str, at: datetime) -> Row:
    """An attempt, a skipped step or a reply; some are recorded long after they happened."""
    event = dict.fromkeys(PRIMARY_EVENT) | {"event_key": key(lead_key[:6] + name), "lead_key": lead_key}
    event |= {"occurred_at": at, "logged_at": _logged(draw, at)}
    channel = draw.one(tuple(OUTCOMES))
    return event | (_reply(draw, channel) if draw.chance(0.4) else _attempt(draw, channel))


def random_outcome(draw: Draw, lead_key: str, name: str, at: datetime) -> Row:
    """Most are calls booked."""
    outcome = {"outcome_key": key(lead_key[:6] + name), "lead_key": lead_key, "occurred_at": at}
    kind = draw.one(("call_booked", "call_booked", "void_booking", "qualified", "opted_out"))
    return outcome | {"outcome_type": kind, "logged_at": _logged(draw, at)}


def _attempt(draw: Draw, channel: str) -> Row:
    outcome = draw.one(OUTCOMES[channel])
    return {
        "channel": channel,
        "direction": "outbound",
        "outcome": outcome,
        "duration_seconds": draw.maybe(draw.whole(0, 4000)) if channel == "voice" else None,
        "campaign_id": draw.maybe(draw.whole(1, 4), 0.1),
        "step_id": draw.maybe(draw.whole(10, 17), 0.1),
        "prompt_id": draw.maybe(draw.whole(100, 113), 0.2),
        "sequence_variant": draw.one(("A", "B", None)),
    }


def _reply(draw: Draw, channel: str) -> Row:
    wordless = {"channel": channel, "direction": "inbound", "outcome": "replied"}
    if draw.chance(0.2):
        return wordless
    return wordless | {
        "reply_chars": 20,
        "reply_words": draw.whole(0, 40),
        "reply_has_question": draw.chance(0.3),
        "reply_intent": draw.one(("positive", "negative", "neutral", None)),
        "reply_objection": draw.one(("price", "timing", None, None)),
        "reply_is_opt_out": draw.chance(0.1),
        "reply_is_urgent": draw.chance(0.2),
        "reply_wants_meeting": draw.chance(0.2),
        "reply_asks_price": draw.chance(0.2),
        "reply_sentiment": draw.maybe(draw.within(-1, 1), 0.4),
        "reply_language": draw.one(("en", "es", "und")),
    }


def _logged(draw: Draw, at: datetime) -> datetime:
    return at + timedelta(seconds=draw.one((0, 0, 0, 5, 3600, 40_000, 400_000)))


def features_of(
    landmarks: ibis.Table,
    contacts: ibis.Table,
    events: ibis.Table,
    outcomes: ibis.Table,
    steps: ibis.Table,
    prompts: ibis.Table,
    rates: ibis.Table,
) -> ibis.Table:
    """The node `compute_features` as one expression that computes nothing yet."""
    seen = see_events(landmarks, describe_events(events, outcomes, steps, prompts), PARAMETERS)
    return complete_features(landmarks, aggregate_histories(seen), contacts, rates, TARGETS)


class Engine:
    """The project's nodes from entities to features, on tables of one database that a test fills again and again."""

    def __init__(self, as_of: datetime = AS_OF, threads: int = 1) -> None:
        self.database = ibis.duckdb.connect(threads=threads)
        self._as_of = {"as_of": as_of.isoformat()}
        self._statements: dict[str, str] = {}

    def features(self, world: World, rates: ibis.Table | None = None) -> pd.DataFrame:
        """One row a lead and landmark; by these rates, or those of the world itself."""
        for name, schema in SCHEMAS.items():
            self._keep(name, rows(schema, *getattr(world, name)))
        contacts, events, outcomes, steps, prompts = (self.table(name) for name in SCHEMAS)
        self._keep("landmarks", place_landmarks(contacts, self._as_of, TARGETS))
        self._build("labels", lambda: label_conversions(contacts, outcomes, self._as_of, TARGETS, PARAMETERS))
        landmarks, labels = self.table("landmarks"), self.table("labels")
        self._build("rates", lambda: measure_rates(labels, contacts, events, outcomes, TARGETS, PARAMETERS))
        if rates is not None:
            self._keep("rates", rates)
        known = self.table("rates")
        self._build(
            "features",
            lambda: features_of(landmarks, contacts, events, outcomes, steps, prompts, known),
        )
        return self.read("features")

    def table(self, name: str) -> ibis.Table:
        """A table of the world that was last asked for."""
        return self.database.table(name)

    def read(self, name: str) -> pd.DataFrame:
        """The same as a frame."""
        return self.table(name).to_pandas()

    def _keep(self, name: str, table: ibis.Table) -> None:
        self.database.create_table(name, table.to_pyarrow(), overwrite=True)

    def _build(self, name: str, expression: Callable[[], ibis.Table]) -> None:
        """Make a table in the database, from SQL that is compiled once: the same for every world."""
        if name not in self._statements:
            self._statements[name] = str(ibis.to_sql(expression(), dialect="duckdb"))
        self.database.raw_sql(f"CREATE OR REPLACE TABLE {name} AS {self._statements[name]}")
