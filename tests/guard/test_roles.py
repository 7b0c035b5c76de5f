import os
import pwd

import pytest

from lead_conversion.guard.roles import current_user, decide_permission, names_of_account, read_rules
from lead_conversion.kernel.errors import ConfigurationError


def rules(**members):
    roles = {"operator": ["scores.export"], "custodian": ["key.new", "scores.export"]}
    return read_rules({"roles": roles, "members": members})


def test_member_of_a_role_that_has_the_permission_may():
    decision = decide_permission("anna", "scores.export", rules(operator=["anna"]))
    assert decision.is_granted
    assert decision.reason == "member of 'operator'"


def test_any_role_that_has_the_permission_will_do():
    assert decide_permission("anna", "scores.export", rules(operator=["ben"], custodian=["anna"])).is_granted


@pytest.mark.parametrize("members", [{}, {"operator": []}, {"operator": ["ben"]}, {"operator": ["Anna", "ann"]}])
def test_user_without_the_role_may_not_and_is_told_which_roles_may(members):
    decision = decide_permission("anna", "scores.export", rules(**members))
    assert not decision.is_granted
    assert decision.reason == "expected a member of 'operator' or 'custodian', found 'anna'"


def test_role_without_the_permission_does_not_help():
    assert not decide_permission("anna", "key.new", rules(operator=["anna"])).is_granted


def test_permission_that_no_role_has_is_refused_to_everyone():
    decision = decide_permission("anna", "source.check", rules(operator=["*"], custodian=["*"]))
    assert not decision.is_granted
    assert "there is none" in decision.reason


def test_star_is_everyone():
    assert decide_permission("anna", "scores.export", rules(operator=["*"])).is_granted


@pytest.mark.parametrize(
    ("configured", "named"),
    [
        ({"roles": {"operator": ["scores.exprot"]}, "members": {}}, "roles.operator"),
        ({"roles": {"operator": []}, "members": {"operators": ["anna"]}}, "did you mean 'operator'"),
        ({"roles": {}, "members": {}, "member": {}}, "member: "),
        ({"roles": {}}, "members: "),
        ({"roles": {"operator": []}, "members": {"operator": "anna"}}, "members.operator"),
        ({"roles": {"operator": []}, "members": {"operator": None}}, "members.operator"),
    ],
)
def test_rules_that_are_not_what_they_should_be_are_refused_by_name(configured, named):
    with pytest.raises(ConfigurationError, match=named):
        read_rules(configured)


def test_user_is_the_account_of_the_process():
    assert current_user() == pwd.getpwuid(os.getuid()).pw_name


def test_user_without_an_account_is_named_by_the_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert current_user() == "uid:3999999999"


def test_account_is_known_by_the_full_name_that_the_machine_has_for_it(monkeypatch):
    names = {"anna": "Anna Smith,Room 3,,", "bot": ""}
    accounts = {user: pwd.struct_passwd((user, "x", 1, 1, name, "/", "/bin/sh")) for user, name in names.items()}
    monkeypatch.setattr(pwd, "getpwnam", accounts.__getitem__)
    assert names_of_account("anna") == ("Anna Smith",)
    assert names_of_account("bot") == names_of_account("nobody of this machine") == ()
