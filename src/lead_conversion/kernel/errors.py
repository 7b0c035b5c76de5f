"""The four ways a run can be refused, each with an exit code of its own (sysexits.h), and the alerts that are none."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class LeadConversionError(Exception):
    """A refusal that a person can act on: what was expected, what was found, where, what to do.

    Messages never hold a value of a row: values can be personal.
    """

    exit_code: ClassVar[int] = 1


class DataError(LeadConversionError):
    """The data is wrong: a contract broken, an entity empty, a snapshot whose hash differs."""

    exit_code = 65  # EX_DATAERR


class SourceError(LeadConversionError):
    """The source is down or not there: no file, no host, no answer in time."""

    exit_code = 69  # EX_UNAVAILABLE


class BrokenOffError(SourceError):
    """The source broke off or did not answer in time: asking again may help."""


class TimedOutError(BrokenOffError):
    """The source took a statement, and gave no answer in the time that a statement may take."""


class AccessError(LeadConversionError):
    """You may not: a statement that could write, a login with too many rights, a missing role."""

    exit_code = 77  # EX_NOPERM


class ConfigurationError(LeadConversionError):
    """The configuration is wrong: an unknown key, a missing secret, an option that is not there."""

    exit_code = 78  # EX_CONFIG


class DriftAlert(LeadConversionError):  # noqa: N818 - nothing failed
    """The run succeeded and its results are published, but the model that made them calls for action."""

    exit_code = 79  # the first that sysexits.h leaves free: no refusal, and trying again does not help


class ExperimentAlert(LeadConversionError):  # noqa: N818 - nothing failed
    """The analysis succeeded and is on record, but a test on leads must stop now."""

    exit_code = 80  # no refusal either


def suggest(name: str, names: Iterable[str]) -> str:
    """What a message adds on a name that is not there: the nearest one that is; nothing where none is near."""
    near = get_close_matches(name, list(names), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
