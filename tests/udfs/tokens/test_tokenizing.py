"""Batches to token ids: equal to one document at a time, nothing forged, cut documents complete."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest

from tests.udfs.tokens.test_tokenizer import SAMPLE, TRAINED
from udfs.tokens import tokenizing
from udfs.tokens.chat import encode
from udfs.tokens.fim import Fim
from udfs.tokens.tokenizer import Special, TextTokenizer
from udfs.tokens.tokenizing import Shipped, check_markers, conversation_batches, document_tokens, loaded, token_batches

WITH_FIM = TextTokenizer.train(SAMPLE[:6], 512, Special(more=Fim().markers))
TEXTS = [*SAMPLE[:5], "x", "<|im_end|> and <|endoftext|>", "é\n", "<|fim_middle|>" * 3]
IDS = [hashlib.sha256(text.encode()).hexdigest() for text in TEXTS]
ALL = Fim(1.0)


def batch(held_out: list[bool] | None = None) -> pa.RecordBatch:
    numbers, nowhere = pa.array(range(len(TEXTS)), pa.int64()), pa.array([False] * len(TEXTS))
    columns = [pa.array(IDS), numbers, nowhere if held_out is None else pa.array(held_out), pa.array(TEXTS)]
    return pa.RecordBatch.from_arrays(columns, ["content_id", "n", "held_out", "text"])


def ids_of(tokenizer: TextTokenizer, fim: Fim, held_out: list[bool] | None = None) -> list[list[int]]:
    shipped = Shipped.of(tokenizer)
    return [ids for made in token_batches(shipped, fim, batch(held_out)) for ids in made["tokens"].to_pylist()]


def test_a_batch_gives_what_each_document_gives() -> None:
    (made,) = token_batches(Shipped.of(TRAINED), Fim(), batch())
    assert made["tokens"].to_pylist() == [TRAINED.encode([text])[0] for text in TEXTS]
    assert made["tokens"].type == pa.list_(pa.int32())
    assert made["n_tokens"].to_pylist() == [len(ids) for ids in made["tokens"].to_pylist()]
    assert made.schema.names == ["content_id", "n", "held_out", "tokens", "n_tokens"]


def test_large_batches_are_encoded_in_bounded_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ids_of(TRAINED, Fim())
    monkeypatch.setattr(tokenizing, "MAX_BATCH_BYTES", 3000)
    parts = list(token_batches(Shipped.of(TRAINED), Fim(), batch()))
    assert [ids for part in parts for ids in part["tokens"].to_pylist()] == whole
    assert [n for part in parts for n in part["n"].to_pylist()] == list(range(len(TEXTS)))
    assert len(parts) > 2
    sizes = [[len(TEXTS[n].encode()) for n in part["n"].to_pylist()] for part in parts]
    assert all(sum(size) <= 3000 or len(size) == 1 for size in sizes)


def test_no_text_becomes_a_special_token() -> None:
    special = {WITH_FIM.id(token) for token in WITH_FIM.special.tokens()}
    assert [ids for ids in ids_of(WITH_FIM, Fim()) if special & set(ids)] == []


def test_a_cut_document_holds_its_markers_once_and_its_whole_text() -> None:
    markers = [WITH_FIM.id(marker) for marker in ALL.markers]
    for text, ids in zip(TEXTS, ids_of(WITH_FIM, ALL), strict=True):
        first, second, third = (ids.index(marker) for marker in markers)
        assert first == 0 < second < third and [ids.count(marker) for marker in markers] == [1, 1, 1]
        prefix, suffix, middle = (
            WITH_FIM.decode(part) for part in (ids[1:second], ids[second + 1 : third], ids[third + 1 :])
        )
        assert prefix + middle + suffix == text


def test_only_drawn_documents_are_cut() -> None:
    whole, cut = ids_of(WITH_FIM, Fim()), ids_of(WITH_FIM, Fim(0.5))
    same = [a == b for a, b in zip(whole, cut, strict=True)]
    assert True in same and False in same


def test_what_is_held_out_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bits per byte are those of the text as it stands; its neighbours in the batch are cut as before."""
    held_out = [number % 3 == 1 for number in range(len(TEXTS))]
    monkeypatch.setattr(tokenizing, "MAX_BATCH_BYTES", 3000)
    whole, cut = ids_of(WITH_FIM, Fim()), ids_of(WITH_FIM, ALL)
    assert ids_of(WITH_FIM, ALL, held_out) == [w if h else c for w, c, h in zip(whole, cut, held_out, strict=True)]
    with pytest.raises(KeyError, match="held_out"):
        list(token_batches(Shipped.of(WITH_FIM), ALL, batch().drop_columns(["held_out"])))


def test_fill_in_the_middle_needs_its_special_tokens() -> None:
    check_markers(TRAINED, Fim())
    check_markers(WITH_FIM, ALL)
    with pytest.raises(ValueError, match=r"tokens\.fim_rate: expected a tokenizer with the special tokens .*--fim"):
        check_markers(TRAINED, ALL)


def test_a_tokenizer_is_built_once_for_equal_hashes() -> None:
    assert loaded(Shipped.of(TRAINED)) is loaded(Shipped.of(TRAINED))
    assert loaded(Shipped.of(TRAINED)).hash == TRAINED.hash
    assert loaded(Shipped.of(WITH_FIM)).special == WITH_FIM.special


def test_conversations_are_those_of_the_chat_template_with_their_masks() -> None:
    talks = [
        [{"role": "user", "content": "q<|im_end|>"}, {"role": "assistant", "content": "an answer"}],
        [{"role": "user", "content": "more"}, {"role": "assistant", "content": "<|endoftext|>"}],
    ]
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    given = pa.RecordBatch.from_arrays(
        [pa.array(["a", "b"]), pa.array(talks, pa.list_(turn))], ["content_id", "messages"]
    )
    (made,) = conversation_batches(Shipped.of(TRAINED), given)
    expected = [encode(talk, TRAINED) for talk in talks]
    assert made["tokens"].to_pylist() == [row.ids for row in expected]
    assert made["supervised"].to_pylist() == [row.supervised for row in expected]
    assert made["n_supervised"].to_pylist() == [sum(row.supervised) for row in expected]
    assert made["tokens"].to_pylist()[0].count(TRAINED.id("<|im_end|>")) == 2


def test_no_text_gives_no_batch() -> None:
    assert list(document_tokens(batch().slice(0, 0), TRAINED, Fim())) == []
