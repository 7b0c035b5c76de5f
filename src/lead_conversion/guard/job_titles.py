"""How high a job title stands and what kind of work it names; the title itself can name one person, and is not kept."""

import re
import unicodedata

SENIORITIES = ("intern", "staff", "manager", "director", "vp", "c_level", "owner", "unknown")
JOB_FUNCTIONS = (
    "education", "people", "marketing", "support", "sales", "technology", "product", "finance", "legal", "health",
    "operations", "administration", "general_management", "other", "unknown",
)  # fmt: skip

# Read from the top: the first level of which a word stands in the title is its level. Words are without accents.
LEVELS: tuple[tuple[str, str], ...] = (
    # "assistant to the CEO" is no CEO.
    ("staff", r"(assistant|secretary) (to|of)|(ea|pa) to|chief of staff|(business|hr) partner|(product|process) owner"),
    ("intern", r"intern(ship)?|trainee|apprentice|azubi|praktikant\w*|werkstudent\w*|working student"),
    ("intern", r"becari[oa]|practicante|stagiaire|estagiari[oa]"),
    ("vp", r"[es]?vp|avp|vice[ -]president\w*|vizeprasident\w*"),
    ("owner", r"(co[ -]?)?(owner|founder)\w*|proprietor|self[ -]employed|freelancer?|managing partner"),
    ("owner", r"propietari[oa]|duen[oa]|(co)?fundador[a]?|proprietari[oa]|soci[oa]"),
    ("owner", r"(co)?fondat(eur|rice)|gerant|inhaber\w*|(mit)?grunder\w*"),
    ("c_level", r"c[efotmirps]o|chro|chief|president\w*|managing director|general manager"),
    ("c_level", r"geschaftsfuhr\w*|vorstand\w*|directeur general|director general|pdg"),
    ("c_level", r"diretor geral|gerente general"),
    ("director", r"director\w*|head|principal|dean"),
    ("director", r"directeur|directrice|diretor[a]?|(abteilungs|bereichs)?leiter\w*|leitung"),
    ("manager", r"\w*manager\w*|lead(er)?(?! gen)|supervisor\w*|coordinat?or[a]?|coordenador[a]?"),
    ("manager", r"gerente|jef[ea]|encargad[oa]|responsable|chef de|teamleiter\w*"),
)
# The first function of which a word stands in the title is its function: a sales engineer sells, and whoever leads
# everything is asked last.
FUNCTIONS: tuple[tuple[str, str], ...] = (
    ("administration", r"(assistant|secretary) (to|of)|(ea|pa) to"),
    ("people", r"hr|human resources?|people|talent|recruit\w*|head ?hunter|personal(leiter|abteilung|referent)\w*"),
    ("people", r"rr ?hh|recursos humanos|ressources humaines"),
    ("education", r"teach\w*|professor\w*|lecturer|instructor|faculty|academic|tutor|trainer\w*|dean|provost"),
    ("education", r"learning|training|education\w*|admissions?|enrol?lment|curriculum|school principal|^principal$"),
    ("education", r"\w*lehrer\w*|dozent\w*|weiterbildung\w*|schul\w*|maestr[oa]|docente|profesor[a]?|formacion"),
    ("education", r"formation|formateur|formatrice|enseignant[e]?|treinamento|educac\w+"),
    ("marketing", r"\w*marketing|brand|growth|content|communications?|pr|public relations|seo|sem|social media|cmo"),
    ("marketing", r"kommunikation|mercadeo|mercadotecnia|comunicac\w+"),
    ("support", r"customer (success|service|support|care|experience)|client (success|services?)|support|help ?desk"),
    ("support", r"kunden(service|betreu\w+|dienst)|atencion al cliente|atendimento"),
    ("sales", r"sales\w*|account (executive|manager)|business development|bd[rm]|sdr|lead gen\w*|revenue|cro"),
    ("sales", r"vertrieb\w*|verkauf\w*|ventas|vendas|vendedor[a]?|comercial|commercial[e]?"),
    ("product", r"product|produkt\w*|producto|produit|ux|ui|design\w*|research\w*|r&d"),
    ("technology", r"software|develop\w+|programmer|dev ?ops|it|tech|technolog\w+|technical|data|systems?|network"),
    ("technology", r"engineer\w*|cto|cio|ciso|cyber\w*|cloud|informati\w+|web ?master"),
    ("technology", r"\w*entwickler\w*|ingeni\w+|desarroll\w+|desenvolv\w+|developpeu\w+"),
    ("finance", r"financ\w*|finanz\w*|cfo|account(ant|ing|s)\w*|controller|controlling|treasur\w+|audit\w*|bank\w*"),
    ("finance", r"buchhalt\w*|contab\w+|contador[a]?|comptab\w+|tax|payroll|invest\w+"),
    ("legal", r"legal|law|lawyer|attorney|counsel|paralegal|notar\w*|compliance|abogad[oa]|advogad[oa]|avocat[e]?"),
    ("health", r"doctor|physician|nurs\w+|medical|clinic\w*|pharma\w*|dent\w+|therap\w+|surgeon|arzt|medic[oa]"),
    ("operations", r"operat\w+|coo|logistic\w*|supply chain|production|manufacturing|plant|facilit\w+|procurement"),
    ("operations", r"purchas\w+|buyer|warehouse|project\w*|program(me)?|construction|site|quality|einkauf\w*|compras"),
    ("operations", r"betrieb\w*|produktion\w*|logisti\w+|operacion\w*|operaco\w*|achats|proyectos?|projet\w*"),
    ("administration", r"admin\w*|secretar\w+|assistant\w*|office|reception\w*|sekretar\w*|verwaltung|asistente"),
    (
        "general_management",
        r"(co[ -]?)?(owner|founder)\w*|proprietor|ceo|chief executive\w*|president\w*|self[ -]employed",
    ),
    ("general_management", r"managing (director|partner)|general manager|freelancer?|board|partner|vorstand\w*"),
    ("general_management", r"geschaftsfuhr\w*|inhaber\w*|(mit)?grunder\w*|duen[oa]|propietari[oa]|(co)?fundador[a]?"),
    (
        "general_management",
        r"director general|directeur general|pdg|gerant|gerente( general)?|soci[oa]|proprietari[oa]",
    ),
    ("general_management", r"(co)?fondat(eur|rice)|diretor geral"),
)
NO_TITLE = frozenset({"", "n/a", "na", "none", "null", "unknown", "-", "--", "tbd", "test", "other"})


def seniority_of(title: str | None) -> str:
    """The level of a job title: one of SENIORITIES; 'staff' for a title that names no level."""
    return _first_named(title, _LEVEL_PATTERNS, otherwise="staff")


def job_function_of(title: str | None) -> str:
    """The kind of work of a job title: one of JOB_FUNCTIONS; 'other' for a title that names none of them."""
    return _first_named(title, _FUNCTION_PATTERNS, otherwise="other")


def _compile(named: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for name, words in named)


_LEVEL_PATTERNS, _FUNCTION_PATTERNS = _compile(LEVELS), _compile(FUNCTIONS)


def _first_named(title: str | None, named: tuple[tuple[str, re.Pattern[str]], ...], otherwise: str) -> str:
    """The first name of which a word stands in the title; 'unknown' where there is no title."""
    if title is None:
        return "unknown"
    decomposed = unicodedata.normalize("NFKD", title).casefold()
    folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace(".", "").strip()
    if folded in NO_TITLE or not any(letter.isalpha() for letter in folded):
        return "unknown"
    return next((name for name, pattern in named if pattern.search(folded)), otherwise)
