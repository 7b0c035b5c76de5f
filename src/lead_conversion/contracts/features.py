"""The data dictionary of features: what each means, its unit, and what a missing value says."""

from dataclasses import dataclass
from typing import Literal

Family = Literal["attribution", "interaction", "timing", "content", "campaign"]


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


def _category(name: str, family: Family, sentence: str, missing: str = _UNKNOWN) -> Feature:
    return Feature(name, family, "categorical", "category", sentence, missing)


def _count(name: str, family: Family, sentence: str) -> Feature:
    return Feature(name, family, "numeric", "events", sentence, _NEVER)


def _measure(name: str, family: Family, unit: str, sentence: str, missing: str = _NEVER) -> Feature:
    return Feature(name, family, "numeric", unit, sentence, missing)


FEATURES: tuple[Feature, ...] = (
    _category("lead_source", "attribution", "Where the lead came from"),
    _category("landing_page", "attribution", "Page or form through which the lead came in"),
    _category("industry", "attribution", "Industry of the lead's company"),
    _category("seniority", "attribution", "Seniority read from the job title"),
    _category("company_size", "attribution", "Employees of the lead's company, in bands"),
    _category("country", "attribution", "Country of the lead"),
    _measure("crm_score", "attribution", "points of 100", "The CRM's own score when the lead came in", "not scored"),
    _measure(
        "site_visits_30d", "attribution", "visits", "Site visits in the 30 days before the lead came in", "not tracked"
    ),
    _measure("lead_age_hours", "attribution", "hours", "Time since the contact was created"),
    _count("n_outbound", "interaction", "Messages and calls tried so far"),
    _count("n_outbound_sms", "interaction", "SMS tried so far"),
    _count("n_outbound_email", "interaction", "E-mails tried so far"),
    _count("n_outbound_voice", "interaction", "Calls tried so far"),
    _count("n_outbound_24h", "interaction", "Messages and calls tried in the last 24 hours"),
    _count("n_delivered", "interaction", "Messages known to have arrived, and calls answered"),
    _count(
        "n_opened", "interaction", "Messages known to have been opened or clicked, a settling time after they were sent"
    ),
    _count("n_clicked", "interaction", "Messages whose link was clicked, a settling time after they were sent"),
    _count("n_failed", "interaction", "Messages that failed or bounced"),
    _count("n_skipped", "interaction", "Steps that were due and not tried"),
    _count("n_connected", "interaction", "Calls that the lead answered"),
    _count("n_replies", "interaction", "Replies received"),
    _count("n_replies_24h", "interaction", "Replies received in the last 24 hours"),
    _measure(
        "last_step_order",
        "interaction",
        "position",
        "Position in the sequence of the last step tried",
        "no step tried yet",
    ),
    _measure(
        "open_share",
        "interaction",
        "share",
        "Messages opened among SMS and e-mails, a settling time after they were sent",
        "none sent long enough ago",
    ),
    _measure("reply_share", "interaction", "share", "Replies for each message or call tried", "none tried yet"),
    _measure("hours_since_outbound", "timing", "hours", "Time since the last message or call", "none tried yet"),
    _measure("hours_since_reply", "timing", "hours", "Time since the last reply", "no reply yet"),
    _measure("first_reply_hours", "timing", "hours", "Time from first engagement to the first reply", "no reply yet"),
    _measure("hours_since_engaged", "timing", "hours", "Time since first engagement"),
    _measure("landmark_hour", "timing", "hour of day, UTC", "Hour of the day at the moment of scoring"),
    _measure("landmark_weekday", "timing", "0 Monday to 6 Sunday", "Day of the week at the moment of scoring"),
    _count("n_positive_replies", "content", "Replies that sound interested"),
    _count("n_negative_replies", "content", "Replies that decline"),
    _count("n_objections", "content", "Replies that raise an objection"),
    _count("n_questions", "content", "Replies that ask a question"),
    _measure("mean_reply_words", "content", "words", "Average length of the replies", "no reply yet"),
    _category("last_reply_intent", "content", "Intent of the last reply", "'none': no reply yet"),
    _category("last_objection", "content", "What the last objection was about", "'none': no objection yet"),
    _measure("last_prompt_chars", "content", "characters", "Length of the last prompt sent", "no prompt sent yet"),
    _category("campaign", "campaign", "Campaign that tried the lead last", "'none': not tried yet"),
    _measure(
        "campaign_rate",
        "campaign",
        "share",
        "Share of the campaign's earlier leads that reached the first target, shrunk to the mean",
        "not tried yet",
    ),
)
