"""What a feature's value says about a lead, as a salesperson would put it; each phrase goes on from "the lead"."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from lead_conversion.contracts.features import CHANNEL_WORDS, COUNTED_OVER
from lead_conversion.guard.labels import TOKEN_PREFIX
from lead_conversion.language.embeddings import ANCHORS

MINUTES_UP_TO_HOURS, HOURS_UP_TO_DAYS = 1.5, 48
WHOLE_NUMBERS_FROM = 100
CLEARLY_GOOD_MOOD = 0.05
EASY_READING, HARD_READING = 70, 50
NONE = ("none", "unknown")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

CATEGORY_WORDS = {
    "lead_source": {
        "referral": "a referral", "webinar": "a webinar", "event": "an event", "partner": "a partner",
        "cold_list": "a cold list", "content_download": "a content download", "organic": "organic search",
    },
    "industry": {"k12": "K-12 schools", "edtech": "ed-tech", "nonprofit": "the nonprofit sector"},
    "seniority": {
        "intern": "an intern", "staff": "in a staff job", "manager": "a manager",
        "director": "a director", "vp": "a vice president", "c_level": "a C-level executive",
        "owner": "an owner or founder",
    },
    "job_function": {"people": "human resources", "support": "customer service", "other": "another field"},
    "last_channel": CHANNEL_WORDS,
    "last_objection": {
        "authority": "who decides", "fit": "whether it fits", "not_now": "the moment", "time": "having no time",
    },
    "last_reply_intent": {"positive": "sounded interested", "negative": "declined", "neutral": "left it open"},
    "reply_language": {
        "en": "English", "es": "Spanish", "pt": "Portuguese", "de": "German", "fr": "French",
        "und": "a language that was not recognised",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """How values are said: `{}` stands for the value in words; `none` is for 0 or none, `one` for 1."""

    said: str
    none: str = ""
    one: str = ""
    missing: str = ""
    form: Callable[[float], str] | None = None


def say_value(value: str | float | None, feature: dict[str, str]) -> str:
    """A phrase for a feature's value; by the data dictionary's sentence where there is no phrase of its own.

    So is the token of a word that is not known, which fits into no phrase. A value holds no ";": it would look like the
    end of a driver.
    """
    by_sentence = Phrase(f"{feature['sentence'].rstrip('.')}: {{}}")
    is_token = isinstance(value, str) and value.startswith(TOKEN_PREFIX)
    phrase = by_sentence if is_token else PHRASES.get(feature["name"], by_sentence)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        said = phrase.missing or phrase.said.format("not known")
    elif isinstance(value, str):
        words = CATEGORY_WORDS.get(feature["name"], {}).get(value, value.replace("_", " "))
        said = phrase.none if value in NONE and phrase.none else phrase.said.format(words)
    elif value == 0 and phrase.none:
        said = phrase.none
    elif value == 1 and phrase.one:
        said = phrase.one
    else:
        said = phrase.said.format((phrase.form or FORMS.get(feature["unit"], say_number))(value))
    return said.replace(";", ",")


def say_number(value: float) -> str:
    """Three digits, or whole thousands apart."""
    return f"{value:,.0f}" if abs(value) >= WHOLE_NUMBERS_FROM else f"{value:.3g}"


def say_hours(hours: float) -> str:
    """A time in its natural unit: "4 minutes", "6 hours", "3 days"."""
    if hours < MINUTES_UP_TO_HOURS:
        return _count(max(hours * 60, 1), "minute")
    return _count(hours, "hour") if hours < HOURS_UP_TO_DAYS else _count(hours / 24, "day")


def say_share(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.0f} %"


def _count(number: float, noun: str) -> str:
    return f"{number:.0f} {noun}" if round(number) == 1 else f"{number:.0f} {noun}s"


def _say_whole(value: float) -> str:
    return f"{value:,.0f}"


def _say_mood(mood: float) -> str:
    if abs(mood) <= CLEARLY_GOOD_MOOD:
        return "neutral"
    return "friendly" if mood > 0 else "unfriendly"


def _say_ease(points: float) -> str:
    ease = "easy" if points >= EASY_READING else "hard" if points < HARD_READING else "neither easy nor hard"
    return f"{ease} to read ({points:.0f} of 100)"


FORMS: dict[str, Callable[[float], str]] = {
    "hours": say_hours,
    "seconds": lambda seconds: say_hours(seconds / 3600),
    "share": say_share,
    "0 Monday to 6 Sunday": lambda day: WEEKDAYS[int(day)],
    "hour of day, lead's own": lambda hour: f"{hour:.0f}:00",
    "-1 to 1": _say_mood,
    "points, 100 very easy": _say_ease,
    "points of 100": _say_whole,
    "leads": _say_whole,
    "points": lambda points: f"{points:.1f}",
}
_SPANS = {"1h": "hour", "6h": "6 hours", "24h": "24 hours", "72h": "3 days", "7d": "7 days"}
_NOT_TRIED = "has not been tried yet"
_NO_REPLY = "has not replied yet"
_NO_PROMPT = "has been sent no known message yet"
_NO_EARLIER = "has no earlier leads to compare with"
_REACHED = "reached the first target"


def _times(said: str, none: str) -> Phrase:
    """Something that happened so many times."""
    return Phrase(f"{said} {{}} times", none=none, one=f"{said} once")


def _yes_no(yes: str, no: str, missing: str = "") -> Phrase:
    return Phrase(yes, none=no, one=yes, missing=missing)


def _of_channel(name: str, said: dict[str, Phrase]) -> dict[str, Phrase]:
    return {f"{name}_{channel}": phrase for channel, phrase in said.items()}


PHRASES: dict[str, Phrase] = {
    # attribution
    "lead_source": Phrase("came in through {}", none="came in from an unknown source"),
    "landing_page": Phrase("came in on the page {}", none="came in on an unknown page"),
    "industry": Phrase("works in {}", none="has no known industry"),
    "seniority": Phrase("is {}", none="has no known job title"),
    "job_function": Phrase("has a job in {}", none="has a job in an unknown field"),
    "company_size": Phrase("works at a company of {} people", none="works at a company of unknown size"),
    "country": Phrase("is in {}", none="is in an unknown country"),
    "crm_score": Phrase("has a CRM score of {} of 100", missing="has no CRM score"),
    "site_visits_30d": Phrase(
        "visited the site {} times in the 30 days before it came in",
        none="did not visit the site in the 30 days before it came in",
        one="visited the site once in the 30 days before it came in",
        missing="has no record of site visits",
    ),
    "hours_to_engagement": Phrase("was first engaged {} after it came in"),
    # calendar
    "hours_since_engaged": Phrase("was first engaged {} ago"),
    "local_hour": Phrase("has a local time of {}", missing="is in an unknown time zone"),
    "local_weekday": Phrase("is scored on a {}", missing="is in an unknown time zone"),
    "is_business_hours": _yes_no(
        "is in its business hours", "is outside its business hours", "is in an unknown time zone"
    ),
    "engaged_local_hour": Phrase("had its first contact at about {} local time", missing="is in an unknown time zone"),
    "engaged_local_weekday": Phrase("had its first contact on a {}", missing="is in an unknown time zone"),
    # interaction
    "n_outbound": _times("has been tried", _NOT_TRIED),
    **{
        f"n_outbound_{span}": _times(
            f"was tried in the last {_SPANS[span]}", f"was not tried in the last {_SPANS[span]}"
        )
        for span in COUNTED_OVER
    },
    **_of_channel(
        "n_outbound",
        {
            "sms": Phrase("has been sent {} SMS", none="has been sent no SMS yet", one="has been sent one SMS"),
            "email": Phrase(
                "has been sent {} e-mails", none="has been sent no e-mail yet", one="has been sent one e-mail"
            ),
            "voice": _times("has been called", "has not been called yet"),
        },
    ),
    "n_replies": _times("replied", _NO_REPLY),
    **{
        f"n_replies_{span}": _times(f"replied in the last {_SPANS[span]}", f"did not reply in the last {_SPANS[span]}")
        for span in COUNTED_OVER
    },
    **{
        f"n_replies_{channel}": _times(f"replied by {word}", f"has not replied by {word} yet")
        for channel, word in CHANNEL_WORDS.items()
    },
    "n_delivered": Phrase(
        "got {} messages and calls for sure",
        none="got no message or call for sure",
        one="got one message or call for sure",
    ),
    "n_opened": Phrase("opened {} messages", none="has opened no message yet", one="opened one message"),
    "n_clicked": Phrase(
        "clicked the links of {} messages", none="has clicked no link yet", one="clicked the link of one message"
    ),
    "n_failed": Phrase(
        "could not be reached by {} attempts",
        none="was reached by every attempt",
        one="could not be reached by one attempt",
    ),
    "n_skipped": Phrase("had {} steps skipped", none="had no step skipped", one="had one step skipped"),
    **_of_channel(
        "n_skipped",
        {
            "sms": Phrase("had {} SMS skipped", none="had no SMS skipped", one="had one SMS skipped"),
            "email": Phrase("had {} e-mails skipped", none="had no e-mail skipped", one="had one e-mail skipped"),
            "voice": Phrase("had {} calls skipped", none="had no call skipped", one="had one call skipped"),
        },
    ),
    "n_connected": Phrase("answered {} calls", none="has answered no call yet", one="answered one call"),
    "n_voicemail": Phrase(
        "let {} calls go to voicemail", none="let no call go to voicemail", one="let one call go to voicemail"
    ),
    "n_no_answer": Phrase("left {} calls unanswered", none="left no call unanswered", one="left one call unanswered"),
    "call_seconds": Phrase("spent {} on the phone", none="has not been on the phone yet"),
    "open_share": Phrase(
        "opened {} of its messages", none="opened none of its messages", missing="has no settled message yet"
    ),
    "click_share": Phrase(
        "clicked in {} of its messages", none="clicked in none of its messages", missing="has no settled message yet"
    ),
    "failed_share": Phrase(
        "was not reached by {} of its messages",
        none="was reached by all of its messages",
        missing="has no settled message yet",
    ),
    "connect_share": Phrase(
        "answered {} of its calls", none="answered none of its calls", missing="has not been called yet"
    ),
    "reply_share": Phrase(
        "gave {} replies for each attempt", none=_NO_REPLY, one="gave one reply for each attempt", missing=_NOT_TRIED
    ),
    **{
        f"reply_share_{channel}": Phrase(
            f"gave {{}} replies by {word} for each attempt by {word}",
            none=f"has not replied by {word} yet",
            one=f"gave one reply by {word} for each attempt by {word}",
            missing=f"has not been tried by {word} yet",
        )
        for channel, word in CHANNEL_WORDS.items()
    },
    "n_steps_tried": Phrase("has been tried by {} different steps", none=_NOT_TRIED, one="has been tried by one step"),
    "last_step_order": Phrase("was last tried by step {} of its campaign", missing="was last tried by no known step"),
    "last_channel": Phrase("was last tried by {}", none=_NOT_TRIED),
    "sequence_variant": Phrase("is in step order {}", none="is in no known order of steps"),
    "n_outbound_since_reply": Phrase(
        "gave no reply to the last {} attempts",
        none="left no attempt unanswered",
        one="gave no reply to the last attempt",
    ),
    "n_opened_since_reply": Phrase(
        "opened {} messages without a reply since",
        none="opened no message without a reply since",
        one="opened one message without a reply since",
    ),
    # timing
    "hours_since_outbound": Phrase("was last tried {} ago", missing=_NOT_TRIED),
    "hours_since_reply": Phrase("last replied {} ago", missing=_NO_REPLY),
    "hours_since_opened": Phrase("last opened a message that was sent {} ago", missing="has opened no message yet"),
    "first_reply_hours": Phrase("first replied {} after it was first engaged", missing=_NO_REPLY),
    "mean_gap_hours": Phrase("has {} between contacts on average", missing="has had fewer than two contacts"),
    "gap_spread_hours": Phrase(
        "has gaps between contacts that vary by {}",
        none="has even gaps between contacts",
        missing="has had fewer than two contacts",
    ),
    "longest_gap_hours": Phrase("has had up to {} between contacts", missing="has had fewer than two contacts"),
    "mean_reply_latency_hours": Phrase("replied within {} on average", missing="has replied to no attempt yet"),
    "fastest_reply_hours": Phrase("replied within {} at its fastest", missing="has replied to no attempt yet"),
    "last_reply_latency_hours": Phrase(
        "last replied within {} of an attempt", missing="has replied to no attempt lately"
    ),
    "business_hours_outbound_share": Phrase(
        "was tried in business hours {} of the time", none="was never tried in business hours", missing=_NOT_TRIED
    ),
    "business_hours_reply_share": Phrase(
        "replied in business hours {} of the time", none="never replied in business hours", missing=_NO_REPLY
    ),
    "last_outbound_local_hour": Phrase("was last tried at about {} local time", missing=_NOT_TRIED),
    # content
    "n_positive_replies": _times("sounded interested", "has not sounded interested yet"),
    "n_negative_replies": _times("declined", "has not declined"),
    "n_objections": Phrase("raised {} objections", none="has raised no objection", one="raised one objection"),
    "n_questions": Phrase("asked questions in {} replies", none="has asked no question yet", one="asked a question"),
    "n_opt_out_replies": _times("asked to stop", "has not asked to stop"),
    "n_urgent_replies": _times("asked for haste", "has not asked for haste"),
    "n_meeting_replies": _times("asked for a call or a time", "has not asked for a call or a time yet"),
    "n_price_replies": _times("asked for the price", "has not asked for the price yet"),
    "mean_reply_words": Phrase("replies in {} words on average", one="replies in one word", missing=_NO_REPLY),
    "last_reply_words": Phrase("last replied in {} words", one="last replied in one word", missing=_NO_REPLY),
    "mean_reply_sentiment": Phrase(
        "replied in a mood that is {} on the whole", missing="has given no reply whose mood is known"
    ),
    "last_reply_intent": Phrase("{} in its last reply", none="has given no reply whose intent is known"),
    "last_objection": Phrase("last objected about {}", none="has raised no objection"),
    "reply_language": Phrase("last replied in {}", none=_NO_REPLY),
    "last_prompt_chars": Phrase("was last sent a message of {} characters", missing=_NO_PROMPT),
    "last_prompt_questions": Phrase(
        "was last sent a message with {} questions",
        none="was last sent a message without a question",
        one="was last sent a message with one question",
        missing=_NO_PROMPT,
    ),
    "last_prompt_has_ask": _yes_no(
        "was last asked for one clear thing", "was last sent a message without one clear ask", _NO_PROMPT
    ),
    "last_prompt_has_link": _yes_no(
        "was last sent a message with a link", "was last sent a message without a link", _NO_PROMPT
    ),
    "last_prompt_placeholders": Phrase(
        "was last sent a message that names {} personal things",
        none="was last sent a message that names nothing personal",
        one="was last sent a message that names one personal thing",
        missing=_NO_PROMPT,
    ),
    "last_prompt_has_pressure": _yes_no(
        "was last sent a message that hurries", "was last sent a message that does not hurry", _NO_PROMPT
    ),
    "last_prompt_has_opt_out": _yes_no(
        "was last told how to stop", "was last sent a message that does not say how to stop", _NO_PROMPT
    ),
    "last_prompt_reading_ease": Phrase("was last sent a message that is {}", missing=_NO_PROMPT),
    "last_prompt_sentiment": Phrase("was last sent a message whose mood is {}", missing=_NO_PROMPT),
    **{
        f"last_prompt_like_{name}": Phrase(
            f"was last sent a message that sounds like {anchor.words} ({{}} of 1)",
            missing="was last sent no message whose likeness is known",
        )
        for name, anchor in ANCHORS.items()
    },
    "mean_prompt_words": Phrase("was sent messages of {} words on average", form=_say_whole, missing=_NO_PROMPT),
    "pressing_prompt_share": Phrase(
        "was hurried by {} of its messages", none="was hurried by none of its messages", missing=_NO_PROMPT
    ),
    "asking_prompt_share": Phrase(
        "was asked for one clear thing by {} of its messages",
        none="was asked for one clear thing by none of its messages",
        missing=_NO_PROMPT,
    ),
    # engagement
    "engagement_score": Phrase("has an engagement score of {}", none="has shown no engagement that still counts"),
    "engagement_score_now": Phrase("has a recent engagement score of {}", none="has shown no recent engagement"),
    "engagement_trend": Phrase(
        "showed {} of its engagement lately",
        none="showed none of its engagement lately",
        missing="has shown no engagement",
    ),
    # conversion
    "n_quick_replies": _times("replied within an hour", "has not replied within an hour yet"),
    "hours_since_positive_reply": Phrase("last sounded interested {} ago", missing="has not sounded interested yet"),
    "has_last_word": _yes_no("waits for an answer to its last reply", "has no reply that waits for an answer"),
    "is_won_over": _yes_no("sounded interested after its last objection", "was not won over after an objection"),
    "n_long_calls": _times("talked for two minutes or more", "has not talked for two minutes yet"),
    "has_booked_call": _yes_no("has booked a call", "has not booked a call yet"),
    "hours_since_booked": Phrase("booked a call {} ago", missing="has not booked a call yet"),
    "was_qualified": _yes_no("was qualified", "has not been qualified yet"),
    "hours_since_qualified": Phrase("was qualified {} ago", missing="has not been qualified yet"),
    # performance
    "campaign": Phrase("is in campaign {}", none="is in no known campaign"),
    "campaign_rate": Phrase(f"is in a campaign from which {{}} {_REACHED}", missing=_NO_EARLIER),
    "campaign_leads": Phrase("is in a campaign of {} earlier leads", missing=_NO_EARLIER),
    "campaign_reply_rate": Phrase("is in a campaign of whose earlier attempts {} were answered", missing=_NO_EARLIER),
    "source_rate": Phrase(
        f"came in through a source from which {{}} {_REACHED}",
        missing="came in through a source without earlier leads",
    ),
    "step_rate": Phrase(f"was last tried by a step after which {{}} {_REACHED}", missing=_NO_EARLIER),
    "step_reply_rate": Phrase(
        "was last tried by a step of whose earlier attempts {} were answered", missing=_NO_EARLIER
    ),
    "prompt_rate": Phrase(f"was last sent a message after which {{}} {_REACHED}", missing=_NO_EARLIER),
    "prompt_reply_rate": Phrase("was last sent a message that was answered {} of the time", missing=_NO_EARLIER),
}
