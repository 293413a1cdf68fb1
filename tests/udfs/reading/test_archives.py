"""Archives of every format, and every way in which one may be refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from udfs.reading.archives import ArchiveError, BombError, Limits, Member, members

FILES = {"pkg-1.0/setup.py": b"setup()\n", "pkg-1.0/src/a.py": b"x = 1\n" * 200, "pkg-1.0/empty": b""}
STRIPPED = {"setup.py": b"setup()\n", "src/a.py": b"x = 1\n" * 200, "empty": b""}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
}


def tar_of(files: dict[str, bytes], *more: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT, **options: str) -> bytes:
    out = io.BytesIO()
    headers = dict(options) or None
    with tarfile.open(fileobj=out, mode="w", format=form, pax_headers=headers) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for info in more:
            tar.addfile(info)
    return out.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def deb_of(data_tar: bytes, name: str) -> bytes:
    out = b"!<arch>\n"
    for entry, data in (("debian-binary", b"2.0\n"), ("control.tar.gz", b"odd"), (name, data_tar)):
        out += f"{entry:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


def read(data: bytes, limits: Limits | None = None) -> list[Member]:
    return list(members(io.BytesIO(data), "the archive", limits))


def contents(data: bytes) -> dict[str, bytes | None]:
    found = read(data)
    assert [member.problem for member in found] == [None] * len(found)
    return {member.path: member.data for member in found}


def problems(data: bytes, limits: Limits | None = None) -> dict[str, str | None]:
    return {member.path: member.problem for member in read(data, limits)}


@pytest.mark.parametrize("packing", PACKERS)
def test_tars_of_every_compression_lose_their_top_directory(packing: str, tmp_path: Path) -> None:
    path = tmp_path / f"pkg-1.0.{packing}"
    path.write_bytes(PACKERS[packing](tar_of(FILES)))
    assert {member.path: member.data for member in members(path, path.name)} == STRIPPED


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_survive_in_every_tar_dialect(form: int) -> None:
    deep = "/".join(["directory"] * 9 + ["名前.py"])
    files = {deep: b"1", "top.py": b"2"}
    if form != tarfile.USTAR_FORMAT:
        files["x/" * 200 + "f.py"] = b"3"
    assert contents(tar_of(files, form=form)) == files


def test_a_name_that_is_not_utf8_is_spelt_out() -> None:
    data = bytearray(tar_of({"aXb.py": b"1", "c.py": b""}, form=tarfile.USTAR_FORMAT))
    data[1] = 0xE9
    checksum = sum(data[:512]) - sum(data[148:156]) + 8 * 32
    data[148:156] = b"%06o\0 " % checksum
    assert set(contents(bytes(data))) == {"a\\xe9b.py", "c.py"}


def test_zips_lose_a_common_top_directory_and_wheels_do_not() -> None:
    assert contents(zip_of(FILES)) == STRIPPED
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert contents(zip_of(FILES, method)) == STRIPPED
    wheel = {"pkg-1.0.dist-info/METADATA": b"Name: pkg\n"}
    assert contents(zip_of(wheel)) == wheel


def test_what_lies_beside_the_directory_keeps_it() -> None:
    files = FILES | {"README": b"read me"}
    assert contents(tar_of(files)) == files
    assert contents(zip_of(files)) == files
    assert contents(tar_of({"one.py": b"1"})) == {"one.py": b"1"}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_debian_package_gives_its_data(packing: str) -> None:
    data = PACKERS[packing](tar_of({"./usr/share/a.py": b"x = 1\n"}))
    assert contents(deb_of(data, f"data.{packing}")) == {"usr/share/a.py": b"x = 1\n"}


def test_a_gem_gives_its_data() -> None:
    inner = gzip.compress(tar_of({"lib/a.rb": b"puts 1\n"}))
    gem = tar_of({"metadata.gz": gzip.compress(b"--- {}\n"), "data.tar.gz": inner, "checksums.yaml.gz": b"odd"})
    assert contents(gem) == {"lib/a.rb": b"puts 1\n"}


def test_compressed_streams_may_follow_one_another_and_be_padded() -> None:
    data = tar_of(FILES)
    assert contents(gzip.compress(data[:700]) + gzip.compress(data[700:]) + bytes(600)) == STRIPPED


def test_members_that_could_escape_are_refused() -> None:
    names = ["/etc/passwd", "../up.py", "a/../../b.py", "C:/x.py", "dir\\x.py"]
    for data in (tar_of(dict.fromkeys(names, b"1")), zip_of(dict.fromkeys(names, b"1"))):
        assert problems(data) == dict.fromkeys(names, "unsafe_path")
    nul = zip_of({"aXb.py": b"1"}).replace(b"aXb.py", b"a\0b.py")
    assert problems(nul) == {"a\\x00b.py": "unsafe_path"}
    assert problems(zip_of({"X": b"1"}).replace(b"X", b"\0")) == {"\\x00": "unsafe_path"}


def test_links_are_never_followed_and_those_that_leave_the_tree_are_named() -> None:
    data = tar_of(
        {"p/a.py": b"1"},
        special("p/sym", tarfile.SYMTYPE, "a.py"),
        special("p/here", tarfile.SYMTYPE, "."),
        special("p/hard", tarfile.LNKTYPE, "p/a.py"),
        special("p/d/up", tarfile.SYMTYPE, "../a.py"),
        special("p/out", tarfile.SYMTYPE, "../../etc/passwd"),
        special("p/abs", tarfile.SYMTYPE, "/etc/passwd"),
        special("p/hardout", tarfile.LNKTYPE, "../a.py"),
    )
    outside = dict.fromkeys(["out", "abs", "hardout"], "link_outside")
    assert problems(data) == {"a.py": None} | dict.fromkeys(["sym", "here", "hard", "d/up"], "link") | outside


def test_a_link_in_a_zip_is_known_by_its_mode() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, target in (("in", "a.py"), ("out", "../a.py")):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    assert problems(out.getvalue()) == {"in": "link", "out": "link_outside"}


def test_devices_and_pipes_are_refused() -> None:
    data = tar_of({"a": b"1"}, special("fifo", tarfile.FIFOTYPE), special("dev", tarfile.CHRTYPE))
    assert problems(data) == {"a": None, "fifo": "special_file", "dev": "special_file"}


def test_directories_are_no_members() -> None:
    data = tar_of({"d/a": b"1"}, special("d", tarfile.DIRTYPE), special("d/e", tarfile.DIRTYPE))
    assert problems(data) == {"a": None}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_member_of_a_name_wins() -> None:
    first, second = special("a.py", tarfile.REGTYPE), special("b.py", tarfile.REGTYPE)
    data = tar_of({"./a.py": b"1"}, second, first)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (("a.py", "old"), ("b.py", ""), ("a.py", "")):
            archive.writestr(name, content)
    for packed in (data, out.getvalue()):
        found = [(member.path, member.problem, member.data) for member in read(packed)]
        assert found == [("a.py", "repeated_path", None), ("b.py", None, b""), ("a.py", None, b"")]


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_a_member_over_the_size_limit_is_passed_over(make: Callable[[dict[str, bytes]], bytes]) -> None:
    found = read(make({"a": b"1" * 101, "b": b"2" * 100}), Limits(max_file_bytes=100))
    seen = [(member.path, member.problem, member.size) for member in found]
    assert seen == [("a", "too_large", 101), ("b", None, 100)]
    assert found[0].data is None and found[0].detail == "expected at most 100 bytes, found 101"


def test_an_encrypted_member_of_a_zip_is_refused_alone() -> None:
    data = bytearray(zip_of({"a": b"1", "b": b"2"}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    assert problems(bytes(data)) == {"a": "encrypted", "b": None}


def test_an_unknown_compression_is_refused_alone() -> None:
    data = bytearray(zip_of({"a": b"1", "b": b"2"}))
    data[8] = data[data.index(b"PK\1\2") + 10] = 9
    assert problems(bytes(data)) == {"a": "unsupported_compression", "b": None}


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_truncated_tar_gives_nothing(packing: str, share: float) -> None:
    draw = {f"f{index}": os.urandom(3000) for index in range(20)}
    whole = PACKERS[packing](tar_of(draw))
    reader = members(io.BytesIO(whole[: int(len(whole) * share)]), "cut.tar")
    with pytest.raises(ArchiveError, match=r"^cut\.tar: expected") as caught:
        next(reader)
    assert caught.value.reason == "corrupt_archive"


def test_a_tar_cut_between_two_members_is_noticed() -> None:
    with pytest.raises(ArchiveError, match="end mark"):
        read(tar_of({"a": b"1" * 512, "b": b"2"})[:1024])
    # Behind an intact check sum the mark may be missing.
    assert contents(gzip.compress(tar_of({"a": b"1" * 512, "b": b"2"})[:1024])) == {"a": b"1" * 512}


def test_damage_is_an_error_of_the_archive() -> None:
    flipped = bytearray(gzip.compress(tar_of(FILES)))
    flipped[len(flipped) // 2] ^= 0xFF
    wrong_sum = bytearray(zip_of({"a": b"1" * 50}, zipfile.ZIP_STORED))
    wrong_sum[40] ^= 1
    no_directory = zip_of(FILES)[:200]
    for data in (bytes(flipped), bytes(wrong_sum), no_directory, b"", b"plain text", gzip.compress(b"a text\n" * 99)):
        with pytest.raises(ArchiveError, match=r"^the archive: expected"):
            read(data)
    with pytest.raises(ArchiveError, match=r"expected a \.deb"):
        read(deb_of(b"", "libx.o"))
    with pytest.raises(ArchiveError, match="ar header"):
        read(deb_of(b"x" * 100, "data.tar")[:-50])


def test_an_endless_extended_header_is_not_read() -> None:
    header = special("a", b"x")
    header.size = 10**9
    with pytest.raises(ArchiveError, match="extended header of at most"):
        read(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + bytes(10**6)))


BOMB = {"zeros": bytes(2_000_000)}


@pytest.mark.parametrize("packing", [*PACKERS, "zip"])
def test_a_bomb_is_refused_before_anything_comes_out(packing: str) -> None:
    data = zip_of(BOMB) if packing == "zip" else PACKERS[packing](tar_of(BOMB))
    limits = {"bomb_total_size": Limits(max_total_bytes=1_000_000), "bomb_file_count": Limits(max_files=0)}
    if packing != "tar":
        limits["bomb_ratio"] = Limits(ratio_floor_bytes=1_000_000, max_ratio=50)
    for reason, limit in limits.items():
        with pytest.raises(BombError, match=r"^the archive: expected at most") as caught:
            next(members(io.BytesIO(data), "the archive", limit))
        assert caught.value.reason == reason


def test_the_ratio_is_not_judged_below_its_floor() -> None:
    assert contents(gzip.compress(tar_of(BOMB))) == BOMB


def test_a_bomb_inside_a_gem_or_behind_the_end_of_a_tar_counts() -> None:
    limit = Limits(ratio_floor_bytes=1_000_000, max_ratio=50)
    gem = tar_of({"metadata.gz": b"", "data.tar.gz": gzip.compress(tar_of(BOMB))})
    for data in (gem, gzip.compress(tar_of({"a": b"1"}) + bytes(2_000_000))):
        with pytest.raises(BombError):
            read(data, limit)


def test_a_zip_entry_that_lies_about_its_size_is_caught() -> None:
    honest = zip_of({"a": b"1" * 1000})
    for lie in (10, 2000):
        data = honest.replace(struct.pack("<L", 1000), struct.pack("<L", lie))
        with pytest.raises(ArchiveError):
            read(data)


def test_a_zip_directory_that_is_too_large_is_not_loaded() -> None:
    data = bytearray(zip_of({"a": b"1"}))
    end = data.index(b"PK\5\6")
    data[end + 12 : end + 16] = struct.pack("<L", 2**31)
    with pytest.raises(BombError, match="members"):
        read(bytes(data))


def test_an_archive_made_by_git_tells_its_commit_and_time(tmp_path: Path) -> None:
    who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": "2020-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2020-01-02T03:04:05Z"}

    def git(*arguments: str) -> bytes:
        command = ["git", "-c", "commit.gpgsign=false", *arguments]
        environment = os.environ | who | when
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True).stdout

    git("init", "-q")
    (tmp_path / "a.py").write_text("x = 1\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (member,) = read(gzip.compress(git("archive", "--prefix=p-1/", "HEAD")))
    assert member.commit == git("rev-parse", "HEAD").decode().strip()
    assert (member.path, member.mtime) == ("a.py", 1577934245)
    assert read(tar_of({"a": b"1"}, comment="made by hand"))[0].mtime is None


COMMIT = "0123456789" * 4


def _with_field(data: bytes, at: int, size: int, value: bytes) -> bytes:
    """A field of the last header that is no end mark, with a sum that fits."""
    changed = bytearray(data)
    start = max(i for i in range(0, len(data) - 512, 512) if data[i + 257 : i + 262] == b"ustar")
    changed[start + at : start + at + size] = value.ljust(size, b"\0")
    header = changed[start : start + 512]
    changed[start + 148 : start + 156] = b"%06o\0 " % (sum(header) - sum(header[148:156]) + 8 * 32)
    return bytes(changed)


@pytest.mark.parametrize("field", ["mtime", "atime", "ctime", "uid", "gid", "mode", "SCHILY.dev", "SCHILY.nlink"])
@pytest.mark.parametrize("value", ["abc", "1700000000,5", "1e400", "nan", "99999999999999999999", "-", "0x5"])
def test_a_fact_of_the_extended_header_that_is_no_number_loses_no_member(field: str, value: str) -> None:
    info = tarfile.TarInfo("p/a.py")
    info.pax_headers = {field: value}
    found = read(tar_of({"p/b.py": b"1"}, info, comment=COMMIT))
    assert [(member.path, member.problem) for member in found] == [("b.py", None), ("a.py", None)]
    assert field != "mtime" or found[1].mtime is None


@pytest.mark.parametrize(
    ("at", "size"),
    [(136, 12), (100, 8), (108, 8), (116, 8), (329, 8), (337, 8)],
    ids=["mtime", "mode", "uid", "gid", "major", "minor"],
)
@pytest.mark.parametrize("value", [b"9999999abc", b"abc", b"-1", b"\xff" * 8, b"8888888", b"1 2"])
def test_a_number_of_the_header_that_is_none_loses_no_member(at: int, size: int, value: bytes) -> None:
    data = _with_field(tar_of({"p/b.py": b"1", "p/a.py": b""}, comment=COMMIT), at, size, value[:size])
    found = read(data)
    assert [(member.path, member.problem) for member in found] == [("b.py", None), ("a.py", None)]


def test_a_size_that_is_no_number_refuses_the_archive() -> None:
    data = tar_of({"p/b.py": b"1", "p/a.py": b"2"})
    with pytest.raises(ArchiveError):
        read(_with_field(data, 124, 12, b"abc"))
