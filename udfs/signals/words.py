"""Words of a text: raw and normalised tokens, and the word lists of the document signals.

A word is a run of word characters or a run of characters that are neither word characters nor spaces, as in NLTK's
word-punct tokenizer. Chinese: jieba where it is installed (the key of the measure says so), else runs of Han
characters cut into pairs, since the mean Chinese word is nearer to two characters than to one and single characters
would break the authors' mean-word-length rule for every text. Japanese: the same tokenizer as English, no MeCab.
"""

from __future__ import annotations

import importlib
import re
import string
import unicodedata
from functools import cache
from itertools import groupby
from typing import Any

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_TOKENS = re.compile(r"\w+|[^\w\s]+")
_HAN_TOKENS = re.compile(rf"[{HAN}]{{1,2}}|[^\W{HAN}]+|[^\w\s]+")
_HAS_HAN = re.compile(f"[{HAN}]")

# Full-width and CJK punctuation, to half width; what becomes ASCII punctuation then turns into a space.
_HALF_WIDTH = str.maketrans(
    "，。、；：？！（）【】［］｛｝《》〈〉「」『』〔〕“”„‟‘’‚‛″′…—–―～·・％＃＆＊＋－＝＠｜＼／＿＜＞＄＾｀＂＇﹑﹒﹔﹕",
    ',.,;:?!()[][][]<><>""""[]""""\'\'\'\'"\'.---~..%#&*+-=@|\\/_<>$^`"\',.;:',
)
_INVISIBLE = dict.fromkeys(
    c
    for c in range(0x80, 0xFFF0)
    if c != 0x85 and unicodedata.category(chr(c)) in ("Cc", "Cf") and not 0x600 <= c < 0x900
)
_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation), " ")
_OTHER_TABLE: dict[int, Any] = {
    c: (None if to is None else _PUNCTUATION.get(to, to)) for c, to in {**_HALF_WIDTH, **_INVISIBLE}.items()
}
# One byte table does it all for ASCII: controls go, spaces and punctuation become a space, capitals small.
_ASCII_GONE = bytes([*range(0x00, 0x09), *range(0x0E, 0x1C), 0x7F])
_ASCII_TABLE = bytes(
    0x20 if chr(c) in string.punctuation or c in range(0x1C, 0x20) else (c + 32 if 65 <= c <= 90 else c)
    for c in range(128)
) + bytes(range(128, 256))
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_LONG_RUN = re.compile(r"([^\x00-\x7f\w\s]{31,})")
_OTHER_SPACE = re.compile(r"[^\S\x00-\x7f]+")
_NOT_WORD = re.compile(r"[^\x00-\x7f\w\s]+")


def raw_words(text: str, natural_language: str) -> list[str]:
    """Tokens of the text as it stands."""
    if natural_language == "zh":
        return _chinese(text)
    return _TOKENS.findall(text)


def normalised(utf8: bytes, natural_language: str) -> tuple[bytes, list[str] | None]:
    """Text normalised: invisible characters deleted, full width to half, every ASCII punctuation mark a space (so
    snake_case splits), lower case, NFKC. As UTF-8, whose words ASCII whitespace separates; for Chinese as words.
    """
    folded = utf8.translate(_ASCII_TABLE, _ASCII_GONE)
    if folded.isascii():
        return folded, None
    if natural_language == "zh":
        return b"", _chinese(_unicode(folded))
    # A line feed ends whatever a character beyond ASCII can change, so lines of ASCII alone are done.
    runs = (
        b"\n".join(run) if plain else _spaced(b"\n".join(run))
        for plain, run in groupby(folded.split(b"\n"), bytes.isascii)
    )
    return b"\n".join(runs), None


def _spaced(folded: bytes) -> bytes:
    text = _OTHER_SPACE.sub(" ", _NOT_WORD.sub(r" \g<0> ", _unicode(folded)))
    return text.encode("utf-8", "surrogatepass")


def _unicode(folded: bytes) -> str:
    text = _NOT_ASCII.sub(_fold, folded.decode("utf-8", "surrogatepass"))
    # Python sorts a run of combining marks by insertion: long runs, which no language writes, stay as they are.
    parts = _LONG_RUN.split(text)
    return "".join(part if i % 2 else unicodedata.normalize("NFKC", part) for i, part in enumerate(parts))


def _fold(match: re.Match[str]) -> str:
    return match.group().translate(_OTHER_TABLE).lower()


def _chinese(text: str) -> list[str]:
    cut = _jieba()
    if cut is None or not _HAS_HAN.search(text):
        return _HAN_TOKENS.findall(text)
    return [word for word in cut.lcut(text) if not word.isspace()]


@cache
def _jieba() -> Any:
    try:
        return importlib.import_module("jieba")
    except ImportError:
        return None


def tokenizer_version() -> str:
    """What of the environment the words depend on: the Unicode tables and the Chinese tokenizer."""
    cut = _jieba()
    return f"unicode {unicodedata.unidata_version}, jieba {getattr(cut, '__version__', 'none')}"


# Characters that open a list item; ASCII hyphen and asterisk are left out, as in the authors' list.
BULLETS = frozenset("•‣⁃◦▪▫■□●○◆◇◈★☆►▶▷▸▹▻◀➢➣➤➔➜➙➛➝➞➟➠➡✓✔✗✘✦✧✱✲❖❑❒❏❐·∙⦁⦾⦿◉◎※→⇒⁌⁍∎")
# Ends of teaser lines: an ellipsis, or "more", "details", "read on" in Chinese, Arabic and Japanese.
READ_MORE = (
    "...",
    "…",
    "更多",
    "详情",
    "详细",
    "全文",
    "المزيد",
    "التفاصيل",
    "続きを読む",
    "もっと見る",
    "詳細",
    "詳しく",
)
STOP_WORDS = {
    "en": "a an and are as at be been but by can could did do for from had has have he her his i if in into is it its "
    "me my no not of on or our she so than that the their them then there these they this to was we were what when "
    "which who will with would you your",
    "fr": "a au aux avec ce ces dans de des du elle en et eux il ils je la le les leur lui ma mais me mes moi mon ne "
    "nos notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous",
    "es": "a al algo como con de del desde donde el ella en entre era es esa ese esta este ha hay la las le les lo los "
    "mas me mi muy no nos o para pero por que se ser si sin sobre son su sus te tu un una uno y ya yo",
    "it": "a ai al alla anche che chi ci come con da dal dei del della di e gli ha i il in io la le lei li lo lui ma "
    "mi ne nei nel nella no noi non o per se si sono su sul tra tu un una uno",
    "de": "aber als am an auch auf aus bei bin bis da das dass dem den der des die du durch ein eine einem einen einer "
    "er es für hat ich ihr im in ist ja kann man mit nach nicht noch nur oder sich sie sind so um und uns von war was "
    "wenn wie wir zu zum zur",
}


@cache
def stop_words(natural_language: str) -> frozenset[bytes] | None:
    """Stop words of a language in UTF-8, or None where we have no list."""
    listed = STOP_WORDS.get(natural_language)
    return frozenset(listed.encode().split()) if listed else None
