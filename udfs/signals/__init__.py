"""Quality signals: one small function each, measured once per text (the RefineCode filter, docs/rules.md).

Importing this package registers every family. VERSION changes with any source or data a value depends on.
"""

from __future__ import annotations

import hashlib
from importlib import resources

from udfs.signals import (
    c,
    code,
    cpp,
    csharp,
    documents,
    go,
    java,
    javascript,
    kotlin,
    paths,
    php,
    python,
    ruby,
    rust,
    scala,
    shell,
    sql,
    swift,
    typescript,
)
from udfs.signals.registry import PathSignal, Signal, all_signals, applicable, measure, path_signals
from udfs.signals.words import tokenizer_version

__all__ = ["VERSION", "PathSignal", "Signal", "all_signals", "applicable", "measure", "path_signals"]

FAMILIES = (code, documents, paths, typescript, php, rust, ruby, kotlin, swift, scala, shell, sql, python, c, cpp, csharp, go, java, javascript)


def _version() -> str:
    package = resources.files("udfs")
    sources = [p for p in package.joinpath("signals").iterdir() if p.name.endswith(".py")]
    sources += [package.joinpath("lexing.py"), package.joinpath("data/comment_syntax.json")]
    digest = hashlib.sha256(tokenizer_version().encode())
    for source in sorted(sources, key=lambda p: p.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


VERSION = _version()
