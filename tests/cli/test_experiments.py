import json
from itertools import chain

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from ranked_project import recorded
from tested_leads import START, TEST, WORDING, make_project, planned, publish_leads, write_plan

from lead_conversion.cli import experiments as command
from lead_conversion.cli import find_refusal
from lead_conversion.cli.experiments import experiments
from lead_conversion.cli.project import parameters_of
from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, ExperimentAlert
from lead_conversion.reports.formats import day

WHO = ("--by", "Ada Lovelace")
REGISTER = ("register", TEST, *WHO, "--start", START, "--treatment", "prompt=2")
HALF, WHOLE = "2026-05-01T00:00:00", "2026-06-01T00:00:00"


def told(mark, *values):
    return {"mark": mark, "told_as": list(values)}


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    """The parameters, composed once for all tests: it takes a second."""
    folder = make_project(tmp_path_factory.mktemp("composed") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return parameters_of(None)


@pytest.fixture
def folder(tmp_path, monkeypatch, composed):
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made)
    monkeypatch.setattr(command, "parameters_of", lambda _env: composed)
    return made


@pytest.fixture
def running(folder):
    """A folder in which the planned test is registered."""
    assert ask(*REGISTER).exit_code == 0
    return folder


def ask(*words):
    answer = CliRunner().invoke(experiments, [str(word) for word in words])
    known = answer.exception is None or isinstance(answer.exception, SystemExit) or find_refusal(answer.exception)
    assert known, answer.exception
    return answer


def refused(*words):
    return find_refusal(ask(*words).exception)


def entries(folder):
    return [json.loads(line) for line in (folder / "data/audit/experiments.jsonl").read_text().splitlines()]


def test_registered_test_holds_the_plan_the_arms_and_who_decided(running):
    (entry,) = entries(running)
    assert (entry["action"], entry["by"], entry["person"]) == ("register", "Ada Lovelace", current_user())
    test = entry["test"]
    assert (test["control"]["told_as"], test["treatment"]["told_as"]) == (["1"], ["2"])
    assert (test["sample_size_per_arm"], test["looks"], test["horizon_days"]) == (400, [0.5, 1.0], 30)
    assert test["guardrails"] == {"days": 7, "limit_ratio": 1.25}


def test_later_plan_changes_nothing_of_a_registered_test(running):
    write_plan(running, planned(sample_size_per_arm=40, alpha=0.2))
    publish_leads(running, HALF, (200, 20), (200, 24))
    (result,) = json.loads(ask("analyse", "--json").output)
    assert result["information"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [((200, 10), (200, 50), "stop: B is better"), ((200, 50), (200, 10), "stop: A is better"),
     ((200, 20), (200, 24), "go on"), ((150, 10), (150, 50), "not mature yet"),
     ((400, 40), (400, 46), "finished: no difference shown")],
)  # fmt: skip
def test_result_in_the_database_becomes_a_verdict(running, a, b, says):
    publish_leads(running, HALF, a, b)
    answer = ask("analyse")
    assert answer.exit_code == 0
    assert answer.output.startswith(f"{TEST}: {says}\n")


def test_difference_is_told_with_its_interval_and_boundary(running):
    publish_leads(running, HALF, (200, 10), (200, 50))
    output = ask("analyse", TEST).output.replace("\N{NO-BREAK SPACE}", " ")
    assert "booked: A 5.0 % (10 of 200), B 25.0 % (50 of 200)" in output
    assert "difference  +20.0 points (+9.8 to +30.2): 95 % interval, of all looks together" in output
    assert "stops beyond 2.96" in output


def test_between_looks_no_difference_is_told(running):
    publish_leads(running, HALF, (150, 10), (150, 50))
    output = ask("analyse").output
    assert "next look is at 50" in output
    assert "booked" not in output
    assert len(entries(running)) == 1


def test_arms_that_chance_did_not_fill_end_with_an_exit_code_and_no_effect(running):
    publish_leads(running, HALF, (260, 10), (160, 50))
    answer = ask("analyse")
    assert isinstance(find_refusal(answer.exception), ExperimentAlert)
    assert find_refusal(answer.exception).exit_code == 80
    assert "STOP: sample ratio" in answer.output
    assert "booked" not in answer.output
    assert "guardrail " not in answer.output


def test_guardrail_that_stops_ends_with_an_exit_code_and_closes_the_test(running):
    publish_leads(running, HALF, (200, 20), (200, 24), opted_out=40)
    assert find_refusal(ask("analyse").exception).exit_code == 80
    assert entries(running)[-1]["is_final"]
    assert "No registered test is running" in ask("analyse").output
    assert json.loads(ask("analyse", "--json").output) == []
    assert "STOP: guardrail" in ask("list").output


def test_boundary_of_a_look_knows_the_looks_before_it(running):
    publish_leads(running, HALF, (240, 24), (240, 26))
    ask("analyse")
    publish_leads(running, WHOLE, (400, 40), (400, 44))
    (result,) = json.loads(ask("analyse", "--json").output)
    assert (result["look"]["number"], result["look"]["is_last"]) == (2, True)
    assert result["look"]["boundary"] == pytest.approx(1.98, abs=0.02)
    assert [entry["action"] for entry in entries(running)] == ["register", "analyse", "analyse"]


def test_looking_twice_at_the_same_data_is_one_look(running):
    publish_leads(running, HALF, (240, 24), (240, 26))
    first, second = ask("analyse").output, ask("analyse").output
    assert first == second
    assert len(entries(running)) == 2


def test_verdict_that_was_recorded_stands_whatever_the_data_say_later(running):
    publish_leads(running, HALF, (200, 10), (200, 50))
    ask("analyse")
    publish_leads(running, WHOLE, (400, 90), (400, 60))
    answer = ask("analyse", TEST)
    assert answer.output.startswith(f"{TEST}: stop: B is better")
    assert "this is what was on record then" in answer.output
    assert len(entries(running)) == 2


def test_data_from_before_the_last_look_are_refused(running):
    publish_leads(running, WHOLE, (240, 24), (240, 26))
    ask("analyse")
    publish_leads(running, HALF, (240, 24), (240, 26))
    assert isinstance(refused("analyse"), DataError)


def test_last_look_waits_until_every_lead_is_mature(running):
    publish_leads(running, "2026-04-01T00:00:00", (300, 30), (300, 30))
    assert "600 whose 30 days are not over" in str(refused("analyse", TEST, "--last"))
    publish_leads(running, HALF, (300, 30), (300, 30))
    assert "finished: no difference shown" in ask("analyse", TEST, "--last").output


@pytest.mark.usefixtures("running")
def test_last_look_is_asked_for_by_name():
    assert "expected the names" in str(refused("analyse", "--last"))


def test_fresh_reads_the_database_first(running, monkeypatch):
    asked = []

    def publish(env, *pipelines, to_nodes):
        asked.append((env, pipelines, to_nodes))
        publish_leads(running, HALF, (200, 20), (200, 24))

    monkeypatch.setattr(command, "publish", publish)
    assert "as of 1 May 2026" in ask("analyse", "--fresh").output
    assert asked == [(None, ("data_engineering", "feature_engineering"), ("label_conversions",))]


def test_start_within_data_that_were_looked_at_is_said_each_time(folder):
    publish_leads(folder, HALF, (200, 20), (200, 24))
    words = ["2026-02-01" if word == START else word for word in REGISTER]
    assert "registered late" in ask(*words).output
    assert "registered after its leads had been looked at" in ask("analyse").output


@pytest.mark.usefixtures("folder")
def test_new_wording_needs_its_prompt_and_it_must_be_there():
    assert "--treatment prompt=<its prompt_id>" in str(refused("register", TEST, *WHO, "--start", START))
    unknown = refused("register", TEST, *WHO, "--start", START, "--treatment", "prompt=77")
    assert "have no 77 where" in str(unknown)
    assert "they have 1, 2" in str(unknown)


def test_new_wording_is_found_by_its_text_once_it_stands_in_the_database(folder):
    words = ("register", TEST, *WHO, "--start", START)
    assert "no prompt of step 10 with that text" in str(refused(*words))
    path = folder / "data/03_primary/campaign_steps.parquet"
    steps = pd.read_parquet(path)
    new = steps.tail(1).assign(prompt_id=31, body=WORDING.replace(" this", "\r\nthis"))
    elsewhere = steps.tail(1).assign(prompt_id=32, step_id=11, body=WORDING)
    pd.concat([steps, new, elsewhere]).to_parquet(path)
    assert "A is prompt=1, B is prompt=31" in ask(*words).output


def test_sequence_that_nobody_was_sent_yet_is_told_by_its_variant(folder):
    whole = {"change": "change_sequence", "told_by": [told("variant", "A"), None], "step_id": None, "wording": None}
    write_plan(folder, planned(**whole))
    assert "--treatment variant=<its name>" in str(refused("register", TEST, *WHO, "--start", START))
    answer = ask("register", TEST, *WHO, "--start", START, "--treatment", "variant=B")
    assert "A is variant=A, B is variant=B" in answer.output


def test_wording_that_a_person_has_to_write_is_told_by_its_prompt(folder):
    write_plan(folder, planned(wording=None))
    empty = folder / "data/03_primary/campaign_steps.parquet"
    pd.read_parquet(empty).assign(body=None).to_parquet(empty)
    assert "no prompt of step 10 with that text" in str(refused("register", TEST, *WHO, "--start", START))
    assert ask(*REGISTER).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "arms"),
    [
        ({"told_by": [told("skipped", "no"), told("skipped", "yes")]}, ("skipped=no", "skipped=yes")),
        ({"told_by": [told("wait", "24"), told("wait", "48")]}, ("wait=24", "wait=48")),
        ({"told_by": [told("variant", "A"), told("variant", "B")], "step_id": None}, ("variant=A", "variant=B")),
        ({"told_by": [told("prompt", "1"), told("prompt", "2")], "recommendation_id": None}, ("prompt=1", "prompt=2")),
    ],
)
def test_other_arms_are_known_from_the_plan(folder, changes, arms):
    write_plan(folder, planned(**changes))
    assert "A is {}, B is {}".format(*arms) in ask("register", TEST, *WHO, "--start", START).output


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--treatment", "prompt=x", "prompt=17"),
        ("--treatment", "colour=red", "prompt=17"),
        ("--treatment", "wait=48", "one mark for both"),
        ("--treatment", "prompt=1", "no value in both"),
        ("--start", "soon", "2026-10-01"),
        ("--by", "  ", "expected words"),
    ],
)
def test_bad_words_are_refused_with_what_was_expected(folder, option, value, says):
    words = list(REGISTER)
    words[words.index(option) + 1] = value
    refusal = refused(*words)
    assert isinstance(refusal, ConfigurationError)
    assert says in str(refusal)
    assert not (folder / "data/audit/experiments.jsonl").exists() or not entries(folder)


@pytest.mark.usefixtures("folder")
def test_unknown_name_is_refused_with_the_nearest():
    refusal = refused(*("test-prompt-11" if word == TEST else word for word in REGISTER))
    assert f"Did you mean '{TEST}'?" in str(refusal)
    assert "registered; there are none" in str(refused("analyse", TEST))


def test_who_has_not_the_role_registers_nothing(folder):
    (folder / "conf/local/access.yml").write_text(yaml.safe_dump({"members": {"experimenter": ["somebody else"]}}))
    assert isinstance(refused(*REGISTER), AccessError)
    assert recorded(folder)[-1]["state"] == "refused"


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({}, "same step"),
        ({"step_id": None, "told_by": [told("variant", "A"), told("variant", "B")]}, "order of the same campaign"),
        (
            {
                "step_id": 11,
                "told_by": [told("wait", "24"), told("wait", "48")],
                "conflicts": [{"with": TEST, "reason": "same leads"}],
            },
            "same leads",
        ),
    ],
)
def test_test_that_takes_in_the_leads_of_another_is_refused_while_that_runs(running, other, says):
    write_plan(running, planned(), planned(**{"id": "test-2", **other}))
    words = ["test-2" if word == TEST else word for word in REGISTER]
    if "told_by" in other:
        words = words[:-2]
    refusal = refused(*words)
    assert isinstance(refusal, AccessError)
    assert f"cannot begin while {TEST} runs: {says}" in str(refusal)
    ask("end", TEST, *WHO, "--reason", "Campaign closed")
    assert ask(*words).exit_code == 0


@pytest.mark.parametrize(("step_id", "campaign_id", "is_free"), [(11, 1, False), (11, 2, True)])
def test_test_that_runs_and_is_planned_no_more_keeps_its_campaigns_leads(running, step_id, campaign_id, is_free):
    waits = {"told_by": [told("wait", "24"), told("wait", "48")]}
    write_plan(running, planned(id="test-2", step_id=step_id, campaign_id=campaign_id, **waits))
    answer = ask("register", "test-2", *WHO, "--start", START)
    assert (answer.exit_code == 0) == is_free
    assert is_free or f"cannot begin while {TEST} runs: same leads" in str(find_refusal(answer.exception))


def test_test_that_ran_when_the_plan_was_made_holds_only_the_leads_that_were_counted(running):
    waits = {"told_by": [told("wait", "24"), told("wait", "48")]}
    write_plan(running, planned(id="test-2", step_id=11, **waits), running=[{"id": TEST}])
    assert ask("register", "test-2", *WHO, "--start", START).exit_code == 0


@pytest.mark.usefixtures("running")
def test_ended_test_is_not_analysed_and_cannot_end_twice():
    ask("end", TEST, *WHO, "--reason", "Dealt by hand")
    assert "Dealt by hand" in str(refused("analyse", TEST))
    assert "does not run any more" in str(refused("end", TEST, *WHO, "--reason", "Again"))
    assert ask(*REGISTER).exit_code == 0


def test_running_test_is_not_registered_twice_be_it_planned_still_or_not(running):
    assert "registered already and runs" in str(refused(*REGISTER))
    write_plan(running, running=[{"id": TEST}])
    assert "registered already and runs" in str(refused(*REGISTER))


def test_infeasible_test_can_be_registered_and_is_called_so(folder):
    write_plan(folder, planned(feasible=False, reason="Infeasible: 40 weeks."))
    answer = ask(*REGISTER)
    assert answer.exit_code == 0
    assert "Infeasible: 40 weeks." in answer.output


def test_test_without_a_size_cannot_be_registered(folder):
    write_plan(folder, planned(feasible=False, sample_size_per_arm=None, reason="Infeasible: nearly all book."))
    assert "nearly all book" in str(refused(*REGISTER))


@pytest.mark.usefixtures("folder")
def test_list_and_show_say_what_is_planned_and_what_runs():
    assert "planned: weeks 1 to 13, 800 leads, detects +6.0" in ask("list").output
    shown = ask("show", TEST).output
    assert "stop beyond z 2.96" in shown
    assert "opt-outs within 7 days" in shown
    ask(*REGISTER)
    assert "runs since 2 Mar 2026, 0 looks of 2" in ask("list").output
    assert "by Ada Lovelace" in ask("show", TEST).output
    whole = json.loads(ask("show", TEST, "--json").output)
    assert whole["plan"]["id"] == whole["registered"]["line"]["experiment"] == TEST
    assert isinstance(refused("show", "test-9"), ConfigurationError)


def test_name_that_is_planned_again_is_listed_and_shown_as_both(running):
    assert "planned" not in ask("list").output
    assert ask("end", TEST, *WHO, "--reason", "Dealt by hand").exit_code == 0
    ended = f"ended on {day(entries(running)[-1]['at'])} by Ada Lovelace: Dealt by hand"
    assert "planned" not in ask("list").output
    write_plan(running, planned(hypothesis="Other words do better."), snapshot_id="s1")
    for words in (ask("list").output, ask("show", TEST).output):
        assert ended in words
    assert "planned: weeks 1 to 13" in ask("list").output
    assert "Other words do better." in ask("show", TEST).output
    write_plan(running, planned(), running=[{"id": TEST}], snapshot_id="s1")
    assert "planned" not in ask("list").output


def test_nothing_planned_and_nothing_published_is_said(tmp_path, monkeypatch):
    made = make_project(tmp_path / "empty")
    (made / "data/07_model_output/experiment_plan.json").unlink()
    monkeypatch.chdir(made)
    assert "A run of 'full' or 'recommendation' plans them" in ask("list").output
    assert "plans them" in str(refused(*REGISTER))


def test_entities_that_are_missing_are_named(running):
    (running / "data/03_primary/outcomes.parquet").unlink()
    assert "--fresh" in str(refused("analyse"))


@pytest.mark.parametrize("fault", ["edited", "cut", "removed"])
def test_log_that_was_tampered_with_is_not_analysed_by(running, fault):
    publish_leads(running, HALF, (240, 24), (240, 26))
    ask("analyse")
    path = running / "data/audit/experiments.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    kept = {"edited": [lines[0].replace(b"400", b"900"), lines[1]], "cut": lines[:1], "removed": []}[fault]
    path.write_bytes(b"".join(kept))
    for words in (["analyse"], ["list"], ["end", TEST, *WHO, "--reason", "r"]):
        refusal = refused(*words)
        assert isinstance(refusal, DataError)
        assert "tampered with" in str(refusal)


def test_nobody_looks_while_somebody_else_does(running):
    import fcntl

    with (running / "data/audit/experiments.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "Somebody else" in str(refused("analyse"))


def test_only_the_logs_are_written(running):
    publish_leads(running, HALF, (240, 24), (240, 26))
    before = {path: path.read_bytes() for path in running.rglob("*") if path.is_file()}
    ask("analyse")
    after = {path: path.read_bytes() for path in running.rglob("*") if path.is_file()}
    changed = {path.name for path in after if before.get(path) != after[path]}
    assert changed == {"experiments.jsonl", "access.jsonl"}


def test_help_teaches_every_command():
    for name in (None, *experiments.commands):
        answer = ask(*chain([name] if name else [], ["--help"]))
        assert answer.exit_code == 0
        if name not in {None, "list"}:
            assert "Examples:" in answer.output
    assert "From plan to verdict:" in ask("--help").output
