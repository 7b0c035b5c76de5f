import logging

import pytest

from lead_conversion.kernel.errors import BrokenOffError, SourceError, TimedOutError
from lead_conversion.source import retry
from lead_conversion.source.retry import Retry


@pytest.fixture
def waits(monkeypatch):
    """The seconds that were waited, without waiting."""
    seconds = []
    monkeypatch.setattr("tenacity.nap.time.sleep", seconds.append)
    return seconds


def broken(times, error=BrokenOffError):
    """A question that breaks off so many times before it is answered."""
    attempts = iter([error("gone")] * times)

    def question():
        for refusal in attempts:
            raise refusal
        return "answer"

    return question


def test_waits_double_and_are_the_same_every_time(waits):
    assert Retry(attempts=5, wait_seconds=2).ask("contacts 2026-01", broken(4)) == "answer"
    assert waits == [2, 4, 8, 16]


def test_no_wait_is_longer_than_five_minutes(waits):
    Retry(attempts=12, wait_seconds=2).ask("contacts", broken(11))
    assert max(waits) == retry.LONGEST_WAIT_SECONDS


def test_each_attempt_that_broke_off_is_said(waits, caplog):
    with caplog.at_level(logging.WARNING):
        Retry(attempts=3, wait_seconds=2).ask("contacts 2026-01", broken(1))
    assert [record.getMessage() for record in caplog.records] == [
        "contacts 2026-01 broke off at attempt 1 of 3; beginning it anew in 2 s"
    ]
    assert waits == [2]


def test_after_the_last_attempt_the_sources_own_error_is_raised(waits):
    with pytest.raises(BrokenOffError, match="gone"):
        Retry(attempts=2, wait_seconds=1).ask("contacts", broken(2))
    assert waits == [1]


def test_what_asking_again_cannot_mend_is_not_asked_again(waits):
    with pytest.raises(SourceError):
        Retry().ask("contacts", broken(1, SourceError))
    assert waits == []


def test_what_took_too_long_is_asked_again_unless_told_otherwise(waits):
    assert Retry(attempts=2, wait_seconds=1).ask("contacts", broken(1, TimedOutError)) == "answer"
    with pytest.raises(TimedOutError):
        Retry(attempts=2, wait_seconds=1).ask("contacts", broken(1, TimedOutError), again_when_timed_out=False)
    assert waits == [1]


def test_connection_that_broke_is_asked_again_also_where_a_time_out_is_not(waits):
    assert Retry(attempts=2, wait_seconds=1).ask("contacts", broken(1), again_when_timed_out=False) == "answer"
    assert waits == [1]
