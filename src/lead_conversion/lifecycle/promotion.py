"""Whether a model may become the champion, or the one before may come back: pure decisions, carried out elsewhere."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lead_conversion.guard.folding import fold_letters

Kind = Literal["access", "data", "configuration"]

TRAIN_AGAIN = "Run the pipeline 'training' again; a model that passes its gate becomes the challenger."


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model, as far as it can be trusted.

    Args:
        number: the registry's version number.
        lineage: where the model comes from; empty where its files cannot be trusted.
        fault: why its files are not those that were registered; empty where they are.
        before: the version that was the champion before this one became it, if any.
    """

    number: str
    lineage: Mapping[str, Any]
    fault: str = ""
    before: str | None = None


@dataclass(frozen=True)
class Approval:
    """Who asks for a change, and why.

    Args:
        user: the account that the command runs as.
        by: the name that was given.
        reason: why, in that person's words.
        account_is_shared: whether several people work through that account, so that it says nothing about who it is.
    """

    user: str
    by: str
    reason: str
    account_is_shared: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether a change may be made, and to which version; where not, why, and what kind of refusal that is.

    `version` is None where there is to be no champion any more.
    """

    is_allowed: bool
    version: str | None
    reason: str
    kind: Kind | None = None


def decide_promotion(
    approval: Approval,
    challenger: RegisteredVersion | None,
    champion: str | None,
    starter_names: Collection[str] = (),
    expected: str | None = None,
) -> Decision:
    """Whether the challenger may become the champion; the first thing that stands against it is named.

    Args:
        approval: who asks.
        challenger: the version that the alias points to.
        champion: the champion's version number.
        starter_names: what else the account is called that started the challenger's run.
        expected: the version that the person looked at, where they said so.
    """
    if challenger is None:
        return _refused("data", f"There is no challenger. {TRAIN_AGAIN}")
    return (
        _fault_of_words(approval)
        or _fault_of_challenger(challenger, champion, expected)
        or _fault_of_comparison(challenger, champion)
        or _fault_of_person(approval, challenger, starter_names)
        or Decision(True, challenger.number, f"version {challenger.number} has passed its gate in another's run")
    )


def decide_rollback(
    approval: Approval, champion: RegisteredVersion | None, before: RegisteredVersion | None, *, to_none: bool = False
) -> Decision:
    """Whether the champion before may come back. It was approved once, so that whoever may promote may bring it back.

    Args:
        approval: who asks.
        champion: the champion that is to go.
        before: the version that it replaced.
        to_none: whether there is to be no champion at all.
    """
    refusal = _fault_of_words(approval)
    if refusal is not None:
        return refusal
    if champion is None:
        return _refused("data", "There is no champion, and so nothing to roll back.")
    if to_none:
        return Decision(True, None, f"version {champion.number} goes, and none takes its place")
    if before is None:
        return _refused(
            "data", f"There was no champion before version {champion.number}. To have none again, say --to-none: then "
            "the pipeline 'scoring' is refused until somebody promotes one.",
        )  # fmt: skip
    if before.fault:
        return _refused(
            "data", f"The champion before cannot come back. {before.fault} To have no champion at all, say --to-none.",
        )  # fmt: skip
    return Decision(True, before.number, f"version {before.number} was the champion before version {champion.number}")


def started_by(lineage: Mapping[str, Any]) -> str:
    """The account that started the run of a lineage; empty where it does not say."""
    return str((lineage.get("run") or {}).get("started_by") or "")


def _refused(kind: Kind, reason: str) -> Decision:
    return Decision(False, None, reason, kind)


def _fault_of_words(approval: Approval) -> Decision | None:
    for option, given in (("--by", approval.by), ("--reason", approval.reason)):
        if not re.search(r"\w", given):
            return _refused("configuration", f"{option}: expected words, found none. The change is recorded with them.")
    return None


def _fault_of_challenger(challenger: RegisteredVersion, champion: str | None, expected: str | None) -> Decision | None:
    number = challenger.number
    if expected is not None and number != expected:
        return _refused(
            "data", f"Expected version {expected} as the challenger, found {number}: another run has passed its gate "
            "since. Look at it with `lead-conversion model show`, and ask again.",
        )  # fmt: skip
    if number == champion:
        return _refused("data", f"Version {number} is the champion already.")
    if challenger.fault:
        return _refused("data", f"{challenger.fault} {TRAIN_AGAIN}")
    failed = _failed_conditions(challenger.lineage)
    if failed:
        return _refused("access", f"Version {number} has not passed its gate ({failed}), and nobody may approve it.")
    return None


def _failed_conditions(lineage: Mapping[str, Any]) -> str:
    """What stands against a verdict; a verdict that is missing or has no conditions is none."""
    gate = lineage.get("gate")
    conditions = gate.get("conditions") if isinstance(gate, Mapping) else None
    if not isinstance(gate, Mapping) or not conditions:
        return "its lineage holds no verdict"
    failed = [condition["name"] for condition in conditions if condition.get("passed") is not True]
    return ", ".join(failed) or ("" if gate.get("passed") is True else "the verdict as a whole")


def _fault_of_comparison(challenger: RegisteredVersion, champion: str | None) -> Decision | None:
    """A challenger that was held against another champion than today's has not shown that it is no worse than that."""
    compared = (challenger.lineage.get("champion") or {}).get("version")
    if champion is None or compared == champion:
        return None
    with_what = f"version {compared}" if compared else "no champion"
    return _refused(
        "data", f"Version {challenger.number} was compared with {with_what}, but the champion is version "
        f"{champion} now. {TRAIN_AGAIN}",
    )  # fmt: skip


def _fault_of_person(
    approval: Approval, challenger: RegisteredVersion, starter_names: Collection[str]
) -> Decision | None:
    """Whoever started the run does not approve its model."""
    number, starter = challenger.number, started_by(challenger.lineage)
    if not starter:
        return _refused("access", f"The lineage of version {number} does not say who started its run. {TRAIN_AGAIN}")
    if approval.user == starter and not approval.account_is_shared:
        return _refused(
            "access", f"The account '{starter}' started the run that made version {number}, and you work through it; "
            "somebody else has to approve. Where several people share that account, name it under shared_accounts in "
            "access.yml.",
        )  # fmt: skip
    if any(_is_same_name(approval.by, name) for name in (starter, *starter_names)):
        return _refused(
            "access", f"--by: expected somebody else than who started the run that made version {number}, found "
            "the same name. Somebody else has to approve.",
        )  # fmt: skip
    return None


def _is_same_name(one: str, other: str) -> bool:
    """Whether two names are made of the same words, however they are ordered, accented or punctuated."""
    first, second = (sorted(re.findall(r"[^\W_]+", fold_letters(name).text)) for name in (one, other))
    return bool(first) and first == second
