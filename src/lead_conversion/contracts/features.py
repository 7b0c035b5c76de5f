"""The data dictionary of features: what each means, its unit, and what a missing value says."""

from dataclasses import dataclass
from typing import Literal

from lead_conversion.language.embeddings import ANCHORS

Family = Literal[
    "attribution", "calendar", "interaction", "timing", "content", "engagement", "conversion", "performance"
]

CHANNEL_WORDS = {"sms": "SMS", "email": "e-mail", "voice": "phone"}
# Hours before the landmark over which events are counted.
COUNTED_OVER = {"1h": 1, "6h": 6, "24h": 24, "72h": 72, "7d": 168}


# Words that the sentences share.
_TERMS = """
An attempt is an outbound event that was not skipped; a reply is an inbound event that holds words or comes after first
engagement.

An event is known at a landmark if it both happened and was recorded strictly before it. What became of an attempt
counts once it is settled: a call's when its length has passed since its time, which is its end, or its start where no
end is recorded; a message's a configured time after it was sent. A message that was opened or clicked later than that
is seen so from then on: the source does not say when, so that history holds a little of the future.

A call counts as booked, and a lead as qualified, from the moment at which that was recorded. A booking that was made
void since counts too, for the source does not say when it was, and nobody knew until then.

A lead is there at a landmark if its first engagement was recorded by then; at 0 h it stands as it came in.

What a prompt says is known of the attempts since its text was written; the source overwrites a text that is edited. Of
steps it keeps no history: a position is the one that is configured now.

How much a prompt is like a move of a sale is told by a sentence-embedding model, where one is configured: the cosine of
its nearest sentence with a fixed one, 1 for the same and about 0 for what has nothing to do with it.

What a reply asks for is looked for in German, English, Spanish, French and Portuguese; what is said in another language
is mostly not heard, and counts as not said.

How long a time is, and what came after what, is told in whole seconds; of an attempt and a reply in the same second
the attempt came first, and of two of a kind at one moment the larger key came last.

Earlier leads are those whose window of the rated target (features.rated_target; else the first) ended before the day of
the landmark, or before the day on which the lead's own shortest window ends if that comes first, and not before any
such outcome was recorded; a campaign's are those that it tried first. They reached the target or were tried if that was
recorded within their window, and an attempt was answered if a reply was recorded within a configured time after it.
"""
TERMS = tuple(" ".join(term.split()) for term in _TERMS.split("\n\n"))


@dataclass(frozen=True)
class Feature:
    """One column of `feature_leads`."""

    name: str
    family: Family
    kind: Literal["numeric", "categorical"]
    unit: str
    sentence: str
    missing: str


_NEVER = "never missing"
_UNKNOWN = "'unknown': the contact has no such entry"
_NO_ATTEMPT = "no attempt yet"
_NOT_IN = "'none': neither tried nor enrolled yet, or not known"
_NO_REPLY = "no reply yet"
_NO_WORDS = "no reply yet, or the last one holds no words"
_NO_PROMPT = "no attempt with a prompt yet, or the text of the last one was written later"
_NOT_JUDGED = "no attempt with a prompt yet, or the text of the last one was written later or cannot be judged"
_NO_LIKENESS = "no sentence-embedding model is configured (features.embeddings), no prompt yet, or not in English"
_NO_JUDGED = "no attempt yet with a prompt that can be judged"
_NO_ZONE = "the lead's time zone is not known"
_NO_RATE = "no attempt yet, or not known of the last one, or no earlier lead was tried so"
_NO_CAMPAIGN_RATE = "in no campaign yet, or not known, or no earlier lead was in it"


def _category(name: str, family: Family, sentence: str, missing: str = _UNKNOWN) -> Feature:
    return Feature(name, family, "categorical", "category", sentence, missing)


def _count(name: str, family: Family, sentence: str, unit: str = "events") -> Feature:
    return Feature(name, family, "numeric", unit, sentence, _NEVER)


def _measure(name: str, family: Family, unit: str, sentence: str, missing: str = _NEVER) -> Feature:
    return Feature(name, family, "numeric", unit, sentence, missing)


def _over(name: str, family: Family, sentence: str) -> list[Feature]:
    return [_count(f"{name}_{span}", family, f"{sentence} in the last {span}") for span in COUNTED_OVER]


def _by_channel(name: str, family: Family, sentence: str) -> list[Feature]:
    return [_count(f"{name}_{channel}", family, f"{sentence} by {word}") for channel, word in CHANNEL_WORDS.items()]


_ATTRIBUTION = [
    _category("lead_source", "attribution", "Where the lead came from"),
    _category("landing_page", "attribution", "Page or form through which the lead came in"),
    _category("industry", "attribution", "Industry of the lead's company"),
    _category("seniority", "attribution", "Seniority read from the job title"),
    _category("job_function", "attribution", "Kind of work read from the job title"),
    _category("company_size", "attribution", "Employees of the lead's company, in bands"),
    _category("country", "attribution", "Country of the lead"),
    _measure("crm_score", "attribution", "points of 100", "The CRM's own score when the lead came in", "not scored"),
    _measure(
        "site_visits_30d", "attribution", "visits", "Site visits in the 30 days before the lead came in", "not tracked"
    ),
    _measure("hours_to_engagement", "attribution", "hours", "Time from the contact's creation to its first engagement"),
]

_INTERACTION = [
    _count("n_outbound", "interaction", "Attempts so far"),
    *_over("n_outbound", "interaction", "Attempts"),
    *_by_channel("n_outbound", "interaction", "Attempts"),
    _count("n_replies", "interaction", "Replies received"),
    *_over("n_replies", "interaction", "Replies"),
    *_by_channel("n_replies", "interaction", "Replies"),
    _count("n_delivered", "interaction", "Messages known to have arrived, and calls answered"),
    _count("n_opened", "interaction", "Messages known to have been opened or clicked"),
    _count("n_clicked", "interaction", "Messages whose link was clicked"),
    _count("n_failed", "interaction", "Attempts that failed or bounced"),
    _count("n_skipped", "interaction", "Steps that were due and skipped"),
    *_by_channel("n_skipped", "interaction", "Steps skipped that were due"),
    _count("n_connected", "interaction", "Calls that the lead answered"),
    _count("n_voicemail", "interaction", "Calls that ended on the voicemail"),
    _count("n_no_answer", "interaction", "Calls that nobody answered"),
    _measure("call_seconds", "interaction", "seconds", "Time spent in calls that the lead answered"),
    _measure("open_share", "interaction", "share", "Messages opened among settled SMS and e-mails", "none settled yet"),
    _measure(
        "click_share", "interaction", "share", "Messages clicked among settled SMS and e-mails", "none settled yet"
    ),
    _measure(
        "failed_share",
        "interaction",
        "share",
        "Messages failed or bounced among settled SMS and e-mails",
        "none settled yet",
    ),
    _measure("connect_share", "interaction", "share", "Calls answered among calls that are over", "no call over yet"),
    _measure("reply_share", "interaction", "replies an attempt", "Replies for each attempt", _NO_ATTEMPT),
    *[
        _measure(
            f"reply_share_{channel}",
            "interaction",
            "replies an attempt",
            f"Replies by {word} for each attempt by {word}",
            f"no attempt by {word} yet",
        )
        for channel, word in CHANNEL_WORDS.items()
    ],
    _count("n_steps_tried", "interaction", "Different known steps tried", "steps"),
    _measure(
        "last_step_order",
        "interaction",
        "position",
        "Position of the last attempt's step in its campaign's own order",
        "no attempt yet, or the last one's step is not known",
    ),
    _category("last_channel", "interaction", "Channel of the last attempt", "'none': no attempt yet"),
    _category(
        "sequence_variant", "interaction", "Order of steps of the last attempt, else of the first enrolment", _NOT_IN
    ),
    _count("n_outbound_since_reply", "interaction", "Attempts since the last reply; all where there was none"),
    _count(
        "n_opened_since_reply",
        "interaction",
        "Messages opened and not answered: sent since the last reply, all where there was none",
    ),
]

_CALENDAR = [
    _measure("hours_since_engaged", "calendar", "hours", "Time since first engagement"),
    _measure("local_hour", "calendar", "hour of day, lead's own", "Hour of the day at the landmark", _NO_ZONE),
    _measure(
        "local_weekday",
        "calendar",
        "0 Monday to 6 Sunday",
        "Weekday where the lead is, at the landmark",
        _NO_ZONE,
    ),
    _measure(
        "is_business_hours",
        "calendar",
        "0 or 1",
        "Whether it is Monday to Friday, 9 to 17, where the lead is, at the landmark",
        _NO_ZONE,
    ),
    _measure(
        "engaged_local_hour", "calendar", "hour of day, lead's own", "Hour of the day at first engagement", _NO_ZONE
    ),
    _measure(
        "engaged_local_weekday",
        "calendar",
        "0 Monday to 6 Sunday",
        "Weekday where the lead is, at first engagement",
        _NO_ZONE,
    ),
]

_TIMING = [
    _measure("hours_since_outbound", "timing", "hours", "Time since the last attempt", _NO_ATTEMPT),
    _measure("hours_since_reply", "timing", "hours", "Time since the last reply", _NO_REPLY),
    _measure(
        "hours_since_opened", "timing", "hours", "Time since the last message that was opened was sent", "none opened"
    ),
    _measure("first_reply_hours", "timing", "hours", "Time from first engagement to the first reply", _NO_REPLY),
    _measure(
        "mean_gap_hours",
        "timing",
        "hours",
        "Mean time between one attempt or reply and the next",
        "fewer than two attempts and replies",
    ),
    _measure(
        "gap_spread_hours",
        "timing",
        "hours",
        "Standard deviation, of the population, of the times between one attempt or reply and the next",
        "fewer than two attempts and replies",
    ),
    _measure(
        "longest_gap_hours",
        "timing",
        "hours",
        "Longest time between one attempt or reply and the next",
        "fewer than two attempts and replies",
    ),
    _measure(
        "mean_reply_latency_hours",
        "timing",
        "hours",
        "Mean time from the last attempt before a reply to the reply",
        "no reply after an attempt",
    ),
    _measure(
        "fastest_reply_hours",
        "timing",
        "hours",
        "Shortest time from the last attempt before a reply to the reply",
        "no reply after an attempt",
    ),
    _measure(
        "last_reply_latency_hours",
        "timing",
        "hours",
        "Time from the last attempt before the last reply to that reply",
        "the last reply follows no attempt",
    ),
    _measure(
        "business_hours_outbound_share",
        "timing",
        "share",
        "Attempts made Monday to Friday, 9 to 17, where the lead is",
        "no attempt yet, or time zone not known",
    ),
    _measure(
        "business_hours_reply_share",
        "timing",
        "share",
        "Replies that came Monday to Friday, 9 to 17, where the lead is",
        "no reply yet, or time zone not known",
    ),
    _measure(
        "last_outbound_local_hour",
        "timing",
        "hour of day, lead's own",
        "Hour of the day of the last attempt",
        "no attempt yet, or time zone not known",
    ),
]

_CONTENT = [
    _count("n_positive_replies", "content", "Replies that sound interested"),
    _count("n_negative_replies", "content", "Replies that decline"),
    _count("n_objections", "content", "Replies that raise an objection"),
    _count("n_questions", "content", "Replies that ask a question"),
    _count("n_opt_out_replies", "content", "Replies that ask to stop"),
    _count("n_urgent_replies", "content", "Replies that ask for haste"),
    _count("n_meeting_replies", "content", "Replies that ask for a call or a time"),
    _count("n_price_replies", "content", "Replies that ask for the price"),
    _measure(
        "mean_reply_words",
        "content",
        "words",
        "Average length of the replies that hold words",
        "no reply with words yet",
    ),
    _measure("last_reply_words", "content", "words", "Length of the last reply", _NO_WORDS),
    _measure(
        "mean_reply_sentiment",
        "content",
        "-1 to 1",
        "Average mood, each to the thousandth, of the replies in a language whose moods are known",
        "no such reply yet",
    ),
    _category(
        "last_reply_intent", "content", "Intent of the last reply", f"'none': {_NO_WORDS}, or is in a language not read"
    ),
    _category("last_objection", "content", "What the last objection was about", "'none': no objection yet"),
    _category("reply_language", "content", "Language of the last reply", f"'none': {_NO_WORDS}"),
    _measure("last_prompt_chars", "content", "characters", "Length of the last prompt sent", _NO_PROMPT),
    _measure("last_prompt_questions", "content", "questions", "Questions in the last prompt sent", _NO_PROMPT),
    _measure(
        "last_prompt_has_ask", "content", "0 or 1", "Whether the last prompt sent asks for one clear thing", _NOT_JUDGED
    ),
    _measure("last_prompt_has_link", "content", "0 or 1", "Whether the last prompt sent holds a link", _NO_PROMPT),
    _measure(
        "last_prompt_placeholders",
        "content",
        "placeholders",
        "How many personal things the last prompt sent names",
        _NO_PROMPT,
    ),
    _measure(
        "last_prompt_has_pressure", "content", "0 or 1", "Whether the last prompt sent hurries the reader", _NOT_JUDGED
    ),
    _measure(
        "last_prompt_has_opt_out", "content", "0 or 1", "Whether the last prompt sent says how to stop", _NOT_JUDGED
    ),
    _measure(
        "last_prompt_reading_ease",
        "content",
        "points, 100 very easy",
        "How easily the last prompt sent is read (Flesch)",
        _NOT_JUDGED,
    ),
    _measure(
        "last_prompt_sentiment",
        "content",
        "-1 to 1",
        "Mood of the last prompt sent",
        _NOT_JUDGED,
    ),
    *(
        _measure(
            f"last_prompt_like_{name}",
            "content",
            "likeness, at most 1",
            f"How much the last prompt sent is like {anchor.words}",
            _NO_LIKENESS,
        )
        for name, anchor in ANCHORS.items()
    ),
    _measure("mean_prompt_words", "content", "words", "Average length of the prompts sent", _NO_PROMPT),
    _measure("pressing_prompt_share", "content", "share", "Prompts sent that hurry the reader", _NO_JUDGED),
    _measure("asking_prompt_share", "content", "share", "Prompts sent that ask for one clear thing", _NO_JUDGED),
]

_ENGAGEMENT = [
    _measure(
        "engagement_score",
        "engagement",
        "points",
        "Engagement score: points for what the lead did, halved with each half-life since",
    ),
    _measure(
        "engagement_score_now", "engagement", "points", "Engagement score of the short half-life: how warm a lead is"
    ),
    _measure(
        "engagement_trend",
        "engagement",
        "share",
        "The short score over the long one, losses taken as gains: 1 where all was just now, 0 where it is long ago",
        "no points yet",
    ),
]

_CONVERSION = [
    _count("n_quick_replies", "conversion", "Replies within an hour of the last attempt before them"),
    _measure(
        "hours_since_positive_reply",
        "conversion",
        "hours",
        "Time since the last reply that sounds interested",
        "none yet",
    ),
    _measure("has_last_word", "conversion", "0 or 1", "Whether the lead wrote last: a reply waits for an answer"),
    _measure(
        "is_won_over", "conversion", "0 or 1", "Whether a reply that sounds interested came after the last objection"
    ),
    _count("n_long_calls", "conversion", "Answered calls of two minutes or more"),
    _measure("has_booked_call", "conversion", "0 or 1", "Whether a call was booked"),
    _measure("hours_since_booked", "conversion", "hours", "Time since a call was last booked", "none yet"),
    _measure("was_qualified", "conversion", "0 or 1", "Whether somebody qualified the lead"),
    _measure("hours_since_qualified", "conversion", "hours", "Time since the lead was last qualified", "not yet"),
]

_PERFORMANCE = [
    _category("campaign", "performance", "Campaign of the last attempt, else of the first enrolment", _NOT_IN),
    _measure(
        "campaign_rate",
        "performance",
        "share",
        "Share of the campaign's earlier leads that reached the rated target, shrunk to the mean",
        _NO_CAMPAIGN_RATE,
    ),
    _measure(
        "campaign_leads", "performance", "leads", "Earlier leads that the campaign's rate rests on", _NO_CAMPAIGN_RATE
    ),
    _measure(
        "campaign_reply_rate",
        "performance",
        "share",
        "Share of the campaign's attempts at earlier leads that were answered in time, shrunk to the mean",
        _NO_CAMPAIGN_RATE,
    ),
    _measure(
        "source_rate",
        "performance",
        "share",
        "Share of the lead source's earlier leads that reached the rated target, shrunk to the mean",
        "source not known, or no earlier lead came from it",
    ),
    _measure(
        "step_rate",
        "performance",
        "share",
        "Share of earlier leads tried with the last step that reached the rated target, shrunk to the mean",
        _NO_RATE,
    ),
    _measure(
        "step_reply_rate",
        "performance",
        "share",
        "Share of the last step's attempts at earlier leads that were answered in time, shrunk to the mean",
        _NO_RATE,
    ),
    _measure(
        "prompt_rate",
        "performance",
        "share",
        "Share of earlier leads sent the last prompt that reached the rated target, shrunk to the mean",
        _NO_RATE,
    ),
    _measure(
        "prompt_reply_rate",
        "performance",
        "share",
        "Share of the last prompt's attempts at earlier leads that were answered in time, shrunk to the mean",
        _NO_RATE,
    ),
]

FEATURES: tuple[Feature, ...] = (
    *_ATTRIBUTION, *_CALENDAR, *_INTERACTION, *_TIMING, *_CONTENT, *_ENGAGEMENT, *_CONVERSION, *_PERFORMANCE,
)  # fmt: skip
