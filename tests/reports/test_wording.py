from lead_conversion.reports.wording import diff_lines, redline


def kinds(passages):
    return [(passage.kind, passage.text) for passage in passages]


def test_a_touched_up_sentence_is_marked_word_by_word():
    passages = redline("Hi Ann, can we talk on Monday this week?", "Hi Ann, can we talk on Friday this week?")
    assert kinds(passages) == [
        ("kept", "Hi Ann, can we talk on "),
        ("removed", "Monday"),
        ("added", "Friday"),
        ("kept", " this week?"),
    ]


def test_a_rewritten_sentence_is_shown_whole():
    passages = redline("Thanks. I hope this finds you well.", "Thanks. Shall we talk on Tuesday?")
    assert kinds(passages)[1:] == [("removed", "I hope this finds you well."), ("added", "Shall we talk on Tuesday?")]


def test_kept_and_added_passages_make_the_proposal_and_kept_and_removed_the_current_text():
    current = "Hi {{first_name}},\n\nWe met. Call me!  Or not?\n\nBye\n"
    proposed = "Hi {{first_name}},\n\nWe met last week. Book here: {{link}}\n\nBye\n"
    passages = redline(current, proposed)
    assert "".join(p.text for p in passages if p.kind != "removed") == proposed
    assert "".join(p.text for p in passages if p.kind != "added") == current


def test_the_same_text_is_kept_as_one_passage():
    assert kinds(redline("Hello. Bye.", "Hello. Bye.")) == [("kept", "Hello. Bye.")]


def test_file_headings_of_a_diff_are_no_changes():
    lines = diff_lines("--- current\n+++ proposed\n@@ -1 +1 @@\n-old\n+new\n same")
    assert [line.kind for line in lines] == ["place", "place", "place", "removed", "added", "context"]
