"""Passwords, keys and tokens that are assigned to a name that says so: in quotes, or as the rest of a setting.

A name's last word decides: password and its short forms, secret, key and token behind a word such as api or access.
Values without quotes are read in languages where those are values, not names: dotenv, ini, properties, YAML, shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from udfs.cleaning.needle_conditions import BARE, NAME
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts, lowered, substitute_in
from udfs.cleaning.secrecy import is_key, is_password, is_punctuated_key, is_strong_key

_BEFORE_KEY = (
    r"(?:api|secret|access|private|account|encryption|encrypt|decryption|consumer|auth|signing|sign|master|shared|service"
    r"|admin|storage|webhook|server|subscription|app|application|aes|hmac|jwt|crypto|cipher|deploy|session|write|read|rest"
    r"|security|validation|ssh|management|integration|ingest|instrumentation|licen[cs]e|ssl|bot|client)[_.-]?"
)
_BEFORE_TOKEN = (
    r"(?:access|auth|api|bearer|refresh|oauth2?|bot|session|id|secret|user|app|deploy|personal|security|service|jwt|private"
    r"|github|gitlab|slack|npm|pypi|admin|account|webhook|hub|hf|gh|ci|vault|registry|publish|upload|discord|telegram)[_.-]?"
)


# A word of its own, or the end of a name in camel case: "bypass" is none.
_OWN = r"(?:^|[^a-z])"


_PLACE_IN_A_LIST = re.compile(r"(?:page|next|continuation|sync|cursor|start|resume|delta|pagination)[_-]?\Z")


class _Name(NamedTuple):
    """The last word of a name, and what must stand before it. `strong`: it says little, so that the value must."""

    word: str
    kind: str
    before: str
    strong: bool = False

    @property
    def own(self) -> bool:
        """Whether it may be the last word of a name in camel case, whatever is before it."""
        return self.before == _OWN


_NAMES = [
    _Name("password", "password", ""),
    _Name("passwd", "password", ""),
    _Name("passphrase", "password", ""),
    _Name("passwort", "password", ""),
    _Name("pwd", "password", ""),
    _Name("psw", "password", _OWN),
    _Name("pass", "password", r"(?:[_.-]|(?:db|user|smtp|mail|ftp|mysql|root|admin|login|http|proxy|my)_?)"),
    _Name("pass", "password", _OWN),
    _Name("secret", "key", ""),
    _Name("key", "key", _BEFORE_KEY),
    _Name("key_base", "key", "secret_"),
    _Name("token", "token", _BEFORE_TOKEN),
    _Name("token", "token", _OWN, strong=True),
    _Name("credential", "key", "", strong=True),
    _Name("credentials", "key", "", strong=True),
]
_LONGER = frozenset(("key",))  # never a whole name
NEEDLES = {
    f"{how} {each.word}": Needle(each.word.encode(), condition, True, before=int(each.word in _LONGER))
    for each in _NAMES
    for how, condition in (("quoted", NAME), ("bare", BARE))
}

_VALUE = r"(?P<value>[^\"'`\s\\]{6,400}+)"
# What may stand between a name and a value in quotes: the rest of the name, a type, a sign of assignment.
_QUOTED = (
    r"[0-9]{0,2}(?:\[[0-9]{0,4}\])?(?:\\?[\"'`])?\]?[ \t]{0,16}(?::[ \t]?[a-z_][\w.<>?\[\]]{0,30}[ \t]{0,4}(?==))?"
    r"(?::=|=>|==|=|:|(?<=[\"'`]),|\(|\|\||\?\?|\bor\b|value[ \t]?=)[ \t]{0,16}"
    rf"[a-z@]{{0,2}}\\?(?P<quote>[\"'`]){_VALUE}\\?(?P=quote)"
)
_ARGUMENT = rf"[0-9]{{0,2}}[ \t]{{1,8}}(?P<quote>[\"']){_VALUE}(?P=quote)"
_FOLDED = r"[0-9]{0,2}[\"']?:[ \t]*[>|][+-]?[0-9]?[+-]?[ \t]*\r?\n[ \t]+(?P<value>[^\s\"'`]{6,400}+)[ \t]*\r?(?=\n|\Z)"
_TAG = r"[0-9]{0,2}(?:>[ \t]{0,8}|</key>\s{0,40}<string>)(?P<value>[^<>\s]{6,400}+)[ \t]{0,8}</"
_BARE = r"(?P<value>[^\s\"'`#=*&|>][^\s\"'`]{5,400}+)"
_REST = rf"[0-9]{{0,2}}\]?[ \t]{{0,8}}[=:][ \t]{{0,8}}{_BARE}(?=[\"'`]|[ \t]*(?:[#;].*)?\r?$)"
_WORD = r"[0-9]{0,2}(?:=|(?P<blank>[ \t]))(?P<value>[^\s\"'`#=*&|>;][^\s\"'`;&|]{5,400}+)(?=[\s\"'`;&|]|\Z)"
_AFTER_BLANK = re.compile(r"(?:--(?:[\w-]*-)?|\b(?:env|arg|setx|setenv)[ \t]+[\w.-]*)\Z")


def _patterns(tail: str) -> dict[str, re.Pattern[str]]:
    return {word: re.compile(f"{word}(?={tail})", re.M) for word in dict.fromkeys(each.word for each in _NAMES)}


_IN_QUOTES, _IN_TAGS, _AS_REST, _AS_WORD = map(_patterns, (_QUOTED, _TAG, _REST, _WORD))
_AS_ARGUMENT, _AS_BLOCK = map(_patterns, (_ARGUMENT, _FOLDED))
_BEFORE = {each: re.compile(f"{each.before}\\Z") for each in _NAMES}

# Languages of settings: what stands behind the sign is the value.
_SETTINGS = frozenset(
    (
        "dotenv", "ini", "java properties", "yaml", "miniyaml", "oasv2-yaml", "oasv3-yaml", "npm config", "git config",
        "curl config", "wget config", "ssh config", "desktop", "editorconfig", "apacheconf", "nginx", "hxml", "text",
        None, "markdown", "restructuredtext", "asciidoc", "org", "rmarkdown", "mdx", "toml",
    )
)  # fmt: skip
# A name and a value in quotes are a call.
_CALLERS = frozenset(("gradle", "groovy", "gradle kotlin dsl", "ruby", "puppet", "hcl", "nginx", "caddyfile"))
_BLOCKS = frozenset(("yaml", "miniyaml", "oasv2-yaml", "oasv3-yaml", "markdown", None))
_SHELLS = frozenset(
    ("shell", "shellsession", "dockerfile", "makefile", "batchfile", "powershell", "fish", "tcsh", "nushell")
)


def replace_assigned(text: str, counts: Counts, about: About) -> str:
    """Values behind names that say what they are."""
    if about.holds.isdisjoint(NEEDLES):
        return text
    quoted, bare = ([word for word in _IN_QUOTES if f"{how} {word}" in about.holds] for how in ("quoted", "bare"))
    tried = [(quoted, _IN_QUOTES), (quoted, _IN_TAGS)]
    if about.language in _SETTINGS or about.kind == "text":
        tried += [(bare, _AS_REST), (bare, _AS_WORD)]
    elif about.language in _SHELLS:
        tried.append((bare, _AS_WORD))
    if about.language in _CALLERS:
        tried.append((quoted, _AS_ARGUMENT))
    elif about.language in _BLOCKS:
        tried.append((bare, _AS_BLOCK))
    lower = ""
    for words, patterns in tried:
        for word in words:
            lower = lower or lowered(text)
            text, found = substitute_in(lower, text, about, patterns[word], _kind_of(word, lower, text))
            if found:
                counts.update(found)
                lower = lowered(text)
    return text


def _kind_of(word: str, lower: str, text: str) -> Callable[[re.Match[str], str], str | None]:
    names = [each for each in _NAMES if each.word == word]

    def kind(match: re.Match[str], value: str) -> str | None:
        at = match.start()
        head = lower[max(at - 24, 0) : at]
        if match.groupdict().get("blank") and not _AFTER_BLANK.search(head):
            return None
        if word == "token" and _PLACE_IN_A_LIST.search(head):
            return None
        if word == "pass" and lower[match.end() : match.end() + 3].lstrip().startswith("("):  # "this pass (x) is"
            return None
        for name in names:
            if not _BEFORE[name].search(head) and not (name.own and _is_camel(text, at)):
                continue
            if name.strong:
                fits = is_strong_key(value)
            else:
                fits = is_password(value) if name.kind == "password" else is_key(value) or is_punctuated_key(value)
            if fits:
                return name.kind
        return None

    return kind


def _is_camel(text: str, at: int) -> bool:
    """A capital behind a small letter."""
    return text[at : at + 1].isupper() and text[at - 1 : at].islower()
