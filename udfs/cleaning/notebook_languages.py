"""The language of a notebook's code cells: what the notebook says, what its cell says, and the magic of its first line.

Sources: nbformat's metadata (`language_info`, `kernelspec`), VS Code (`vscode.languageId` of a cell), .NET Interactive
and Polyglot Notebooks (`dotnet_interactive.language`, `polyglot_notebook.kernelName`, `#!fsharp`), SoS (`kernel`),
IPython's cell magics (`%%bash`) and Databricks' (`%sql` alone on the first line).
"""

from __future__ import annotations

import re
from typing import Any

_NAME = re.compile(r"[\w+#.\- ]{1,32}")
_NO_LANGUAGES = frozenset(("polyglot-notebook", "dotnet-interactive", "sos", "value", "plaintext", "raw"))
_ALIASES = {
    "ipython": "python", "ipython3": "python", "python2": "python", "python3": "python", "pyspark": "python",
    "pypy": "python", "c#": "csharp", "f#": "fsharp", "pwsh": "powershell", "shellscript": "bash", "js": "javascript",
    "md": "markdown", "rscript": "r", "bigquery": "sql", "sparksql": "sql",
}  # fmt: skip
"""Names of one language, as kernels, cells and magics have them; a shell keeps the name that it has."""

_KERNELS = (
    (r"i?python[\d.]*|pyspark.*|.*-py|.*-i?python[\d.]*|python\d.*|xpython|xeus-python|pysparkkernel", "python"),
    (r"ir[\d.]*|r|ark|.*-r|sparkrkernel|xr", "r"),
    (r"i?julia(?:\b.*|[\d.]+.*)", "julia"),
    (r"\.net-(?:csharp|c#)|i?csharp", "csharp"),
    (r"\.net-(?:fsharp|f#)|i?fsharp", "fsharp"),
    (r"\.net-(?:powershell|pwsh)|powershell|pwsh", "powershell"),
    (r"x?c|xeus-c|jupyter[-_]c.*|c(?:99|11|17|23)", "c"),
    (r"xcpp\d*|cling(?:-cpp)?\d*|c(?:\+\+|pp)\d*", "c++"),
    (r"gophernotes|gonb|lgo|i?go", "go"),
    (r"evcxr.*|rust.*", "rust"),
    (r"(?:apache_)?toree_scala|spylon.*|sparkkernel|almond.*|scala(?:\b.*|[\d.]+.*)|.*-scala", "scala"),
    (r"ijavascript|jslab|javascript|nodejs|node|jp-.*", "javascript"),
    (r"tslab|deno|typescript", "typescript"),
    (r"i?java\d*|jjava|rapaio-.*", "java"),
    (r"i?ruby[\d.]*", "ruby"),
    (r"i?haskell", "haskell"),
    (r"i?perl\d*", "perl"),
    (r"(?:calysto_)?bash", "bash"),
    (r"kotlin.*", "kotlin"),
    (r"x?octave", "octave"),
    (r"i?matlab|jupyter_matlab.*", "matlab"),
    (r"sagemath.*", "sage"),
    (r"ocaml(?:-jupyter.*|[\d.-].*)?", "ocaml"),
    (r"stata\d*|nbstata|pystata", "stata"),
    (r"sas", "sas"),
    (r"swift.*", "swift"),
    (r"x?lua\b.*|ilua", "lua"),
    (r"wolfram ?language.*|mathematica", "wolfram"),
    (r"x?sql.*|postgres.*", "sql"),
    (r"(?:jupyter-)?php", "php"),
    (r"clojure|clojupyter.*", "clojure"),
    (r"i?elixir", "elixir"),
    (r"i?racket", "racket"),
    (r"(?:calysto|mit)[-_]scheme", "scheme"),
    (r"(?:l|coarray-)?fortran.*", "fortran"),
    (r"(?:beakerx-)?groovy", "groovy"),
)
"""Names of kernels by pattern, for notebooks that name nothing else: Colab's of R say only `ir`."""

_MAGIC_NAMES = (
    "bash|sh|zsh|perl|ruby|javascript|js|html|svg|latex|markdown|md|r|cython|sql|bigquery|sparksql|python[23]?|pypy"
    "|pyspark|julia|scala|java|kotlin|cpp|rust|go|lua|octave|matlab|stata|sas|powershell|pwsh|cmd|fortran|ocaml|haskell"
)
_MAGIC = re.compile(
    r"(?:\s*+%%(?:time|timeit|capture|prun|memit)\b[^\n]*+\n)*+\s*+"
    rf"(?:%%(?:script[ \t]++(?:--\S++[ \t]++)*+(?:\S*/)?)?({_MAGIC_NAMES})\b(?!-)"
    rf"|%(sh|sql|r|scala|python|md)[ \t]*+\r?$"
    rf"|#!({_MAGIC_NAMES}|csharp|fsharp|c#|f#|mermaid|kql)(?![\w/#])[^\n/]*+$)",
    re.I | re.M,
)
_MAGIC_STARTS = frozenset("%# \t\r\n")
_CELL_KEYS = frozenset(("vscode", "polyglot_notebook", "dotnet_interactive", "kernel"))


def of_notebook(metadata: Any) -> str:
    """Of the kernel's information, of the kernel, of its name, else Python as in the format's past."""
    information, kernel = _field(metadata, "language_info"), _field(metadata, "kernelspec")
    for value in (
        _field(information, "name"),
        _field(kernel, "language"),
        _field(_field(_field(metadata, "polyglot_notebook"), "kernelInfo"), "defaultKernelName"),
        _field(_field(metadata, "dotnet_interactive"), "language"),
    ):
        if name := _name(value):
            return name
    for value in (_field(kernel, "name"), _field(kernel, "display_name")):
        for pattern, language in _KERNELS if isinstance(value, str) else ():
            if re.fullmatch(pattern, value[:100], re.I):
                return language
    return "python"


def of_cell(cell: dict[str, Any], source: str, default: str) -> str:
    """By its magic, which is what runs; else by its metadata; version 3 names the language of each cell."""
    if source[:1] in _MAGIC_STARTS:
        magic = _MAGIC.match(source)
        if magic and (name := _name(next(group for group in magic.groups() if group))):
            return name
    metadata = cell.get("metadata")
    if name := _name(cell.get("language")):
        return name
    if not isinstance(metadata, dict) or _CELL_KEYS.isdisjoint(metadata):
        return default
    for value in (
        _field(_field(metadata, "vscode"), "languageId"),
        _field(_field(metadata, "polyglot_notebook"), "kernelName"),
        _field(_field(metadata, "dotnet_interactive"), "language"),
    ):
        if name := _name(value):
            return name
    return _name(metadata.get("kernel")) or default


def _field(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _name(value: Any) -> str | None:
    """The one name of a language; none for what is no name, or the name of no language."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        return None
    name = value.lower()
    return None if name in _NO_LANGUAGES else _ALIASES.get(name, name)
