"""The people who come in: what is recorded of them, and what it says about their chances.

Every name, address and number is invented: domains end in .example, which is reserved for
documentation, and North American numbers lie in the exchange 555, which is kept for fiction.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from lead_conversion.kernel.windows import HOURS_A_DAY
from lead_conversion.simulation.campaigns import (
    INDUSTRIES,
    SOURCES,
    Agency,
    Bools,
    Floats,
    Ints,
)
from lead_conversion.simulation.draws import at_share, happen, pick
from lead_conversion.simulation.spec import LEADS_A_BATCH
from lead_conversion.simulation.zones import ZONES

Texts = NDArray[np.object_]

_SOURCE_SHARE = (0.20, 0.15, 0.12, 0.13, 0.13, 0.08, 0.14, 0.05)
_SOURCE_SCORE = np.array((-0.05, 0.15, 0.60, 0.30, -0.15, 0.10, -0.85, 0.40))
_INDUSTRY_SHARE = (0.15, 0.12, 0.10, 0.14, 0.17, 0.12, 0.12, 0.08)
_INDUSTRY_SCORE = np.array((0.30, 0.10, 0.25, 0.0, -0.05, 0.10, -0.25, -0.30))
_SIZES = ("1-10", "11-50", "51-200", "201-1000", "1000+")
_SIZE_SHARE = (0.18, 0.27, 0.25, 0.18, 0.12)
_SIZE_SCORE = np.array((-0.15, 0.10, 0.25, 0.05, -0.25))
_TITLES: tuple[tuple[str, ...], ...] = (
    ("Intern", "Marketing Intern", "Working Student Operations"),
    ("Analyst", "Training Coordinator", "Office Administrator", "HR Specialist", "Teacher"),
    ("Training Manager", "Operations Manager", "Team Lead Support", "HR Manager", "Project Manager"),
    ("Director of Learning", "Director of Operations", "Head of HR", "Admissions Director"),
    ("VP People", "Vice President Operations", "VP of Sales"),
    ("CEO", "Chief Operating Officer", "CTO", "Chief People Officer", "CFO"),
    ("Owner", "Founder", "Co-Founder", "Managing Partner"),
)
_SENIORITY_SHARE = (0.04, 0.29, 0.30, 0.14, 0.06, 0.09, 0.08)
_SENIORITY_SCORE = np.array((-0.9, -0.25, 0.15, 0.40, 0.20, 0.0, 0.30))
_EXECUTIVE, _INTERN, _OWNER = 5, 0, 6
_EDUCATION = tuple(map(INDUSTRIES.index, ("higher_education", "k12", "edtech")))
_MID_OR_LARGE, _LARGE = (2, 3, 4), (3, 4)
_SOME_VISITS, _MANY_VISITS = 3, 9
_SOURCE_DETAILS = ("spring", "autumn", "brand", "newsletter", "homepage")
_SATURDAY = 5
MISSING = -1
NOTHING = np.array(None, dtype=object)

_PLACES: tuple[tuple[str, str, str, str], ...] = (
    # city, region, country, time zone
    ("New York", "NY", "US", "America/New_York"),
    ("Boston", "MA", "US", "America/New_York"),
    ("Atlanta", "GA", "US", "America/New_York"),
    ("Chicago", "IL", "US", "America/Chicago"),
    ("Austin", "TX", "US", "America/Chicago"),
    ("Denver", "CO", "US", "America/Denver"),
    ("Phoenix", "AZ", "US", "America/Phoenix"),
    ("Seattle", "WA", "US", "America/Los_Angeles"),
    ("San Diego", "CA", "US", "America/Los_Angeles"),
    ("Toronto", "ON", "CA", "America/Toronto"),
    ("Vancouver", "BC", "CA", "America/Vancouver"),
    ("Leeds", "England", "GB", "Europe/London"),
    ("Glasgow", "Scotland", "GB", "Europe/London"),
    ("Brisbane", "QLD", "AU", "Australia/Brisbane"),
    ("Madrid", "Madrid", "ES", "Europe/Madrid"),
    ("Puebla", "Puebla", "MX", "America/Mexico_City"),
    ("Lyon", "Auvergne-Rhône-Alpes", "FR", "Europe/Paris"),
    ("Köln", "Nordrhein-Westfalen", "DE", "Europe/Berlin"),
    ("Curitiba", "PR", "BR", "America/Sao_Paulo"),
)
_PLACE_SHARE = np.array(
    (0.10, 0.06, 0.08, 0.10, 0.10, 0.06, 0.05, 0.08, 0.08,
     0.05, 0.03, 0.04, 0.02, 0.03, 0.03, 0.03, 0.02, 0.02, 0.02)
)  # fmt: skip
LANGUAGE_OF_COUNTRY = {"ES": "es", "MX": "es", "FR": "fr", "DE": "de", "BR": "pt"}

_WORDS = {
    "companies": (
        "Alder Beacon Cedar Delta Ember Fulcrum Granite Harbor Iris Juniper Keystone Lumen Meridian North Oak "
        "Pioneer Quarry Ridge Summit Tidal Umber Vertex Willow Yarrow Zenith Copper Bright Atlas"
    ),
    "area codes": (
        "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 "
        "251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 "
        "317 318 319 320 321 323 325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 "
        "410 412 413 414 415 417 419 423 425 430 432 434 435 440 443 469 478 479 480 484 501 502 503 504 505 507 "
        "508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 562 563 567 570 571 573 574 575 580 585 "
        "586 601 602 603 605 606 607 608 609 610 612 614 615 616"
    ),
}
_FIRST_NAMES = {
    "en": "Avery Blake Cameron Dana Elliot Farah Grace Hannah Imani Jordan Kira Liam Maya Noah Olive "
    "Priya Quinn Rosa Samir Tessa Uma Victor Wendy Xavier Yara Zoe Aaron Bella Caleb Daisy Ethan "
    "Fiona Gavin Holly Isaac June Kofi Leila Marcus Nadia Owen Petra Ravi Sadie Theo Violet",
    "es": "Alejandra Bruno Carmen Diego Elena Fernando Gloria Hugo Inés Javier Lucía Mateo Nuria "
    "Óscar Pilar Rafael Sofía Tomás",
    "fr": "Amélie Bastien Chloé Damien Élise Fabrice Hélène Julien Léa Mathieu Noémie Pascal Sylvie",
    "de": "Anke Bernd Claudia Dieter Elke Florian Greta Heiko Jana Klaus Lena Moritz Sabine Uwe",
    "pt": "Ana Beatriz Caio Débora Eduardo Fabiana Gustavo Helena Igor Larissa Murilo Natália Renata",
}
_LAST_NAMES = {
    "en": "Abbott Barlow Carver Dalton Ellison Fairfax Garner Hollis Ingram Jarvis Kendrick Lawson "
    "Mercer Nolan Okafor Prescott Quigley Ramsey Sutton Thatcher Underhill Vaughn Whitaker Yates "
    "Acharya Banerjee Castellan Delacroix Everhart Finnegan Galloway Hathaway Iyer Jimenez Kowalski "
    "Lindqvist Mbeki Nakamura Ostrander Pellegrin Rothwell Sandoval Tremaine Vance Winslow Zielinski",
    "es": "Aguilera Benítez Cordero Domínguez Escobar Fuentes Granados Herrera Ibarra Lozano Montoya "
    "Navarrete Ortega Pacheco Quiroga Rincón Salcedo Trujillo Valverde Zamora",
    "fr": "Arnaud Beaumont Chevalier Delorme Fontaine Garnier Lacroix Marchand Perrot Rousseau Vasseur",
    "de": "Albrecht Brückner Dietrich Ebert Fiedler Hartmann Krüger Lindner Mühlbauer Pfeiffer Vogt",
    "pt": "Almeida Barbosa Cavalcanti Duarte Esteves Figueira Guimarães Moreira Nogueira Queiroz Teles",
}
_COMPANY_HEADS = _WORDS["companies"].split()
_COMPANY_TAILS = {
    "higher_education": ("College", "University", "Institute"),
    "k12": ("Schools", "Academy Trust", "School District"),
    "edtech": ("Learning", "Classroom", "Tutors"),
    "healthcare": ("Health", "Clinics", "Care Group"),
    "software": ("Software", "Labs", "Systems"),
    "financial_services": ("Capital", "Insurance", "Credit Union"),
    "manufacturing": ("Works", "Components", "Industries"),
    "nonprofit": ("Foundation", "Alliance", "Trust"),
}
_STREETS = ("Maple Street", "Station Road", "Elm Avenue", "Harbor Lane", "Mill Road", "Park Street")
_AREA_CODES = _WORDS["area codes"].split()
_NUMBER_BLOCKS: dict[str, tuple[tuple[str, ...], int]] = {
    # heads and how many digits follow; the British and French blocks are reserved for fiction
    "GB": (
        tuple(f"+44{area}4960" for area in (113, 114, 116, 117, 118, 121, 131, 141, 151, 161)),
        3,
    ),
    "FR": (("+3326191", "+3353301", "+3346571", "+3353649"), 4),
    "AU": (("+614915",), 5),
    "ES": (("+346555",), 5),
    "MX": (("+5255555",), 5),
    "DE": (("+49155512",), 5),
    "BR": (("+55119555",), 5),
}
_NUMBERS_A_BATCH = 1_000  # of one country, before a number could come twice
_NUMBER_FORMS = ("+1{0}555{1}", "+1 ({0}) 555-{1}", "{0}-555-{1}", "({0}) 555-{1}", "1.{0}.555.{1}")
_NUMBER_FORM_SHARE = (0.55, 0.15, 0.15, 0.1, 0.05)
_MISSING_SHARE = {
    "lead_source": 0.03,
    "industry": 0.05,
    "job_title": 0.06,
    "company_size": 0.07,
    "crm_score": 0.12,
    "site_visits_30d": 0.04,
    "phone": 0.09,
    "email": 0.05,
    "ghl_contact_id": 0.012,
    "city": 0.10,
    "notes": 0.7,
}
# Has a phone number, has an e-mail address, and the share of leads: each has one of them at least.
ADDRESS_SHARES = (
    (True, True, (1 - _MISSING_SHARE["phone"]) * (1 - _MISSING_SHARE["email"])),
    (True, False, (1 - _MISSING_SHARE["phone"]) * _MISSING_SHARE["email"]),
    (False, True, _MISSING_SHARE["phone"]),
)
_NOTES = (
    "Spoke to {first} on the phone, prefers {phone} after 5pm. Boss is {other}.",
    "{first} {last} asked for the brochure by post: {street}, {city}.",
    "cc {other} ({other_email}) on everything please",
    "met {first} at the fair, very keen. alt. email {alt_email}",
    "Do not call before 10. Assistant: {other}, {phone}",
    "{first} moved to {street}, {city}, update the address",
    "wants invoice to {alt_email}. budget decided by {other} in Q1",
    "Left a message with {other}. Call back {phone}",
)


@dataclass(frozen=True)
class Leads:
    """What drives the leads of a batch: one value a lead, times in hours of the history."""

    arrived_at: Floats
    enrolled_at: Floats
    campaign: Ints
    variant: Ints
    score: Floats  # log-odds of a booking, relative to the average lead
    tilt: Floats  # what people and rules who choose prompts go by: the standardised score
    responsiveness: Floats
    trend: Floats  # enrolment as a share of the history, -0.5 to 0.5
    hidden: Floats  # -1 or 1: not recorded anywhere
    has_phone: Bools
    has_email: Bools
    zone: Ints  # places in ZONES
    qualifies: Floats  # probability, once a call is booked
    qualifies_directly: Floats  # probability, after a positive reply without a booking
    buys: Floats  # probability, once qualified

    def __len__(self) -> int:
        return len(self.arrived_at)

    def take(self, rows: Any) -> "Leads":
        """The same facts of some of the leads, or in another shape, as numpy indexes."""
        return Leads(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def moved(self, campaign: Ints, variant: Ints) -> "Leads":
        """The same leads, had they come into another campaign or order."""
        return replace(self, campaign=campaign, variant=variant)


def _arrivals(agency: Agency, first: int, count: int, rng: np.random.Generator) -> Floats:
    """Ascending hours: more leads later in the history, fewer at weekends and at night."""
    spec = agency.spec
    share = (first + np.arange(count) + rng.random(count)) / spec.leads
    hours = (np.sqrt(1.0 + 1.25 * share) - 1.0) / 0.5 * spec.hours  # intensity 1 + t/2
    weekday = np.datetime64(spec.start, "D").astype("datetime64[D]").view("int64") + 3
    weights = np.where((weekday + np.arange(7)) % 7 >= _SATURDAY, 0.5, 1.2)
    week = np.r_[0.0, np.cumsum(weights)] / weights.sum()
    busy = 1.0 + 0.8 * np.sin((np.arange(24) - 10) / 24 * 2 * np.pi)
    day = np.r_[0.0, np.cumsum(busy)] / busy.sum()
    whole, rest = np.divmod(hours / (7 * HOURS_A_DAY), 1.0)
    full = (whole + 1) * 7 * HOURS_A_DAY <= spec.hours
    days = np.where(full, whole * 7 + np.interp(rest, week, np.arange(8)), hours / HOURS_A_DAY)
    whole, rest = np.divmod(days, 1.0)
    return np.minimum(whole * HOURS_A_DAY + np.interp(rest, day, np.arange(25)), spec.hours)


def _with_missing(values: Ints, share: float, rng: np.random.Generator) -> Ints:
    return np.where(happen(rng, share, len(values)), MISSING, values)


def _named(names: Sequence[str], index: Ints) -> Texts:
    return np.asarray(np.array([*names, None], dtype=object)[index])


def _standing(effects: Floats, missing: float, index: Ints) -> Floats:
    return np.append(effects, missing)[index]


def _choose(logits: Floats, allowed: Bools, rng: np.random.Generator) -> Ints:
    """One option a row, with probabilities in proportion to exp(logits) among those allowed."""
    weights = np.where(allowed, np.exp(logits), 0.0)
    bounds = np.cumsum(weights, axis=1)
    drawn = rng.random(len(logits))[:, None] * bounds[:, -1:]
    return np.asarray((drawn >= bounds).sum(axis=1))


def _choose_campaign(
    agency: Agency, arrived_at: Floats, source: Ints, industry: Ints, rng: np.random.Generator
) -> Ints:
    pull = np.pad(agency.source_pull, ((0, 0), (0, 1)))[:, source].T
    pull = pull + np.pad(agency.industry_pull, ((0, 0), (0, 1)))[:, industry].T
    trend = arrived_at / agency.spec.hours - 0.5
    return _choose(pull + agency.trend_pull * trend[:, None], running_campaigns(agency, arrived_at), rng)


def running_campaigns(agency: Agency, arrived_at: Floats) -> Bools:
    """Leads x campaigns: which of them took in leads when each lead arrived."""
    return (agency.starts_at <= arrived_at[:, None]) & (arrived_at[:, None] < agency.pauses_at)


def variant_probability(agency: Agency, campaign: Ints, tilt: Floats) -> Floats:
    """How likely variant B is for a lead of the campaign."""
    chance = expit(-0.2 + agency.variant_tilt[campaign] * tilt)
    return np.where(agency.has_variant[campaign], chance, 0.0)


def _phones(batch: int, country: Texts, rng: np.random.Generator) -> Texts:
    rank = np.zeros(len(country), dtype=np.int64)
    phones = np.empty(len(country), dtype=object)
    for code in np.unique(country):
        rows = np.flatnonzero(country == code)
        rank[rows] = np.arange(len(rows))
    form = rng.choice(len(_NUMBER_FORMS), len(country), p=_NUMBER_FORM_SHARE)
    for i, code in enumerate(country):
        serial = batch * _NUMBERS_A_BATCH + int(rank[i])
        heads, digits = _NUMBER_BLOCKS.get(code, ((), 0))
        block, number = divmod(serial, 10**digits)
        if rank[i] < _NUMBERS_A_BATCH and block < len(heads):
            phones[i] = f"{heads[block]}{number:0{digits}d}"
        else:
            area, line = i % len(_AREA_CODES), i // len(_AREA_CODES)
            # 0100 to 0199 are typed as placeholders, so that they would name nobody.
            line = 200 + batch * -(-LEADS_A_BATCH // len(_AREA_CODES)) + line
            phones[i] = _NUMBER_FORMS[form[i]].format(_AREA_CODES[area], f"{line:04d}")
    return phones


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed.lower() if c.isascii() and c.isalnum())


def _names(country: Texts, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    first, last = [], []
    draws = rng.random((len(country), 2))
    tables = {k: (_FIRST_NAMES[k].split(), _LAST_NAMES[k].split()) for k in _FIRST_NAMES}
    for code, (a, b) in zip(country, draws, strict=True):
        firsts, lasts = tables[LANGUAGE_OF_COUNTRY.get(code, "en")]
        first.append(at_share(firsts, a))
        last.append(at_share(lasts, b))
    return first, last


def _companies(industry: Ints, rng: np.random.Generator) -> list[str]:
    draws = rng.random((len(industry), 2))
    return [
        f"{at_share(_COMPANY_HEADS, a)} {at_share(tails, b)}"
        for (a, b), tails in zip(draws, (_COMPANY_TAILS[INDUSTRIES[max(i, 0)]] for i in industry), strict=True)
    ]


def other_person(rng: np.random.Generator) -> tuple[str, str]:
    """Name and address of someone who is not in the database."""
    first, last = _FIRST_NAMES["en"].split(), _LAST_NAMES["en"].split()
    a, b = pick(rng, first), pick(rng, last)
    return f"{a} {b}", f"{_plain(a)}.{_plain(b)}@{_plain(b)}-group.example"


def street_address(rng: np.random.Generator) -> str:
    """A house number and a street."""
    return f"{int(rng.integers(1, 400))} {pick(rng, _STREETS)}"


def phone_in_text(serial: int) -> str:
    """A number for fiction as people type it, another one than any contact's own."""
    return f"({_AREA_CODES[serial % len(_AREA_CODES)]}) 555-00{serial % 100:02d}"


def _notes(profile: pd.DataFrame, rng: np.random.Generator) -> list[str | None]:
    notes: list[str | None] = []
    chosen = rng.integers(len(_NOTES), size=len(profile))
    written = ~happen(rng, _MISSING_SHARE["notes"], len(profile))
    for person, note, has_note in zip(profile.itertuples(), chosen, written, strict=True):
        if not has_note:
            notes.append(None)
            continue
        other, other_email = other_person(rng)
        notes.append(
            _NOTES[note].format(
                first=person.first_name,
                last=person.last_name,
                city=person.city or "downtown",
                phone=person.phone or phone_in_text(int(note)),
                street=street_address(rng),
                other=other,
                other_email=other_email,
                alt_email=f"{_plain(str(person.last_name))}{note}@mail.example",
            )
        )
    return notes


def _score(source: Ints, industry: Ints, seniority: Ints, size: Ints, crm: Floats, visits: Floats) -> Floats:
    """Log-odds of the recorded attributes: curved and with interactions, centred and scaled."""
    score = _standing(_SOURCE_SCORE, -0.2, source) + _standing(_INDUSTRY_SCORE, -0.1, industry)
    score += _standing(_SENIORITY_SCORE, -0.3, seniority) + _standing(_SIZE_SCORE, -0.1, size)
    score += np.where(np.isnan(crm), -0.1, 1.1 * expit((np.nan_to_num(crm) - 62.0) / 6.0) - 0.35)
    seen = np.nan_to_num(visits)
    score += np.where(np.isnan(visits), -0.1, 0.45 * np.log1p(np.minimum(seen, 7)) - 0.4)
    score -= 0.7 * (seen > _MANY_VISITS)  # students and job seekers
    executive, intern = seniority == _EXECUTIVE, seniority == _INTERN
    score += 0.8 * (executive & (size == 0)) - 0.6 * (executive & (size == len(_SIZES) - 1))
    score -= 0.4 * (intern & (seen > _SOME_VISITS))
    score += 0.7 * ((source == SOURCES.index("webinar")) & np.isin(industry, _EDUCATION))
    score -= 0.6 * ((source == SOURCES.index("paid_search")) & np.isin(size, _LARGE))
    score += 0.5 * ((source == SOURCES.index("referral")) & (seniority == _OWNER))
    return 0.85 * (score - 0.35)


def draw_people(agency: Agency, batch: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Leads]:
    """The people of a batch: the columns of `contacts` that describe them, and their chances."""
    spec = agency.spec
    first = batch * LEADS_A_BATCH
    count = min(LEADS_A_BATCH, spec.leads - first)
    arrived_at = _arrivals(agency, first, count, rng)
    source = rng.choice(len(SOURCES), count, p=_SOURCE_SHARE)
    industry = rng.choice(len(INDUSTRIES), count, p=_INDUSTRY_SHARE)
    seniority = rng.choice(len(_TITLES), count, p=_SENIORITY_SHARE)
    size = rng.choice(len(_SIZES), count, p=_SIZE_SHARE)
    place = rng.choice(len(_PLACES), count, p=_PLACE_SHARE)

    warmth = _SOURCE_SCORE[source] + 0.6 * _SENIORITY_SCORE[seniority]
    visits = rng.poisson(np.exp(0.6 + 0.6 * warmth + rng.normal(0.0, 0.6, count))).astype(float)
    crm = 100.0 * expit(0.15 + 0.7 * warmth + 0.06 * visits + rng.normal(0.0, 0.7, count))
    crm = np.where(happen(rng, _MISSING_SHARE["crm_score"], count), np.nan, np.round(crm, 1))
    visits[happen(rng, _MISSING_SHARE["site_visits_30d"], count)] = np.nan
    source = _with_missing(source, _MISSING_SHARE["lead_source"], rng)
    industry = _with_missing(industry, _MISSING_SHARE["industry"], rng)
    seniority = _with_missing(seniority, _MISSING_SHARE["job_title"], rng)
    size = _with_missing(size, _MISSING_SHARE["company_size"], rng)
    has_phone = ~happen(rng, _MISSING_SHARE["phone"], count)
    has_email = ~has_phone | ~happen(rng, _MISSING_SHARE["email"], count)

    score = _score(source, industry, seniority, size, crm, visits)
    enrolled_at = arrived_at + rng.exponential(3.0, count) + 0.05
    campaign = _choose_campaign(agency, arrived_at, source, industry, rng)
    tilt = score / 0.9
    trend = arrived_at / spec.hours - 0.5
    leads = Leads(
        arrived_at=arrived_at,
        enrolled_at=enrolled_at,
        campaign=campaign,
        variant=(rng.random(count) < variant_probability(agency, campaign, tilt)).astype(np.int64),
        score=score + 0.3 * trend + 0.12 * np.sin(4 * np.pi * trend),
        tilt=tilt,
        responsiveness=0.5 * score + _standing(np.linspace(0.2, -0.3, 5), 0.0, size),
        trend=trend,
        hidden=np.where(happen(rng, 0.5, count), -1.0, 1.0),
        has_phone=has_phone,
        has_email=has_email,
        zone=np.array([ZONES.index(p[3]) for p in _PLACES])[place],
        qualifies=expit(-0.7 + 0.5 * score + 0.4 * np.isin(size, _MID_OR_LARGE)),
        qualifies_directly=0.25 * expit(-0.2 + 0.5 * score),
        buys=expit(0.05 + 0.4 * score),
    )
    columns = (source, industry, seniority, size)
    return _profile(batch, columns, place, (crm, visits, leads), rng), leads


def _profile(
    batch: int,
    columns: tuple[Ints, Ints, Ints, Ints],
    place: Ints,
    figures: tuple[Floats, Floats, Leads],
    rng: np.random.Generator,
) -> pd.DataFrame:
    source, industry, seniority, size = columns
    crm, visits, leads = figures
    count = len(leads)
    country = _named([p[2] for p in _PLACES], place)
    first_names, last_names = _names(country, rng)
    companies = _companies(industry, rng)
    serials = range(batch * LEADS_A_BATCH, batch * LEADS_A_BATCH + count)
    emails = np.array(
        [
            f"{_plain(a)}.{_plain(b)}{n % 1000 if n % 3 else n}@{_plain(c)}{n // 1000 or ''}.example"
            for a, b, c, n in zip(first_names, last_names, companies, serials, strict=True)
        ],
        dtype=object,
    )
    title_draw = rng.random(count)
    city = _named([p[0] for p in _PLACES], place)
    city[happen(rng, _MISSING_SHARE["city"], count)] = None
    ghl = np.array([f"{v:016x}{b:04x}" for v, b in _ids(count, rng)], dtype=object)
    ghl[happen(rng, _MISSING_SHARE["ghl_contact_id"], count)] = None
    profile = pd.DataFrame(
        {
            "ghl_contact_id": ghl,
            "first_name": first_names,
            "last_name": last_names,
            "email": np.where(leads.has_email, emails, NOTHING),
            "phone": np.where(leads.has_phone, _phones(batch, country, rng), NOTHING),
            "city": city,
            "region": _named([p[1] for p in _PLACES], place),
            "country": country,
            "timezone": _named([p[3] for p in _PLACES], place),
            "lead_source": _named(SOURCES, source),
            "lead_source_detail": _source_details(source, rng),
            "industry": _named(INDUSTRIES, industry),
            "job_title": [
                None if s == MISSING else at_share(_TITLES[s], d) for s, d in zip(seniority, title_draw, strict=True)
            ],
            "company": companies,
            "company_size": _named(_SIZES, size),
            "crm_score": crm,
            "site_visits_30d": visits,
        },
        dtype=object,
    )
    profile["notes"] = np.array(_notes(profile, rng), dtype=object)
    return profile


def _ids(count: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    wide, narrow = rng.integers(0, 2**62, count), rng.integers(0, 2**16, count)
    return zip(wide.tolist(), narrow.tolist(), strict=True)


def _source_details(source: Ints, rng: np.random.Generator) -> Texts:
    drawn = rng.integers(-1, len(_SOURCE_DETAILS), size=len(source))
    return _named(_SOURCE_DETAILS, np.where(source == MISSING, MISSING, drawn))
