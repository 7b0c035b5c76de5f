"""The few ways in which a world is drawn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def happens(rng: np.random.Generator, share: float) -> bool:
    """Whether something happens that happens in this share of cases."""
    return bool(rng.random() < share)


def happen(rng: np.random.Generator, share: float, size: int) -> NDArray[np.bool_]:
    """The same for each of `size` cases."""
    return np.asarray(rng.random(size) < share)


def pick(rng: np.random.Generator, texts: Sequence[str]) -> str:
    """One of the texts, each as likely as the other."""
    return texts[int(rng.integers(len(texts)))]


def at_share(texts: Sequence[str], share: float) -> str:
    """The text that stands at a share, from 0 to below 1, of the way through."""
    return texts[int(share * len(texts))]
