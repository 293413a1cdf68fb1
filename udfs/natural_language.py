"""A guess of a text's natural language by its script.

A stand-in: the authors use a fastText model that is not public here, and their rules only ask whether a text is
Chinese. Counting scripts is deterministic, needs no model and cannot tell languages of one script apart: all that is
not clearly Chinese, Japanese, Korean, Russian or Arabic is "en".
"""

from __future__ import annotations

import re

# Of the letters of a text, so that digits, punctuation and markup do not vote. Source code and markup around a text
# are ASCII letters, hence less than a half.
SCRIPT_SHARE = 0.3
KANA_SHARE = 0.05  # of kana and Han together: Japanese mixes both, Chinese quotes kana rarely

_ASCII_LETTERS = re.compile(r"[A-Za-z]+")
_OTHER_LETTERS = re.compile(r"[^\W\d_A-Za-z]+")
_SCRIPTS = {
    "kana": re.compile("[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\uff66-\uff9d]+"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+"),
    "ko": re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]+"),
    "ru": re.compile("[\u0400-\u052f]+"),
    "ar": re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfb\ufe70-\ufefc]+"),
}


def natural_language(text: str) -> str:
    """zh, ja, ko, ru, ar, or en: the script that has at least SCRIPT_SHARE of the letters, the largest first."""
    if text.isascii():
        return "en"
    other = "".join(_OTHER_LETTERS.findall(text))
    letters = len(other) + sum(map(len, _ASCII_LETTERS.findall(text)))
    found = {name: sum(map(len, script.findall(other))) for name, script in _SCRIPTS.items()}
    kana, han = found.pop("kana"), found.pop("han")
    found["ja" if kana > KANA_SHARE * (kana + han) else "zh"] = kana + han
    name = min(found, key=lambda language: (-found[language], language))
    return name if found[name] and found[name] >= SCRIPT_SHARE * letters else "en"
