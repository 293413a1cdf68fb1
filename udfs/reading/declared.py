"""Repository and licences that a package declares about itself, from the metadata files at its top."""

from __future__ import annotations

import email.parser
import json
import re
import tomllib
from dataclasses import dataclass, field

from udfs.reading.units import Record

_HOSTED = re.compile(r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)[/:]([\w.-]+)/([\w.-]+)", re.I)
_SHORTHAND = re.compile(r"(?:(?:github|gitlab|bitbucket):)?([\w.-]+/[\w.-]+)")
_NOT_OWNERS = ("sponsors", "orgs", "users", "apps")
# What a project calls the link to its code; other links often lead to a tracker or to sponsors.
_CODE_LABELS = ("source", "source code", "repository", "code", "github", "homepage", "home")
_MAX_METADATA = 1024**2


@dataclass
class Declared:
    """Repository and licences from the package metadata at the top of an archive, the strongest declaration first."""

    found: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    is_crate: bool = False

    def look_at(self, record: Record) -> None:
        path, text = record.path or "", record.text
        kind = "METADATA" if _WHEEL_METADATA.fullmatch(path) else path
        # cargo leaves the author's own file beside the one it wrote; then an npm file there is only a part.
        self.is_crate |= path == "Cargo.toml.orig"
        if kind in _METADATA and text is not None and len(text) <= _MAX_METADATA:
            try:
                self.found[kind] = _METADATA[kind](text)
            except (ValueError, RecursionError):
                # A file that is not what its name says declares nothing.
                return

    def record(self) -> Record | None:
        order = ["METADATA", "PKG-INFO", "package.json", "Cargo.toml"]
        if self.is_crate:
            order.insert(0, order.pop())
        found = [self.found[kind] for kind in order if kind in self.found]
        repo = next((repo for repo, _ in found if repo), None)
        licences = next((licences for _, licences in found if licences), None)
        return Record(repo=repo, licences=licences) if repo or licences else None


def _from_python(text: str) -> tuple[str | None, tuple[str, ...]]:
    headers = email.parser.HeaderParser().parsestr(text)
    expression, licence = (str(headers.get(key, "")).strip() for key in ("License-Expression", "License"))
    classifiers = [str(value).split(" :: ") for value in headers.get_all("Classifier", [])]
    named = [parts[-1] for parts in classifiers if parts[0] == "License" and parts[-1] != "OSI Approved"]
    # Some put the whole licence text into the field.
    short = licence if "\n" not in licence and len(licence) <= 100 and licence.upper() != "UNKNOWN" else ""
    links = [str(value).partition(",") for value in headers.get_all("Project-URL", [])]
    links += [("homepage", ",", str(value)) for value in headers.get_all("Home-page", [])]
    labels = {label: rank for rank, label in enumerate(_CODE_LABELS)}
    links.sort(key=lambda link: labels.get(link[0].strip().lower(), len(labels)))
    repo = next((repo for _, _, url in links if (repo := _repo_of(url))), None)
    return repo, (expression,) if expression else (short,) if short else tuple(named)


def _from_npm(text: str) -> tuple[str | None, tuple[str, ...]]:
    package = json.loads(text)
    if not isinstance(package, dict):
        return None, ()
    declared = package.get("license") or package.get("licenses") or []
    items = declared if isinstance(declared, list) else [declared]
    licences = [item.get("type") if isinstance(item, dict) else item for item in items]
    repository = package.get("repository")
    url = repository.get("url") if isinstance(repository, dict) else repository
    return _repo_of(url), tuple(licence for licence in licences if isinstance(licence, str) and licence)


def _from_cargo(text: str) -> tuple[str | None, tuple[str, ...]]:
    package = tomllib.loads(text).get("package")
    if not isinstance(package, dict):
        return None, ()
    licence = package.get("license")
    return _repo_of(package.get("repository")), (licence,) if isinstance(licence, str) and licence else ()


def _repo_of(url: object) -> str | None:
    """`owner/name` of a link to a code host, or of npm's short form of one."""
    if not isinstance(url, str):
        return None
    match = _SHORTHAND.fullmatch(url.strip())
    owner, _, name = match[1].partition("/") if match else ("", "", "")
    if found := _HOSTED.search(url):
        owner, name = found[1], found[2]
    name = name.removesuffix(".git")
    return f"{owner}/{name}" if owner and name and owner.lower() not in _NOT_OWNERS else None


_WHEEL_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_METADATA = {"METADATA": _from_python, "PKG-INFO": _from_python, "package.json": _from_npm, "Cargo.toml": _from_cargo}
