"""How often the encoding of old source files is told right, refused or told wrong: real prose in twenty code pages.

    python -m benchmarks.code_pages --locale FOLDER

FOLDER holds catalogues of messages (LANGUAGE/LC_MESSAGES/*.po), as Django's `conf/locale` or a checkout of any
translated program has them. One to eight messages stand as comments and strings between lines of code, 60 texts a page.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import table
from jobs.cli import guarded
from udfs.reading.decoding import Decoded, decode

PAGES = {
    **{"zh_Hans": "gb18030", "zh_Hant": "big5", "ja": "cp932 euc_jp", "ko": "cp949", "th": "cp874", "vi": "cp1258"},
    **{"fr": "cp1252", "de": "cp1252 cp437", "es": "cp1252", "pt_BR": "cp1252", "it": "cp1252", "nl": "cp1252"},
    **{"sv": "cp1252", "da": "cp1252", "fi": "cp1252", "pl": "cp1250 iso8859_2", "cs": "cp1250 iso8859_2"},
    **{"hu": "cp1250 iso8859_2", "ro": "cp1250", "lt": "cp1257", "lv": "cp1257", "tr": "cp1254", "el": "cp1253"},
    **{"ru": "cp1251 koi8_r cp866 iso8859_5", "uk": "cp1251", "bg": "cp1251", "he": "cp1255", "ar": "cp1256"},
}
CODE = ("int counter = 0;", "for (i = 0; i < n; i++) {", "    total += values[i] * 2;", "}", "return result;")
FORMS = ("// {}", " * {}", 'printf("{}");')
TEXTS = 60
_MESSAGE = re.compile(r'^msgstr(?:\[0\])? ((?:"(?:[^"\\]|\\.)*"\n)+)', re.MULTILINE)


def messages(folder: Path, language: str) -> list[str]:
    """The translated messages of a language that hold more than ASCII, each once."""
    found = set()
    for file in sorted(folder.rglob(f"{language}/LC_MESSAGES/*.po")):
        for match in _MESSAGE.finditer(file.read_text(encoding="utf-8")):
            said = "".join(map(ast.literal_eval, match[1].removesuffix("\n").split("\n"))).replace("\n", " ").strip()
            if not said.isascii() and len(said) > 8:
                found.add(said)
    return sorted(found)


def texts(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(language, code page, text that the page can write)."""
    draw = random.Random(5)
    for language, pages in PAGES.items():
        said = messages(folder, language)
        for page in pages.split():
            known = [s for s in said if _writes(page, s)]
            for _ in range(TEXTS if known else 0):
                lines = list[str]()
                form = draw.choice(FORMS)
                for message in draw.sample(known, min(draw.choice((1, 1, 2, 4, 8)), len(known))):
                    lines += [*draw.choices(CODE, k=draw.randrange(1, 4)), form.format(message)]
                yield language, page, "\n".join([*lines, draw.choice(CODE), ""])


def _writes(page: str, text: str) -> bool:
    try:
        return bool(text.encode(page))
    except UnicodeError:
        return False


def outcome(page: str, text: str) -> str:
    result = decode(text.encode(page))
    return "refused" if not isinstance(result, Decoded) else "right" if result.text == text else "wrong"


def run(args: argparse.Namespace) -> int:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for language, page, text in texts(Path(args.locale)):
        counts.setdefault((language, page), Counter())[outcome(page, text)] += 1
    if not counts:
        raise ValueError(f"{args.locale}: expected LANGUAGE/LC_MESSAGES/*.po below it, found none")
    names = ("right", "refused", "wrong")
    print(table(("language", "page", *names), [(*key, *(each[n] for n in names)) for key, each in counts.items()]))
    whole = sum(counts.values(), Counter())
    print(
        "\n" + ", ".join(f"{100 * whole[n] / whole.total():.2f} % {n}" for n in names) + f" of {whole.total()} texts."
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.code_pages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--locale", required=True, metavar="DIR", help="a folder of translated messages")
    args = parser.parse_args()
    return guarded(lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
