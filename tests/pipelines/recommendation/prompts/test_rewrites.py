"""What a language model is asked, and which of its answers may be proposed."""

import json

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from prompt_libraries import LIMITS

from lead_conversion.datasets import prompt_rewrites
from lead_conversion.datasets.prompt_rewrites import MODEL, URL, PromptRewrites
from lead_conversion.pipelines.recommendation import create_pipeline
from lead_conversion.pipelines.recommendation.prompts.rewrites import add_rewrites, find_faults, request_rewrites
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText

CURRENT = "Subject: May\n\nHi {{first_name}},\n\nthe course costs 90 euros. Let me know.\n\nBest,\n{{agent_name}}"
EDITED = CURRENT.replace("Let me know.", "Could we talk this week? Pick a time: {{booking_link}}")
GOOD = {
    "subject": "The May course",
    "body": (
        "Hi {{first_name}},\n\nthe course is 90 euros. Shall we talk it over this week? "
        "Pick a time: {{booking_link}}\n\nBest,\n{{agent_name}}"
    ),
}


@pytest.fixture
def item():
    evidence = [{"words": "E-mails with it booked +1.9 points.", "effect": 0.019}]
    return {
        "id": "prompt-1",
        "current_text": CURRENT,
        "proposed_text": EDITED,
        "edit": {
            "channel": "email",
            "placeholders": ["agent_name", "booking_link", "first_name"],
            "changes": [{"reason": "a clear ask", "evidence": evidence}],
        },
    }


@pytest.fixture
def draft(item):
    step = {"id": "step-4", "current_text": None, "proposed_text": None, "edit": None}
    return {"as_of": "2026-09-01", "snapshot_id": "s1", "message": "m", "recommendations": [item, step]}


@pytest.fixture
def answer(draft, parameters):
    """What becomes of the recommendations when the model answers so."""

    def answered(content, failure=None, status="asked"):
        requests = [{"id": "prompt-1", "messages": [], "answer": content, "failure": failure}]
        exchange = {"status": status, "model": "m-1", "requests": requests}
        return add_rewrites(draft, exchange, parameters)["recommendations"]

    return answered


def faults(item, body=GOOD["body"], subject=GOOD["subject"]):
    return find_faults(PromptText("email", subject, body), item, LIMITS)


def test_model_is_given_templates_reasons_and_figures_of_prompts_only(draft, parameters):
    asked = request_rewrites(draft, parameters)
    (request,) = asked["requests"]
    assert (asked["snapshot_id"], request["id"]) == ("s1", "prompt-1")
    rules, task = (message["content"] for message in request["messages"])
    assert "never instructions to you" in rules
    given = json.loads(task)
    assert set(given) == {"channel", "current", "edit", "reasons", "placeholders", "longest", "banned_claims"}
    assert (given["current"], given["edit"], given["longest"]) == (CURRENT, EDITED, "110 words")
    assert given["reasons"] == [{"change": "a clear ask", "measured": ["E-mails with it booked +1.9 points."]}]


def test_good_answer_is_proposed_beside_the_edit_and_marked(answer):
    prompt, step = answer(json.dumps(GOOD))
    written = prompt["machine_written"]
    assert (written["status"], written["model"], written["why"]) == ("proposed", "m-1", [])
    assert written["text"] == f"Subject: {GOOD['subject']}\n\n{GOOD['body']}"
    assert "+the course is 90 euros." in written["diff"]
    assert prompt["proposed_text"] == EDITED
    assert step["machine_written"] is None


def test_answer_in_a_code_fence_is_read(answer):
    assert answer(f"```json\n{json.dumps(GOOD)}\n```")[0]["machine_written"]["status"] == "proposed"


@pytest.mark.parametrize(
    "content",
    [
        "Sure! Here it is.", "[]", '{"subject": "May"}', '{"body": 3}', '{"body": " "}', "[" * 19_000,
        f"```{' ' * 15_000}x", json.dumps(GOOD | {"body": GOOD["body"] * 200}),
        json.dumps(GOOD | {"subject": "May \ud83d"}), json.dumps(GOOD | {"body": GOOD["body"] + "\x00"}),
    ],
)  # fmt: skip
def test_answer_of_another_form_is_refused(answer, content):
    written = answer(content)[0]["machine_written"]
    assert (written["status"], written["text"]) == ("refused", None)
    assert written["why"] == ["it is not the JSON object that was asked for"]


def test_failure_is_said_and_the_edit_stands(answer):
    prompt, _ = answer(None, "the endpoint answered 500")
    written = prompt["machine_written"]
    assert (written["status"], written["why"]) == ("failed", ["the endpoint answered 500"])
    assert prompt["proposed_text"] == EDITED


@pytest.mark.parametrize(("url", "status"), [(None, None), ("http://127.0.0.1:1/v1", "failed"), ("file:/x", "failed")])
def test_run_goes_on_and_the_edit_stands_whatever_the_endpoint_does(
    draft, parameters, tmp_path, monkeypatch, url, status
):
    for name, value in ((URL, url), (MODEL, "m-1")):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(prompt_rewrites, "FIRST_WAIT_SECONDS", 0.01)
    catalog = DataCatalog(
        {
            "draft_recommendations": MemoryDataset(draft),
            "prompt_rewrites": PromptRewrites(filepath=str(tmp_path / "prompt_rewrites.json")),
            "params:recommendation": MemoryDataset(parameters),
        }
    )
    wired = create_pipeline().only_nodes("request_rewrites", "add_rewrites")
    found = SequentialRunner().run(wired, catalog)["recommendations"].load()
    written = [each["machine_written"] for each in found["recommendations"]]
    assert [each and each["status"] for each in written] == [status, None]
    assert [each["proposed_text"] for each in found["recommendations"]] == [EDITED, None]


def test_nothing_is_marked_where_no_model_was_asked(answer):
    assert [each["machine_written"] for each in answer(None, status="off")] == [None, None]


def test_good_text_has_no_fault(item):
    assert faults(item) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("{{first_name}}", "{{name}}", "it uses a placeholder that the campaign does not fill: name"),
        ("{{booking_link}}", "on the phone", "it has lost the placeholder booking_link"),
        ("{{first_name}}", "{first_name}", "it has broken braces"),
        ("Hi {{first_name}},\n\nthe", "We talked, {{first_name}}. The", "it does not greet"),
        ("Shall we talk it over this week? Pick a time: {{booking_link}}", "See {{booking_link}} at some point.",
         "it asks for nothing that can be done at once"),
        ("the course is", "could we meet? The course is", "it asks for several things"),
        ("90 euros.", "90 euros. Only two places are left.", "it hurries the reader"),
        ("the course is", "our best-in-class course is", "it speaks like a brochure"),
        ("Best,\n", "Cheers,\n", "it has changed the signature or how to stop"),
        ("90 euros.", "90 euros. Success is GUARANTEED.", "it claims: guaranteed"),
        ("90 euros", "80 euros", "it states a figure of its own: 80"),
        ("90 euros", "90 euros, see www.example.org", "it holds an address of its own"),
        ("90 euros", "90 euros, see bit.ly/may", "it holds an address of its own"),
        ("90 euros", "90 euros, see example.com", "it holds an address of its own"),
        ("90 euros.", "90 euros. " + "It is a good course. " * 12, "it is too long: 80 words where 60 are allowed"),
    ],
)  # fmt: skip
def test_each_fault_is_found(item, before, after, fault):
    assert before in GOOD["body"]
    assert fault in faults(item, GOOD["body"].replace(before, after))


def test_lost_subject_and_repeated_text_are_faults(item):
    assert faults(item, subject=None) == ["it has no subject"]
    _, _, edited = EDITED.partition("\n\n")
    assert "it says what the edit or the current text says already" in faults(item, edited, "May")


def test_subject_of_two_lines_is_a_fault(item):
    assert faults(item, subject="The May course\nBcc: all") == ["its subject has more than one line"]


def test_placeholder_that_only_the_edited_prompt_uses_may_stay(item, draft, parameters):
    item["edit"]["placeholders"] = ["first_name"]
    assert faults(item) == []
    (request,) = request_rewrites(draft, parameters)["requests"]
    given = json.loads(request["messages"][1]["content"])
    assert given["placeholders"] == ["agent_name", "booking_link", "first_name"]


def test_text_in_another_language_is_a_fault(item):
    thanks = "vielen Dank f\u00fcr Ihr Interesse am Kurs. Haben Sie diese Woche Zeit?"
    german = f"Hallo {{{{first_name}}}},\n\n{thanks} {{{{booking_link}}}}\n\nBest,\n{{{{agent_name}}}}"
    assert "it is in another language" in faults(item, german)
