"""Which columns of a database say something of a person, told by their names, and which personal classes hide it.

Names are compared without case, accents, underscores and blanks, so that FirstName, first_name and [First Name] are
one, and a name counts only when the list explains the whole of it: 'lat' is a latitude, 'latency' and 'format' are
not. The list can know no more than names tell: a first name in a column 'x17' is not found here, and becomes a keyed
token at the source door as any other unknown value of a label (guard.labels).
"""

import re
import unicodedata
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
    (?:contact|cntct|ctct|customer|cust|client|clnt|lead|person|pers|people|prospect|subscriber|subscr|user|usr|account
    |acct|owner|student|parent|guardian|participant|member|mbr|employee|empl?|patient|sender|recipient|rcpt|receiver
    |from|to|cc|bcc|reply|home|work|wrk|private|personal|business|billing|bill|shipping|ship|mailing|mail|postal|post
    |primary|prim|secondary|sec|main|alt|alternative|other|preferred|pref|legal|emergency|emerg|assistant|asst|spouse
    |referrer|referredby|author){0,3}
"""
NAME = "(?:names?|nms?)"
NUMBER = "(?:no|nr|num|nbr|number)"
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
            {WHOSE}(?:first|frst|fst|last|lst|given|family|fam|middle|mid|maiden|nick|full|sur|fore|birth|display|disp
            |screen|second|f|l|m){NAME}\d?
            |{WHOSE}(?:surname|forename|nickname|initials|username|login|loginname|handle)\d?
            |(?:contact|cntct|ctct|customer|cust|client|clnt|person|pers|people|prospect|subscriber|subscr|user|usr
            |student|parent|guardian|participant|member|mbr|employee|empl?|patient|sender|recipient|rcpt|assistant|asst
            |spouse|owner|author|referrer)s?{NAME}\d?
            |vorname|nachname|familienname|nombres?|apellidos?|prenom|nomdefamille|sobrenome
            """
        ),
        PERSON,
    ),
    PersonalKind("names a person", _names(f"(?:lead)?{NAME}"), PERSON, OF_PEOPLE),
    PersonalKind(
        "is an e-mail address",
        _names(rf"{WHOSE}(?:e?mails?|eml)(?:addr|adr|address|addresses|adresse?|id)?\d?|correo|courriel"),
        KEYED,
    ),
    PersonalKind(
        "is a phone number",
        _names(
            rf"""
            {WHOSE}(?:tele|cell?|mobile?|mob|smart|land|office|direct)?
            (?:phone|phn|fone|mobile?|mob|cell|fax|handy|msisdn|whatsapp|telefon|telefono|tel)(?:{NUMBER}|e164)?\d?
            |{WHOSE}ph{NUMBER}\d?
            """
        ),
        KEYED,
    ),
    PersonalKind(
        "says where a person lives or works",
        _names(
            rf"""
            {WHOSE}(?:street|strt|city|cty|town|village|suburb|address|addr|adr|zip|postcode|pcode|zipcode|postalcode|plz
            |strasse|ort|stadt|calle|ciudad|rue|ville)(?:{NAME}|{NUMBER}|line|ln|address|addr|code|cd)?\d?
            |{WHOSE}(?:geo|gps|map)?(?:latitude|lat|longitude|lng|lon)(?:deg|degrees)?\d?|(?:geo|gps|map)long
            |{WHOSE}(?:geo|gps)(?:location|loc|point|hash|coords?|coordinates?)?|{WHOSE}latl(?:ng|on|ong)
            |{WHOSE}(?:company|cmpny)(?:{NAME})?\d?|(?:comp|co){NAME}|employer(?:{NAME})?
            |(?:organi[sz]ation|org){NAME}
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
            rf"""
            {WHOSE}(?:dateofbirth|dtofbirth|birth(?:date|dt|day|year|yr|place)?|b(?:date|day)|dob|yob)|geburtsdatum
            |ssn|socialsecurity(?:{NUMBER})?|taxid|tax{NUMBER}
            |passport(?:{NUMBER})?|nationalid|nat(?:l)?id|drivers?licen[cs]e(?:{NUMBER})?|iban|bankaccount
            |(?:bank)?(?:account|acct){NUMBER}|(?:credit|debit|cr)?c(?:ard|c|rd){NUMBER}|pan|(?:password|passwd|pwd)\w*
            """
        ),
        NOWHERE,
    ),
    PersonalKind("is a job title", _names(f"{WHOSE}job(?:title|ttl|role|position)"), frozenset({PersonalClass.TITLE})),
    PersonalKind(
        "is the text or an address of a message",
        _names(
            """
            (?:message|msg|mail|email|sms|inbound|reply|response|html|plain)?
            (?:body|text|txt|content|transcript|subject|summary|snippet|preview)(?:html|text|plain)?
            |message|msg|sender|recipients?|from|to|cc|bcc|fromaddress|toaddress|fromnumber|tonumber
            """
        ),
        MESSAGE,
        OF_MESSAGES,
    ),
    PersonalKind(
        "is the text of a message or a template",
        _names("(?:message|msg|mail|email|sms)?(?:body|subject|transcript)(?:html|text|txt|plain)?"),
        WRITTEN,
    ),
    PersonalKind("is the address of a message", _names("sender|recipients?"), KEYED),
    PersonalKind(
        "identifies a person or an event of a person",
        _names(
            """
            (?:ghl|crm|hubspot|salesforce|external|source)?
            (?:contact|cntct|ctct|lead|person|pers|people|customer|cust|client|clnt|prospect|subscriber|message|msg|thread
            |conversation|activity|appointment|enrol?lment)s?(?:ids?|uuid|guid|key|no|nr|num|nbr|number)
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


def folded_name(name: str) -> str:
    """The name as a server reads it that tells names apart by neither case, width nor accents.

    SQL Server leaves that to the collation of the database, and never minds blanks at the end.
    """
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("\u0131", "i").strip()


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", folded_name(name))
