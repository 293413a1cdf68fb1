"""refinelake profile: where one kernel spends its time, over the files of a folder."""

from __future__ import annotations

import argparse
import cProfile
import difflib
import io
import pstats
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST_FUNCTIONS = 25


@dataclass(frozen=True)
class File:
    """A decoded file, with what ingest would say of it."""

    path: str
    data: bytes
    text: str
    language: str | None
    kind: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kernel", metavar="KERNEL", help=", ".join(KERNELS))
    parser.add_argument("--files", required=True, metavar="DIR", help="folder with the files, read with its subfolders")
    parser.add_argument("--most-mb", type=float, default=20.0, metavar="MB", help="stop reading after this much")
    parser.add_argument("--language", metavar="L", help="only files of this language, as `python`")


def work(args: argparse.Namespace) -> int:
    """Print CPU seconds and MB/s without the profiler, then the functions that took most time under it."""
    if args.kernel not in KERNELS:
        near = difflib.get_close_matches(args.kernel, KERNELS, 1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "choose one of these"
        raise ValueError(f"KERNEL: expected one of {', '.join(KERNELS)}, found {args.kernel}; {hint}")
    if not args.most_mb > 0:
        raise ValueError(f"--most-mb: expected more than 0, found {args.most_mb}; give a number of MB, as 20")
    files = read_files(Path(args.files), args.most_mb, args.language)
    kernel = KERNELS[args.kernel]
    # Compiling and loading tables is not the kernel's cost.
    kernel(files[:2])
    began = time.process_time()
    kernel(files)
    seconds = time.process_time() - began
    size = sum(len(f.data) for f in files) / 1e6
    rate = f"{size / seconds:.1f} MB/s" if seconds else "too short to measure"
    print(f"{args.kernel}: {len(files):,} files, {size:.2f} MB, {seconds:.3f} CPU s, {rate}")
    print(hottest(kernel, files))
    return 0


def hottest(kernel: Callable[[list[File]], None], files: list[File]) -> str:
    """The functions by own time. A compiled kernel is one line: the profiler cannot look inside it."""
    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    kernel(files)
    profiler.disable()
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(MOST_FUNCTIONS)
    return out.getvalue().strip()


def read_files(folder: Path, most_mb: float, language: str | None) -> list[File]:
    """Files in order of their paths, up to `most_mb` MB, without those that decoding refuses. Raises ValueError."""
    from udfs.languages import detect as languages
    from udfs.reading import decoding

    if not folder.is_dir():
        raise ValueError(
            f"{folder}: expected a folder, found {'a file' if folder.exists() else 'nothing'}; see --files"
        )
    files: list[File] = []
    found: set[str] = set()
    size = 0
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        data = file.read_bytes()
        decoded = decoding.decode(data)
        if isinstance(decoded, decoding.Refusal) or not data:
            continue
        path = file.relative_to(folder).as_posix()
        detected = languages.detect(path, decoded.text)
        found.add(detected.language or "none")
        if detected.kind not in _KINDS or (language and detected.language != language):
            continue
        size += len(data)
        if files and size > most_mb * 1e6:
            break
        files.append(File(path, data, decoded.text, detected.language, detected.kind))
    if not files:
        wanted = f"text files of the language {language}" if language else "text files"
        seen = ", ".join(sorted(found)) or "none"
        raise ValueError(f"{folder}: expected {wanted}, found files of: {seen}; name another folder or language")
    return files


_KINDS = ("code", "data", "text", "notebook")


def _fingerprint(files: list[File]) -> None:
    import pyarrow as pa

    from udfs.duplicates.fingerprint import Fingerprint, fingerprint_texts

    for first in range(0, len(files), 512):
        fingerprint_texts(pa.array([f.text for f in files[first : first + 512]]), Fingerprint())


def _cleaning(files: list[File]) -> None:
    from udfs.cleaning.clean import clean

    for f in files:
        clean(f.text, language=f.language, kind=f.kind)


def _signals(files: list[File]) -> None:
    from udfs.languages.natural_language import natural_language
    from udfs.signals import measure

    for f in files:
        spoken = natural_language(f.text)
        measure(f.text, language=f.language or "", kind=f.kind, natural_language=spoken)


def _languages(files: list[File]) -> None:
    from udfs.languages.detect import detect

    for f in files:
        detect(f.path, f.text)


def _decoding(files: list[File]) -> None:
    from udfs.reading.decoding import decode

    for f in files:
        decode(f.data)


KERNELS: dict[str, Callable[[list[File]], None]] = {
    "fingerprint": _fingerprint,
    "cleaning": _cleaning,
    "signals": _signals,
    "languages": _languages,
    "decoding": _decoding,
}
