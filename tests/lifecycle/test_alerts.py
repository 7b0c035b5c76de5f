import json
import logging
import time
from http.server import BaseHTTPRequestHandler

import pytest
from web_service import served

from lead_conversion.lifecycle import alerts
from lead_conversion.lifecycle.alerts import describe_alert, send_alert

SECRET = "hook-5f2b"


@pytest.fixture
def service():
    """A web service that answers as it is told, and remembers what it was sent."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.received.append((self.headers["Content-Type"], json.loads(body)))
            time.sleep(server.delay)
            status = server.answers.pop(0) if server.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def do_GET(self):
            server.received.append(("GET", None))
            self.send_response(200)
            self.end_headers()

    with served(Service, SECRET) as server:
        server.delay = 0.0
        yield server


def drift(verdict="act"):
    check = {
        "kind": "distribution", "subject": "n_replies", "sentence": "Kolmogorov-Smirnov distance", "before": 0.3,
        "now": 0.5, "figure": 0.12, "ci_low": None, "ci_high": None, "limit": 0.05, "watch_limit": 0.04, "floor": 0.04,
        "is_worse": True,
        "verdict": verdict, "remedy": "Look at the feed.",
    }  # fmt: skip
    target = {
        "verdict": verdict, "message": "Changed: n_replies.", "advice": "Retrain.", "model_version": "0123456789ab",
        "scored_leads": 5000, "checks": [check, {**check, "verdict": "steady"}],
    }  # fmt: skip
    return {
        "as_of": "2026-09-01T06:00:00", "snapshot_id": "s", "verdict": verdict,
        "targets": {"t1": target, "t2": {**target, "verdict": "steady"}},
    }  # fmt: skip


def test_body_holds_the_verdict_and_figures_of_the_targets_that_call_for_action():
    body = describe_alert(drift())
    assert (body["verdict"], list(body["targets"])) == ("act", ["t1"])
    (check,) = body["targets"]["t1"]["checks"]
    assert (check["subject"], check["figure"], check["limit"]) == ("n_replies", 0.12, 0.05)
    assert "lead_key" not in json.dumps(body)


def test_body_arrives_as_json(service):
    assert send_alert(service.url, describe_alert(drift()), 0.01)
    assert service.received == [("application/json", describe_alert(drift()))]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_service_that_is_overloaded_is_asked_again(service, status):
    service.answers = [status, status, 200]
    assert send_alert(service.url, {}, 0.01)
    assert len(service.received) == 3


def test_service_that_refuses_is_not_asked_again_and_it_is_said(service, caplog):
    service.answers = [403]
    assert not send_alert(service.url, {}, 0.01)
    assert len(service.received) == 1
    assert "answered 403" in caplog.text


def test_redirect_is_not_followed(service):
    service.answers = [302]
    assert not send_alert(service.url, {}, 0.01)
    assert [kind for kind, _body in service.received] == ["application/json"]


def test_service_that_is_never_there_is_given_up_and_it_is_said(service, caplog):
    service.answers = [500] * 5
    assert not send_alert(service.url, {}, 0.01)
    assert len(service.received) == alerts.ATTEMPTS
    assert "was not sent" in caplog.text


def test_service_that_does_not_answer_in_time_is_given_up(service, monkeypatch, caplog):
    monkeypatch.setattr(alerts, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(alerts, "ATTEMPTS", 1)
    service.delay = 0.5
    assert not send_alert(service.url, {}, 0.01)
    assert "did not answer within" in caplog.text


def test_nobody_at_the_address_is_said(caplog):
    assert not send_alert(f"http://127.0.0.1:1/{SECRET}", {}, 0.01)
    assert "cannot be reached" in caplog.text


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "example.org/hook"])
def test_address_of_another_kind_is_not_opened(url, caplog):
    assert not send_alert(url, {}, 0.01)
    assert "must begin with https://" in caplog.text


@pytest.mark.parametrize("answers", [[403], [500, 500, 500], []])
def test_address_is_never_logged(service, answers, caplog):
    service.answers = answers
    with caplog.at_level(logging.DEBUG):
        send_alert(service.url, {}, 0.01)
    assert caplog.text
    assert SECRET not in caplog.text
