import json
import shutil
from itertools import count
from pathlib import Path

import mlflow
import pytest
import yaml
from click.testing import CliRunner
from lineages import lineage
from ranked_project import recorded

from lead_conversion.cli import find_refusal
from lead_conversion.cli.model import model
from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, SourceError
from lead_conversion.lifecycle import registry
from project import PROJECT

WHO = ("--by", "Ada Lovelace", "--reason", "Card reviewed")
PREFIXES = count()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A registry for all tests: making its database takes seconds."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"
    registry.ensure_store(uri, "test")
    yield uri
    mlflow.set_tracking_uri(None)


class Project:
    """A project folder with a prefix of its own in the registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = f"cli{next(PREFIXES)}"
        shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("pseudonym*", "access.yml.*"))
        catalog = folder / "conf/base/catalog/modelling.yml"
        catalog.write_text(catalog.read_text().replace("prefix: lead_conversion", f"prefix: {self.prefix}"))
        self.let(approver=[current_user()])

    def let(self, approver: list[str], **rules: list[str]) -> None:
        members = {"operator": [], "custodian": ["*"], "approver": approver}
        (self.folder / "conf/local/access.yml").write_text(yaml.safe_dump({"members": members, **rules}))

    def train(self, target: str = "t1", **changes: object) -> str:
        standing = registry.read_standings(self.prefix).get(target)
        made = lineage(**{"champion": standing.champion if standing else None, **changes})
        with mlflow.start_run():
            content = {"trees": f"{standing and len(standing.versions)}"}
            return registry.register_model(f"{self.prefix}_{target}", content, made)

    @property
    def log(self) -> Path:
        return self.folder / "data/audit/promotions.jsonl"


@pytest.fixture
def project(store, tmp_path, monkeypatch):
    made = Project(tmp_path / "project")
    monkeypatch.setenv("LEAD_CONVERSION_MLFLOW_URI", store)
    monkeypatch.chdir(made.folder)
    registry.open_registry(store)
    mlflow.set_experiment("test")
    return made


def ask(*words: str):
    answer = CliRunner().invoke(model, list(words))
    assert answer.exception is None or isinstance(answer.exception, SystemExit) or find_refusal(answer.exception)
    return answer


def refused(*words: str):
    return find_refusal(ask(*words).exception)


def test_challenger_is_promoted_and_the_command_says_what_follows(project):
    version = project.train()
    answer = ask("promote", "--target", "t1", *WHO)
    assert answer.exit_code == 0
    assert f"Version {version} is the champion of t1" in answer.output
    assert "kedro run --pipeline=scoring" in answer.output
    assert registry.read_standings(project.prefix)["t1"].champion == version


def test_decision_stands_in_the_access_log_before_the_log_of_promotions_is_written(project, monkeypatch):
    project.train()
    seen = []
    crown = registry.crown
    monkeypatch.setattr(registry, "crown", lambda *words: seen.extend(recorded(project.folder)) or crown(*words))
    ask("promote", "--target", "t1", *WHO)
    assert [(line["entity"], line["purpose"], line["state"]) for line in seen] == [
        ("model.promote", "permission", "granted"),
        ("model.promote", "promote t1", "granted"),
    ]


def test_user_without_the_permission_changes_nothing_and_is_recorded(project):
    project.train()
    project.let(approver=[])
    for words in (("promote", "--target", "t1"), ("rollback", "--target", "t1"), ("log", "--begin-anew")):
        refusal = refused(*words, *WHO)
        assert isinstance(refusal, AccessError)
        assert "'approver'" in str(refusal)
    assert registry.read_standings(project.prefix)["t1"].champion is None
    assert not project.log.exists()
    assert {line["state"] for line in recorded(project.folder)} == {"refused"}


def test_nobody_may_promote_before_an_environment_names_somebody():
    rules = yaml.safe_load((PROJECT / "conf/base/access.yml").read_text())
    assert rules["members"]["approver"] == rules["shared_accounts"] == []


def test_account_that_started_the_run_is_refused_unless_several_people_share_it(project):
    project.train(starter=current_user())
    refusal = refused("promote", "--target", "t1", *WHO)
    assert isinstance(refusal, AccessError)
    assert "shared_accounts" in str(refusal)
    assert [line["state"] for line in recorded(project.folder)] == ["granted", "refused"]
    project.let(approver=["*"], shared_accounts=[current_user()])
    named = ("--by", current_user(), "--reason", "Card reviewed")
    assert isinstance(refused("promote", "--target", "t1", *named), AccessError)
    assert ask("promote", "--target", "t1", *WHO).exit_code == 0
    assert json.loads(project.log.read_text().splitlines()[-1])["account_is_shared"] is True


def test_rollback_is_one_command(project):
    first = project.train()
    ask("promote", "--target", "t1", *WHO)
    project.train()
    ask("promote", "--target", "t1", *WHO)
    answer = ask("rollback", "--target", "t1", *WHO)
    assert answer.exit_code == 0
    assert f"Version {first} is the champion of t1 again" in answer.output
    assert isinstance(refused("rollback", "--target", "t1", *WHO), DataError)
    assert "t1 has none" in ask("rollback", "--target", "t1", "--to-none", *WHO).output
    assert registry.read_standings(project.prefix)["t1"].champion is None


def test_list_tells_champion_challenger_and_that_the_log_can_be_trusted(project):
    assert "No model was ever registered" in ask("list").output
    project.train()
    ask("promote", "--target", "t1", *WHO)
    project.train()
    project.train("t2")
    output = ask("list").output
    roles = [line.split()[2] for line in output.splitlines() if line.startswith("  version")]
    assert roles == ["champion", "challenger", "challenger"]
    assert "no champion: the pipeline 'scoring' is refused" in output
    assert "2 lines, as they were written" in output


@pytest.mark.parametrize("damage", ["edited", "cut"])
def test_list_and_log_say_that_the_log_was_tampered_with(project, damage):
    project.train()
    ask("promote", "--target", "t1", *WHO)
    lines = project.log.read_text().splitlines(keepends=True)
    project.log.write_text(lines[0].replace("Ada", "Bob") + lines[1] if damage == "edited" else lines[0])
    assert "TAMPERED WITH" in ask("list").output
    answer = ask("log", "--verify")
    assert (answer.exit_code, "TAMPERED WITH" in answer.output) == (65, True)
    project.train()
    assert "tampered with" in str(refused("promote", "--target", "t1", *WHO))
    assert "promotions.jsonl.1" in ask("log", "--begin-anew", *WHO).output
    assert ask("log", "--verify").exit_code == 0
    assert ask("promote", "--target", "t1", *WHO).exit_code == 0


def test_log_tells_who_did_what_and_why(project):
    version = project.train()
    ask("promote", "--target", "t1", *WHO)
    answer = ask("log")
    assert answer.exit_code == 0
    last = answer.output.splitlines()[1]
    assert f"from version none to {version}: done, by Ada Lovelace ({current_user()}): Card reviewed" in last


def test_log_is_begun_anew_only_in_somebodys_name_and_for_a_reason(project):
    project.train()
    assert isinstance(refused("log", "--begin-anew"), ConfigurationError)


def test_show_tells_where_a_version_comes_from_and_what_its_gate_found(project):
    project.train()
    output = ask("show", "--target", "t1", "--version", "challenger").output
    for told in ("c0ffee", "scheduler", "20260901T000000Z-0123456789ab", "✓ lift_at_10", "model.json"):
        assert told in output
    whole = json.loads(ask("show", "--target", "t1", "--version", "1", "--json").output)
    assert whole["files"].keys() == {"model.json"}
    assert {key: value for key, value in whole.items() if key != "files"} == lineage()


@pytest.mark.parametrize("wanted", ["champion", "latest", "7"])
def test_version_that_is_not_there_is_refused_and_those_that_are_there_are_named(project, wanted):
    project.train()
    refusal = refused("show", "--target", "t1", "--version", wanted)
    assert isinstance(refusal, ConfigurationError)
    assert "expected one of 1, challenger." in str(refusal)


def test_tampered_version_is_not_shown(project):
    version = project.train()
    source = mlflow.MlflowClient().get_model_version(f"{project.prefix}_t1", version).source
    (Path(source.removeprefix("file://")) / "lineage.json").write_text("{}")
    for command in ("show", "card"):
        assert isinstance(refused(command, "--target", "t1", "--version", version), DataError)


def test_card_is_markdown_that_tells_figures_lineage_and_approval(project, tmp_path):
    project.train()
    assert "Nobody has made it the champion" in ask("card", "--target", "t1", "--version", "challenger").output
    ask("promote", "--target", "t1", *WHO)
    answer = ask("card", "--target", "t1", "--out", str(tmp_path / "card.md"))
    assert answer.exit_code == 0
    card = (tmp_path / "card.md").read_text()
    assert card.startswith("# Model card: ")
    for told in ("Ada Lovelace", "Card reviewed", "c0ffee", "0.310", "## Intended use", "## Caveats", "crm", "4.7.0"):
        assert told in card
    assert "Standing: **champion**" in card


@pytest.mark.usefixtures("project")
def test_without_a_registry_the_way_to_one_is_told_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAD_CONVERSION_MLFLOW_URI", f"sqlite:///{tmp_path}/none.db")
    refusal = refused("list")
    assert isinstance(refusal, SourceError)
    assert "pipeline 'training'" in str(refusal)
    assert not (tmp_path / "none.db").exists()


def test_target_that_was_never_registered_is_refused(project):
    project.train("t2")
    assert "models of t2" in str(refused("promote", "--target", "t1", *WHO))
