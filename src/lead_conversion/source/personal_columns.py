"""Which columns of a database say something of a person, told by their names, and which personal classes hide it.

Names are compared without case, underscores and blanks, so that FirstName, first_name and [First Name] are one. The
list can know no more than names tell: a first name in a column 'x17' is not found here, and becomes a keyed token at
the source door as any other unknown value of a label (guard.labels).
"""

import re
from dataclasses import dataclass

from lead_conversion.contracts.source_entities import PersonalClass

NOWHERE: frozenset[PersonalClass] = frozenset()
PERSON = frozenset({PersonalClass.PERSON})
KEYED = frozenset({PersonalClass.IDENTIFIER, PersonalClass.CONTACT_POINT})
MESSAGE = frozenset({PersonalClass.TEXT})
WRITTEN = frozenset({PersonalClass.TEXT, PersonalClass.TEMPLATE})


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(pattern.split()))


# What stands before the word that tells: billing_city, Recipient Phone, referred_by_email.
WHOSE = """
    (?:contact|customer|client|lead|person|people|prospect|subscriber|user|account|owner|student|parent|guardian
    |participant|member|employee|patient|sender|recipient|receiver|from|to|cc|bcc|reply|home|work|private|personal
    |business|billing|shipping|mailing|postal|primary|secondary|main|alt|alternative|other|preferred|legal|emergency
    |assistant|spouse|referrer|referredby|author){0,3}
"""
OF_PEOPLE = _names(
    "contact|customer|client|lead|person|people|prospect|subscriber|user|student|parent|participant|member|employee"
    "|patient"
)
OF_MESSAGES = _names(
    "^(?!.*(?:template|prompt)).*(?:log|message|conversation|communication|inbound|inbox|repl|thread|chat)"
)
ANYWHERE = re.compile("")


@dataclass(frozen=True)
class PersonalKind:
    """Columns that say the same of a person, and the classes of output columns that hide what they say."""

    meaning: str
    column: re.Pattern[str]
    hidden_by: frozenset[PersonalClass]
    table: re.Pattern[str] = ANYWHERE


# The first kind that fits is a column's.
PERSONAL_KINDS = (
    PersonalKind(
        "names a person",
        _names(
            rf"""
            {WHOSE}(?:first|last|given|family|middle|maiden|nick|full|sur|fore|birth|display|screen|second|f|l|m)names?\d?
            |{WHOSE}(?:surname|forename|nickname|initials|username|login|loginname|handle)\d?
            |(?:contact|customer|client|person|people|prospect|subscriber|user|student|parent|guardian|participant|member
            |employee|patient|sender|recipient|assistant|spouse|owner|author|referrer)s?names?\d?
            |vorname|nachname|familienname|nombres?|apellidos?|prenom|nomdefamille|sobrenome
            """
        ),
        PERSON,
    ),
    PersonalKind("names a person", _names("name|leadname"), PERSON, OF_PEOPLE),
    PersonalKind(
        "is an e-mail address",
        _names(rf"{WHOSE}e?mails?(?:addr|address|addresses|adresse)?\d?|correo|courriel"),
        KEYED,
    ),
    PersonalKind(
        "is a phone number",
        _names(
            rf"""
            {WHOSE}(?:tele|cell|mobile|smart|land|office|direct)?
            (?:phone|mobile|cell|fax|handy|msisdn|whatsapp|telefon|telefono|tel)(?:no|nr|num|number|e164)?\d?
            """
        ),
        KEYED,
    ),
    PersonalKind(
        "says where a person lives or works",
        _names(
            rf"""
            {WHOSE}(?:street|city|town|village|suburb|address|addr|zip|postcode|zipcode|postalcode|plz|strasse|ort|stadt
            |calle|ciudad|rue|ville|latitude|longitude|geolocation)(?:name|no|nr|number|line|address|code)?\d?
            |{WHOSE}company(?:name)?\d?|employer|employername|organi[sz]ationname
            |linkedin\w*|ip|ipaddress|useragent|deviceid
            """
        ),
        PERSON,
    ),
    PersonalKind(
        "is written by people about people",
        _names(
            rf"""
            {WHOSE}(?:free|internal|crm|call|sales)?
            (?:notes?|comments?|remarks?|memos?|notiz|notizen|bemerkung|observaciones)(?:text)?\d?
            """
        ),
        NOWHERE,
    ),
    PersonalKind(
        "tells one person from all others",
        _names(
            """
            dateofbirth|birthdate|birthday|dob|geburtsdatum|ssn|socialsecurity(?:no|number)?|taxid|taxnumber
            |passport(?:no|number)?|nationalid|driverslicen[cs]e|iban|bankaccount|accountnumber
            |(?:credit|debit)?card(?:no|nr|num|number)|pan|password\\w*
            """
        ),
        NOWHERE,
    ),
    PersonalKind(
        "is a job title", _names(f"{WHOSE}(?:jobtitle|jobrole|jobposition)"), frozenset({PersonalClass.TITLE})
    ),
    PersonalKind(
        "is the text or an address of a message",
        _names(
            """
            (?:message|mail|email|sms|inbound|reply|response|html|plain)?
            (?:body|text|content|transcript|subject|summary|snippet|preview)(?:html|text|plain)?
            |message|sender|recipients?|from|to|cc|bcc|fromaddress|toaddress|fromnumber|tonumber
            """
        ),
        MESSAGE,
        OF_MESSAGES,
    ),
    PersonalKind(
        "is the text of a message or a template",
        _names("(?:message|mail|email|sms)?(?:body|subject|transcript)(?:html|text|plain)?"),
        WRITTEN,
    ),
    PersonalKind("is the address of a message", _names("sender|recipients?"), KEYED),
    PersonalKind(
        "identifies a person or an event of a person",
        _names(
            """
            (?:ghl|crm|hubspot|salesforce|external|source)?
            (?:contact|lead|person|people|customer|client|prospect|subscriber|message|thread|conversation|activity
            |appointment|enrol?lment)s?(?:ids?|uuid|guid|key|no|nr|number)
            """
        ),
        frozenset({PersonalClass.IDENTIFIER}),
    ),
)


def personal_kind(table: str, column: str) -> PersonalKind | None:
    """What a column says of a person; None where its name tells of nothing.

    Args:
        table: the table's name, with or without its schema; empty where it is not known.
        column: the column's name.
    """
    plain_table, plain_column = _squeezed(table), _squeezed(column)
    return next(
        (
            kind
            for kind in PERSONAL_KINDS
            if kind.column.fullmatch(plain_column) and (not table or kind.table.search(plain_table))
        ),
        None,
    )


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
