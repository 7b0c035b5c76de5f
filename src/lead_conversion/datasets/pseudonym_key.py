"""The key of the pseudonyms in the catalog: from the environment or conf/local, else made for an embedded database.

Earlier keys stay readable, from LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED or from a file beside the current one, for what
was written under them; nothing is written under them any more.
"""

import logging
import os
import re
import secrets
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.datasets.agent_cory import given_path
from lead_conversion.guard.owner_only import create_for_owner
from lead_conversion.guard.pseudonyms import KeyRing, PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.simulation import truth_path_of
from lead_conversion.source.duckdb_source import require_database

KEY_VARIABLE = "LEAD_CONVERSION_PSEUDONYM_KEY"
RETIRED_VARIABLE = "LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED"
# Everyone in the demo world is invented, so its key may be known: two clones then agree byte for byte.
DEMO_KEY = "the demo world's own key: everyone in it is invented"
log = logging.getLogger(__name__)


class PseudonymKeyDataset(AbstractDataset[NoReturn, PseudonymKey]):
    """The secret that turns ids into pseudonyms; it is never written anywhere but to conf/local.

    Args:
        filepath: where a key is kept that was made here, readable by its owner only. The retired ones stand beside it,
            one a line: for `pseudonym.key` in `pseudonym.retired.keys`.
        demo: the embedded demo's `filepath`; it is known as simulated by the truth file beside it.
        makes_missing: whether a missing key may be made. True for embedded databases, False for real ones.
    """

    def __init__(
        self, filepath: str, demo: dict[str, str], *, makes_missing: bool, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(filepath)
        self._retired_path = self._path.with_suffix(".retired.keys")
        self._demo_database = Path(demo["filepath"])
        self._makes_missing = makes_missing
        self.metadata = metadata

    def load(self) -> PseudonymKey:
        """The current key.

        Raises:
            ConfigurationError: there is none and none may be made, or it is too short.
            SourceError: there is none, and no database that one could be made for.
        """
        current = self._current()
        if current is None and not self._makes_missing:
            raise ConfigurationError(
                f"No pseudonym key: set {KEY_VARIABLE} to a secret of 16 characters or more (for example of "
                "`openssl rand -hex 32`), the same for every run, or lead keys change between runs."
            )
        if current is None:
            named = given_path()
            if named:  # a mistyped one is refused before anything is made for it
                require_database(named)
            current = self.renew(rotates=False)
            log.warning(
                "Made a pseudonym key in %s; keep it, or set %s.", "/".join(self._path.parts[-3:]), KEY_VARIABLE
            )
        elif current == PseudonymKey(DEMO_KEY):
            log.warning("Using the demo world's own pseudonym key. Set %s before you read real people.", KEY_VARIABLE)
        return current

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always.
        """
        raise AccessError("The pseudonym key is never saved by a pipeline.")

    def ring(self) -> KeyRing:
        """The keys at hand, none of them made by asking; the demo world's, being public, is always among them.

        Raises:
            ConfigurationError: one of them is too short.
        """
        current = self._current()
        texts = [text for text in re.split(r"[\s,]+", os.environ.get(RETIRED_VARIABLE, "")) if text]
        retired = [_retired_key(text, RETIRED_VARIABLE) for text in texts]
        retired += [_retired_key(text, self._retired_path.name) for text in _lines(self._retired_path)]
        distinct = dict.fromkeys([*retired, PseudonymKey(DEMO_KEY)])
        return KeyRing(current, tuple(key for key in distinct if key != current))

    def renew(self, *, rotates: bool) -> PseudonymKey:
        """A new current key in the file; one that was there is retired, and lost at no moment.

        Args:
            rotates: whether a key that is there may be retired.

        Raises:
            ConfigurationError: the environment gives the key, so that a file would count for nothing; or a key is
                there that may not be retired, or cannot be kept as a line of the retired ones.
        """
        if os.environ.get(KEY_VARIABLE):
            raise ConfigurationError(
                f"{KEY_VARIABLE} is set, and counts before any file. To rotate there: put its value into "
                f"{RETIRED_VARIABLE}, beside what stands there, and a new secret (`openssl rand -hex 32`) into "
                f"{KEY_VARIABLE}."
            )
        is_there = self._path.is_file()
        if is_there and not rotates:
            raise ConfigurationError(
                f"Expected no key in {self._path.name} yet, found one. Say --rotate to retire it and make a new one; "
                "the next run then reads the database anew."
            )
        if is_there:
            self._retire(self._path.read_text(encoding="utf-8").strip())
        secret = secrets.token_hex(32)
        _write_secret(self._path, secret, replaces=is_there)
        return PseudonymKey(secret)

    def _retire(self, text: str) -> None:
        if len(text.splitlines()) != 1:
            raise ConfigurationError(
                f"The key in {self._path.name} is not one line, as the retired ones in {self._retired_path.name} must "
                "be. Keep the file elsewhere if an older ranking is still to be exported, and remove it from here."
            )
        lines = dict.fromkeys([*_lines(self._retired_path), text])
        _write_secret(self._retired_path, "".join(f"{line}\n" for line in lines), replaces=True)

    def _current(self) -> PseudonymKey | None:
        given = os.environ.get(KEY_VARIABLE)
        if given:
            return PseudonymKey(given)
        if self._path.is_file():
            return PseudonymKey(self._path.read_text(encoding="utf-8").strip())
        reads_demo = self._makes_missing and given_path() is None and truth_path_of(self._demo_database).is_file()
        return PseudonymKey(DEMO_KEY) if reads_demo else None

    def _describe(self) -> dict[str, Any]:
        return {"from": f"{KEY_VARIABLE} or conf/local"}

    def _exists(self) -> bool:
        return bool(os.environ.get(KEY_VARIABLE)) or self._path.is_file()


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip()]


def _retired_key(text: str, place: str) -> PseudonymKey:
    try:
        return PseudonymKey(text)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"A retired pseudonym key in {place} is too short to be one. Keys stand apart by blanks or commas in "
            f"{RETIRED_VARIABLE}, and one a line in the file: a key that has blanks in it belongs into the file."
        ) from error


def _write_secret(path: Path, text: str, *, replaces: bool) -> None:
    """Write a file that only its owner reads; one that is replaced is there, whole, at every moment.

    Raises:
        FileExistsError: it is not to be replaced, and another process has just made it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{os.getpid()}.partial") if replaces else path
    with create_for_owner(written) as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if replaces:
        written.replace(path)
