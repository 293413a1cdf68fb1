"""The encoder on a small random model, bands of planes, vectors as they are stored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from udfs.embeddings.batches import cosines, embed_batch, vectors
from udfs.embeddings.encoder import Encoder, EncoderError, version
from udfs.embeddings.planes import Planes, band_hashes, meeting_probability

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "sort", "a", "list", "of", "numbers", "in", "python"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A BERT of one layer with random weights, as sentence-transformers stores one."""
    return str(small_encoder(tmp_path_factory.mktemp("encoder")))


def small_encoder(place: Path) -> Path:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    plain = Tokenizer(models.WordPiece({w: n for n, w in enumerate(WORDS)}, unk_token="[UNK]"))
    plain.normalizer = normalizers.BertNormalizer()
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    plain.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(place)
    torch.manual_seed(1)
    shape = BertConfig(vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2)
    BertModel(shape).save_pretrained(place)
    (place / "1_Pooling").mkdir()
    (place / "1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}')
    (place / "sentence_bert_config.json").write_text('{"max_seq_length": 8}')
    return place


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"unit_id": [f"u{n}" for n in range(len(texts))], "text": pa.array(texts, pa.string())}
    )


def test_a_vector_is_a_function_of_its_text_alone(folder: str) -> None:
    texts = ["sort a list", "sort a list of numbers in python", "", None, "😀 列表", "a" * 10_000]
    (together,) = embed_batch(folder, "v", Planes(), batch(*texts))
    alone = [next(embed_batch(folder, "v", Planes(), batch(text))) for text in texts]
    for column in ("shingles", "bands", "sketch"):
        assert together.column(column).to_pylist() == [one.column(column)[0].as_py() for one in alone], column
    lengths = np.linalg.norm(vectors(together.column("sketch")), axis=1)
    assert np.allclose(lengths, 1.0, atol=1e-3)
    assert together.column("shingles").to_pylist() == [5, 8, 2, 2, 5, 3]  # [CLS] and [SEP] included, 8 at most


def test_the_mean_and_the_first_token_are_other_vectors(folder: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    states = AutoModel.from_pretrained(folder)(input_ids=torch.tensor([[2, 4, 5, 6, 3]])).last_hidden_state[0].detach()
    mean, first = (v.numpy() / np.linalg.norm(v.numpy()) for v in (states.mean(0), states[0]))
    assert np.allclose(Encoder(folder).encode("sort a list")[0], mean, atol=1e-6)

    other = small_encoder(tmp_path)
    (other / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    assert np.allclose(Encoder(str(other)).encode("sort a list")[0], first, atol=1e-6)
    assert version(str(other)) != version(folder)
    (other / "1_Pooling/config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(EncoderError, match=r"config\.json: expected the mean or the first token, found .*max"):
        Encoder(str(other))


def test_a_version_is_that_of_the_bytes(folder: str, tmp_path: Path) -> None:
    same = small_encoder(tmp_path)
    assert version(str(same)) == version(folder)
    config = json.loads((same / "config.json").read_text())
    (same / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.1}))
    assert version(str(same)) != version(folder)


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_is_no_encoder_is_named(tmp_path: Path, lost: str) -> None:
    place = small_encoder(tmp_path)
    (place / lost).unlink()
    with pytest.raises(
        EncoderError, match=f"expected a sentence encoder .*, found no {lost}; refinelake fetch encoder"
    ):
        version(str(place))


def test_near_vectors_meet_and_others_do_not() -> None:
    p, draw = Planes(), np.random.default_rng(7)

    def pairs(cosine: float, n: int = 2_000) -> float:
        """Share of pairs at this cosine that share a band."""
        x, noise = draw.standard_normal((2, n, 384))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        noise -= (noise * x).sum(1, keepdims=True) * x
        noise /= np.linalg.norm(noise, axis=1, keepdims=True)
        y = cosine * x + np.sqrt(1 - cosine**2) * noise
        a, b = (band_hashes(v.astype(np.float32), p) for v in (x, y))
        return float((a == b).any(1).mean())

    for cosine in (0.99, 0.92, 0.85, 0.3):
        assert abs(pairs(cosine) - meeting_probability(cosine, p)) < 0.03, cosine
    assert meeting_probability(0.92, p) > 0.97 and meeting_probability(0.3, p) < 0.02


def test_bands_are_the_same_everywhere() -> None:
    """Stored rows meet those of later runs: the planes may never move."""
    row = np.linspace(-1, 1, 6, dtype=np.float32)[None]
    assert band_hashes(row, Planes(bands=3, rows=4)).tolist() == GOLDEN
    assert band_hashes(row, Planes(bands=2, rows=4)).tolist() == [GOLDEN[0][:2]]


GOLDEN = [[15, 23, 47]]


def test_a_cosine_is_that_of_the_vectors() -> None:
    x = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]], np.float16)
    y = np.array([[4.0, 3.0], [-2.0, 0.0], [1.0, 0.0]], np.float16)
    a, b = (pa.array([row.tobytes() for row in m], pa.binary()) for m in (x, y))
    assert np.allclose(cosines(a, b), [0.96, -1.0, 0.0])
    assert cosines(a[:0], b[:0]).shape == (0,)
