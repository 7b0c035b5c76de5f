"""What people write back: short, careless, in five languages, with personal data in it."""

import re
from dataclasses import dataclass

import numpy as np

from lead_conversion.simulation.behaviour import NEUTRAL, OBJECTION, OPT_OUT, POSITIVE
from lead_conversion.simulation.draws import happens, pick
from lead_conversion.simulation.people import other_person, phone_in_text, street_address
from lead_conversion.simulation.prompts import AGENT_NAME, EMAIL

OBJECTIONS = ("price", "time", "trust", "fit", "authority", "not_now")

_POSITIVE = {
    "en": (
        "yes that sounds good, how do we start?",
        "Sure, Thursday works for me",
        "Interested! Can you call me tomorrow morning?",
        "ok lets talk, im free after 3",
        "Yes please send me the times again",
        "This is exactly what we were looking for. Happy to have a call.",
        "sounds great, count me in",
        "I'd like to book a call but the link did not open on my phone",
        "Yes. Tuesday 10am?",
        "Good timing, we are just planning our training for next year. Let's speak.",
        "can we do a quick call this week",
        "Love it. What do you need from me?",
        "Yes please, can you call me back today?",
        "sounds good, please ring me asap",
    ),
    "es": (
        "Sí, me interesa. ¿Cuándo podemos hablar?",
        "Perfecto, el jueves me va bien",
        "claro, llámame mañana por la mañana",
        "Me gustaría saber más, ¿podemos reservar una llamada?",
        "Sí, me interesa. Llámeme lo antes posible",
    ),
    "fr": (
        "Oui, cela m'intéresse. Quand peut-on se parler ?",
        "D'accord pour jeudi matin",
        "parfait, appelez moi demain svp",
        "Très bien, je veux bien réserver un appel.",
        "Oui, cela m'intéresse. Rappelez-moi dès que possible",
    ),
    "de": (
        "Ja, gerne. Wann passt es Ihnen?",
        "Klingt gut, Donnerstag geht bei mir",
        "Interesse besteht, rufen Sie mich bitte morgen an",
        "Genau das suchen wir. Lassen Sie uns telefonieren.",
        "Ja, gerne. Rufen Sie mich bitte noch heute an",
    ),
    "pt": (
        "Sim, tenho interesse. Quando podemos conversar?",
        "Ótimo, quinta-feira está bom para mim",
        "pode me ligar amanhã de manhã?",
        "Quero saber mais, vamos marcar uma ligação",
        "Sim, tenho interesse. Me ligue o quanto antes",
    ),
}
_NEUTRAL = {
    "en": (
        "who is this?",
        "How long does it take in total?",
        "Is it online or in person?",
        "Can you send the details by email",
        "What would it look like for 12 people?",
        "do we get a certificate at the end?",
        "Which level is it for?",
        "When is the next start date?",
        "got it, will have a look",
        "Is there a brochure I can pass on?",
        "In a meeting, will read later",
        "is this a bot?",
        "What are the next dates? Please answer as soon as possible.",
        "I need to know by tomorrow: when is the next start date?",
    ),
    "es": (
        "¿Quién es?",
        "¿Cuánto dura el curso?",
        "¿Es en línea o presencial?",
        "ok, lo miro luego",
        "¿Me puede enviar las fechas cuanto antes?",
    ),
    "fr": (
        "Qui êtes-vous ?",
        "Combien de temps dure la formation ?",
        "C'est en ligne ou sur place ?",
        "ok je regarde plus tard",
        "Il me faut les dates aujourd'hui svp",
    ),
    "de": (
        "Wer ist da bitte?",
        "Wie lange dauert der Kurs?",
        "Ist das online oder vor Ort?",
        "ok, schaue ich mir später an",
        "Ich brauche die Termine so bald wie möglich",
    ),
    "pt": (
        "Quem é?",
        "Quanto tempo dura o curso?",
        "É online ou presencial?",
        "ok, vejo depois",
        "Preciso das datas para hoje, por favor",
    ),
}
_OBJECTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "price": (
            "too expensive for us sorry",
            "We don't have budget for this right now.",
            "what does it cost? last time it was way over our budget",
            "The fee is more than we can pay.",
            "cant afford it",
        ),
        "time": (
            "no time for this at the moment",
            "My people are already working overtime, they can't take a course too.",
            "Two hours a week is not realistic for us",
            "too busy sorry",
        ),
        "trust": (
            "how did you get my number?",
            "Never heard of you. Is this a scam?",
            "I'd want to see references before I talk to anyone",
            "sounds too good to be true",
        ),
        "fit": (
            "This isn't relevant for what we do.",
            "we need something for nurses not office people",
            "Not the right fit for us, thanks",
            "we already work with another provider",
        ),
        "authority": (
            "I'm not the one who decides this, HR does",
            "You would have to ask my boss",
            "that decision is made at head office",
            "I can't sign off on training, sorry",
        ),
        "not_now": (
            "Not now, try me again next quarter",
            "maybe later in the year",
            "We are in the middle of a reorganisation, please come back in spring.",
            "not interested right now",
            "bad timing",
        ),
    },
    "es": {
        "price": ("Es demasiado caro para nosotros", "No tenemos presupuesto este año"),
        "time": ("No tengo tiempo ahora", "Estamos hasta arriba de trabajo"),
        "trust": ("¿De dónde han sacado mi número?", "No os conozco, ¿esto es una estafa?"),
        "fit": ("Esto no encaja con lo que hacemos", "Ya trabajamos con otro proveedor"),
        "authority": ("Eso lo decide mi jefe", "No soy yo quien decide"),
        "not_now": ("Ahora no, quizás más adelante", "Escríbame en primavera"),
    },
    "fr": {
        "price": ("C'est trop cher pour nous", "Pas de budget cette année"),
        "time": ("Je n'ai pas le temps en ce moment", "Nous sommes débordés"),
        "trust": ("Comment avez-vous eu mon numéro ?", "C'est une arnaque ?"),
        "fit": ("Cela ne correspond pas à nos besoins", "Nous avons déjà un prestataire"),
        "authority": ("Ce n'est pas moi qui décide", "Il faut voir avec ma direction"),
        "not_now": ("Pas maintenant, peut-être plus tard", "Revenez vers moi au printemps"),
    },
    "de": {
        "price": ("Das ist uns zu teuer", "Dafür haben wir dieses Jahr kein Budget"),
        "time": ("Dafür fehlt uns gerade die Zeit", "Keine Zeit, sorry"),
        "trust": ("Woher haben Sie meine Nummer?", "Kenne ich nicht, ist das seriös?"),
        "fit": ("Passt leider nicht zu uns", "Wir haben schon einen Anbieter"),
        "authority": ("Das entscheidet meine Chefin", "Das entscheide nicht ich"),
        "not_now": ("Im Moment nicht, vielleicht später", "Melden Sie sich im Frühjahr wieder"),
    },
    "pt": {
        "price": ("É muito caro para nós", "Não temos orçamento este ano"),
        "time": ("Não tenho tempo agora", "Estamos sobrecarregados de trabalho"),
        "trust": ("Como conseguiu o meu número?", "Não conheço vocês, isso é golpe?"),
        "fit": ("Não combina com o que fazemos", "Já temos outro fornecedor"),
        "authority": ("Quem decide é o meu chefe", "Não sou eu que decido"),
        "not_now": ("Agora não, talvez mais tarde", "Fale comigo no próximo trimestre"),
    },
}
_OPT_OUTS = {
    "en": (
        "STOP",
        "stop",
        "please remove me from your list",
        "Unsubscribe",
        "take me off this list please",
        "Do not contact me again.",
        "leave me alone",
        "no more messages please",
    ),
    "es": ("STOP", "Por favor, no me escriban más", "Darme de baja"),
    "fr": ("STOP", "Merci de me retirer de votre liste", "Désinscription svp"),
    "de": ("STOP", "Bitte streichen Sie mich aus dem Verteiler", "Abmelden bitte"),
    "pt": ("STOP", "Por favor, me tirem da lista", "Não me contatem mais"),
}
_TEXTS: dict[int, dict[str, tuple[str, ...]]] = {
    POSITIVE: _POSITIVE,
    NEUTRAL: _NEUTRAL,
    OPT_OUT: _OPT_OUTS,
}
_FIRST_WORDS = (
    "Hi, I saw your website. Do you offer courses for small teams?",
    "hello, is anyone there? question about your programmes",
    "Could someone send me the course list?",
    "My colleague told me about you. What is the next start date?",
    "hi do you have evening classes",
)
# What people add about themselves and others, by how often.
_PERSONAL_ADDITIONS = (
    ("My direct number is {phone}", 0.030),
    ("better to reach me at {email}", 0.025),
    ("Please also ask {other}, {other_email}", 0.020),
    ("post goes to {street}, {city}", 0.012),
    ("You can charge card {card} for the deposit", 0.004),
    ("this is {full_name} by the way", 0.030),
)
# Published test numbers of the card schemes: they pass the check digit and belong to no one.
_TEST_CARDS = ("4111 1111 1111 1111", "5555 5555 5555 4444", "4242-4242-4242-4242")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_THANKS = {"en": "Thanks,", "es": "Saludos,", "fr": "Cordialement,", "de": "Gruß,", "pt": "Abraço,"}


@dataclass(frozen=True)
class Writer:
    """Who writes back, and about which message."""

    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    city: str | None
    language: str
    channel: int


@dataclass(frozen=True)
class Reply:
    """A text, and what the writer meant by it."""

    body: str
    objection: str | None = None


_SECOND_THOUGHT = 0.18  # a reply that says two things
_NEUTRAL_QUESTIONS = {
    "en": ("How long does it take in total?", "And what does it cost?", "Is it online?"),
    "es": ("¿Y cuánto cuesta?", "¿Es en línea?"),
    "fr": ("Et quel est le prix ?", "C'est en ligne ?"),
    "de": ("Und was kostet das?", "Ist das online?"),
    "pt": ("E quanto custa?", "É online?"),
}


def _join(first: str, second: str) -> str:
    return f"{first}{'' if first[-1] in '.?!' else '.'} {second}"


def _mistype(text: str, rng: np.random.Generator) -> str:
    """A slip of the thumb: two letters change places, or one goes missing."""
    letters = [m.start() for m in re.finditer(r"(?<=[a-z])[a-z](?=[a-z])", text)]
    if not letters:
        return text
    i = letters[int(rng.integers(len(letters)))]
    if happens(rng, 0.5):
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i + 1 :]


def _add_personal_data(body: str, writer: Writer, rng: np.random.Generator) -> str:
    for addition, share in _PERSONAL_ADDITIONS:
        if happens(rng, share):
            other, other_email = other_person(rng)
            text = addition.format(
                phone=writer.phone or phone_in_text(int(rng.integers(10_000))),
                email=writer.email or other_email,
                other=other,
                other_email=other_email,
                street=street_address(rng),
                city=writer.city or "downtown",
                card=pick(rng, _TEST_CARDS),
                full_name=f"{writer.first_name} {writer.last_name}",
            )
            body = _join(body, text)
    return body


def _sign(body: str, writer: Writer, rng: np.random.Generator) -> str:
    lines = [body, "", _THANKS[writer.language], f"{writer.first_name} {writer.last_name}"]
    if writer.phone and happens(rng, 0.4):
        lines.append(writer.phone)
    return "\n".join(lines)


def quote_thread(body: str, outbound: str, day: str, depth: int) -> str:
    """The reply with the message it answers below it, quoted as often as it went back and forth."""
    quoted = outbound
    for _ in range(depth):
        quoted = "\n".join(f"> {line}" for line in quoted.splitlines())
        quoted = f"On {day}, {AGENT_NAME} <{AGENT_NAME.lower()}@northlight.example> wrote:\n{quoted}"
    return f"{body}\n\n{quoted}"


def write_reply(response: int, writer: Writer, outbound: str, rng: np.random.Generator) -> Reply:
    """What the lead writes back to an outbound message, given what it means to say."""
    language = writer.language
    objection: str | None = None
    if response == OBJECTION:
        objection = pick(rng, OBJECTIONS)
        body = pick(rng, _OBJECTIONS[language][objection])
        if happens(rng, _SECOND_THOUGHT):
            second = pick(rng, _OBJECTIONS[language][pick(rng, OBJECTIONS)])
            body = body if second == body else _join(body, second)
    else:
        body = pick(rng, _TEXTS[response][language])
        if response == POSITIVE and happens(rng, _SECOND_THOUGHT):
            body = _join(body, pick(rng, _NEUTRAL_QUESTIONS[language]))
    if response != OPT_OUT:
        body = _add_personal_data(body, writer, rng)
    if happens(rng, 0.15):
        body = _mistype(body, rng)
    if writer.channel == EMAIL:
        if happens(rng, 0.5):
            body = _sign(body, writer, rng)
        if happens(rng, 0.35):
            body = quote_thread(body, outbound, pick(rng, _DAYS), 1)
    return Reply(body, objection)


def write_first(rng: np.random.Generator) -> Reply:
    """What someone writes in with before anyone has written to them."""
    return Reply(pick(rng, _FIRST_WORDS))


def tag_reply(response: int, reply: Reply, rng: np.random.Generator) -> str | None:
    """The tags that the conversation tool gives the reply: mostly right, at times missing."""
    if response == OPT_OUT:
        return "opt_out" if happens(rng, 0.7) else "negative_intent,opt_out"
    if happens(rng, 0.12):
        return None
    if happens(rng, 0.06):
        return str(rng.choice(("positive_intent", "question", "negative_intent")))
    if response == POSITIVE:
        return "positive_intent" if happens(rng, 0.8) else "positive_intent,question"
    if response == OBJECTION:
        return f"negative_intent,objection_{reply.objection}"
    return "question" if "?" in reply.body else "neutral"
