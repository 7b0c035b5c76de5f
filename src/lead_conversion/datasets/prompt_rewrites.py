"""The one door to a language model: asks it to reword prompts, where a person has named one; off by default.

Any endpoint that speaks OpenAI's chat completions will do: POST {url}/chat/completions. What is sent stands in the
file, word for word: templates and aggregate figures, no lead. Without an address nothing leaves the machine, and the
file holds what would be asked.
"""

import ipaddress
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lead_conversion.datasets.staged import StagedJSON
from lead_conversion.lifecycle.posting import PostError, post_json

URL, MODEL, KEY = "LEAD_CONVERSION_REWRITE_URL", "LEAD_CONVERSION_REWRITE_MODEL", "LEAD_CONVERSION_REWRITE_KEY"
ATTEMPTS = 2
FIRST_WAIT_SECONDS = 1.0
TIMEOUT_SECONDS = 60.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Provider:
    """An endpoint of chat completions, by reference to the environment."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Provider | None":
        """The provider that the environment names; None where it names no address."""
        url = environment.get(URL, "").strip()
        return cls(url, environment.get(MODEL, "").strip(), environment.get(KEY, "").strip()) if url else None

    def ask(self, messages: list[dict[str, str]]) -> str:
        """The content of the model's answer.

        Raises:
            PostError: there is no answer, in words that hold neither address nor key.
        """
        if not self.model:
            raise PostError(f"{MODEL} is not set")
        if self.key and urlsplit(self.url).scheme == "http" and not _is_this_machine(self.url):
            raise PostError(f"{KEY} would be sent in clear: use https://")
        answer = post_json(
            f"{self.url.rstrip('/')}/chat/completions",
            {"model": self.model, "messages": messages, "temperature": 0},
            service="endpoint",
            attempts=ATTEMPTS,
            first_wait_seconds=FIRST_WAIT_SECONDS,
            timeout_seconds=TIMEOUT_SECONDS,
            headers={"Authorization": f"Bearer {self.key}"} if self.key else None,
        )
        try:
            content = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str):
            raise PostError("the endpoint's answer is no chat completion")
        return content


class PromptRewrites(StagedJSON):
    """What is asked of the language model, and what it answered: saved as requests, loaded with their answers.

    A provider that fails stops no run: the failure is saved in the answer's place, and the rest is not asked.
    """

    def save(self, data: dict[str, Any]) -> None:
        """Ask each of `requests`, where a provider is named, and write what came of it."""
        provider = Provider.of(os.environ)
        if provider is None:
            super().save(data)
        else:
            answered = _ask_all(provider, data["requests"])
            super().save({**data, "status": "asked", "model": provider.model, "requests": answered})


def _ask_all(provider: Provider, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    exchanges, failure = [], None
    for request in requests:
        answer = None
        if failure is None:
            try:
                answer = provider.ask(request["messages"])
            except PostError as error:
                failure = str(error)
                log.warning("No prompt is reworded by the language model any more: %s. The edits stand.", failure)
        exchanges.append({**request, "answer": answer, "failure": None if answer is not None else failure})
    answered = sum(exchange["answer"] is not None for exchange in exchanges)
    log.info(
        "%d of %d prompts reworded by %s: templates and aggregate figures were sent, no lead",
        answered,
        len(requests),
        provider.model,
    )
    return exchanges


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
