"""Names in zips of other systems and countries, what lies beside the packed folder, and zips behind a program."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from tests.udfs.reading.test_archives import contents, problems, read, tar_of, zip_of

FAT, UNIX = 0, 3


class RawInfo(zipfile.ZipInfo):
    """An entry whose name is written as it is, without the flag of UTF-8."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits & ~0x800


def packed(names: dict[bytes, bytes], system: int = FAT, extra: dict[bytes, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (name, data) in enumerate(names.items()):
            info = RawInfo(f"entry{number}")
            info.raw, info.create_system, info.extra = name, system, (extra or {}).get(name, b"")
            archive.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize("system", [FAT, UNIX])
def test_backslashes_are_separators(system: int) -> None:
    names = {b"shop\\src\\a.cs": b"a", b"shop\\src\\b\\c.cs": b"c", b"shop\\empty\\": b"", b"shop\\r.txt": b"r"}
    assert contents(packed(names, system)) == {"src/a.cs": b"a", "src/b/c.cs": b"c", "r.txt": b"r"}


def test_both_separators_of_windows_may_be_mixed() -> None:
    assert contents(packed({b"shop/a.cs": b"a", b"shop\\b.cs": b"b"})) == {"a.cs": b"a", "b.cs": b"b"}


def test_a_backslash_among_unix_names_is_a_letter() -> None:
    assert problems(packed({b"p/a.py": b"1", b"p/dev\\x2da.swap": b"2"}, UNIX))["p/dev\\x2da.swap"] == "unsafe_path"


@pytest.mark.parametrize("name", [b"..\\up.cs", b"a\\..\\..\\b.cs", b"C:\\x.cs", b"\\\\host\\share\\x.cs", b"\\x.cs"])
def test_backslashes_do_not_escape(name: bytes) -> None:
    assert set(problems(packed({name: b"1", b"ok\\a.cs": b"2"})).values()) == {"unsafe_path", None}


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", ["表示.py", "ソース/能力.c", "予約/十.txt"]),
        ("cp932", ["proj/テスト.rb", "proj/仕様書 2.md"]),
        ("cp932", ["表.c"]),
        ("cp932", ["ソース.py"]),
        ("cp932", ["メニュー.py"]),
        ("cp932", ["〜表.py".replace("\u301c", "\uff5e")]),
        ("cp932", ["表１.py"]),
        ("cp932", ["第２章 概要.md", "ＡＢＣ一覧.txt"]),
        ("cp932", ["サーバー設定（新）.xml", "【重要】テスト・ツール.sh", "佐々木.py"]),
        ("cp932", ["ｿｰｽ.py"]),
        ("cp932", ["ﾃﾞｰﾀ.csv", "ｶﾅ.c"]),
        ("cp932", ["ﾒﾆｭｰ/ﾊﾟｽﾜｰﾄﾞ.c", "表ﾃｽﾄ.c"]),
        ("cp932", ["testデータ2.csv"]),
        ("cp437", ["éa.py"]),
        ("cp437", ["SEÑOR.c", "über.py"]),
        ("cp1252", ["AÇÃO.c"]),
        ("cp1252", ["ÄÖÜ.txt"]),
        ("gb18030", ["图v测试.c", "说明1.txt"]),
        ("gb18030", ["项目/说明.txt", "项目/源代码.py"]),
        ("big5", ["專案/說明.txt", "專案/程式碼.py"]),
        ("euc_kr", ["프로젝트/설명서.txt", "프로젝트/소스 코드.py"]),
        ("cp866", ["проект/описание.txt", "проект/код.py"]),
        ("cp437", ["café.py", "für müller.c", "schön/größe.c", "Ærgir.js", "niño.rb"]),
        ("cp1252", ["café.py", "größe.c", "São João.txt"]),
        ("cp850", ["ação.py", "São João.txt"]),
        ("cp1251", ["проект/описание.txt", "файл.py"]),
        ("utf-8", ["café.py", "表示.py", "описание.txt"]),
    ],
)
def test_names_come_in_the_encoding_of_their_country(encoding: str, names: list[str]) -> None:
    keep = ["z/a.py", *names]  # A second folder at the top, so that none is taken off.
    found = [member.path for member in read(packed({name.encode(encoding): b"1" for name in keep}))]
    assert found == keep
    assert all(member.problem is None for member in read(packed({name.encode(encoding): b"1" for name in keep})))


def _field(name: bytes, right: bytes) -> bytes:
    return struct.pack("<HHBL", 0x7075, 5 + len(right), 1, zlib.crc32(name)) + right


def test_the_field_of_info_zip_has_the_name() -> None:
    name, right = b"caf\xe9.py", "café.py".encode()
    assert list(contents(packed({name: b"1"}, extra={name: _field(name, right)}))) == ["café.py"]
    assert list(contents(packed({b"caf_.py": b"1"}, extra={b"caf_.py": _field(b"caf_.py", right)}))) == ["café.py"]
    stale = _field(b"another", b"wrong.py")
    assert list(contents(packed({name: b"1"}, extra={name: stale}))) == ["café.py"]


BESIDE = ["__MACOSX/p/._a.py", "__MACOSX/._p", "._p", ".DS_Store", "Thumbs.db", "desktop.ini"]


@pytest.mark.parametrize("beside", BESIDE)
def test_what_a_file_manager_leaves_hides_no_top_folder(beside: str) -> None:
    files = {"p/a.py": b"1", beside: b"\0", "p/b/c.py": b"2"}
    for data in (zip_of(files), tar_of(files)):
        assert contents(data) == {"a.py": b"1", beside: b"\0", "b/c.py": b"2"}


def test_it_is_no_top_folder_itself() -> None:
    assert list(contents(zip_of({"__MACOSX/a.py": b"1"}))) == ["__MACOSX/a.py"]


@pytest.mark.parametrize(
    "start", [b"#!/usr/bin/env python3\n", b"#!/bin/sh\nexit 1\n" * 90, b"MZ" + bytes(600), b"\x7fELF" + bytes(99)]
)
def test_a_zip_may_follow_a_program(start: bytes) -> None:
    assert contents(start + zip_of({"p/a.py": b"1", "p/b.py": b"2"})) == {"a.py": b"1", "b.py": b"2"}


def test_a_folder_with_data_is_refused_and_named() -> None:
    files = {"p/a.py": b"1", "p/d/": b"data", "p/e/": b""}
    for data in (zip_of(files), tar_of(files)):
        found = [(member.path, member.problem, member.size) for member in read(data)]
        assert found == [("a.py", None, 1), ("d", "special_file", 4)]
