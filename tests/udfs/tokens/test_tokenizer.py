"""The tokenizer: exact round trips, special tokens that no text can forge, and agreement with transformers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.tokens.tokenizer import Special, TextTokenizer

ROOT = Path(__file__).parents[3]
SAMPLE = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "udfs").glob("[!s]*/*.py"))]
TRAINED = TextTokenizer.train(SAMPLE, 1024)


def test_the_vocabulary_has_the_size_that_was_asked_for() -> None:
    assert TRAINED.size == 1024
    ids = TRAINED.encode(SAMPLE)
    assert max(map(max, ids)) < 1024
    tokens, size = sum(map(len, ids)), sum(len(text.encode()) for text in SAMPLE)
    assert size / tokens > 2.4


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
def test_any_text_comes_back_byte_for_byte(text: str) -> None:
    (ids,) = TRAINED.encode([text])
    assert TRAINED.decode(ids) == text


@pytest.mark.parametrize("token", TRAINED.special.tokens())
def test_a_special_token_in_a_text_is_text(token: str) -> None:
    """A source file may well hold a chat template."""
    text = f'END = "{token}"\n{token}{token}'
    (ids,) = TRAINED.encode([text])
    assert not {TRAINED.id(t) for t in TRAINED.special.tokens()} & set(ids)
    assert TRAINED.decode(ids) == text


def test_saved_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    TRAINED.save(tmp_path)
    again = TextTokenizer.read(tmp_path)
    assert again.hash == TRAINED.hash and again.special == TRAINED.special
    assert again.encode(SAMPLE[:3]) == TRAINED.encode(SAMPLE[:3])


def test_transformers_reads_the_folder_and_agrees(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    TRAINED.save(tmp_path)
    theirs = AutoTokenizer.from_pretrained(str(tmp_path))
    for text in SAMPLE[:5]:
        assert theirs(text, add_special_tokens=False).input_ids == TRAINED.encode([text])[0]
        assert theirs.decode(TRAINED.encode([text])[0]) == text
    assert (theirs.eos_token_id, theirs.pad_token_id) == (TRAINED.id("<|im_end|>"), TRAINED.id("<|pad|>"))


def test_its_hash_changes_with_merges_and_with_special_tokens() -> None:
    other_special = TextTokenizer.train(SAMPLE, 1024, Special(separator="<|doc|>"))
    hashes = {TRAINED.hash, TextTokenizer.train(SAMPLE[:2], 1024).hash, other_special.hash}
    assert len(hashes) == 3
    assert TextTokenizer.train(SAMPLE[::-1], 1024).hash == TRAINED.hash, "the order of texts does not matter"


def test_ordinary_added_tokens_of_others_become_special() -> None:
    """Published tokenizers hold some of them as such, and a text could spell them."""
    from tokenizers import Tokenizer

    theirs = Tokenizer.from_str(TRAINED.serialised)
    theirs.add_tokens(["<|fim_prefix|>"])
    text = "a <|fim_prefix|> b"
    assert theirs.token_to_id("<|fim_prefix|>") in theirs.encode(text, add_special_tokens=False).ids
    ours = TextTokenizer(theirs, Special(more=("<|fim_prefix|>",)))
    (ids,) = ours.encode([text])
    assert ours.id("<|fim_prefix|>") not in ids and ours.decode(ids) == text


def test_more_special_tokens_are_kept_with_the_others(tmp_path: Path) -> None:
    made = TextTokenizer.train(SAMPLE[:2], 512, Special(more=("<|fim_prefix|>",)))
    made.save(tmp_path)
    assert TextTokenizer.read(tmp_path).special == made.special
    assert made.hash != TextTokenizer.train(SAMPLE[:2], 512).hash
    assert TextTokenizer.from_json(made.serialised, made.special).hash == made.hash


def test_arrow_ids_are_the_same_ids() -> None:
    texts = [*SAMPLE[:3], "", "é"]
    assert TRAINED.encode_arrow(texts).to_pylist() == TRAINED.encode(texts)
    assert TRAINED.encode_arrow([]).to_pylist() == []


def test_digits_stand_alone_and_words_keep_their_space() -> None:
    (ids,) = TRAINED.encode(["x = 2048"])
    assert [TRAINED.decode([i]) for i in ids][-4:] == ["2", "0", "4", "8"]


def test_padding_is_never_another_token() -> None:
    with pytest.raises(ValueError, match="padding token of its own"):
        Special(padding="<|im_end|>")


@pytest.mark.parametrize(("vocabulary", "message"), [(100, "at least 2"), (0, "at least 2")])
def test_too_small_a_vocabulary_is_refused(vocabulary: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TextTokenizer.train(SAMPLE, vocabulary)


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a folder with tokenizer\.json"):
        TextTokenizer.read(tmp_path)
