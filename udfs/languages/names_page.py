"""The part of docs/languages.md about variants of names. Run `refinelake docs`."""

from __future__ import annotations

from udfs.languages.names import KINDS

_EXAMPLES = (
    ("a file of a tool with a part behind it", "Dockerfile.dev", "Makefile.linux", "build/Dockerfile-alpine"),
    ("a hidden file of a tool likewise", ".env.qa", ".bashrc.local"),
    ("a name in capitals likewise, where such a name is known", "LICENSE.BSD", "README-dev"),
    ("an ending that says what a file is for", "config.yml.sample", "settings.py.example", "nginx.conf.prod"),
    ("several of them, a tilde", "app.ini.dist.bak", "main.c~"),
)


def page() -> str:
    """As Markdown."""
    return "\n".join(
        [
            "",
            "### Variants of names",
            "",
            "A name that is not known is looked up without what makes it a variant; the language is then that of the",
            "shorter name, by `filename` (a whole name) or by its extension.",
            "",
            "| variant | examples |",
            "| --- | --- |",
            *(f"| {kind} | {', '.join(f'`{name}`' for name in names)} |" for kind, *names in _EXAMPLES),
            "",
            "Endings that say what a file is for, in any case, behind a full stop:",
            "",
            *(f"- {kind}: {' '.join(f'`{word}`' for word in words)}" for kind, words in KINDS.items()),
            "",
            "Against a known extension a name is believed only with proof in the text: `Dockerfile.go` is Go unless a",
            "line begins with `FROM`, `Makefile.py` Python unless a common target stands in it.",
            "",
            "",
        ]
    )
