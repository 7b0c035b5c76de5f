"""How high in a company a job title stands; the title itself can name one person, and is not kept."""

import re
import unicodedata

SENIORITIES = ("intern", "staff", "manager", "director", "vp", "c_level", "owner", "unknown")

# Read from the top: the first level of which a word stands in the title is its level. Words are without accents.
LEVELS: tuple[tuple[str, str], ...] = (
    # "assistant to the CEO" is no CEO.
    ("staff", r"(assistant|secretary) (to|of)|(ea|pa) to|chief of staff|(business|hr) partner"),
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
LEVEL_PATTERNS = tuple((level, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for level, words in LEVELS)
NO_TITLE = frozenset({"", "n/a", "na", "none", "null", "unknown", "-", "--", "tbd", "test", "other"})


def seniority_of(title: str | None) -> str:
    """The level of a job title: one of SENIORITIES; 'staff' for a title that names no level."""
    if title is None:
        return "unknown"
    decomposed = unicodedata.normalize("NFKD", title).casefold()
    folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace(".", "").strip()
    if folded in NO_TITLE or not any(letter.isalpha() for letter in folded):
        return "unknown"
    return next((level for level, pattern in LEVEL_PATTERNS if pattern.search(folded)), "staff")
