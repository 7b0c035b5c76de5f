import pytest

from lead_conversion.guard.message_text import MIN_CHARS_OF_LONG, own_words, read_message, readable

THREAD = (
    "On Mon, 5 Jan 2026 at 15:04, Cory <cory@agency.example> wrote:\n> Are you interested?\n> Reply STOP to opt out"
)


@pytest.mark.parametrize(
    "text",
    [
        f"Yes please.\n\n{THREAD}",
        "Yes please. On Mon, Jan 5, 2026 at 3:04 PM Cory <c@agency.example> wrote: Are you interested?",
        "Yes please.\n\nOn Mon, Cory <cory@agency.example> wrote:\n> Are you interested?",
        "Yes please.\n\nOn Mon, 5 Jan 2026 at 15:04,\nCory from the agency <cory@agency.example> wrote:\n> Hello",
        "Yes please.\r\n\r\n-----Original Message-----\r\nFrom: Cory\r\nStop?",
        "Yes please.\n\nFrom: Cory\nSent: Monday\nSubject: Your call\n\nAre you interested?",
        "Yes please.\n\nAm 05.01.2026 um 15:04 schrieb Cory <c@agency.example>:\n> Hallo",
        "Yes please.\n\nLe lun. 5 janv. 2026 à 15:04, Cory a écrit :\n> Bonjour",
        "Yes please.\n\nEl lun, 5 ene 2026 a las 15:04, Cory escribió:\n> Hola",
        "Yes please.\n> Are you interested?",
        "Yes please.\n\nSent from my phone",
        "Yes please.\n-- \nDana Lee\n+1 415 555 0100",
        "Yes please.\n\nThanks,\nDana Lee\n+1 415 555 0100",
        "Yes please.\n\nViele Grüße\nDana",
        "<div>Yes please.</div><blockquote>Are you interested?</blockquote>",
        '<p>Yes&nbsp;please.</p><div class="gmail_quote">On Monday Cory wrote: STOP</div>',
        "<style>p {color: red}</style>Yes please.",
        "Y\u200be\ufeffs pl\u00adease.",
        "  Yes\n\n\tplease. ",
    ],
)
def test_only_the_replys_own_words_count(text):
    assert own_words(text) == "Yes please."


def test_an_answer_below_the_quoted_lines_is_kept():
    assert own_words(f"{THREAD}\n\nYes please.") == "Yes please."


def test_a_colon_and_a_bracket_in_ones_own_words_cut_nothing():
    text = "On Monday I said: 3 < 5 > 2, right? I <3 it"
    assert own_words(text) == text


@pytest.mark.parametrize(
    ("garbled", "read"),
    [
        ("donâ€™t", "don\u2019t"),
        ("maÃ±ana", "mañana"),
        ("â€œyesâ€\x9d", "\u201cyes\u201d"),
        ("mañana à Łódź", "mañana à Łódź"),
        ("maÃ±ana Łódź Ω", "mañana Łódź Ω"),
        ("don&#39;t &amp; won&rsquo;t", "don't & won\u2019t"),
    ],
)
def test_mojibake_and_entities_are_read_as_they_were_meant(garbled, read):
    assert own_words(garbled) == read


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("Yes please, don't wait", ()),
        ("Łódź is fine, señor, “très bien”", ()),
        ("I <3 it, 5 > 3 & more", ()),
        ("Dana <dana@x.example> is right", ()),
        ("Yes 🙂", ("emoji",)),
        ("Yes 👩\u200d🏫", ("emoji",)),
        ("<b>Yes</b>", ("html",)),
        ("don&#39;t", ("html",)),
        ("Y\u200bes", ("invisible",)),
        ("y" * (MIN_CHARS_OF_LONG + 1), ("long",)),
        ("donâ€™t", ("mojibake",)),
        ("dÃ\xada", ("mojibake",)),
        ("Ã\ufffdvila", ("mojibake",)),
        (f"Yes\n{THREAD}", ("quoted_thread",)),
        ("Yes\n> Are you?", ("quoted_thread",)),
        ("Yes\n-----Original Message-----\nFrom: Cory", ("quoted_thread",)),
        ("<div>Yes</div><blockquote>Are you?</blockquote>", ("html", "quoted_thread")),
        ("Yes\n-- \nDana Lee", ()),
        ("Yes\nSent from my phone", ()),
    ],
)
def test_what_is_wrong_with_a_message_is_named_and_nothing_else(text, faults):
    assert read_message(text).faults == faults


def test_an_answer_below_quoted_markup_is_kept():
    assert own_words("<blockquote>Are you interested?</blockquote><p>Yes please.</p>") == "Yes please."


def test_what_stands_below_outlooks_mark_of_a_thread_is_cut():
    assert own_words('<div>Yes please.</div><div id="divRplyFwdMsg">From: Cory</div><div>Hello</div>') == "Yes please."


def test_entities_that_were_escaped_twice_are_read():
    assert readable("jane&amp;#64;example.com") == "jane@example.com"
