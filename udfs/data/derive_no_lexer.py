"""Writes no_lexer.json: the code and data languages for whose name Pygments has no lexer. The authors' filter splits
those by hand (their defect B4), which the compat rules reproduce.

    python udfs/data/derive_no_lexer.py

Pygments is a development dependency: the file is made once, and read when signals.authors is set.
"""

from __future__ import annotations

import json
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_HERE = Path(__file__).parent
_NOTE = "Languages of languages.json (code and data) that no Pygments lexer is called by; see derive_no_lexer.py."


def has_lexer(name: str) -> bool:
    try:
        get_lexer_by_name(name)
    except ClassNotFound:
        return False
    return True


def main() -> None:
    languages = json.loads((_HERE / "languages.json").read_text(encoding="utf-8"))["languages"]
    names = sorted(n for n, about in languages.items() if about["kind"] in ("code", "data") and not has_lexer(n))
    text = json.dumps({"note": _NOTE, "languages": names}, indent=1, ensure_ascii=False)
    (_HERE / "no_lexer.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
