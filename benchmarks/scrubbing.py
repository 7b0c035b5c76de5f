"""How many messages a second one core scrubs, and how many replies it describes.

    python benchmarks/scrubbing.py [--messages 5000] [--rounds 5]

Each round is a corpus of its own (tests/support/message_corpus.py, set b), each message by a writer of its own, as an
extraction meets them. Times are of the processor, so that a busy machine does not count.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from message_corpus import Message, make_corpus

from lead_conversion.guard.message_text import own_words
from lead_conversion.guard.scrubbing import KnownPerson, scrub
from lead_conversion.language.replies import describe_reply


def known(message: Message) -> KnownPerson:
    writer = message.writer
    return KnownPerson(writer.first_name, writer.last_name, writer.email, writer.phone, writer.city, writer.company)


def per_second(work: Callable[..., object], items: list[tuple[Any, ...]]) -> float:
    started = time.process_time()
    for item in items:
        work(*item)
    return len(items) / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    names = ("scrub, writer known", "scrub, writer unknown", "own words and scrub", "describe reply")
    rates: dict[str, list[float]] = {name: [] for name in names}
    for seed in range(options.rounds + 1):
        corpus = make_corpus(options.messages, seed=seed + 100, of="b")
        people = [(message.text, known(message)) for message in corpus]
        texts = [(message.text,) for message in corpus]
        measured = (
            per_second(scrub, people),
            per_second(scrub, texts),
            per_second(lambda text, person: scrub(own_words(text), person), people),
            per_second(lambda text: describe_reply(own_words(text)), texts),
        )
        if seed:  # the first round warms up what is made once: patterns, letters, language statistics
            for found, rate in zip(rates.values(), measured, strict=True):
                found.append(rate)
    characters = sum(len(message.text) for message in corpus) / len(corpus)
    print(f"{options.rounds} rounds of {options.messages:,} messages of {characters:.0f} characters, one core")
    for name, found in rates.items():
        print(f"{name:24} {median(found):8,.0f} a second ({min(found):,.0f} to {max(found):,.0f})")


if __name__ == "__main__":
    main()
