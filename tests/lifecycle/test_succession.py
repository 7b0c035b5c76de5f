"""Promotions and rollbacks against a registry of MLflow; making its database takes seconds, so all tests share one."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import mlflow
import pytest
from lineages import lineage

from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError
from lead_conversion.lifecycle import registry
from lead_conversion.lifecycle.promotion import Approval
from lead_conversion.lifecycle.promotion_log import PromotionLog
from lead_conversion.lifecycle.succession import Succession

ADA = Approval(user="ada", by="Ada Lovelace", reason="Gate passed, card reviewed")
PREFIXES = count()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    registry.ensure_store(f"sqlite:///{folder}/mlflow.db", "test")
    registry.open_registry(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("test")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


class Project:
    """Registered models under a prefix of their own, and the log of their champions."""

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.succession = Succession(f"leads{next(PREFIXES)}", PromotionLog(folder / "audit" / "promotions.jsonl"))
        self.log = self.succession.log
        self.decisions: list[Any] = []

    def train(self, target: str = "t1", **changes: Any) -> str:
        """Register another model, which passed its gate against the champion of the moment."""
        standing = self.succession.standings().get(target)
        made = lineage(**{"champion": standing.champion if standing else None, **changes})
        model = {"trees": f"{standing and len(standing.versions)}", "features": []}
        with mlflow.start_run():
            return registry.register_model(f"{self.succession.prefix}_{target}", model, made)

    def promote(self, approval: Approval = ADA, target: str = "t1", **asked: Any) -> Any:
        return self.succession.promote(target, approval, self.decisions.append, lambda _user: (), **asked)

    def roll_back(self, target: str = "t1", **asked: Any) -> Any:
        return self.succession.roll_back(target, ADA, self.decisions.append, **asked)

    def champion(self, target: str = "t1") -> str | None:
        return self.succession.standing(target).champion

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.lines()]

    def faults(self) -> tuple[str, ...]:
        return self.succession.faults(self.succession.standings())

    def doubts(self) -> tuple[str, ...]:
        return self.succession.doubts(self.succession.standings())

    def file(self, version: str, name: str) -> Path:
        source = self.client.get_model_version(f"{self.succession.prefix}_t1", version).source
        return Path(source.removeprefix("file://")) / name


@pytest.fixture
def project(client, tmp_path):
    return Project(client, tmp_path)


def test_promoted_challenger_is_the_champion_and_challenger_no_more(project):
    first = project.train()
    project.promote()
    standing = project.succession.standing("t1")
    assert (standing.champion, standing.challenger) == (first, None)
    assert [decision.is_allowed for decision in project.decisions] == [True]


def test_change_is_on_record_before_it_is_made_and_once_more_when_it_is(project, monkeypatch):
    first = project.train()
    seen = []
    crown = registry.crown
    monkeypatch.setattr(registry, "crown", lambda *words: seen.append(project.entries()) or crown(*words))
    project.promote()
    assert [entry["state"] for entry in seen[0]] == ["asked"]
    asked, done = project.entries()
    assert (asked["state"], done["state"]) == ("asked", "done")
    assert (done["action"], done["version"], done["before"]) == ("promote", first, None)
    assert (done["person"], done["by"], done["reason"]) == ("ada", ADA.by, ADA.reason)
    assert done["files"].keys() == {"sha256/model.json", "sha256/lineage.json"}
    assert project.faults() == project.doubts() == ()


def test_rollback_restores_the_champion_before_and_again_the_one_before_that(project):
    versions = []
    for _time in range(3):
        versions.append(project.train())
        project.promote()
    project.roll_back()
    assert project.champion() == versions[1]
    project.roll_back()
    assert project.champion() == versions[0]
    with pytest.raises(DataError, match="no champion before"):
        project.roll_back()
    assert [entry["version"] for entry in project.entries() if entry["action"] == "rollback"] == [
        versions[1], versions[1], versions[0], versions[0],
    ]  # fmt: skip
    assert project.faults() == project.doubts() == ()


def test_champion_can_be_withdrawn_and_another_promoted_then(project):
    project.train()
    project.promote()
    project.roll_back(to_none=True)
    assert project.champion() is None
    assert project.doubts() == ()
    second = project.train()
    project.promote()
    assert project.champion() == second


def refused(project, error, act, named):
    """The act is refused, told of as such, and changes neither registry nor log."""
    before = project.succession.standings(), project.log.lines()
    with pytest.raises(error, match=named):
        act()
    assert (project.succession.standings(), project.log.lines()) == before


def test_promotion_without_a_challenger_is_refused(project):
    project.train()
    project.promote()
    refused(project, DataError, project.promote, "no challenger")
    assert not project.decisions[-1].is_allowed


def test_promotion_of_a_target_that_was_never_registered_is_refused_and_those_that_were_are_named(project):
    refused(project, DataError, project.promote, "none at all")
    project.train("t2")
    refused(project, DataError, project.promote, "models of t2")


def test_promotion_by_the_account_that_started_the_run_is_refused(project):
    project.train(starter="ada")
    refused(project, AccessError, project.promote, "somebody else")


def test_promotion_in_the_full_name_of_the_account_that_started_the_run_is_refused(project):
    project.train(starter="ben")
    names = {"ben": ("Ada Lovelace",)}
    refused(
        project,
        AccessError,
        lambda: project.succession.promote("t1", ADA, project.decisions.append, names.__getitem__),
        "somebody else",
    )


def test_promotion_without_a_passed_gate_is_refused(project):
    project.train(gate={"passed": False, "conditions": [{"name": "brier_skill", "passed": False}]})
    refused(project, AccessError, project.promote, "brier_skill")


def test_promotion_without_a_reason_is_refused(project):
    project.train()
    refused(project, ConfigurationError, lambda: project.promote(Approval("ada", "Ada", " ")), "--reason")


def test_promotion_of_another_version_than_the_one_looked_at_is_refused(project):
    first = project.train()
    project.train()
    refused(project, DataError, lambda: project.promote(expected=first), "another run has passed")


def test_promotion_of_what_was_compared_with_another_champion_is_refused(project):
    project.train()
    project.promote()
    project.train(champion=None)
    refused(project, DataError, project.promote, "compared with no champion")


@pytest.mark.parametrize("file", ["model.json", "lineage.json"])
def test_promotion_of_a_tampered_model_is_refused(project, file):
    path = project.file(project.train(), file)
    path.write_bytes(path.read_bytes() + b" ")
    refused(project, DataError, project.promote, "sha256")


def test_rollback_to_a_tampered_model_is_refused_and_the_way_out_is_told(project):
    first = project.train()
    project.promote()
    project.train()
    project.promote()
    path = project.file(first, "model.json")
    path.write_bytes(path.read_bytes() + b" ")
    refused(project, DataError, project.roll_back, "--to-none")
    project.roll_back(to_none=True)
    assert project.champion() is None


def test_rollback_to_a_version_that_was_deleted_is_refused(project, client):
    first = project.train()
    project.promote()
    project.train()
    project.promote()
    client.delete_model_version(f"{project.succession.prefix}_t1", first)
    refused(project, DataError, project.roll_back, "deleted")


def test_tampered_champion_is_rolled_back(project):
    first = project.train()
    project.promote()
    second = project.train()
    project.promote()
    project.file(second, "model.json").unlink()
    project.roll_back()
    assert project.champion() == first


@pytest.mark.parametrize("damage", ["edited", "cut", "gone"])
def test_no_champion_is_changed_where_the_log_was_tampered_with_until_a_person_begins_another(project, damage):
    first = project.train()
    project.promote()
    second = project.train()
    lines = project.log.lines()
    if damage == "gone":
        project.log.path.unlink()
    else:
        left = [lines[0].replace(b"Ada", b"Bob"), lines[1]] if damage == "edited" else lines[:1]
        project.log.path.write_bytes(b"\n".join(left) + b"\n")
    assert project.faults()
    for act in (project.promote, project.roll_back):
        with pytest.raises(DataError, match="tampered with"):
            act()
    assert project.champion() == first
    aside = project.succession.begin_log_anew(ADA)
    assert (aside == "no file was left") == (damage == "gone")
    assert project.faults() == project.doubts() == ()
    (begun,) = project.entries()
    assert begun["faults"]
    assert begun["champions"] == {f"{project.succession.prefix}_t1": first}
    project.promote()
    assert project.champion() == second
    assert project.faults() == ()


def test_log_that_was_not_tampered_with_is_not_begun_anew(project):
    project.train()
    project.promote()
    with pytest.raises(DataError, match="no reason"):
        project.succession.begin_log_anew(ADA)


def test_champion_that_was_made_by_other_means_is_told_of(project, client):
    project.train()
    project.promote()
    second = project.train()
    client.set_registered_model_alias(f"{project.succession.prefix}_t1", "champion", second)
    assert project.faults() == ()
    assert "changed by other means" in project.doubts()[0]


def test_change_that_fails_half_way_is_on_record_as_broken_off(project, monkeypatch):
    project.train()

    def fail(*_words):
        raise OSError("the registry is gone")

    with monkeypatch.context() as patched:
        patched.setattr(registry, "crown", fail)
        with pytest.raises(OSError, match="gone"):
            project.promote()
    assert [entry["state"] for entry in project.entries()] == ["asked", "broken off"]
    assert project.faults() == project.doubts() == ()
    project.promote()
    assert project.champion() == "1"


def test_change_that_was_killed_half_way_is_told_of_and_the_next_one_goes_on(project, monkeypatch):
    project.train()
    with monkeypatch.context() as patched:
        patched.setattr(registry, "crown", lambda *_words: (_ for _ in ()).throw(KeyboardInterrupt))
        patched.setattr(registry, "anchor", lambda *_words: None)
        with pytest.raises(KeyboardInterrupt):
            project.promote()
    # Killed outright, it leaves the first line alone, and that without its anchor.
    project.log.path.write_bytes(project.log.lines()[0] + b"\n")
    assert project.faults() == ()
    assert "not known to be finished" in project.doubts()[0]
    project.promote()
    assert project.doubts() == ()
