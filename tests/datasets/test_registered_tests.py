from datetime import datetime
from pathlib import Path

import pytest
from kedro.io import DatasetError
from tested_leads import planned

from lead_conversion.datasets.registered_tests import DecidedTests, RunningTests
from lead_conversion.guard.access_log import AccessLog
from lead_conversion.kernel.errors import DataError
from lead_conversion.lifecycle.experiment_log import ANALYSE, ANCHOR_PURPOSE, END, REGISTER, ExperimentLog
from lead_conversion.lifecycle.experiments import (
    B_BETTER,
    BAD_RATIO,
    FINAL,
    GO_ON,
    GUARDRAIL,
    parse_arm,
    register_planned,
)

START = datetime(2026, 3, 2)  # noqa: DTZ001, times are naive UTC
ARMS = parse_arm("--control", "prompt=1"), parse_arm("--treatment", "prompt=2")

LOOK = {"number": 1}
VERDICTS = {
    "still-running": GO_ON, "decided": B_BETTER, "ended": GO_ON, "harmful": GUARDRAIL, "lost-leads": BAD_RATIO,
}  # fmt: skip


def paths(log):
    return str(log.path), str(log.path.with_name("access.jsonl"))


@pytest.fixture
def log(tmp_path):
    log = ExperimentLog(tmp_path / "experiments.jsonl")
    for name, verdict in VERDICTS.items():
        plan = {"snapshot_id": "s", "as_of": "2026-03-01T00:00:00"}
        test = register_planned(planned(id=name), ARMS, start=START, plan=plan)
        log.append({"action": REGISTER, "experiment": name, "test": test.model_dump(mode="json")})
        result = {"as_of": "2026-06-01T00:00:00", "verdict": verdict, "look": LOOK, "information": 0.5}
        log.append({"action": ANALYSE, "experiment": name, "is_final": verdict in FINAL, "result": result})
    log.append({"action": END, "experiment": "ended"})
    return log


def test_only_tests_with_a_verdict_are_told_for_a_running_one_would_be_looked_at(log):
    found = {each["test"]["experiment_id"]: each for each in DecidedTests(*paths(log)).load()}
    assert set(found) == {"decided", "harmful", "lost-leads"}
    assert {each["until"] for each in found.values()} == {"2026-06-01T00:00:00"}
    assert found["decided"]["result"]["verdict"] == B_BETTER


def test_result_of_a_test_that_was_stopped_is_not_told(log):
    found = {each["test"]["experiment_id"]: each["result"] for each in DecidedTests(*paths(log)).load()}
    assert found["harmful"] is found["lost-leads"] is None


def test_looks_before_the_one_that_decided_are_told(log):
    last = {"as_of": "2026-07-01T00:00:00", "verdict": B_BETTER, "look": LOOK, "information": 0.9}
    log.append({"action": ANALYSE, "experiment": "still-running", "is_final": True, "result": last})
    found = {each["test"]["experiment_id"]: each for each in DecidedTests(*paths(log)).load()}
    assert (found["still-running"]["earlier_looks"], found["decided"]["earlier_looks"]) == ([0.5], [])


def test_tests_that_run_are_neither_decided_nor_ended(log):
    found = {each["test"]["experiment_id"]: each for each in RunningTests(*paths(log)).load()}
    assert list(found) == ["still-running", "lost-leads"]
    assert [each["was_stopped"] for each in found.values()] == [False, True]
    assert found["still-running"]["looks"] == [0.5]


@pytest.mark.parametrize("kind", [DecidedTests, RunningTests])
def test_without_a_log_there_is_none(tmp_path, kind):
    assert kind(str(tmp_path / "experiments.jsonl"), str(tmp_path / "access.jsonl")).load() == []


@pytest.mark.parametrize("kind", [DecidedTests, RunningTests])
def test_log_that_was_changed_is_refused(log, kind):
    log.path.write_bytes(log.path.read_bytes().replace(b"still-running", b"never-running"))
    with pytest.raises(DatasetError, match="tampered with") as refused:
        kind(*paths(log)).load()
    assert isinstance(refused.value.__cause__, DataError)


@pytest.mark.parametrize("kind", [DecidedTests, RunningTests])
def test_log_whose_end_was_cut_is_refused_for_the_access_log_knows_its_last_line(log, kind):
    anchor = log.append({"action": END, "experiment": "still-running"})
    AccessLog(Path(paths(log)[1])).write({"purpose": ANCHOR_PURPOSE, "reason": str(anchor)})
    kind(*paths(log)).load()
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DatasetError, match="the end was cut or replaced") as refused:
        kind(*paths(log)).load()
    assert isinstance(refused.value.__cause__, DataError)


def test_run_cannot_write_it(log):
    with pytest.raises(DatasetError, match="lead-conversion experiments"):
        DecidedTests(*paths(log)).save([])
