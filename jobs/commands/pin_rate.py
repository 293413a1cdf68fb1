"""refinelake pin-rate: a byte target of a language becomes a rate in the parameters file.

A target cannot be in force itself: the rate that meets it moves with every new file, and with it every draw. So a rate
is computed here, once, from the newest release, and stays until the command is given again.
"""

from __future__ import annotations

import argparse
import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_UNITS = {"": 1, "B": 1, **{f"{p}B": 1000**n for n, p in enumerate("KMGTP", 1)}}
_UNITS |= {f"{p}IB": 1024**n for n, p in enumerate("KMGTP", 1)}
_SECTION = re.compile(r"^[ \t]*\[[ \t]*sampling[ \t]*\][ \t]*(#.*)?$", re.MULTILINE)
_RATES_TABLE = re.compile(r"^[ \t]*\[[ \t]*sampling[ \t]*\.[ \t]*rates[ \t]*\]", re.MULTILINE)
_ANY_SECTION = re.compile(r"^[ \t]*\[", re.MULTILINE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")
    parser.add_argument("--language", required=True, metavar="L", help="language name, as `java`")
    parser.add_argument("--bytes", required=True, metavar="SIZE", help="bytes to keep of it, as 200GB or 64GiB")
    parser.add_argument("--params", required=True, metavar="FILE", help="TOML file to write; made where there is none")


def work(args: argparse.Namespace) -> int:
    """Read the bytes of the language, write the rate, print the bytes before and after."""
    from jobs.runtime.snapshot import Snapshot

    target = parse_bytes(args.bytes)
    rows = survivors(Snapshot.newest(args.warehouse))
    mine = [r for r in rows if r["language"] == args.language]
    if not mine:
        raise ValueError(_unknown(args.language, Counter(r["language"] for r in rows)))
    total = sum(r["text_bytes"] for r in mine)
    now = sum(r["text_bytes"] for r in mine if r["keep"])
    rate = min(1.0, target / total)
    file = Path(args.params)
    write_rate(file, args.language, rate)
    print(f"{args.language}: {len(mine):,} distinct texts of {total:,} bytes can be sampled from")
    print(f"  in force {sorted({r['rate'] for r in mine})}: {now:,} bytes realised ({now / total:.1%})")
    print(f"  pinned   {rate!r}: about {round(rate * total):,} bytes expected, {target:,} wanted")
    if target > total:
        print(f"  there is less than wanted: everything is kept, {target - total:,} bytes are missing")
    print(f"written to {file}; refinelake run --params {file} draws by it and reports the bytes realised")
    return 0


def survivors(snapshot: Any) -> list[dict[str, Any]]:
    """Each text that the sampling decided about: language, text_bytes, rate, keep. Raises ValueError where none is."""
    import pyarrow.compute as pc

    from jobs.runtime.snapshot import NoTableError
    from schemas.code import SAMPLE_DECISIONS

    columns = ("language", "text_bytes", "rate", "keep")
    try:
        rows = snapshot.rows(SAMPLE_DECISIONS, pc.scalar(True), columns)
    except NoTableError:
        rows = []
    if not rows:
        raise ValueError(
            f"{SAMPLE_DECISIONS.name}: expected texts to sample from in {snapshot.warehouse}, found none; "
            "run refinelake run first"
        )
    return rows


def parse_bytes(size: str) -> int:
    """Bytes of "200GB" (powers of 1000) or "64GiB" (of 1024). Raises ValueError naming the flag."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", size)
    unit = match[2].upper() if match else ""
    if not match or unit not in _UNITS or float(match[1]) * _UNITS[unit] < 1:
        raise ValueError(f"--bytes: expected a size of at least one byte, found {size!r}; write it as 200GB or 64GiB")
    return round(float(match[1]) * _UNITS[unit])


def write_rate(file: Path, language: str, rate: float) -> None:
    """Set sampling.rates.LANGUAGE in a TOML file; all other lines, comments included, stay. Raises ValueError.

    A file without rates gets the defaults of the other languages too: a table in a file replaces the default one.
    """
    from jobs.code.parameters import Sampling
    from jobs.flows import SECTIONS
    from schemas.params import load_params

    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text:
        load_params(SECTIONS, str(file))
    stored = tomllib.loads(text).get("sampling", {}).get("rates")
    rates = {**(Sampling().rates if stored is None else stored), language: rate}
    if _RATES_TABLE.search(text):
        changed = _replace_table(text, rates)
    else:
        changed = _set_key(text, "rates = " + _inline(rates))
    _must_mean(file, changed, text, rates)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(changed, encoding="utf-8")


def _replace_table(text: str, rates: dict[str, float]) -> str:
    """The lines of [sampling.rates], each with its comment where its language had one."""
    head = _RATES_TABLE.search(text)
    assert head is not None
    first = text.find("\n", head.end()) + 1 or len(text)
    end = _end_of_section(text, first)
    lines, left = [], dict(rates)
    for line in text[first:end].rstrip("\n").split("\n") if text[first:end].strip() else []:
        entry = tomllib.loads(line)
        for name in entry:
            value, comment = left.pop(name), line.partition("#")[2]
            line = f"{_key(name)} = {value!r}" + (f"  #{comment}" if comment else "")
        lines.append(line)
    lines += [f"{_key(name)} = {value!r}" for name, value in sorted(left.items())]
    gap = "\n\n" if text[end:] else "\n"
    return text[:first].rstrip("\n") + "\n" + "\n".join(lines) + gap + text[end:]


def _set_key(text: str, line: str) -> str:
    """The line in place of the one that sets `rates` in [sampling], or just below its head, or in a new section."""
    head = _SECTION.search(text)
    if head is None:
        return (
            text + ("\n" if text and not text.endswith("\n") else "") + ("\n" if text else "") + f"[sampling]\n{line}\n"
        )
    end = _end_of_section(text, head.end())
    body = text[head.end() : end]
    # An inline table stands on one line in TOML 1.0.
    body, found = re.subn(r"^[ \t]*rates[ \t]*=[^\n#]*", lambda _: line, body, count=1, flags=re.MULTILINE)
    if not found:
        body = f"\n{line}" + (body or "\n")
    return text[: head.end()] + body + text[end:]


def _end_of_section(text: str, first: int) -> int:
    following = _ANY_SECTION.search(text, first)
    return following.start() if following else len(text)


def _must_mean(file: Path, changed: str, before: str, rates: dict[str, float]) -> None:
    """The edited text must say what was meant and nothing else; an unusual layout is refused, not guessed at."""
    expected = tomllib.loads(before)
    expected.setdefault("sampling", {})["rates"] = rates
    try:
        found = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        found = None
    if found != expected:
        raise ValueError(
            f"{file}: expected sampling.rates as one line of [sampling] or as a table [sampling.rates], found another "
            f"layout; nothing was written. Write it yourself: rates = {_inline(rates)}"
        )


def _inline(rates: dict[str, float]) -> str:
    return "{ " + ", ".join(f"{_key(name)} = {value!r}" for name, value in sorted(rates.items())) + " }"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unknown(language: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(language, names, 1)
    hint = f"did you mean {near[0]}?" if near else "it may have no text left after the filter"
    return f"sample_decisions: expected texts of the language {language}, found only {', '.join(names)}; {hint}"
