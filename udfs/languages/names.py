"""What a file's name is a variant of: config.yml.sample of config.yml, Dockerfile.dev of Dockerfile.

Only the letters of the name are looked at; which of the bases is known is asked in udfs/languages/detect.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_MODELS = "sample example examples template tmpl tpl skel skeleton dist default defaults stub inc base in"
_STATES = "orig original bak backup old new save saved tmp temp off disabled enabled copy golden"
_PLACES = (
    "local dev devel develop development prod production test tests testing staging stage qa ci travis docker heroku"
    " k8s github gitlab vagrant"
)
_SYSTEMS = (
    "linux unix posix windows win win32 win64 macos mac osx darwin debian ubuntu fedora centos alpine arch freebsd"
    " openbsd netbsd bsd solaris cygwin mingw msvc gcc clang amd64 x86 x86_64 arm arm64 aarch64"
)
_DATABASES = "postgres postgresql pgsql sqlite sqlite3 mariadb oracle mssql"
KINDS: Final = {
    "models": _MODELS.split(),
    "states": _STATES.split(),
    "places": _PLACES.split(),
    "systems": _SYSTEMS.split(),
    "databases": _DATABASES.split(),
}
ENDINGS: Final = frozenset(word for words in KINDS.values() for word in words)
"""Last parts of a name that say what a file is for, and nothing about its language."""

_ENDING: Final = re.compile(r"[.](\w{1,16})\Z|~\Z")
# Behind the extension: settings.py-dist.
_JOINED_ENDING: Final = re.compile(r"[.]\w{1,10}?(?P<sign>[-_])(?P<word>[A-Za-z0-9]{1,16})\Z")
_FAMILY: Final = re.compile(r"(\w*file|\.[a-z]\w{2,}|[a-z]{4,})[-._][\w.+-]{1,60}\Z", re.I)
# "profile" is no file of a tool, though it ends in the same letters.
_TOOL_FILE: Final = re.compile(r"(?<!pro)file\Z", re.I)
# Names without "file" in capitals only: install-tools is a script, INSTALL.tools a text.
_SHOUTED: Final = re.compile(r"[A-Z]{4,}[-._]")

PROOFS: Final = {
    "dockerfile": r"^FROM\s+[\w$]",
    "makefile": r"^(?:all|clean|install|default|build|test|help|\.PHONY|%\.\w+|\$\(\w+\))[ \t]*:(?!=)",
}
"""What shows that Dockerfile.go and Makefile.st are what they are called, though their ends are extensions."""
_PROVABLE: Final = ("dockerfile", "containerfile", "makefile", "gnumakefile", "bsdmakefile")


def may_prove(name: str) -> bool:
    """Whether the content may prove the name against its extension."""
    return name[:14].lower().startswith(_PROVABLE)


def without_ending(name: str) -> str | None:
    """The name without its last part, if that is one of ENDINGS."""
    found = _ENDING.search(name)
    if found and found.start() and (found.group(1) or "old").lower() in ENDINGS:
        return name[: found.start()]
    joined = _JOINED_ENDING.search(name)
    return name[: joined.start("sign")] if joined and joined["word"].lower() in ENDINGS else None


def bases(name: str) -> Iterator[tuple[str, bool]]:
    """File names that `name` may be a variant of, the nearest first, and whether it is one for certain."""
    shorter = without_ending(name)
    while shorter:
        yield shorter, True
        shorter = without_ending(shorter)
    family = _FAMILY.match(name)
    if family and (family.group(1)[0] == "." or _TOOL_FILE.search(family.group(1)) or _SHOUTED.match(name)):
        yield family.group(1), False
