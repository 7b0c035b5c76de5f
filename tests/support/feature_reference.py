"""Every feature and rate from scratch, one lead and moment at a time: slow, obvious, and written from the dictionary.

Lists, loops and the calendar of the standard library; nothing is shared with the project but names and parameters.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from configured import FEATURES as PARAMETERS
from configured import TARGETS

Row = dict[str, Any]
CHANNELS = ("sms", "email", "voice")
SPANS = {"1h": 1, "6h": 6, "24h": 24, "72h": 72, "7d": 7 * 24}
FIRST_TARGET, FIRST = next(iter(TARGETS.items()))


class Reference:
    """What features and rates should be in one world of contacts, events, outcomes, steps, prompts and labels."""

    def __init__(self, world: dict[str, list[Row]]) -> None:
        self.contacts = {row["lead_key"]: row for row in world["contacts"]}
        self.steps = {row["step_id"]: row["step_order"] for row in world["steps"]}
        self.prompts = {row["prompt_id"]: row for row in world["prompts"]}
        self.labels = [row for row in world["labels"] if row["target"] == FIRST_TARGET]
        self.events: dict[str, list[Row]] = {}
        for event in sorted(world["events"], key=lambda event: (event["occurred_at"], event["event_key"])):
            self.events.setdefault(event["lead_key"], []).append(event)
        self.outcomes: dict[str, list[Row]] = {}
        for outcome in world["outcomes"]:
            if outcome["outcome_type"] == FIRST.outcome:
                self.outcomes.setdefault(outcome["lead_key"], []).append(outcome)
        self.milestones: dict[str, list[Row]] = {}
        for outcome in sorted(world["outcomes"], key=lambda outcome: outcome["occurred_at"]):
            self.milestones.setdefault(outcome["lead_key"], []).append(outcome)
        self._trials = self._all_trials()
        self._rates: dict[tuple[str, str, Any], Any] = {}

    def features(self, lead_key: str, at: datetime) -> Row:
        """Every feature of a lead at a landmark; None where it is missing."""
        contact = self.contacts[lead_key]
        known = [
            event for event in self.events.get(lead_key, []) if event["occurred_at"] < at and event["logged_at"] < at
        ]
        attempts = [event for event in known if is_attempt(event)]
        replies = [event for event in known if is_reply(event, contact)]
        settled = [event for event in attempts if is_settled(event, at)]
        return {
            **attribution(contact),
            **calendar(contact, at),
            **interaction(contact, known, attempts, replies, settled, at, self.steps),
            **timing(contact, attempts, replies, settled, at),
            **content(replies, attempts, self.prompts),
            **engagement(replies, settled, at),
            **conversion(attempts, replies, settled, at),
            **milestones(self.milestones.get(lead_key, []), at),
            **self._performance(contact, attempts, at),
        }

    def rate(self, kind: str, name: Any, at: datetime) -> tuple[int, int, float] | None:
        """Tried, reached and the shrunk rate as known at a moment; None where nothing is known of the name."""
        key = (kind, str(name), at.date())
        if key not in self._rates:
            self._rates[key] = self._measure_rate(kind, str(name), at)
        return self._rates[key]

    def changes(self) -> list[tuple[str, str, datetime]]:
        """The kinds and names of rates with each midnight from which something new of them is known."""
        return sorted({(kind, name, midnight_after(known_at)) for kind, name, known_at, _ in self._trials})

    def _measure_rate(self, kind: str, name: str, at: datetime) -> tuple[int, int, float] | None:
        tried = reached = 0
        changed = None
        for trial_kind, trial_name, known_at, is_reached in self._trials:
            if trial_kind == kind and trial_name == name and midnight_after(known_at) <= at:
                tried += 1
                reached += is_reached
                changed = midnight_after(known_at) if changed is None else max(changed, midnight_after(known_at))
        if changed is None:
            return None
        all_tried = all_reached = 0
        for trial_kind, _name, known_at, is_reached in self._trials:
            if trial_kind == kind and midnight_after(known_at) <= changed:
                all_tried += 1
                all_reached += is_reached
        prior = PARAMETERS.rate_prior
        return tried, reached, (reached + prior * all_reached / all_tried) / (tried + prior)

    def _all_trials(self) -> list[tuple[str, str, datetime, bool]]:
        """Kind, name, when it was known, and whether it reached; one a lead, or attempt, that counts."""
        trials: list[tuple[str, Any, datetime, bool]] = []
        for label in self.labels:
            if label["state"] != "immature":
                trials += self._trials_of(label["lead_key"], label["first_engaged_at"])
        return [(kind, str(name), known_at, reached) for kind, name, known_at, reached in trials if name is not None]

    def _trials_of(self, lead_key: str, start: datetime) -> list[tuple[str, Any, datetime, bool]]:
        end = start + timedelta(days=FIRST.window_days)

        def in_window(rows):
            return [row for row in rows if row["occurred_at"] < end and row["logged_at"] < end]

        reached = [outcome["occurred_at"] for outcome in in_window(self.outcomes.get(lead_key, []))]
        is_recorded = any(outcome["logged_at"] < end for outcomes in self.outcomes.values() for outcome in outcomes)
        was_reached_before = bool(reached) and min(reached) < start + timedelta(seconds=PARAMETERS.guard_seconds)
        attempts = [event for event in in_window(self.events.get(lead_key, [])) if is_attempt(event)]
        trials = []
        if is_recorded and not was_reached_before:
            trials.append(("source", self.contacts[lead_key]["lead_source"], end, bool(reached)))
            if attempts:
                trials.append(("campaign", attempts[0]["campaign_id"], end, bool(reached)))
            for kind in ("step", "prompt"):
                trials += [(kind, name, end, bool(reached)) for name in {attempt[f"{kind}_id"] for attempt in attempts}]
        for attempt in attempts:
            deadline = attempt["occurred_at"] + timedelta(hours=PARAMETERS.reply_within_hours)
            is_answered = any(
                event["direction"] == "inbound"
                and attempt["occurred_at"] < event["occurred_at"] <= deadline
                and event["logged_at"] <= deadline
                for event in self.events[lead_key]
            )
            names = [(f"{kind}_reply", attempt[f"{kind}_id"]) for kind in ("campaign", "step", "prompt")]
            trials += [(kind, name, max(end, deadline), is_answered) for kind, name in names]
        return trials

    def _performance(self, contact: Row, attempts: list[Row], at: datetime) -> Row:
        from_when = min(at, contact["first_engaged_at"] + timedelta(days=FIRST.window_days))
        prompted = [attempt for attempt in attempts if attempt["prompt_id"] is not None]
        names = {
            "campaign": current(contact, attempts, at)[0],
            "step": attempts[-1]["step_id"] if attempts else None,
            "prompt": prompted[-1]["prompt_id"] if prompted else None,
            "source": contact["lead_source"],
        }

        def found(kind: str) -> Any:
            name = names[kind.removesuffix("_reply")]
            return None if name is None else self.rate(kind, name, from_when)

        def shrunk(kind: str) -> float | None:
            return found(kind)[2] if found(kind) else None

        return {
            "campaign": "none" if names["campaign"] is None else str(names["campaign"]),
            "campaign_rate": shrunk("campaign"),
            "campaign_leads": found("campaign")[0] if found("campaign") else None,
            "campaign_reply_rate": shrunk("campaign_reply"),
            "source_rate": shrunk("source"),
            "step_rate": shrunk("step"),
            "step_reply_rate": shrunk("step_reply"),
            "prompt_rate": shrunk("prompt"),
            "prompt_reply_rate": shrunk("prompt_reply"),
        }


def attribution(contact: Row) -> Row:
    names = ("lead_source", "landing_page", "industry", "seniority", "job_function", "company_size", "country")
    return {
        **{name: "unknown" if contact[name] is None else contact[name] for name in names},
        "crm_score": contact["crm_score"],
        "site_visits_30d": contact["site_visits_30d"],
        "hours_to_engagement": hours_between(contact["created_at"], contact["first_engaged_at"]),
    }


def calendar(contact: Row, at: datetime) -> Row:
    now, then = local(contact, at), local(contact, contact["first_engaged_at"])
    return {
        "hours_since_engaged": hours_between(contact["first_engaged_at"], at),
        "local_hour": now.hour if now else None,
        "local_weekday": now.weekday() if now else None,
        "is_business_hours": in_business_hours(now) if now else None,
        "engaged_local_hour": then.hour if then else None,
        "engaged_local_weekday": then.weekday() if then else None,
    }


def interaction(contact, known, attempts, replies, settled, at, steps) -> Row:
    def within(events, hours):
        return len([event for event in events if event["occurred_at"] >= at - timedelta(hours=hours)])

    def by(events, channel):
        return [event for event in events if event["channel"] == channel]

    def became(events, *outcomes):
        return [event for event in events if event["outcome"] in outcomes]

    skipped = [event for event in known if is_outbound(event) and event["outcome"] == "skipped"]
    messages = [event for event in settled if event["channel"] != "voice"]
    calls = by(settled, "voice")
    last = attempts[-1] if attempts else None
    replied = whole(replies[-1]["occurred_at"]) if replies else datetime.min  # noqa: DTZ901, times are naive UTC
    opened = became(settled, "opened", "clicked")
    connected = became(settled, "connected")
    return {
        "n_outbound": len(attempts),
        **{f"n_outbound_{span}": within(attempts, hours) for span, hours in SPANS.items()},
        **{f"n_outbound_{channel}": len(by(attempts, channel)) for channel in CHANNELS},
        "n_replies": len(replies),
        **{f"n_replies_{span}": within(replies, hours) for span, hours in SPANS.items()},
        **{f"n_replies_{channel}": len(by(replies, channel)) for channel in CHANNELS},
        "n_delivered": len(became(settled, "delivered", "opened", "clicked", "connected")),
        "n_opened": len(opened),
        "n_clicked": len(became(settled, "clicked")),
        "n_failed": len(became(settled, "failed", "bounced")),
        "n_skipped": len(skipped),
        "n_connected": len(connected),
        "n_voicemail": len(became(settled, "voicemail")),
        "n_no_answer": len(became(settled, "no_answer")),
        "call_seconds": sum(event["duration_seconds"] or 0 for event in connected),
        "open_share": ratio(len(became(messages, "opened", "clicked")), len(messages)),
        "click_share": ratio(len(became(messages, "clicked")), len(messages)),
        "failed_share": ratio(len(became(messages, "failed", "bounced")), len(messages)),
        "connect_share": ratio(len(became(calls, "connected")), len(calls)),
        "reply_share": ratio(len(replies), len(attempts)),
        **{
            f"reply_share_{channel}": ratio(len(by(replies, channel)), len(by(attempts, channel)))
            for channel in CHANNELS
        },
        "n_steps_tried": len({event["step_id"] for event in attempts} - {None}),
        "last_step_order": steps.get(last["step_id"]) if last else None,
        "last_channel": last["channel"] if last else "none",
        "sequence_variant": current(contact, attempts, at)[1] or "none",
        **{f"n_skipped_{channel}": len(by(skipped, channel)) for channel in CHANNELS},
        "n_outbound_since_reply": len([event for event in attempts if whole(event["occurred_at"]) > replied]),
        "n_opened_since_reply": len([event for event in opened if whole(event["occurred_at"]) > replied]),
    }


def timing(contact, attempts, replies, settled, at) -> Row:
    opened = [event for event in settled if event["outcome"] in {"opened", "clicked"}]
    touches = sorted(whole(event["occurred_at"]) for event in attempts + replies)
    gaps = [hours_between(touches[n], touches[n + 1]) for n in range(len(touches) - 1)]
    mean_gap = mean(gaps)
    latencies = reply_latencies(attempts, replies)
    answering = [latency for latency in latencies if latency is not None]
    tried_at = [local(contact, event["occurred_at"]) for event in attempts]
    replied_at = [local(contact, event["occurred_at"]) for event in replies]
    return {
        "hours_since_outbound": hours_between(attempts[-1]["occurred_at"], at) if attempts else None,
        "hours_since_reply": hours_between(replies[-1]["occurred_at"], at) if replies else None,
        "hours_since_opened": hours_between(opened[-1]["occurred_at"], at) if opened else None,
        "first_reply_hours": (
            hours_between(contact["first_engaged_at"], replies[0]["occurred_at"]) if replies else None
        ),
        "mean_gap_hours": mean_gap,
        "gap_spread_hours": math.sqrt(mean([(gap - mean_gap) ** 2 for gap in gaps])) if gaps else None,
        "longest_gap_hours": max(gaps) if gaps else None,
        "mean_reply_latency_hours": mean(answering),
        "fastest_reply_hours": min(answering) if answering else None,
        "last_reply_latency_hours": latencies[-1] if latencies else None,
        "business_hours_outbound_share": mean([in_business_hours(moment) for moment in tried_at if moment]),
        "business_hours_reply_share": mean([in_business_hours(moment) for moment in replied_at if moment]),
        "last_outbound_local_hour": tried_at[-1].hour if tried_at and tried_at[-1] else None,
    }


def content(replies, attempts, prompts) -> Row:
    objections = given(replies, "reply_objection")
    moods = [rounded(mood * 1000) / 1000 for mood in given(replies, "reply_sentiment")]
    sent = [prompts[event["prompt_id"]] for event in attempts if is_prompt_known(event, prompts)]
    last_reply = replies[-1] if replies else {}
    prompted = [event for event in attempts if event["prompt_id"] is not None]
    last_prompt = prompts[prompted[-1]["prompt_id"]] if prompted and is_prompt_known(prompted[-1], prompts) else {}

    def saying(name):
        return len([event for event in replies if event[name]])

    def sounding(intent):
        return len([event for event in replies if event["reply_intent"] == intent])

    of_last_prompt = (
        "chars", "questions", "has_ask", "has_link", "placeholders", "has_pressure", "has_opt_out", "reading_ease",
        "sentiment", "like_offer", "like_proof", "like_help", "like_reminder", "like_hurry",
    )  # fmt: skip
    return {
        "n_positive_replies": sounding("positive"),
        "n_negative_replies": sounding("negative"),
        "n_objections": len(objections),
        "n_questions": saying("reply_has_question"),
        "n_opt_out_replies": saying("reply_is_opt_out"),
        "n_urgent_replies": saying("reply_is_urgent"),
        "n_meeting_replies": saying("reply_wants_meeting"),
        "n_price_replies": saying("reply_asks_price"),
        "mean_reply_words": mean(given(replies, "reply_words")),
        "last_reply_words": last_reply.get("reply_words"),
        "mean_reply_sentiment": mean(moods),
        "last_reply_intent": last_reply.get("reply_intent") or "none",
        "last_objection": objections[-1] if objections else "none",
        "reply_language": last_reply.get("reply_language") or "none",
        **{f"last_prompt_{name}": last_prompt.get(f"prompt_{name}") for name in of_last_prompt},
        "mean_prompt_words": mean(given(sent, "prompt_words")),
        "pressing_prompt_share": mean(given(sent, "prompt_has_pressure")),
        "asking_prompt_share": mean(given(sent, "prompt_has_ask")),
    }


def engagement(replies, settled, at) -> Row:
    worth = PARAMETERS.engagement.points
    long, short = PARAMETERS.engagement.half_life_hours, PARAMETERS.engagement.short_half_life_hours
    earned = []
    for event in settled:
        points = {"opened": worth.opened, "clicked": worth.opened + worth.clicked, "connected": worth.connected}
        earned.append((points.get(event["outcome"], 0), hours_between(event["occurred_at"], at)))
    for event in replies:
        points = worth.reply
        points += {"positive": worth.positive_reply, "negative": worth.negative_reply}.get(event["reply_intent"], 0)
        points += worth.opt_out_reply if event["reply_is_opt_out"] else 0
        earned.append((points, hours_between(event["occurred_at"], at)))
    strength = sum(decayed(abs(points), age, long) for points, age in earned)
    return {
        "engagement_score": sum(decayed(points, age, long) for points, age in earned) / 1e6,
        "engagement_score_now": sum(decayed(points, age, short) for points, age in earned) / 1e6,
        "engagement_trend": (
            sum(decayed(abs(points), age, short) for points, age in earned) / strength if strength else None
        ),
    }


def conversion(attempts, replies, settled, at) -> Row:
    positive = [event["occurred_at"] for event in replies if event["reply_intent"] == "positive"]
    objecting = [event["occurred_at"] for event in replies if event["reply_objection"] is not None]
    long_calls = [
        event for event in settled if event["outcome"] == "connected" and (event["duration_seconds"] or 0) >= 120
    ]
    answering = [latency for latency in reply_latencies(attempts, replies) if latency is not None]
    is_last = bool(replies) and (
        not attempts or whole(replies[-1]["occurred_at"]) >= whole(attempts[-1]["occurred_at"])
    )
    return {
        "n_quick_replies": len([latency for latency in answering if latency <= 1]),
        "hours_since_positive_reply": hours_between(positive[-1], at) if positive else None,
        "has_last_word": is_last,
        "is_won_over": bool(positive and objecting) and whole(positive[-1]) > whole(objecting[-1]),
        "n_long_calls": len(long_calls),
    }


def milestones(outcomes: list[Row], at: datetime) -> Row:
    def reached(*kinds):
        return [
            outcome["occurred_at"]
            for outcome in outcomes
            if outcome["outcome_type"] in kinds and outcome["occurred_at"] < at and outcome["logged_at"] < at
        ]

    booked, qualified = reached("call_booked", "void_booking"), reached("qualified")
    return {
        "has_booked_call": len(booked) > 0,
        "hours_since_booked": hours_between(booked[-1], at) if booked else None,
        "was_qualified": len(qualified) > 0,
        "hours_since_qualified": hours_between(qualified[-1], at) if qualified else None,
    }


def is_outbound(event: Row) -> bool:
    return event["direction"] == "outbound"


def is_attempt(event: Row) -> bool:
    return is_outbound(event) and event["outcome"] != "skipped"


def current(contact: Row, attempts: list[Row], at: datetime) -> tuple[Any, Any]:
    """Campaign and order of the last attempt, where its campaign is known; else of the first enrolment if before."""
    if attempts and attempts[-1]["campaign_id"] is not None:
        return attempts[-1]["campaign_id"], attempts[-1]["sequence_variant"]
    if contact["enrolled_at"] is not None and contact["enrolled_at"] < at:
        return contact["enrolled_campaign_id"], contact["enrolled_variant"]
    return None, None


def is_prompt_known(attempt: Row, prompts: dict[int, Row]) -> bool:
    """Whether its prompt is there and was written when it was sent."""
    prompt = prompts.get(attempt["prompt_id"])
    return prompt is not None and (
        prompt["prompt_created_at"] is None or prompt["prompt_created_at"] <= attempt["occurred_at"]
    )


def is_reply(event: Row, contact: Row) -> bool:
    says_something = event["reply_words"] is not None
    return not is_outbound(event) and (says_something or event["occurred_at"] > contact["first_engaged_at"])


def is_settled(attempt: Row, at: datetime) -> bool:
    if attempt["channel"] == "voice":
        return attempt["occurred_at"] + timedelta(seconds=attempt["duration_seconds"] or 0) < at
    return attempt["occurred_at"] + timedelta(hours=PARAMETERS.settling_hours) <= at


def reply_latencies(attempts: list[Row], replies: list[Row]) -> list[float | None]:
    """For each reply the hours since the last attempt, which is first in one second; None where there was none."""
    latencies = []
    for reply in replies:
        latency = None
        for attempt in attempts:
            if whole(attempt["occurred_at"]) <= whole(reply["occurred_at"]):
                latency = hours_between(attempt["occurred_at"], reply["occurred_at"])
        latencies.append(latency)
    return latencies


def local(contact: Row, moment: datetime) -> datetime | None:
    try:
        zone = ZoneInfo(contact["timezone"])
    except (TypeError, ValueError, KeyError, OSError):
        return None
    return moment.replace(tzinfo=UTC).astimezone(zone)


def in_business_hours(moment: datetime) -> bool:
    return moment.weekday() < 5 and 9 <= moment.hour < 17


def hours_between(start: datetime, end: datetime) -> float:
    return (whole(end) - whole(start)).total_seconds() / 3600


def whole(moment: datetime) -> datetime:
    """Times of day are told to the second."""
    return moment.replace(microsecond=0)


def midnight_after(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day) + timedelta(days=1)  # noqa: DTZ001, times are naive UTC


def decayed(points: int, age: float, half_life: float) -> float:
    """Points in whole millionths, after an age in hours."""
    return rounded(points * 1e6 * 0.5 ** (age / half_life))


def rounded(number: float) -> float:
    """To the nearest whole number, halves away from zero."""
    return math.copysign(math.floor(abs(number) + 0.5), number)


def given(entries: list[Row], name: str) -> list[Any]:
    return [entry[name] for entry in entries if entry[name] is not None]


def mean(numbers: list[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def ratio(part: int, whole_of_it: int) -> float | None:
    return part / whole_of_it if whole_of_it else None
