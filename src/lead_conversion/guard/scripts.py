"""Where a value is a word of its own in a text, in scripts that part words by blanks and in those that do not."""

import re

# Thai to Khmer, kana, Han, Hangul (as syllables and as their parts): nothing parts a word there from its neighbours,
# or, in Korean, from the particle behind it.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7ff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
UNSPACED = re.compile(f"[{_UNSPACED}]")
CASELESS = re.compile(f"[\u0590-\u08ff\u0900-\u0dff{_UNSPACED}]")
CASELESS_RUNS = re.compile(f"{CASELESS.pattern}+(?: {CASELESS.pattern}+)*")
# "And", "to", "in", "the" and their like are written as one with the word behind them.
PROCLITICS = re.compile(
    r"(?:[\u0648\u0641]?[\u0628\u0644\u0643]?(?:\u0627\u0644|\u0644)?|[\u05d5\u05e9]{0,2}[\u05d1\u05db\u05dc\u05de]?\u05d4?)"
)
LONGEST_PROCLITIC = 4
ABJADS = re.compile("[\u0590-\u08ff]")
MIN_WITH_GENITIVE = 4


def stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether what stands there is a word, or several, or one with the s of a genitive; in unspaced scripts it is."""
    is_unspaced = UNSPACED.match(folded, start) is not None
    if is_unspaced and end - start == 1:
        return not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum())
    if is_unspaced:
        return True
    if start and folded[start - 1].isalnum() and not UNSPACED.match(folded, start - 1):
        return _is_behind_proclitic(folded, start)
    behind = folded[end : end + 2]
    if not behind[:1].isalnum() or UNSPACED.match(behind):
        return True
    return behind[0] == "s" and end - start >= MIN_WITH_GENITIVE and not behind[1:].isalnum()


def _is_behind_proclitic(folded: str, start: int) -> bool:
    if not ABJADS.match(folded, start):
        return False
    before = re.split(r"[\W_]", folded[max(0, start - LONGEST_PROCLITIC - 1) : start])[-1]
    return PROCLITICS.fullmatch(before) is not None
