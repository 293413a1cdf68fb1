"""Quality signals: one small function each, measured once per text (the RefineCode filter, docs/rules.md).

Importing this package registers every family. VERSION changes with any source or data a value depends on.
"""

from __future__ import annotations

import hashlib
import sys

from schemas.identity import code_identity
from udfs.signals import (
    authors,
    authors_c,
    authors_cpp,
    authors_javascript,
    authors_python,
    c,
    code,
    cpp,
    csharp,
    documents,
    go,
    html,
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
from udfs.signals.registry import AUTHORS, PathSignal, Signal, all_signals, applicable, measure, path_signals
from udfs.signals.words import tokenizer_version

__all__ = [
    "AUTHORS",
    "MEASURED_AUTHORS",
    "VERSION",
    "PathSignal",
    "Signal",
    "all_signals",
    "applicable",
    "measure",
    "path_signals",
]

# What a kernel version ends with where the authors' own versions were measured too.
MEASURED_AUTHORS = "+authors"

FAMILIES = (
    code,
    documents,
    paths,
    typescript,
    php,
    rust,
    ruby,
    kotlin,
    swift,
    scala,
    shell,
    sql,
    python,
    c,
    cpp,
    csharp,
    go,
    java,
    javascript,
    html,
    authors,
    authors_python,
    authors_c,
    authors_cpp,
    authors_javascript,
)


# Which Python texts parse depends on the Python that asks.
_BESIDE = f"{tokenizer_version()} {sys.version_info[:2]}"
_DATA = ("comment_syntax.json", "no_lexer.json")
_CODE = code_identity(__name__, data=_DATA)
VERSION = hashlib.sha256(f"{_CODE} {_BESIDE}".encode()).hexdigest()[:16]
