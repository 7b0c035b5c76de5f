"""What a log of tests on leads tells, and how it shows that it was changed."""

import pytest

from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiment_log import ExperimentLog, find_tampering, read_standings
from lead_conversion.lifecycle.experiments import Arm, Guardrails, RegisteredTest, parse_arm, planned_arms

TEST = RegisteredTest(
    experiment_id="test-1", hypothesis="h", plan_snapshot_id="s0", campaign_id=1, step_id=10,
    control=Arm(mark="prompt", told_as=("1",)), treatment=Arm(mark="prompt", told_as=("2",)),
    start=parse_moment("2026-03-02"), data_as_of=parse_moment("2026-03-01"), share_treatment=0.5, seed=None,
    horizon_days=30, base_rate=0.1, minimal_detectable_effect=0.05, alpha=0.05, power=0.8, sample_size_per_arm=400,
    looks=(0.5, 1.0), guardrails=Guardrails(days=7, limit_ratio=1.25), sample_ratio_p=0.001,
)  # fmt: skip


@pytest.fixture
def log(tmp_path):
    return ExperimentLog(tmp_path / "audit/experiments.jsonl")


def registered(name="test-1"):
    return {"action": "register", "experiment": name, "test": TEST.model_dump(mode="json")}


def analysed(as_of, information, name="test-1", *, is_final=False, looked=True, verdict="go_on"):
    result = {"as_of": as_of, "information": information, "look": {"number": 1} if looked else None, "verdict": verdict}
    return {"action": "analyse", "experiment": name, "is_final": is_final, "result": result}


def write(log, *events):
    with log.locked():
        return [str(log.append(event)) for event in events]


def test_registered_test_comes_back_as_it_was_registered(log):
    write(log, registered())
    assert read_standings(log.lines())["test-1"].test == TEST


@pytest.mark.parametrize(
    ("change", "says"),
    [({"guardrails": None}, "guardrails"), ({"novelty": "secret"}, "novelty"), ({"control": {}}, "control.mark")],
)
def test_test_in_the_form_of_another_version_is_named_with_its_line_and_parts(log, change, says):
    other = registered("test-2")
    write(log, registered(), other | {"test": other["test"] | change})
    with pytest.raises(DataError, match=rf"Line 2 .*registers test-2 .*\({says}.*Another version wrote it") as refused:
        read_standings(log.lines())
    assert "secret" not in str(refused.value)


def test_only_looks_at_earlier_data_count_as_earlier_looks(log):
    first, second = analysed("2026-05-01T00:00:00", 0.5), analysed("2026-06-01T00:00:00", 0.8)
    write(log, registered(), first, analysed("2026-05-10T00:00:00", 0.6, looked=False), second, registered("test-2"))
    standing = read_standings(log.lines())["test-1"]
    assert standing.looks_before(parse_moment("2026-06-01")) == (0.5,)
    assert standing.looks_before(parse_moment("2026-06-02")) == (0.5, 0.8)
    assert standing.is_running


def test_final_look_decides(log):
    write(log, registered(), analysed("2026-05-01T00:00:00", 0.5, is_final=True), registered("test-2"))
    standings = read_standings(log.lines())
    assert standings["test-1"].decided["line"] == 2
    assert [standing.is_running for standing in standings.values()] == [False, True]


def test_test_that_is_registered_again_begins_without_looks(log):
    end = {"action": "end", "experiment": "test-1", "reason": "r"}
    write(log, registered(), analysed("2026-05-01T00:00:00", 0.5), end, registered())
    standing = read_standings(log.lines())["test-1"]
    assert (standing.analyses, standing.ended) == ((), None)


def test_two_verdicts_of_one_name_on_one_day_both_stay(log):
    final = analysed("2026-05-01T00:00:00", 0.5, is_final=True)
    write(log, *(registered(), final) * 2, registered())
    standings = read_standings(log.lines())
    assert [standing.decided["line"] for standing in standings.values() if standing.decided] == [2, 4]
    assert [standing.is_running for standing in standings.values()] == [False, False, True]


def test_verdict_outlives_another_test_of_the_same_name(log):
    write(log, registered(), analysed("2026-05-01T00:00:00", 0.5, is_final=True), registered())
    standings = read_standings(log.lines())
    before = next(iter(standings))
    assert before.startswith("test-1, decided 20")
    assert [standing.is_running for standing in standings.values()] == [False, True]
    assert (standings[before].decided["line"], standings["test-1"].analyses) == (2, ())


def test_test_that_was_stopped_outlives_another_of_its_name_for_its_leads_are_still_there(log):
    stopped = analysed("2026-05-01T00:00:00", 0.5, looked=False, verdict="stopped_sample_ratio")
    end = {"action": "end", "experiment": "test-1", "reason": "r"}
    write(log, registered(), stopped, end, registered())
    standings = read_standings(log.lines())
    assert next(iter(standings)).startswith("test-1, stopped 20")
    assert [standing.was_stopped for standing in standings.values()] == [True, False]
    assert [standing.is_running for standing in standings.values()] == [False, True]


def test_log_that_nobody_touched_is_as_it_was_written(log):
    anchors = write(log, registered(), analysed("2026-05-01T00:00:00", 0.5))
    assert find_tampering(log.lines(), anchors[-1]) == ""
    # Killed between line and anchor, a command leaves one line.
    assert find_tampering(log.lines(), anchors[-2]) == ""
    assert find_tampering(log.lines(), "") == ""
    assert find_tampering([], "") == ""


@pytest.mark.parametrize("line", range(3))
def test_line_that_was_changed_or_removed_is_found(log, line):
    anchor = write(log, registered(), analysed("2026-05-01T00:00:00", 0.5), registered("test-2"))[-1]
    changed, removed = log.lines(), log.lines()
    changed[line] = changed[line].replace(b"test-", b"tost-")
    del removed[line]
    assert find_tampering(changed, anchor)
    assert find_tampering(removed, anchor)


def test_look_that_was_cut_off_is_found(log):
    anchor = write(log, registered(), analysed("2026-05-01T00:00:00", 0.5))[-1]
    assert "line 2, which the access log knows, is missing" in find_tampering(log.lines()[:1], anchor)


def test_lines_that_were_added_without_the_command_are_found(log):
    anchor = write(log, registered())[-1]
    write(log, registered("test-2"), registered("test-3"))
    assert "lines follow line 1" in find_tampering(log.lines(), anchor)


@pytest.mark.parametrize("text", ["prompt=17,18", "wait=24", "wait=1.5", "skipped=yes", "variant=B"])
def test_arm_is_written_as_it_was_read(text):
    assert str(parse_arm("--treatment", text)) == text


def test_prompt_of_a_new_wording_is_not_known_from_the_plan():
    control, treatment = planned_arms({"told_by": [{"mark": "prompt", "told_as": ["17"]}, None]})
    assert (str(control), treatment) == ("prompt=17", None)


def test_start_before_the_data_that_were_looked_at_is_late():
    assert not TEST.is_registered_late
    assert TEST.model_copy(update={"start": parse_moment("2026-02-01")}).is_registered_late
