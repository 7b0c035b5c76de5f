import logging

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from lead_conversion.cli import find_refusal
from lead_conversion.hooks import AlertHooks, PublicationHooks, alerts
from lead_conversion.kernel.errors import DriftAlert, LeadConversionError
from lead_conversion.settings import HOOKS


def check_drift():
    return {}


def other():
    return {}


WATCHED = Pipeline([Node(check_drift, inputs=None, outputs="drift")])


def finish(verdict, pipeline=WATCHED):
    target = {
        "verdict": verdict, "message": "n_replies changed.", "advice": "Retrain.", "model_version": "m",
        "scored_leads": 5, "checks": [],
    }  # fmt: skip
    drift = {"as_of": "2026-09-01", "snapshot_id": "s", "verdict": verdict, "targets": {"t1": target}}
    AlertHooks().after_pipeline_run(pipeline, DataCatalog({"drift": MemoryDataset(drift)}))


@pytest.fixture
def sent(monkeypatch):
    """What went to the webhook."""
    found = []
    monkeypatch.setattr(alerts, "send_alert", lambda url, body: found.append((url, body)))
    return found


def test_act_ends_the_run_with_an_exit_code_of_its_own_and_a_warning(sent, caplog):
    with pytest.raises(DriftAlert, match="results are published") as raised:
        finish("act")
    others = {kind.exit_code for kind in LeadConversionError.__subclasses__() if kind is not DriftAlert}
    assert find_refusal(raised.value).exit_code == 79
    assert 79 not in others
    assert ("WARNING", "t1: act. n_replies changed. Retrain.") in {(r.levelname, r.message) for r in caplog.records}
    assert sent == []


def test_watch_is_said_and_ends_well(sent, caplog):
    finish("watch")
    assert "t1: watch" in caplog.text
    assert sent == []


def test_alert_points_to_the_report_only_where_the_run_made_one():
    with pytest.raises(DriftAlert) as scoring:
        finish("act")
    assert "report.html" not in str(scoring.value)
    with pytest.raises(DriftAlert, match=r"report\.html or at data/07_model_output/drift\.json"):
        finish("act", WATCHED + Pipeline([Node(other, inputs=None, outputs="report")]))


def test_steady_is_said_where_no_report_says_it(caplog):
    with caplog.at_level(logging.INFO):
        finish("steady")
        finish("steady", WATCHED + Pipeline([Node(other, inputs=None, outputs="report")]))
    assert [line for line in caplog.messages if "steady" in line] == ["  t1: steady. n_replies changed."]


def test_steady_is_no_warning(caplog):
    with caplog.at_level(logging.WARNING):
        finish("steady")
    assert caplog.text == ""


def test_run_that_watched_nothing_is_left_alone():
    finish("act", Pipeline([Node(other, inputs=None, outputs="report")]))


def test_webhook_is_told_where_one_is_named(sent, monkeypatch):
    monkeypatch.setenv(alerts.WEBHOOK, " https://example.org/hook ")
    with pytest.raises(DriftAlert):
        finish("act")
    ((url, body),) = sent
    assert (url, body["verdict"]) == ("https://example.org/hook", "act")


def test_webhook_is_told_nothing_while_nothing_calls_for_action(sent, monkeypatch):
    monkeypatch.setenv(alerts.WEBHOOK, "https://example.org/hook")
    finish("watch")
    assert sent == []


def test_webhook_that_fails_changes_nothing_of_the_verdict(monkeypatch, caplog):
    monkeypatch.setenv(alerts.WEBHOOK, "ftp://example.org/hook")
    with pytest.raises(DriftAlert):
        finish("act")
    assert "was not sent" in caplog.text


def test_alert_comes_after_everything_is_published():
    """Pluggy calls what is marked `trylast` last, and of those the one that was registered last."""
    assert isinstance(HOOKS[-1], AlertHooks)
    assert AlertHooks.after_pipeline_run.kedro_impl["trylast"]
    assert PublicationHooks.after_pipeline_run.kedro_impl["tryfirst"]
