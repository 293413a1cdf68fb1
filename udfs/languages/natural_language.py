"""A guess of a text's natural language by its script.

A stand-in: the authors use a fastText model that is not public here, and their rules only ask whether a text is
Chinese. Counting scripts is deterministic, needs no model and cannot tell languages of one script apart: all that is
not clearly Chinese, Japanese, Korean, Russian or Arabic is "en".
"""

from __future__ import annotations

from schemas.identity import code_identity
from udfs.signals.characters import Counts

VERSION = code_identity(__name__)

# Of the letters of a text, so that digits, punctuation and markup do not vote. Source code and markup around a text
# are ASCII letters, hence less than a half.
SCRIPT_SHARE = 0.3
KANA_SHARE = 0.05  # of kana and Han together: Japanese mixes both, Chinese quotes kana rarely


def natural_language(text: str) -> str:
    """zh, ja, ko, ru, ar, or en: the script that has at least SCRIPT_SHARE of the letters, the largest first."""
    if text.isascii():
        return "en"
    counts = Counts(text.encode("utf-8", "surrogatepass"))
    found = counts.scripts
    kana, han = found.pop("kana"), found.pop("han")
    found["ja" if kana > KANA_SHARE * (kana + han) else "zh"] = kana + han
    name = min(found, key=lambda language: (-found[language], language))
    return name if found[name] and found[name] >= SCRIPT_SHARE * counts.votes else "en"
