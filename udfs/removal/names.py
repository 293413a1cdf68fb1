"""Under which names a repository, its owner and the author of a file may be asked for; stored as salted hashes only.

A repository of many hosts has many spellings: `org/name`, `https://github.com/Org/Name.git`, `git@gitlab.com:a/b/c`.
Each gives the names that a request may use, and a request matches where one of its file's hashes is its own. A name
without a host is asked for on every host, for the public opt-out lists leave it out.
"""

from __future__ import annotations

import hashlib
import os
import re

SALT = "REFINELAKE_SALT"
"""Environment variable with a warehouse's own salt: without the salt nobody can tell by a guess who has asked."""
_DEFAULT_HOST = "github.com"
_SCP = re.compile(r"(?:[\w.+-]+@)?([\w-]+(?:\.[\w-]+)+):(?!/)(.+)", re.ASCII)
_URL = re.compile(r"(?:git\+)?(?:https?|ssh|git)://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.*)", re.I)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.ASCII)
_ADDRESS = re.compile(r"\d+(?:\.\d+){3}|\[?[0-9a-fA-F:]*:[0-9a-fA-F:]*\]?")
_NO_REPLY = re.compile(r"(?:\d+\+)?([^@+]+)@users\.noreply\.[\w.-]+", re.I)


def salt() -> str:
    """The salt in force: of the environment, else a public one that hides nothing from a guess."""
    return os.environ.get(SALT) or "refinelake"


def salted(kind: str, name: str, salt: str) -> str:
    """SHA-256 of salt, kind (repo, owner, author, path, content, domain, salt) and name."""
    return hashlib.sha256("\0".join((salt, kind, name)).encode("utf-8", "surrogatepass")).hexdigest()


def is_url(place: str) -> bool:
    """Whether a location names a repository on a host, and is no path of a disk or object of a store."""
    return bool(_URL.match(place) or _SCP.fullmatch(place))


def repo_names(name: str) -> tuple[str, ...]:
    """The names that a request for this repository may use, its own among them: without host, and with it."""
    host, path = _split(name)
    return (path, f"{host or _DEFAULT_HOST}/{path}") if path else ()


def owner_names(name: str) -> tuple[str, ...]:
    """The owners of a repository, a group's groups too, without host and with it; none where it has no owner."""
    host, path = _split(name)
    parts = path.split("/")
    owners = ["/".join(parts[:end]) for end in range(1, len(parts))]
    return tuple(n for owner in owners for n in (owner, f"{host or _DEFAULT_HOST}/{owner}"))


def asked_repo(name: str) -> str:
    """How a request spells a repository: with its host only where one was given."""
    host, path = _split(name)
    return f"{host}/{path}" if host else path


def asked_owner(name: str) -> str:
    """How a request spells an owner: with its host only where one was given."""
    host, path = _split(name + "/x")
    owner = path.rpartition("/")[0]
    return f"{host}/{owner}" if host else owner


def author_names(email: str) -> tuple[str, ...]:
    """The names that an author may be asked for by: the e-mail address, and the login where a host made the address."""
    address = email.strip().strip("<>").lower()
    found = _NO_REPLY.fullmatch(address)
    return tuple(n for n in (address, found and found[1].lower()) if n)


def host_names(host: str) -> tuple[str, ...]:
    """The names that the pages of a host may be asked for by: the host, and every domain that it is part of."""
    parts = [part for part in host.strip().lower().rstrip(".").split(".") if part]
    if not parts or _ADDRESS.fullmatch(host.strip()):
        return (host.strip().lower(),) if host.strip() else ()
    return tuple(".".join(parts[at:]) for at in range(max(1, len(parts) - 1)))


def asked_domain(name: str) -> str:
    """How a request spells a domain or host: without scheme, port, path, and `www.`; empty where it is none."""
    bare = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", name.strip()).rpartition("@")[2]
    host = re.split(r"[/:?#]", bare, maxsplit=1)[0].lower().rstrip(".").removeprefix("www.")
    return host if _HOST.fullmatch(host) or host == "localhost" else ""


def _split(name: str) -> tuple[str, str]:
    """(host, path), in small letters as hosts compare them; without what a URL has after the repository."""
    name = name.strip()
    found = _URL.match(name) or _SCP.fullmatch(name)
    host, path = (found[1], found[2]) if found else ("", name)
    path = re.split(r"[?#]", path, maxsplit=1)[0] if found else path
    parts = [part for part in path.split("/") if part]
    if not host and len(parts) > 2 and _HOST.fullmatch(parts[0]):
        host, parts = parts[0], parts[1:]
    if host and (end := next((n for n, part in enumerate(parts) if n > 1 and part in ("-", "tree", "blob")), None)):
        parts = parts[:end]
    last = parts.pop().removesuffix(".git") if parts else ""
    return host.lower().removeprefix("www."), "/".join([*parts, last] if last else parts).lower()


def hashes_of(name: str, salt: str, is_location: bool = False) -> tuple[str, ...]:
    """The salted names of a repository and of its owners; none for a location that is no repository's address."""
    if is_location and not is_url(name):
        return ()
    named = [("repo", n) for n in repo_names(name)] + [("owner", n) for n in owner_names(name)]
    return tuple(salted(kind, n, salt) for kind, n in named)
