"""The script guess: one text per language, mixtures, and what it leaves to English."""

from __future__ import annotations

import pytest

from udfs.languages.natural_language import SCRIPT_SHARE, natural_language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "en"),
        ("A plain text.", "en"),
        ("Ein schöner Text über Äpfel", "en"),  # one script, no telling apart
        ("今天天气很好，我们去公园散步。", "zh"),
        ("今日は天気がいいので、公園へ行きます。", "ja"),
        ("コンピュータ", "ja"),
        ("오늘은 날씨가 좋습니다", "ko"),
        ("Сегодня хорошая погода", "ru"),
        ("الطقس جميل اليوم", "ar"),
        ("1234 !?", "en"),
        ("# 标题\n\n这是一个用于处理数据的工具，支持多种格式。Run `make`.", "zh"),
        ("A long English text that quotes 中文 once", "en"),
    ],
)
def test_language_by_script(text: str, expected: str) -> None:
    assert natural_language(text) == expected


def test_script_share_is_of_letters() -> None:
    assert SCRIPT_SHARE == 0.3
    assert natural_language("中" * 30 + "a" * 70 + "1" * 500) == "zh"
    assert natural_language("中" * 29 + "a" * 71) == "en"


def test_a_little_kana_is_still_chinese() -> None:
    assert natural_language("中" * 95 + "の" * 5) == "zh"
    assert natural_language("中" * 94 + "の" * 6) == "ja"
