"""Keyed pseudonyms: a person has one key in every entity, and without the secret no one can tell who it is."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from lead_conversion.kernel.errors import ConfigurationError

KINDS = ("lead", "event", "outcome", "email", "phone", "text")
PSEUDONYM_CHARS = 32
MIN_SECRET_BYTES = 16


class PseudonymKey:
    """The secret of the pseudonyms. It shows itself nowhere: not in repr, str, a pickle or a message.

    Args:
        secret: 16 bytes or more; a text counts as its UTF-8 bytes.

    Raises:
        ConfigurationError: the secret is too short to resist guessing.
    """

    __slots__ = ("_fingerprint", "_hmac")

    def __init__(self, secret: bytes | str) -> None:
        secret = secret.encode() if isinstance(secret, str) else bytes(secret)
        if len(secret) < MIN_SECRET_BYTES:
            raise ConfigurationError(
                f"The pseudonym key is too short: expected {MIN_SECRET_BYTES} bytes or more, found {len(secret)}. "
                "Set LEAD_CONVERSION_PSEUDONYM_KEY to a random secret, such as the output of 'openssl rand -hex 32'."
            )
        self._hmac = hmac.new(secret, digestmod="sha256")
        self._fingerprint = self.pseudonym_of("fingerprint", "")[:12]

    @property
    def fingerprint(self) -> str:
        """12 hex digits that tell one key from another, for manifests; they say nothing about the secret."""
        return self._fingerprint

    def pseudonym_of(self, kind: str, value: str) -> str:
        """The first 32 hex digits of HMAC-SHA-256(secret, 'kind:value') (RFC 2104)."""
        keyed = self._hmac.copy()
        keyed.update(f"{kind}:{value}".encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()[:PSEUDONYM_CHARS]

    def __repr__(self) -> str:
        return f"PseudonymKey(fingerprint={self._fingerprint!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A PseudonymKey is not pickled: it would put the secret on disk. Read it again where needed.")

    def __copy__(self) -> "PseudonymKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "PseudonymKey":
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PseudonymKey) and hmac.compare_digest(self._fingerprint, other.fingerprint)

    def __hash__(self) -> int:
        return hash(self._fingerprint)


@dataclass(frozen=True)
class KeyRing:
    """The key that pseudonyms are made with, and the earlier ones: what was written under them can be read.

    `current` is None where no key was made or given yet.
    """

    current: PseudonymKey | None
    retired: tuple[PseudonymKey, ...] = ()

    def of(self, fingerprint: str) -> PseudonymKey:
        """The key that has this fingerprint.

        Raises:
            ConfigurationError: it is not on the ring.
        """
        known = [key for key in (self.current, *self.retired) if key is not None]
        for key in known:
            if key.fingerprint == fingerprint:
                return key
        raise ConfigurationError(
            f"What was written under the pseudonym key {fingerprint} cannot be read: the keys at hand are "
            f"{', '.join(key.fingerprint for key in known) or 'none'}. Give that key among the retired ones, in "
            "LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED or conf/local/pseudonym.retired.keys, or run the pipeline anew."
        )


def pseudonymise(values: pa.Array, kind: str, key: PseudonymKey) -> pa.Array:
    """The pseudonym of each value, 32 hex digits; a null stays null.

    Args:
        values: any type that casts to text; the integer 7 and the text '7' have one pseudonym.
        kind: what the values name; keys of different kinds never meet.
        key: the secret.

    Raises:
        ConfigurationError: no such kind.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"Unknown kind of pseudonym '{kind}': expected one of {', '.join(KINDS)}.")
    encoded = values.cast(pa.string()).dictionary_encode()
    keys = [key.pseudonym_of(kind, value) for value in encoded.dictionary.to_pylist()]
    return pa.array(keys, pa.string()).take(encoded.indices)


def recover_ids(pseudonyms: pa.Array, ids: Iterable[pa.Array], kind: str, key: PseudonymKey) -> pa.Array:
    """The id behind each pseudonym, null where none of the ids has it; the ids keep their type.

    There is no way back from a pseudonym but to make those of all ids again. One batch of ids is held at a time.

    Args:
        pseudonyms: 32 hex digits each.
        ids: every id that there is, in batches.
        kind: what the ids name.
        key: the secret that the pseudonyms were made with.
    """
    wanted = pseudonyms.unique()
    found_keys, found_ids = [pa.array([], pa.string())], []
    for batch in ids:
        keys = pseudonymise(batch, kind, key)
        here = pc.is_in(keys, value_set=wanted)
        found_keys.append(keys.filter(here))
        found_ids.append(batch.filter(here))
    if not found_ids:
        return pa.nulls(len(pseudonyms))
    return pa.concat_arrays(found_ids).take(pc.index_in(pseudonyms, value_set=pa.concat_arrays(found_keys)))
