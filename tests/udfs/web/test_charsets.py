"""Which text a page is, by mark, header, meta and content."""

from __future__ import annotations

import codecs

import pytest

from udfs.reading.decoding import Refusal
from udfs.web.charsets import PageText, decode_page

CHINESE = "<p>这是一个用于测试编码检测的中文网页，包含标点和代码。</p>"
GERMAN = "<p>Die Größe der Datei überschreitet das zulässige Maß für Anhänge</p>"
RUSSIAN = "<p>Файл настроек не найден, проверьте путь и попробуйте ещё раз</p>"


def meta(charset: str) -> str:
    return f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head>'


@pytest.mark.parametrize(
    ("text", "encoded", "header", "charset", "by"),
    [
        (GERMAN, "utf-8", "utf-8", "utf-8", "header"),
        (GERMAN, "utf-8", None, "utf-8", "content"),
        (GERMAN, "utf-8", "iso-8859-1", "utf-8", "content"),
        (meta("utf-8") + GERMAN, "utf-8", None, "utf-8", "meta"),
        (meta("utf-8") + GERMAN, "utf-8", "iso-8859-1", "utf-8", "meta"),
        (CHINESE, "gb18030", "gb2312", "gb18030", "header"),
        (meta("gbk") + CHINESE, "gb18030", None, "gb18030", "meta"),
        (meta("gbk") + CHINESE, "gb18030", "ISO-8859-1", "gb18030", "meta"),
        (meta("utf-8") + CHINESE, "gb18030", "utf-8", "gb18030", "content"),
        (CHINESE, "gb18030", "ISO-8859-1", "gb18030", "content"),
        (CHINESE, "gb18030", None, "gb18030", "content"),
        (GERMAN, "cp1252", "ISO-8859-1", "cp1252", "content"),
        ("<p>Größe</p>" + "x" * 99, "cp1252", "us-ascii", "cp1252", "content"),
        ("<?xml version='1.0' encoding='windows-1251'?>" + RUSSIAN, "cp1251", None, "cp1251", "meta"),
        (RUSSIAN, "koi8-r", "KOI8-R", "koi8-r", "header"),
        (RUSSIAN, "cp1251", "no-such-charset", "cp1251", "content"),
    ],
)
def test_who_names_the_charset(text: str, encoded: str, header: str | None, charset: str, by: str) -> None:
    assert decode_page(text.encode(encoded), header) == PageText(text, charset, by)


@pytest.mark.parametrize(
    ("mark", "encoded"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_mark_comes_before_what_is_declared(mark: bytes, encoded: str) -> None:
    text = meta("gbk") + CHINESE
    assert decode_page(mark + text.encode(encoded), "big5") == PageText(text, encoded, "bom")


def test_a_page_cut_inside_of_a_character_is_the_same_page() -> None:
    for charset in ("gb18030", "utf-8"):
        data = (CHINESE * 50).encode(charset)[:-6]
        found = decode_page(data, charset)
        assert isinstance(found, PageText) and found.charset.startswith(charset)
        assert found.text.rstrip("\ufffd")[:-1] in CHINESE * 50


@pytest.mark.parametrize(
    ("data", "header", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20, "utf-8", "binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20, "iso-8859-1", "binary"),
        (b"a\0b\0" * 100, None, "binary"),
        (b"", None, "empty"),
        (b" \n", "utf-8", "empty"),
        (codecs.BOM_UTF8, None, "empty"),
    ],
)
def test_what_is_no_page(data: bytes, header: str | None, reason: str) -> None:
    found = decode_page(data, header)
    assert isinstance(found, Refusal) and found.reason == reason


def test_a_stray_nul_is_left_out() -> None:
    assert decode_page(b"<p>" + b"a" * 1000 + b"\0</p>", "utf-8") == PageText(
        "<p>" + "a" * 1000 + "</p>", "utf-8", "header"
    )
