"""Signals of a path and a size on disk (rules 17 and 59): decided per file, never measured per content."""

from __future__ import annotations

from udfs.signals.registry import path_signal

# Files whose directives are their purpose: for their lower-cased path these signals are taken as null when deciding.
HEADER = r"\.(?:h|hh|hpp|hxx|h\+\+)$"
NULL_FOR_HEADERS = tuple(
    f"qsc_code{family}_frac_lines_preprocessor_directives{version}"
    for family in ("c", "cpp")
    for version in ("", "_authors")
)
_CODE_RELATED = frozenset(("readme", "notes", "todo", "description", "cmakelists"))


@path_signal(17, name="qsc_code_size_file_byte")
def size_file_byte(path: str, size_bytes: int | None) -> int | None:
    """Bytes of the file on disk; null if not known."""
    return size_bytes


@path_signal(59, name="qsc_doc_cate_code_related_file_name")
def code_related_file_name(path: str, size_bytes: int | None = None) -> bool:
    """The file name up to its first dot, lower-cased, is readme, notes, todo, description or cmakelists, or holds
    "requirement". The authors also test the stem for "read.me", which has a dot and never matches; here a file name
    that starts with "read.me" does.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1].lower()
    stem = name.split(".", 1)[0]
    return stem in _CODE_RELATED or "requirement" in stem or name.startswith("read.me")


@path_signal(94, name="qsc_codego_cate_testfile")
def testfile(path: str, size_bytes: int | None = None) -> bool:
    """The file name ends with _test.go. Authors: test the name without its extension, so never true (B10)."""
    return path.endswith("_test.go")
