"""The agency's messages: prompts put together from parts that read well side by side.

Every part is one or two whole sentences that stand on their own, so any choice of parts in the
order greeting, opening, personal line, value, proof, pressure, ask, closing, notice is a message
that an adviser could have written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lead_conversion.simulation.draws import happens, pick

SMS, EMAIL, VOICE = range(3)
CHANNELS = ("sms", "email", "voice")
AGENT_NAME = "Cory"


@dataclass(frozen=True)
class Tone:
    """What of a text is meant to matter: the planted effects lean on these four statements."""

    has_pressure: bool = False
    has_clear_ask: bool = True
    is_personal: bool = False
    is_long: bool = False


@dataclass(frozen=True)
class Theme:
    """What a campaign is about, in sentences."""

    name: str
    objective: str
    programme: str
    openings: tuple[str, ...]
    values: tuple[str, ...]
    proofs: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One template with its {{placeholders}}; only an e-mail has a subject."""

    subject: str | None
    body: str


THEMES: tuple[Theme, ...] = (
    Theme(
        name="Team upskilling: inbound enquiries",
        objective="book_call",
        programme="the Data Skills for Teams programme",
        openings=(
            "Thank you for asking about the Data Skills for Teams programme.",
            "You asked us for details of the Data Skills for Teams programme, so here I am.",
            "I saw your enquiry about data training for your team.",
        ),
        values=(
            "Your team learns on its own reports, so nobody sits through theory they never use.",
            "Most teams finish in eight weeks, with two hours of study a week.",
            "Every participant works with a coach who has done the same job.",
            "You can start with five people and add more later at the same fee.",
            "Lessons are live and recorded, so shift workers don't miss out.",
            "We begin with a skills check, so beginners and experts don't share a class.",
        ),
        proofs=(
            "Last year 140 teams went through it, and nine in ten finished.",
            "A logistics firm of 60 people cut its monthly reporting from four days to one.",
            "Managers tell us that they see the first change after about three weeks.",
        ),
        subjects=(
            "Data training for your team",
            "Your question about Data Skills for Teams",
            "Eight weeks, two hours a week",
            "How other teams learn data skills",
            "A short plan for {{company}}",
        ),
    ),
    Theme(
        name="Webinar follow-up: AI at work",
        objective="book_call",
        programme="our AI at Work course",
        openings=(
            "Thanks for signing up for our webinar on AI at work.",
            "I hope the webinar on AI at work gave you something to try.",
            "You joined our session on AI at work, so I wanted to write to you myself.",
        ),
        values=(
            "The course picks up where the webinar stopped: your own tasks, step by step.",
            "In six short units people learn what to hand to an assistant and what to keep.",
            "We cover the rules on privacy as well, which is where most teams get stuck.",
            "No programming is needed; a laptop and an hour a week will do.",
            "Each unit ends with something you can use the next morning.",
            "Your colleagues can join later without starting from zero.",
        ),
        proofs=(
            "Participants say that they save about three hours a week by the end.",
            "A regional hospital has now sent its third group to us.",
            "Eight out of ten people who attended that webinar took a next step with us.",
        ),
        subjects=(
            "After the webinar: what comes next",
            "The slides, and one idea for you",
            "AI at work without the hype",
            "A practical next step after the webinar",
            "Three hours a week back",
        ),
    ),
    Theme(
        name="Executive programme admissions",
        objective="admission_interview",
        programme="the Executive Leadership Programme",
        openings=(
            "Thank you for your interest in the Executive Leadership Programme.",
            "Admissions asked me to get in touch about your Executive Leadership application.",
            "You downloaded the Executive Leadership brochure, and I am your contact for it.",
        ),
        values=(
            "The programme runs over nine months, with one long weekend each month.",
            "Your cohort has at most 24 people, chosen so that no two are competitors.",
            "You bring a real decision from your company and leave with a plan for it.",
            "Each participant has a mentor who has led a firm of similar size.",
            "Half of the sessions are with people who have sat in your chair.",
            "The fee can be spread over two budget years.",
        ),
        proofs=(
            "Two thirds of last year's cohort took on a larger role within a year.",
            "Alumni still meet every quarter, without us having to ask them.",
            "The board of a mid-sized insurer has sent us someone four years in a row.",
        ),
        subjects=(
            "Your place in the Executive Leadership Programme",
            "A question about your application",
            "Nine months, one weekend each",
            "Who else is in the autumn cohort",
            "From the admissions office",
        ),
    ),
    Theme(
        name="Reactivation: earlier contacts",
        objective="re_engage",
        programme="our short courses",
        openings=(
            "We spoke some time ago about training, and things have changed on our side since.",
            "It has been a while since you last heard from Northlight Academy.",
            "You once asked us about courses, and I promised to write when there was news.",
        ),
        values=(
            "We now run short courses of two mornings each, without any homework.",
            "You can try the first session at no cost and decide afterwards.",
            "All courses can now be taken in the evening as well.",
            "We have built a course on planning with uncertain numbers, which many asked for.",
            "Groups are small, so there is time for your own questions.",
            "Prices are on the page now, so you know them before we speak.",
        ),
        proofs=(
            "Of the people who came back to us this year, most enrolled in a second course.",
            "Our short courses are rated 4.8 out of 5 by 900 participants.",
            "Many who had no time last year told us that two mornings did fit.",
        ),
        subjects=(
            "It has been a while",
            "What has changed since we spoke",
            "Two mornings instead of two months",
            "Try the first session",
            "A shorter way to learn",
        ),
    ),
    Theme(
        name="Partner and referral welcome",
        objective="book_call",
        programme="the Academy's partner offer",
        openings=(
            "A colleague of yours suggested that I get in touch with you.",
            "Welcome: you came to us through one of our partners.",
            "Our partner passed on your details because you were looking for training.",
        ),
        values=(
            "Through the partner offer you get an adviser who stays with you for the year.",
            "Your people can choose among 30 courses and swap them until the first day.",
            "We set up a plan per role, so you don't have to read a catalogue.",
            "There is one invoice a quarter, however many people take part.",
            "You see the progress of your team on one page.",
            "If a course doesn't suit someone, they move to another at no cost.",
        ),
        proofs=(
            "Organisations that come through partners stay with us for four years on average.",
            "A school network of eleven sites trains all of its office staff this way.",
            "Your colleague's team has already finished its first three courses.",
        ),
        subjects=(
            "A colleague suggested I write",
            "Welcome to Northlight Academy",
            "A training plan by role",
            "Your partner offer, in short",
            "Thirty courses, one adviser",
        ),
    ),
    Theme(
        name="Project certificate: autumn intake",
        objective="enrol",
        programme="the Project Management Certificate",
        openings=(
            "Thanks for looking at the Project Management Certificate.",
            "I am the adviser for the autumn intake of the Project Management Certificate.",
            "You had a look at our certificate page, so I thought I would say hello.",
        ),
        values=(
            "The certificate takes twelve weeks and is accepted by most large employers.",
            "You study on one real project, ideally one from your own desk.",
            "There are two exam dates, and you can move yours once.",
            "Study groups meet at lunch or in the evening, as you prefer.",
            "Your employer can book it as training, and we provide the paperwork.",
            "If you have managed projects for two years, you can skip the first module.",
        ),
        proofs=(
            "94 of 100 participants pass at the first attempt.",
            "Last autumn's group came from 31 different employers.",
            "Half of our graduates tell us that the study group alone was worth it.",
        ),
        subjects=(
            "The autumn intake of the certificate",
            "Twelve weeks to your certificate",
            "Can you skip the first module?",
            "Your project as your study case",
            "About the exam dates",
        ),
    ),
)

_SMS_GREETINGS = (
    "Hi {{first_name}}, {{agent_name}} from Northlight Academy here.",
    "Hello {{first_name}}, this is {{agent_name}} at Northlight Academy.",
    "Hi {{first_name}}, it's {{agent_name}} (Northlight Academy).",
    "{{first_name}}, {{agent_name}} from Northlight Academy here.",
)
_EMAIL_GREETINGS = ("Hi {{first_name}},", "Hello {{first_name}},", "Dear {{first_name}},")
_VOICE_GREETINGS = (
    "Hi {{first_name}}, this is {{agent_name}} calling from Northlight Academy.",
    "Hello {{first_name}}, {{agent_name}} here from Northlight Academy.",
    "Good day {{first_name}}, my name is {{agent_name}} and I am calling from Northlight Academy.",
)
_FOLLOW_UPS = (
    "Following up on my last message about {programme}.",
    "I wanted to add one thing about {programme}.",
    "A quick thought on {programme}, since it may not have been clear.",
    "I am getting back to you about {programme}.",
    "One more detail about {programme} that people often ask for.",
    "I know that your days are full, so just this about {programme}.",
)
_FAREWELLS = (
    "This is my last message about {programme} for now.",
    "I don't want to fill your inbox, so I will leave {programme} with you after this.",
    "I will close your file on {programme} after this note, and you can reopen it any time.",
)
_PERSONAL = (
    "I looked at what {{company}} does before writing, and I think that this fits.",
    "I imagine that finding time for training at {{company}} is not easy, so we plan around it.",
    "I put together two ideas for {{company}} that we could go through.",
    "For a team like yours at {{company}}, I would start small.",
    "What would help {{company}} most right now is what I would like to understand.",
)
_PRESSURE = (
    "Only two places are left, so act now.",
    "This is your last chance at the current fee, and it ends tonight.",
    "If I don't hear from you today, I will have to give your place away.",
    "Don't miss out: registration closes at midnight.",
    "You need to decide now, because the price goes up tomorrow.",
    "Hurry, the final places are going fast.",
)
_CLEAR_ASKS = (
    "Do you have 15 minutes this week? Pick a time here: {{booking_link}}",
    "You can book a 15-minute call here: {{booking_link}}",
    "Would Tuesday or Thursday suit you for a short call? Times are here: {{booking_link}}",
    "Shall we talk it through for ten minutes? Choose a time: {{booking_link}}",
    "Which day suits you for a short call? My calendar: {{booking_link}}",
    "Here is my calendar, please take any free quarter of an hour: {{booking_link}}",
    "Would a ten-minute call on Tuesday or on Thursday suit you?",
    "Reply YES and I will call you this week.",
    "Which day is best for a ten-minute call?",
)
_VAGUE_ASKS = (
    "Let me know what you think.",
    "Happy to share more if it is of interest.",
    "Feel free to get in touch at some point.",
    "Any thoughts are welcome.",
    "Have a look at our website when you find the time.",
    "Feel free to look around here at some point: {{booking_link}}",
    "Happy to share more if it is of interest; you can find me at {{booking_link}}",
)
_PRESSED_ASKS = (
    "Let me know today.",
    "I am waiting for your answer.",
    "Please tell me where you stand.",
    "I need a yes or a no from you.",
    "Let me know today at {{booking_link}}",
)
_VOICE_CLEAR_ASKS = (
    "Could we set up fifteen minutes with an adviser this week? I will text you the link: {{booking_link}}",
    "Would tomorrow at ten or at three work for a short call? You will find both times at {{booking_link}}",
    "Shall I reserve a quarter of an hour for you? You can also choose it yourself at {{booking_link}}",
    "Does Tuesday or Thursday suit you for a short call with an adviser?",
    "Shall we set up a ten-minute call for later this week?",
)
_VOICE_VAGUE_ASKS = (
    "Give us a call back whenever you like.",
    "Perhaps we will speak at some point.",
    "You know where to find us.",
    "I will text you our calendar for whenever you like: {{booking_link}}",
)
_CLOSINGS = (
    "Best wishes,",
    "Kind regards,",
    "All the best,",
    "Many thanks,",
    "Warm regards,",
)
_SIGNATURES = (
    "{{agent_name}}\nNorthlight Academy, Admissions",
    "{{agent_name}} | Northlight Academy",
    "{{agent_name}}\nAdviser, Northlight Academy",
)
# In lines of their own: a text message has no full stop between its link and "Reply STOP".
_SMS_NOTICES = (
    "\nReply STOP to opt out.",
    "\nText STOP and I won't write again.",
)
_EMAIL_NOTICES = (
    "\n\nTo unsubscribe, just reply with that word.",
    "\n\nYou can opt out of these e-mails at any time: just tell me.",
)
_NOTICE_SHARE = 0.4
_FURTHER_SUBJECTS = ("Following up: {subject}", "One more thing: {subject}", "Re: {subject}")


def _opening(theme: Theme, position: int, last: int, rng: np.random.Generator) -> str:
    if position == 0:
        return pick(rng, theme.openings)
    parts = _FAREWELLS if position == last else _FOLLOW_UPS
    return pick(rng, parts).format(programme=theme.programme)


def _arguments(theme: Theme, count: int, rng: np.random.Generator) -> list[str]:
    chosen = rng.permutation(len(theme.values))[:count]
    return [theme.values[i] for i in chosen]


def _pick_ask(tone: Tone, clear: Sequence[str], vague: Sequence[str], rng: np.random.Generator) -> str:
    if tone.has_clear_ask:
        return pick(rng, clear)
    return pick(rng, _PRESSED_ASKS if tone.has_pressure else vague)


def _compose_sms(theme: Theme, tone: Tone, opening: str, rng: np.random.Generator) -> str:
    parts = [pick(rng, _SMS_GREETINGS), opening]
    parts += [pick(rng, _PERSONAL)] if tone.is_personal else []
    parts += _arguments(theme, 4 if tone.is_long else 1, rng)
    parts += [pick(rng, theme.proofs)] if tone.is_long else []
    parts += [pick(rng, _PRESSURE)] if tone.has_pressure else []
    parts.append(_pick_ask(tone, _CLEAR_ASKS, _VAGUE_ASKS, rng))
    return " ".join(parts)


def _compose_voice(theme: Theme, tone: Tone, opening: str, rng: np.random.Generator) -> str:
    parts = [pick(rng, _VOICE_GREETINGS), opening]
    parts += [pick(rng, _PERSONAL)] if tone.is_personal else []
    parts += _arguments(theme, 4 if tone.is_long else 2, rng)
    parts += [pick(rng, _PRESSURE)] if tone.has_pressure else []
    parts.append(_pick_ask(tone, _VOICE_CLEAR_ASKS, _VOICE_VAGUE_ASKS, rng))
    return " ".join(parts)


def _compose_email(theme: Theme, tone: Tone, opening: str, rng: np.random.Generator) -> str:
    first = [opening, *([pick(rng, _PERSONAL)] if tone.is_personal else [])]
    second = _arguments(theme, 5 if tone.is_long else 2, rng)
    if tone.is_long or happens(rng, 0.5):
        second.append(pick(rng, theme.proofs))
    third = [pick(rng, _PRESSURE)] if tone.has_pressure else []
    third.append(_pick_ask(tone, _CLEAR_ASKS, _VAGUE_ASKS, rng))
    closing = f"{pick(rng, _CLOSINGS)}\n{pick(rng, _SIGNATURES)}"
    paragraphs = [" ".join(first), " ".join(second), " ".join(third)]
    return "\n\n".join([pick(rng, _EMAIL_GREETINGS), *paragraphs, closing])


def _notice(channel: int, rng: np.random.Generator) -> str:
    """How to stop, below some of the written messages; by draws of its own, so that they move none of the world's."""
    own = rng.spawn(1)[0]
    if channel == VOICE or not happens(own, _NOTICE_SHARE):
        return ""
    return pick(own, _SMS_NOTICES if channel == SMS else _EMAIL_NOTICES)


def compose_prompt(theme: Theme, channel: int, place: tuple[int, int], tone: Tone, rng: np.random.Generator) -> Prompt:
    """A message of the campaign at its place in the sequence.

    Args:
        theme: what the campaign is about.
        channel: SMS, EMAIL or VOICE.
        place: the step's position and the last position, both from zero.
        tone: the statements about the text that hold for it.
        rng: where the wording comes from.
    """
    position, last = place
    opening, notice = _opening(theme, position, last, rng), _notice(channel, rng)
    if channel == SMS:
        return Prompt(None, _compose_sms(theme, tone, opening, rng) + notice)
    if channel == VOICE:
        return Prompt(None, _compose_voice(theme, tone, opening, rng))
    subject = pick(rng, theme.subjects)
    if position > 0 and happens(rng, 0.5):
        subject = pick(rng, _FURTHER_SUBJECTS).format(subject=subject)
    return Prompt(subject, _compose_email(theme, tone, opening, rng) + notice)
