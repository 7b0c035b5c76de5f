"""Who is the champion, and how that changes: each change is decided, put on record, made, and recorded as made."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, LeadConversionError
from lead_conversion.lifecycle import registry
from lead_conversion.lifecycle.promotion import (
    Approval,
    Decision,
    Kind,
    decide_promotion,
    decide_rollback,
    started_by,
)
from lead_conversion.lifecycle.promotion_log import (
    EVERY_MODEL,
    PromotionLog,
    champion_by_log,
    find_tampering,
)
from lead_conversion.lifecycle.registry import Standing

REFUSALS: Mapping[Kind, type[LeadConversionError]] = {
    "access": AccessError,
    "data": DataError,
    "configuration": ConfigurationError,
}

# Told of each decision before anything is changed.
Record = Callable[[Decision], None]
NamesOf = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class Succession:
    """The registered models of a project and the log of their champions.

    Args:
        prefix: what the registered models' names begin with.
        log: where changes are recorded.
    """

    prefix: str
    log: PromotionLog

    def standings(self) -> dict[str, Standing]:
        """How the registered models stand, by target."""
        return registry.read_standings(self.prefix)

    def standing(self, target: str) -> Standing:
        """How one target's registered model stands.

        Raises:
            DataError: no model of that target was ever registered.
        """
        standings = self.standings()
        if target not in standings:
            there = f"models of {', '.join(standings)}" if standings else "none at all"
            raise DataError(
                f"No model of target '{target}' was ever registered; there are {there}. A run of the pipeline "
                "'training' registers a model that passes its gate."
            )
        return standings[target]

    def promote(
        self, target: str, approval: Approval, record: Record, names_of: NamesOf, expected: str | None = None
    ) -> Decision:
        """Make the challenger the champion.

        Args:
            target: whose challenger.
            approval: who asks, and why.
            record: is told of the decision, granted or not, before anything is changed.
            names_of: what else an account is called.
            expected: the version that the person looked at, where they said so.

        Returns:
            the decision that allowed it.

        Raises:
            AccessError, DataError, ConfigurationError: it is refused.
        """
        with self._untampered():
            standing = self.standing(target)
            number = standing.challenger
            challenger = registry.describe_version(standing, number) if number else None
            starter = started_by(challenger.lineage) if challenger else ""
            names = names_of(starter) if starter else ()
            decision = decide_promotion(approval, challenger, standing.champion, names, expected)
            _require(decision, record)
            with self._on_record("promote", standing, approval, decision.version):
                registry.crown(standing, str(decision.version))
        return decision

    def roll_back(self, target: str, approval: Approval, record: Record, *, to_none: bool = False) -> Decision:
        """Bring the champion before back, or have none.

        Returns:
            the decision that allowed it.

        Raises:
            AccessError, DataError, ConfigurationError: it is refused.
        """
        with self._untampered():
            standing = self.standing(target)
            champion = registry.describe_version(standing, standing.champion) if standing.champion else None
            before = registry.describe_version(standing, champion.before) if champion and champion.before else None
            decision = decide_rollback(approval, champion, before, to_none=to_none)
            _require(decision, record)
            with self._on_record("rollback", standing, approval, decision.version):
                registry.restore(standing, decision.version)
        return decision

    def begin_log_anew(self, approval: Approval) -> str:
        """Set a log that cannot be trusted aside, and begin another one that says so; what the old one is called now.

        Raises:
            DataError: the log is as it was written.
        """
        with self.log.locked():
            standings = self.standings()
            faults = self.faults(standings)
            if not faults:
                raise DataError("The promotion log is as it was written; there is no reason to begin another.")
            aside = self.log.set_aside().name if self.log.lines() else "no file was left"
            anchors = {standing.name: standing.anchor for standing in standings.values()}
            place = self.log.append(
                {
                    "action": "begin anew",
                    "state": "done",
                    "model": EVERY_MODEL,
                    **_who(approval),
                    "set_aside": aside,
                    "faults": faults,
                    "anchors": anchors,
                    "champions": {standing.name: standing.champion for standing in standings.values()},
                }
            )
            for name in anchors:
                registry.anchor(name, str(place))
        return aside

    def faults(self, standings: Mapping[str, Standing]) -> tuple[str, ...]:
        """What shows that the log was tampered with; nothing where it was not."""
        return find_tampering(self.log.lines(), {standing.name: standing.anchor for standing in standings.values()})

    def doubts(self, standings: Mapping[str, Standing]) -> tuple[str, ...]:
        """Where the registry has another champion than the log, or a change was begun and not finished."""
        lines, said = self.log.lines(), []
        for target, standing in standings.items():
            champion, is_finished = champion_by_log(lines, standing.name)
            if not is_finished:
                said.append(
                    f"{target}: the last change of its champion was begun and is not known to be finished; the "
                    f"champion is {_named(standing.champion)}"
                )
            elif champion != standing.champion:
                said.append(
                    f"{target}: the champion is {_named(standing.champion)}, by the log {_named(champion)}: it was "
                    "changed by other means than this command"
                )
        return tuple(said)

    @contextmanager
    def _untampered(self) -> Iterator[None]:
        with self.log.locked():
            faults = self.faults(self.standings())
            if faults:
                raise DataError(
                    f"The promotion log {self.log.path} was tampered with: {'; '.join(faults)}. No champion is changed "
                    "before a person has looked at it. Restore it from a backup, or begin another with "
                    "`lead-conversion model log --begin-anew`, which keeps the old one and says why."
                )
            yield

    @contextmanager
    def _on_record(self, action: str, standing: Standing, approval: Approval, version: str | None) -> Iterator[None]:
        """One line before the change and one after it, each anchored with the registered model."""
        event = {
            "action": action,
            "model": standing.name,
            "version": version,
            "before": standing.champion,
            "files": {
                tag: digest
                for tag, digest in standing.versions.get(version or "", {}).items()
                if tag.startswith(registry.HASH_TAG)
            },
            **_who(approval),
        }
        registry.anchor(standing.name, str(self.log.append({**event, "state": "asked"})))
        state = "broken off"
        try:
            yield
            state = "done"
        finally:
            registry.anchor(standing.name, str(self.log.append({**event, "state": state})))


def _require(decision: Decision, record: Record) -> None:
    record(decision)
    if not decision.is_allowed:
        raise REFUSALS[decision.kind or "access"](decision.reason)


def _who(approval: Approval) -> dict[str, Any]:
    return {
        "person": approval.user,
        "account_is_shared": approval.account_is_shared,
        "by": approval.by.strip(),
        "reason": approval.reason.strip(),
    }


def _named(version: str | None) -> str:
    return f"version {version}" if version else "none"
