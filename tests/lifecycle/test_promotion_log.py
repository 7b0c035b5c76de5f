import fcntl
import json

import pytest

from lead_conversion.kernel.errors import AccessError
from lead_conversion.lifecycle.promotion_log import PromotionLog, champion_by_log, find_tampering

MODEL, OTHER = "leads_t1", "leads_t2"


@pytest.fixture
def log(tmp_path):
    return PromotionLog(tmp_path / "audit" / "promotions.jsonl")


def change(version, state="done", model=MODEL):
    return {"model": model, "state": state, "version": version}


@pytest.fixture
def written(log):
    """Five lines, and the anchors that the registry has of them."""
    anchors = {}
    with log.locked():
        for event in (change("1", "asked"), change("1"), change("1", model=OTHER), change("2", "asked"), change("2")):
            anchors[event["model"]] = str(log.append(event))
    return anchors


def test_log_that_nobody_touched_is_as_it_was_written(log, written):
    assert find_tampering(log.lines(), written) == ()
    assert [json.loads(line)["line"] for line in log.lines()] == [1, 2, 3, 4, 5]


def test_log_that_was_never_written_is_as_it_was_written(log):
    assert find_tampering(log.lines(), {MODEL: ""}) == ()


@pytest.mark.parametrize("line", range(5))
def test_line_that_was_changed_is_found(log, written, line):
    lines = log.lines()
    lines[line] = lines[line].replace(b'"version": "1"', b'"version": "7"').replace(b'"2"', b'"8"')
    assert lines != log.lines()
    assert find_tampering(lines, written)


@pytest.mark.parametrize("line", range(5))
def test_line_that_was_removed_is_found(log, written, line):
    lines = log.lines()
    del lines[line]
    assert find_tampering(lines, written)


@pytest.mark.parametrize("kept", range(5))
def test_tail_that_was_cut_off_is_found(log, written, kept):
    assert find_tampering(log.lines()[:kept], written)


def test_chain_without_its_anchor_would_not_find_the_cut(log, written):
    assert find_tampering(log.lines()[:3], dict.fromkeys(written, "")) == (
        f"lines about {MODEL} follow line 0, the last one that the registry knows",
    )
    assert find_tampering(log.lines()[:3], {}) == ()


def test_tail_that_was_written_anew_with_a_chain_of_its_own_is_found(log, written, tmp_path):
    forged = PromotionLog(tmp_path / "forged.jsonl")
    for line in log.lines():
        event = {key: value for key, value in json.loads(line).items() if key in {"model", "state", "version"}}
        forged.append(event | {"by": "Nobody"})
    assert find_tampering(forged.lines(), {}) == ()
    assert find_tampering(forged.lines(), written)


def test_lines_that_were_added_without_the_registry_are_found(log, written):
    log.append(change("3", "asked"))
    # A change that was killed between line and anchor leaves as much.
    assert find_tampering(log.lines(), written) == ()
    log.append(change("3"))
    assert "follow line 5" in find_tampering(log.lines(), written)[0]


@pytest.mark.parametrize("garbage", [b"not json", b"[]", b'{"line": 6}', b"\xff"])
def test_line_that_is_no_line_of_the_log_is_found(log, written, garbage):
    assert "line 6" in find_tampering([*log.lines(), garbage], written)[0]


def test_anchor_that_is_no_anchor_is_found(log, written):
    assert find_tampering(log.lines(), written | {MODEL: "latest"})
    assert find_tampering(log.lines(), written | {MODEL: "99 " + "0" * 64})


@pytest.mark.usefixtures("written")
def test_log_says_who_is_the_champion_and_whether_the_last_change_was_finished(log):
    assert champion_by_log(log.lines(), MODEL) == ("2", True)
    assert champion_by_log(log.lines(), OTHER) == ("1", True)
    assert champion_by_log(log.lines()[:4], MODEL) == ("1", False)
    log.append(change(None))
    assert champion_by_log(log.lines(), MODEL) == (None, True)


def test_log_that_was_begun_anew_goes_on_from_the_champions_of_that_moment(log):
    with log.locked():
        log.append({"model": "*", "state": "done", "champions": {MODEL: "4"}})
    assert champion_by_log(log.lines(), MODEL) == ("4", True)
    assert champion_by_log(log.lines(), OTHER) == (None, True)


def test_second_change_at_the_same_moment_is_refused(log):
    with log.locked(), log.path.open("ab") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(AccessError, match="Somebody else"), log.locked():
            pass
    with log.locked():
        pass


@pytest.mark.parametrize("act", [lambda log: log.append(change("1")), lambda log: log.locked().__enter__()])
def test_log_that_cannot_be_written_is_refused(tmp_path, act):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit/promotions.jsonl").mkdir()
    with pytest.raises(AccessError, match="cannot be recorded is not done"):
        act(PromotionLog(tmp_path / "audit/promotions.jsonl"))


@pytest.mark.usefixtures("written")
def test_log_is_set_aside_under_a_free_name(log):
    lines = log.lines()
    assert log.set_aside().name == "promotions.jsonl.1"
    log.append(change("9"))
    aside = log.set_aside()
    assert sorted(path.name for path in log.path.parent.iterdir()) == ["promotions.jsonl.1", "promotions.jsonl.2"]
    assert aside.with_name("promotions.jsonl.1").read_bytes().splitlines() == lines
