"""What becomes text, in which encoding, and why the rest does not."""

from __future__ import annotations

import codecs
import random

import pytest

from udfs.reading.decoding import MAX_BYTES, Decoded, Refusal, decode, decode_utf8

CHINESE = "# 这是一个用于测试编码检测的中文注释，包含标点。\nprint('你好，世界')\n"
JAPANESE = "// これは日本語のコメントです。テストのために書きました。\nint x = 1;\n"
KOREAN = "// 이것은 한국어 주석입니다. 인코딩을 시험합니다.\nint x = 1;\n"
FRENCH = "# Déjà vu – un café près de la forêt, où l’été s’achève\nx = 1\n"
RUSSIAN = "// Привет, мир: это комментарий для проверки кодировки\nint x = 1;\n"


def text_of(data: bytes) -> Decoded:
    result = decode(data)
    assert isinstance(result, Decoded), result
    return result


def reason(data: bytes) -> str:
    result = decode(data)
    assert isinstance(result, Refusal), result
    return result.reason


def test_utf8_is_taken_as_it_is() -> None:
    assert decode("x = 'é'\r\n".encode()) == Decoded("x = 'é'\r\n", "utf-8", False)


def test_white_space_is_text() -> None:
    assert decode(b" \n\t") == Decoded(" \n\t", "utf-8", False)


def test_a_utf8_byte_order_mark_is_stripped_once() -> None:
    assert decode(codecs.BOM_UTF8 + b"x = 1") == Decoded("x = 1", "utf-8-sig", False)
    assert text_of(codecs.BOM_UTF8 * 2 + b"x").text == "\ufeffx"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_utf16_and_utf32_need_their_mark(mark: bytes, encoding: str) -> None:
    body = CHINESE.encode(encoding)
    assert decode(mark + body) == Decoded(CHINESE, encoding, True)
    assert reason(mark) == "empty"
    assert reason("plain ascii".encode(encoding)) == "binary"


def test_a_lone_surrogate_never_comes_out() -> None:
    assert reason(codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0") == "binary"
    assert reason(codecs.BOM_UTF16_BE + "名前".encode("utf-16-be") + b"\xdc\x01") in ("undecodable", "binary")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        ("// 這是一個繁體中文註解，用於測試編碼偵測。\n", "big5"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        (FRENCH, "cp1252"),
        ("/* Copyright 2004 José Müller */\n", "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
    ],
)
@pytest.mark.parametrize("padding", ["", "int counter = 0;\n" * 5000])
def test_code_pages_are_converted(text: str, encoding: str, padding: str) -> None:
    assert decode((padding + text).encode(encoding)) == Decoded(padding + text, encoding, True)


def test_shift_jis_is_read_by_its_superset() -> None:
    assert decode(JAPANESE.encode("shift_jis")) == Decoded(JAPANESE, "cp932", True)


@pytest.mark.parametrize("before", [0, 100, 7 * 1024**2])
def test_one_long_line_is_sampled_in_bounded_work(before: int) -> None:
    text = "a" * before + CHINESE.replace("\n", " ") * 1000
    assert decode(text.encode("gb18030")) == Decoded(text, "gb18030", True)


_PROSE = {
    "cp1250 iso8859_2": "Zażółć gęślą jaźń: plik konfiguracyjny został usunięty, ponieważ użytkownik nie ma dostępu",
    "cp1250 iso8859_2 ": "Uživatel nemá oprávnění ke čtení souboru, kontaktujte správce systému",
    "cp1254 iso8859_9": "Kullanıcı adı ve şifre doğrulanamadı, lütfen geçerli bir değer girmeyi tekrar deneyiniz",
    "cp1255": "הקובץ המבוקש לא נמצא במערכת, יש לבדוק את ההגדרות ולנסות שוב",
    "cp1256": "تعذر العثور على الملف المطلوب، يرجى التحقق من الإعدادات والمحاولة مرة أخرى",
    "cp874": "ไม่พบไฟล์ที่ต้องการ กรุณาตรวจสอบการตั้งค่าแล้วลองใหม่อีกครั้ง",
    "cp932 euc_jp": "設定項目一覧を表示します。確認後、変更内容を保存してください。",
    "cp1253 iso8859_7": "Δεν βρέθηκε το αρχείο ρυθμίσεων, ελέγξτε τη διαδρομή και δοκιμάστε ξανά",
    "cp1251 koi8_r cp866 iso8859_5": "Файл настроек не найден, проверьте путь и попробуйте ещё раз",
    "cp1252": "Die Größe der Datei überschreitet das zulässige Maß für Anhänge",
    "cp437": "Die Größe der Datei überschreitet das zulässige Maß für Anhänge",
    "gb18030": "找不到配置文件，请检查路径并重新尝试。",
    "big5": "找不到設定檔，請檢查路徑後再試一次。",
    "cp949": "설정 파일을 찾을 수 없습니다. 경로를 확인하고 다시 시도하십시오.",
}


@pytest.mark.parametrize(("pages", "prose"), _PROSE.items(), ids=lambda value: value.split()[0])
def test_prose_of_many_pages_comes_out_as_itself(pages: str, prose: str) -> None:
    for page in pages.split():
        text = f"int count = 0;\n// {prose}\nreturn count;\n"
        assert text_of(text.encode(page)).text == text, page


@pytest.mark.parametrize(
    "word", ["25 °C", "10 µs", "für", "José", "Müller", "Größe", "© 1999", "5 £", "§ 5", "½", "Zürich"]
)
@pytest.mark.parametrize("line", ["/* {} */\nint x = 1;\n", "int t; // {} max\n", "# {}: see the docs\n"])
def test_one_word_of_latin_in_a_comment_is_no_chinese(word: str, line: str) -> None:
    text = line.format(word)
    assert decode(text.encode("cp1252")) == Decoded(text, "cp1252", True)


@pytest.mark.parametrize("word", ["São", "naïve", "señor", "façade", "Ångström", "à propos", "déjà vu", "±5"])
def test_a_word_that_pages_read_differently_is_itself_or_refused(word: str) -> None:
    for line in ("/* {} */\nint x = 1;\n", "int t; // {} max\n", "# {}: see the docs\n"):
        text = line.format(word)
        result = decode(text.encode("cp1252"))
        assert getattr(result, "text", text) == text
        assert isinstance(result, Decoded) or result.reason == "undecodable"


def test_utf8_with_stray_bytes_stays_utf8() -> None:
    lines = "".join(f"s{i} = 'größer als é'\n" for i in range(30))
    assert decode(lines.encode() + "x = 'Año'\n".encode("cp1252")) == Decoded(
        lines + "x = 'Año'\n", "utf-8+cp1252", True
    )
    assert decode(CHINESE.encode() + b"\x81 \x93\n") == Decoded(CHINESE + "\x81 “\n", "utf-8+cp1252", True)
    assert text_of(CHINESE.encode("gb18030")).encoding == "gb18030"


@pytest.mark.parametrize(
    ("mark", "page", "encoding"),
    [
        ("# -*- coding: iso-8859-2 -*-", "iso8859_2", "iso8859_2"),
        ("# vim: set fileencoding=cp1257 :", "cp1257", "cp1257"),
        ('<?xml version="1.0" encoding="windows-1254"?>', "cp1254", "cp1254"),
        ("# coding=latin-1", "latin-1", "cp1252"),
    ],
)
def test_a_declared_code_page_is_no_guess(mark: str, page: str, encoding: str) -> None:
    text = f"{mark}\nx = 'ä'\n"
    assert decode(text.encode(page)) == Decoded(text, encoding, True)
    assert decode(f"{mark}\nx = '".encode() + b"\xff\xfe\x81'\n") != Decoded(text, encoding, True)


def test_the_whole_file_must_agree_with_the_guess() -> None:
    late_damage = FRENCH.encode("cp1252") * 1000 + b"\x81\x8d\x8f\x90"
    result = decode(late_damage)
    assert isinstance(result, Refusal) or result.encoding != "cp1252"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (b"int x;\0", "binary"),
        (b"\x01\x02\x03text", "binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (bytes(byte for byte in random.Random(1).randbytes(4000) if byte), "binary"),
    ],
)
def test_refusals(data: bytes, expected: str) -> None:
    assert reason(data) == expected


def test_the_largest_file_is_read() -> None:
    assert len(text_of(b"x" * MAX_BYTES).text) == MAX_BYTES


def test_a_stray_control_character_is_not_binary() -> None:
    assert text_of(b"x = 1\n" * 100 + b"\x1a").encoding == "utf-8"


def test_declared_utf8_is_not_guessed() -> None:
    assert decode_utf8(FRENCH.encode()) == Decoded(FRENCH, "utf-8", False)
    assert decode_utf8(FRENCH.encode("cp1252")) == Refusal("undecodable", "expected UTF-8")
    assert decode_utf8(b"") == Refusal("empty")
    assert decode_utf8(b"a\0") == Refusal("binary", "NUL at byte 1")


def test_every_input_has_an_outcome() -> None:
    draw = random.Random(7)
    for _ in range(300):
        data = draw.randbytes(draw.randrange(1, 60))
        result = decode(data)
        assert result == decode(data)
        if isinstance(result, Decoded):
            assert "\0" not in result.text
            result.text.encode()
