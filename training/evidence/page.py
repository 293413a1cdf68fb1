"""The page of all comparisons: of each the paper's claim, what shows here, the picture and the numbers.

Written by hand is what stands outside of the two marks; results lie beside the page in a folder of its name.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.evidence.compare import ALL
from training.evidence.declared import Declared, declared

BEGIN, END = "<!-- results: written by refinelake evidence --page -->", "<!-- end of results -->"
_NEW = f"# Evidence\n\n{BEGIN}\n{END}\n"
_NAMES = ("evidence.json", "evidence.svg")
LANGUAGES = 12
"""Of a set, those shown beside all."""


def write_page(page: Path, result: Path | None) -> None:
    """Take a result (its folder) in, and write the page of all. Raises ValueError."""
    beside = page.with_suffix("")
    if result:
        beside.mkdir(parents=True, exist_ok=True)
        name = str(json.loads((result / _NAMES[0]).read_text(encoding="utf-8"))["name"])
        for file in _NAMES:
            shutil.copyfile(result / file, beside / f"{name}{Path(file).suffix}")
    text = page.read_text(encoding="utf-8") if page.exists() else _NEW
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(
            f"{page}: expected the lines {BEGIN!r} and {END!r}, found no such pair; add both, or remove the file"
        )
    page.write_text(f"{before}{BEGIN}\n{body(beside)}{END}{after}", encoding="utf-8")


def body(folder: Path) -> str:
    """All that stands between the marks, of the results in a folder."""
    results = {}
    for file in sorted(folder.glob("*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        results[found["name"]] = found
    known = declared()
    order = [*(name for name in known if name in results), *(name for name in results if name not in known)]
    lines = ["", "| comparison | the claim | here |", "| --- | --- | --- |"]
    for name in (*order, *(name for name in known if name not in results)):
        about = results.get(name) or {"title": known[name].title, "claim": known[name].claim}
        lacking = "cannot be shown here" if name not in known or known[name].needs else "nobody has made it yet"
        here = results[name]["sentence"].partition(":")[0] if name in results else lacking
        lines.append(f"| {about['title']} | {about['claim']} | {here} |")
    parts = ["\n".join(lines) + "\n"]
    parts += [section(results[name], f"{folder.name}/{name}.svg") for name in order]
    parts += [_missing(known[name]) for name in known if name not in results]
    return "\n".join(parts)


def section(result: Mapping[str, Any], picture: str) -> str:
    """A result as Markdown."""
    lines = [f"## {result['title']}", "", f"{result['section']}.", "", f"**Claim.** {result['claim']}", ""]
    lines += [f"**Here.** {result['sentence']}", ""]
    for held, said in list(result["sets"].items())[1:]:
        numbers = f"{said['difference']:+.4f} (above 0: {result['better']} is better), the spread {said['spread']:.4f}"
        lines += [f"On held-out texts of {held} the difference is {numbers}: {said['verdict']}.", ""]
    if result["caveat"]:
        lines += [result["caveat"], ""]
    lines += [f"![{result['title']}: held-out bits per byte over tokens]({picture})", ""]
    for arm, legs in result.get("legs", {}).items():
        told = ", then ".join(f"{name} over {_rows(stage)} ({tokens:,} tokens)" for name, stage, tokens in legs)
        lines += [f"{arm}: {told}.", ""]
    lines += _volumes(result)
    for held in result["sets"]:
        lines += [*_table(result, held), ""]
    if "loss" in result:
        told = "; ".join(f"{arm} {_cell(found)}" for arm, found in result["loss"].items())
        lines += [f"Training loss at the end, nats a token of an arm's own texts: {told}.", ""]
    for arm, parts in result["arms"].items():
        if len(parts) > 1:
            shares = next(run["mixture"] for run in result["runs"] if run["arm"] == arm)
            told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
            lines += [f"Of the sequences of {arm}: {told}.", ""]
    lines += [_made(result), ""]
    return "\n".join(lines)


def _rows(stage: int) -> str:
    return f"rows of stage {stage}" if stage else "all rows"


def _volumes(result: Mapping[str, Any]) -> list[str]:
    """What the tables of the arms were drawn from, beside what the paper kept; nothing where nobody counted."""
    counted = {arm: [part for part in parts if "drawn_from" in part] for arm, parts in result["arms"].items()}
    if not all(counted.values()):
        return []
    lines = ["| arm | texts | MB | drawn of them | the paper keeps |", "| --- | ---: | ---: | ---: | --- |"]
    for arm, parts in counted.items():
        texts, size = (sum(part["drawn_from"][name] for part in parts) for name in ("texts", "bytes"))
        shares = ", ".join(f"{part['share']:.0%}" for part in parts)
        lines.append(f"| {arm} | {texts:,} | {size / 1e6:.2f} | {shares} | {result['paper'].get(arm, '')} |")
    return [*lines, ""]


def _table(result: Mapping[str, Any], held: str) -> list[str]:
    arms, final = list(result["arms"]), result["final"][held]
    lines = [f"| held-out bits per byte of {held} | {' | '.join(arms)} |", f"| --- |{' ---: |' * len(arms)}"]
    for language in [ALL, *[name for name in final if name != ALL][:LANGUAGES]]:
        cells = (_cell(final[language].get(arm)) for arm in arms)
        lines.append(f"| {language} | {' | '.join(cells)} |")
    return lines


def _cell(found: Mapping[str, float] | None) -> str:
    return "" if found is None else f"{found['mean']:.4f} ({found['least']:.4f} to {found['most']:.4f})"


def _made(result: Mapping[str, Any]) -> str:
    """From which versions, and in what time."""
    arms = []
    for arm, parts in result["arms"].items():
        told = (
            f"{p['table']} version {p['version']}"
            + (f" ({', '.join(f'{t} version {v}' for t, v in p['made_from'].items())})" if "made_from" in p else "")
            for p in parts
        )
        arms.append(f"{arm}: {', '.join(told)}")
    seconds = sum(run["seconds"] for run in result["runs"])
    packages = ", ".join(
        f"{name} {result['versions'][name]}" for name in ("torch", "deepspeed") if name in result["versions"]
    )
    return (
        f"Made from {'; '.join(arms)}. {len(result['runs'])} runs of {result['tokens']:,} tokens in {seconds / 60:.1f} "
        f"minutes of training on {result['machine']}; {packages}; tokenizer {result['tokenizer'][:16]}."
    )


def _missing(about: Declared) -> str:
    """A declared comparison without a result."""
    here = f"It cannot be shown here. It needs {about.needs}"
    if not about.needs:
        here = f"Nobody has made it yet: refinelake evidence {about.name} does."
    return f"## {about.title}\n\n{about.section}.\n\n**Claim.** {about.claim}\n\n**Here.** {here}\n"
