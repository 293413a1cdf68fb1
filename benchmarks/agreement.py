"""How far our split of code and comments agrees with Pygments, which the authors use, on real files.

    python -m benchmarks.agreement --sources .cache/demo/sources.jsonl

For each language with a Pygments lexer of its name: every general signal that rests on the split is measured twice,
once on our split and once on Pygments' tokens, over up to 2 MB of files drawn by hash. A file agrees if no signal
differs by more than 0.01. Two of our choices are made on both sides, so that they are not counted again and again:
plain `Comment` tokens are comments, and a line comment does not hold the line feed that ends it
(udfs/signals/lexing.py says why).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String
from pygments.util import ClassNotFound

from udfs.languages.detect import detect
from udfs.reading.archives import members
from udfs.reading.decoding import Decoded, decode
from udfs.signals.lexing import Split, split, trimmed
from udfs.signals.registry import all_signals
from udfs.signals.views import View

RESTING = (22, 24, 26, 27, 28, 29, 31, 32, 33)
"""Numbers of the general signals that read C, K or the strings of C."""
TOLERANCE = 0.01
MOST_BYTES = 2_000_000
_COMMENTS = {Comment, Comment.Multiline, Comment.Single, Comment.Hashbang, Comment.Special, String.Doc}


def pygments_split(text: str, language: str, lexer: object) -> Split:
    """The same partition from a Pygments lexer's tokens. Strings are looked for in its code as we look for them."""
    code: list[str] = []
    comments: list[str] = []
    for kind, value in lexer.get_tokens(trimmed(text)):  # type: ignore[attr-defined]
        body = value.removesuffix("\n")
        if kind in _COMMENTS:
            comments.append(body)
            code.append(value[len(body) :])
        else:
            code.append(value)
    again = split("".join(code), language)
    return Split("".join(code), "".join(comments), "pygments", again.pieces, again.string_at, comments, [])


def differences(text: str, language: str, lexer: object) -> dict[str, tuple[float, float]]:
    """{signal: (ours, Pygments')} for the signals that differ by more than the tolerance."""
    ours, theirs = View(text, language, "en"), View(text, language, "en")
    theirs.__dict__["parts"] = pygments_split(text, language, lexer)
    found = {}
    for signal in (s for s in all_signals() if s.number in RESTING):
        a, b = (signal.function(view) or 0.0 for view in (ours, theirs))
        if abs(a - b) > TOLERANCE:
            found[signal.name.removeprefix("qsc_code_")] = (round(a, 3), round(b, 3))
    return found


def files(manifest: Path) -> dict[str, list[tuple[str, str, str]]]:
    """(hash, path, text) of the distinct code files of a manifest's archives, by language."""
    found: dict[str, dict[str, tuple[str, str, str]]] = defaultdict(dict)
    for line in manifest.read_text(encoding="utf-8").splitlines():
        place = json.loads(line)["location"]
        for member in members(place, place):
            decoded = decode(member.data) if member.data else None
            if member.data and isinstance(decoded, Decoded):
                text = decoded.text
                of = detect(member.path, text)
                if of.kind in ("code", "data") and of.language:
                    key = hashlib.sha256(member.data).hexdigest()
                    found[of.language][key] = (key, f"{Path(place).name}:{member.path}", text)
    return {language: sorted(rows.values()) for language, rows in found.items()}


def drawn(rows: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    size = 0
    for row in rows:
        size += len(row[2].encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            return
        yield row


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True, help="a manifest of archives")
    parser.add_argument("--least", type=int, default=20, help="languages with fewer files are left out")
    parser.add_argument("--show", metavar="LANGUAGE", help="print each file that differs")
    args = parser.parse_args()
    print("| language | lexer | files | agree | of them |\n| --- | --- | ---: | ---: | ---: |")
    for language, rows in sorted(files(args.sources).items()):
        if len(rows) < args.least or args.show not in (None, language):
            continue
        try:
            lexer = get_lexer_by_name(language)
        except ClassNotFound:
            continue
        some = list(drawn(rows))
        unlike = {path: d for _, path, text in some if (d := differences(text, language, lexer))}
        agree = len(some) - len(unlike)
        print(f"| {language} | {lexer.name} | {len(some)} | {agree} | {agree / len(some):.1%} |", flush=True)
        for path, found in unlike.items() if args.show else ():
            print(f"{path} {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
