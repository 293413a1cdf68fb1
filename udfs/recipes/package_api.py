"""Public interfaces of installed packages, read in the sandbox: a seed for each symbol.

OpenCoder, Package-Instruct: signatures, texts and examples by PyDoc of the *installed* version, so that what is taught
is not outdated. The folder of installed packages is what a `Runner` is given as `libraries`; which packages with which
versions lie there says udfs/recipes/installed.py. The version is a part of the seed and is checked inside: a newer one
is another seed with another answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

from schemas.identity import data_bytes
from schemas.storable import without_surrogates
from udfs.recipes import api_probe
from udfs.recipes.steps import Dropped, Made, Ran, Recipe, Run, Seed, Steps
from udfs.recipes.writing import at_least, text_of, why

LANGUAGES = {"python": "python", "npm": "javascript"}
"""Language of each ecosystem."""
FIELDS = ("module", "symbol", "kind", "version", "signature", "doc")


@dataclass(frozen=True)
class PackageApi:
    """At most `most_symbols` of a package, of each at most `doc_chars` characters of its text; symbols without a
    signature or without a text are left out where `documented` says so. `memory` and `cpu_seconds`: importing may take
    more than a test does.
    """

    most_symbols: int = 100
    doc_chars: int = 2_000
    documented: bool = False
    cpu_seconds: float = 30.0
    memory: int = 2 << 30

    def __post_init__(self) -> None:
        at_least("package_api", 1, most_symbols=self.most_symbols, doc_chars=self.doc_chars)


def play(seed: Seed, p: PackageApi) -> Steps:
    """A seed of recipe `package` for each symbol. Raises Dropped `not_installed` and `no_public_api`."""
    ecosystem, package = text_of(seed, "ecosystem"), text_of(seed, "package")
    if ecosystem not in LANGUAGES:
        raise Dropped("ecosystem", detail=ecosystem)
    code = _probe(ecosystem, package, seed.fields.get("version", ""), p)
    # A line has room for its text with every character escaped, and what stands beside it.
    shown = 2 * p.most_symbols * (6 * p.doc_chars + 4_000)
    run = Run(
        "probe", LANGUAGES[ecosystem], code, cpu_seconds=p.cpu_seconds, memory=p.memory, shown=min(shown, 4 << 20)
    )
    ran: Ran = yield run
    if not ran.passed:
        raise Dropped("probe_failed", detail=why(ran))
    lines = _lines(ran)
    if errors := [line["error"] for line in lines if line.get("error")]:
        raise Dropped("not_installed" if "install" in errors[0] else "no_public_api", detail=errors[0])
    found = [line for line in lines if line["symbol"] and (not p.documented or (line["signature"] and line["doc"]))]
    if not found:
        raise Dropped("no_public_api", len(lines), 1, package)
    about = {"ecosystem": ecosystem, "package": package}
    return [
        _row(seed, about | {name: line[name] for name in FIELDS} | {"usage": ""}) for line in found[: p.most_symbols]
    ]


def _row(seed: Seed, parts: dict[str, str]) -> Made:
    language = LANGUAGES[parts["ecosystem"]]
    return Made("seeds:package", language=language, licence=seed.licence, parts=parts)


def _probe(ecosystem: str, package: str, version: str, p: PackageApi) -> str:
    """The probe with its call behind it."""
    given = ", ".join((json.dumps(package), json.dumps(version), str(p.most_symbols), str(p.doc_chars)))
    if ecosystem == "npm":
        return data_bytes("api_probe.js").decode() + f"\nrefinelakeApi({given});\n"
    source = (resources.files("udfs.recipes") / "api_probe.py").read_text(encoding="utf-8")
    return f"{source}\nmain({given})\n"


def _lines(ran: Ran) -> list[dict[str, str]]:
    """Every line of the probe as texts; a line that was cut is none."""
    found = []
    for line in (line for test in ran.tests for line in test.stdout.split("\n")):
        if not line.startswith(api_probe.MARK):
            continue
        try:
            said = json.loads(line.removeprefix(api_probe.MARK))
        except ValueError:
            continue
        if isinstance(said, dict):
            texts = {name: str(said.get(name) or "") for name in (*FIELDS, "error")}
            found.append({name: without_surrogates(text) for name, text in texts.items()})
    return found


RECIPE = Recipe(
    "package_api",
    "Public symbols of installed packages with signature, text and version.",
    play,
    PackageApi(),
    "seeds:package",
    asks=(),
    runs=1.0,
    needs=("python", "javascript"),
    takes=("package",),
    stage="package_apis",
)
