"""A language model is asked where a person named one, over the real protocol, and never stops a run."""

import json
from http.server import BaseHTTPRequestHandler

import pytest
from web_service import served

from lead_conversion.datasets import prompt_rewrites
from lead_conversion.datasets.prompt_rewrites import KEY, MODEL, URL, PromptRewrites, Provider
from lead_conversion.lifecycle.posting import PostError

SECRET = "sk-5f2b"
MESSAGES = [{"role": "system", "content": "Reword."}, {"role": "user", "content": "Hi {{first_name}}"}]
REQUESTS = {
    "as_of": "2026-09-01T00:00:00",
    "snapshot_id": "s1",
    "status": "off",
    "model": None,
    "requests": [{"id": f"prompt-{n}", "messages": MESSAGES, "answer": None, "failure": None} for n in (1, 2)],
}


@pytest.fixture
def endpoint(monkeypatch):
    """An endpoint of chat completions that answers as it is told, and remembers what it was sent."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.received.append((self.path, self.headers["Authorization"], body))
            status, answer = self.server.answers.pop(0) if self.server.answers else (200, completion("Hello."))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    monkeypatch.setattr(prompt_rewrites, "FIRST_WAIT_SECONDS", 0.01)
    with served(Endpoint, "v1") as server:
        yield server


@pytest.fixture
def dataset(tmp_path):
    return PromptRewrites(filepath=str(tmp_path / "prompt_rewrites.json"))


@pytest.fixture
def named(monkeypatch, endpoint):
    for name, value in ((URL, endpoint.url), (MODEL, "m-1"), (KEY, SECRET)):
        monkeypatch.setenv(name, value)


def completion(content):
    message = {"role": "assistant", "content": content}
    return {"id": "c1", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}


def test_nothing_is_sent_unless_an_address_is_named(dataset, endpoint, monkeypatch):
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv(MODEL, "m-1")
    monkeypatch.setenv(KEY, SECRET)
    dataset.save(REQUESTS)
    assert endpoint.received == []
    assert dataset.load() == REQUESTS


@pytest.mark.usefixtures("named")
def test_each_prompt_is_asked_for_in_the_words_of_the_protocol(dataset, endpoint):
    endpoint.answers = [(200, completion("one")), (200, completion("two"))]
    dataset.save(REQUESTS)
    body = {"model": "m-1", "messages": MESSAGES, "temperature": 0}
    assert endpoint.received == [("/v1/chat/completions", f"Bearer {SECRET}", body)] * 2
    kept = dataset.load()
    assert (kept["status"], kept["model"]) == ("asked", "m-1")
    assert [each["answer"] for each in kept["requests"]] == ["one", "two"]


@pytest.mark.usefixtures("named")
def test_endpoint_without_a_key_is_asked_without_one(dataset, endpoint, monkeypatch):
    monkeypatch.delenv(KEY)
    dataset.save(REQUESTS)
    assert endpoint.received[0][1] is None


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"error": "no"}), "the endpoint answered 401"),
        ((200, {"choices": []}), "the endpoint's answer is no chat completion"),
        ((200, {"choices": [{"message": {"content": None}}]}), "the endpoint's answer is no chat completion"),
        ((200, "hello"), "the endpoint's answer is no chat completion"),
    ],
)
def test_failure_is_said_in_the_answers_place_and_the_rest_is_not_asked(dataset, endpoint, caplog, answer, words):
    endpoint.answers = [answer]
    dataset.save(REQUESTS)
    assert len(endpoint.received) == 1
    kept = dataset.load()
    assert [(each["answer"], each["failure"]) for each in kept["requests"]] == [(None, words)] * 2
    assert "The edits stand." in caplog.text


@pytest.mark.usefixtures("named")
def test_answer_before_a_failure_is_kept(dataset, endpoint):
    endpoint.answers = [(200, completion("one")), (403, {})]
    dataset.save(REQUESTS)
    assert [each["answer"] for each in dataset.load()["requests"]] == ["one", None]


@pytest.mark.usefixtures("named")
def test_overloaded_endpoint_is_asked_again(dataset, endpoint):
    endpoint.answers = [(503, {}), (200, completion("one")), (200, completion("two"))]
    dataset.save(REQUESTS)
    assert [each["answer"] for each in dataset.load()["requests"]] == ["one", "two"]


@pytest.mark.usefixtures("named")
def test_nobody_at_the_address_stops_no_run(dataset, monkeypatch):
    monkeypatch.setenv(URL, "http://127.0.0.1:1/v1")
    monkeypatch.setattr(prompt_rewrites, "FIRST_WAIT_SECONDS", 0.01)
    dataset.save(REQUESTS)
    assert dataset.load()["requests"][0]["failure"] == "the endpoint cannot be reached"


@pytest.mark.usefixtures("named")
def test_missing_model_is_said(dataset, endpoint, monkeypatch):
    monkeypatch.delenv(MODEL)
    dataset.save(REQUESTS)
    assert endpoint.received == []
    assert dataset.load()["requests"][0]["failure"] == f"{MODEL} is not set"


def test_answer_that_is_nested_without_end_is_none(monkeypatch):
    monkeypatch.setattr(prompt_rewrites, "post_json", lambda *_, **__: "[" * 100_000)
    with pytest.raises(PostError, match="no chat completion"):
        Provider("https://models.example.org", "m-1").ask([])


def test_key_is_not_sent_in_clear_to_another_machine():
    with pytest.raises(PostError, match="https"):
        Provider("http://models.example.org/v1", "m-1", SECRET).ask(MESSAGES)


@pytest.mark.usefixtures("named")
def test_key_and_address_stand_neither_in_the_file_nor_in_the_log(dataset, endpoint, caplog, tmp_path):
    caplog.set_level("DEBUG")
    endpoint.answers = [(200, completion("one")), (500, {}), (500, {})]
    dataset.save(REQUESTS)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    for secret in (SECRET, endpoint.url):
        assert secret not in written
        assert secret not in caplog.text
    assert SECRET not in repr(Provider("http://x", "m", SECRET))
