"""Texts of scripts without spaces are compared by their characters; the fingerprints of all others are as they were."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.duplicates import shingling
from udfs.duplicates.chunks import chunk_spans, without_chunks
from udfs.duplicates.fingerprint import (
    Fingerprint,
    fingerprint_chunks,
    fingerprint_texts,
    shingles,
    similarities,
    tokens,
)

INPUTS = sorted((Path(__file__).parents[2] / "golden" / "inputs").iterdir())
SPACED = [
    "naïve café – “quoted” words, it’s 3 × 4 = 12 … déjà vu à la carte " * 3,
    "Привет, мир! Как дела сегодня, друзья мои? " * 3,
    "안녕하세요 「세계」 여러분, 오늘은 날씨가 좋습니다：정말 " * 3,
    "x = 'é' # ☃ 😀 emoji ＡＢＣ １２３ 〔note〕 end of it all now " * 3,
    "שלום עולם מה שלומך היום חברים שלי " * 2,
    "यह एक परीक्षण वाक्य है जो हिंदी में है " * 2,
]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (Fingerprint(), "2585bfd319dfc0de5d818cffd0a91da8fec33cb891a193435da00f0366670c40"),
        (Fingerprint(chunk_tokens=16), "2d7f0cebec0bd7d86fd0c73caffd350e9097d7c3aa7c5ceda5c3de6762a904d9"),
        (
            Fingerprint(sketch="minhash", bands=4, rows=8),
            "d8e4f0ffca030da8de821d25133497454bd8116548dd4dd7a118bb826621d420",
        ),
    ],
)
def test_fingerprints_of_other_texts_are_those_before_these_scripts_were_known(p: Fingerprint, expected: str) -> None:
    texts = pa.array([file.read_text(encoding="utf-8") for file in INPUTS] + SPACED)
    digest = hashlib.sha256()
    for column in fingerprint_texts(texts, p).columns:
        digest.update(repr(column.to_pylist()).encode())
    numbers, chunks, found = fingerprint_chunks(texts, p)
    digest.update(repr((numbers, chunks)).encode())
    for column in found.columns:
        digest.update(repr(column.to_pylist()).encode())
    assert digest.hexdigest() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界。", "你 好 ， 世 界 。"),
        ("使用Python3编程：x=1", "使 用 Python3 编 程 ： x = 1"),
        ("カタカナー・ｶﾅ「ひらがな」々", "カ タ カ ナ ー ・ ｶ ﾅ 「 ひ ら が な 」 々"),
        ("สวัสดี ชาว", "ส ว ั ส ด ี ช า ว"),
        ("ສະບາຍ", "ສ ະ บ າ ຍ".replace("บ", "ບ")),
        ("ភាសាខ្មែរ", " ".join("ភាសាខ្មែរ")),
        ("မြန်မာ", " ".join("မြန်မာ")),
        ("一　二", "一 二"),
        ("漢𠀀字", "漢 𠀀 字"),
        ("é漢ü", "é 漢 ü"),
        ("，，。!漢", "，，。! 漢"),
    ],
)
def test_a_character_is_a_token_and_its_punctuation_a_border(text: str, expected: str) -> None:
    assert [token.decode() for token in tokens(text.encode())] == expected.split(" ")


_LETTERS = "漢字あアｱｶーกຂកကม々〇「」、。・！（：；　 \n\ta1_é中文é한글≠☃𠀀😀.,;㐀䷀䶿ꩠꧠ᧠︰﹐ㇰ㄀ﾟﾠｦ･"


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from(_LETTERS) | st.characters(codec="utf-8"), max_size=40))
def test_the_compiled_pass_finds_the_same_tokens(text: str) -> None:
    raw = text.encode()
    out = np.empty(len(raw) + 1, np.uint64)
    data = np.frombuffer(raw, np.uint8)
    found = shingling.shingle_hashes(data, shingling.BYTE_CLASSES, 2, out)
    words = tokens(raw)
    assert found == max(len(words) - 1, 0)
    assert len(set(out[:found].tolist())) == len(shingles(raw, 2))


@pytest.mark.parametrize(
    "first", ["一", "ぁ", "ก", "ກ", "ក", "က"], ids=["Han", "kana", "Thai", "Lao", "Khmer", "Burmese"]
)
def test_few_changed_characters_leave_most_of_a_text(first: str) -> None:
    draw = random.Random(first)
    text = [chr(ord(first) + draw.randrange(44)) for _ in range(1220)]
    for at in range(60, 1220, 61):
        text[at] = "。" if first in "一ぁ" else " "
    changed = text.copy()
    for at in draw.sample(range(1220), 5):
        changed[at] = first
    p = Fingerprint()
    sketches = fingerprint_texts(pa.array(["".join(text), "".join(changed), "".join(text[:480])]), p).column("sketch")
    estimate = similarities(sketches.slice(0, 1), sketches.slice(1, 1))[0]
    exact = [shingles("".join(each).encode(), 5) for each in (text, changed)]
    assert estimate > 0.9 and abs(estimate - len(exact[0] & exact[1]) / len(exact[0] | exact[1])) < 0.02
    assert len(sketches[2].as_py()) > 1, "480 characters have a fingerprint"


def test_chunks_end_between_characters() -> None:
    text = "第一章：使用Python编程。" * 40
    spans = chunk_spans(text.encode(), 16)
    assert len(spans) == 25 and "".join(text.encode()[a:b].decode() for a, b in spans) == text
    assert len(tokens(without_chunks(text, {2}, 16).encode())) == len(tokens(text.encode())) - 16
