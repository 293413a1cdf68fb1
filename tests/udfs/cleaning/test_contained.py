"""An @ in the code that a text holds is an operator; in the prose, strings and comments beside it it is none."""

from __future__ import annotations

import json

import pytest

from schemas.identity import data_bytes
from udfs.cleaning import contained
from udfs.cleaning.clean import clean
from udfs.cleaning.personal_data import replace

MAIL = "jane@some-host.org"


def notebook(*cells: str, language: str = "python") -> str:
    made = [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]
    prose = {"cell_type": "markdown", "source": f"By {MAIL}"}
    return json.dumps({"nbformat": 4, "metadata": {"language_info": {"name": language}}, "cells": [prose, *made]})


def test_cells_of_a_notebook_hold_operators_and_its_prose_addresses() -> None:
    text = notebook("att = q@k.it\nmail = '" + MAIL + "'", "!git config user.email " + MAIL, "# by " + MAIL)
    cleaned = clean(text, language="jupyter notebook", kind="notebook").text
    assert cleaned is not None
    assert cleaned.count("<EMAIL>") == 4 and "att = q@k.it\n" in cleaned and "some-host" not in cleaned
    assert clean(cleaned, language="jupyter notebook", kind="text").text == cleaned


def test_a_notebook_of_another_language() -> None:
    cleaned = clean(notebook("x <- object@data.me", language="R"), language="jupyter notebook", kind="notebook").text
    assert cleaned is not None and "object@data.me" in cleaned and "By <EMAIL>" in cleaned
    cleaned = clean(notebook("mail " + MAIL, language="bash"), language="jupyter notebook", kind="notebook").text
    assert cleaned is not None and "mail <EMAIL>" in cleaned


HELD = [
    ("markdown", "text", "```python\nx = (a@b.it)\n```\n"),
    ("markdown", "text", "> ~~~py\n> x = a@b.it\n> ~~~\n"),
    ("markdown", "text", "1. do\n\n   ``` {.python}\n   loss = w@values.me\n   ```\n"),
    ("rmarkdown", "text", "```{r}\nx <- object@data.me\n```\n"),
    ("markdown", "text", "```{python}\n#| echo: false\nx = a@b.it\n```\n"),
    ("markdown", "text", "```\nimport numpy as np\nx = a@b.it\n```\n"),
    ("markdown", "text", "Write `att = q@k.it` for it.\n"),
    ("markdown", "text", "```julia\ny = a@b.it\n```\n"),
    ("markdown", "text", "```kotlin\nval id = this@view.id\n```\n"),
    ("restructuredtext", "text", ".. code-block:: python\n   :linenos:\n\n   x = a@b.it\n\n   y = c@d.it\n"),
    ("restructuredtext", "text", "As here::\n\n    import torch\n    x = a@b.it\n\nEnd\n"),
    ("restructuredtext", "text", ">>> a@b.it\n3\n"),
    ("restructuredtext", "text", ".. ipython::\n\n   In [1]: x = a@b.it\n"),
    ("org", "text", "#+BEGIN_SRC python :results output\nx = a@b.it\n#+END_SRC\n"),
    ("asciidoc", "text", "[source,python]\n----\nx = a@b.it\n----\n"),
    ("tex", "text", "\\begin{lstlisting}[language=Python]\nimport numpy\nx = a@b.it\n\\end{lstlisting}\n"),
    ("tex", "text", "\\begin{minted}{python}\nx = a@b.it\n\\end{minted}\n"),
    ("html", "code", '<pre><code class="language-python">x = a@b.it\n</code></pre>\n'),
    ("html", "code", "<pre>\n>>> x = a@b.it\n</pre>\n"),
    ("html", "code", "<pre>\n&gt;&gt;&gt; x = a@b.it\n</pre>\n"),
    ("html", "code", '<script type="text/python">\nx = a@b.it\n</script>\n'),
    ("html", "code", "<py-script>\nimport numpy\nx = a@b.it\n</py-script>\n"),
    ("vue", "code", "<template><code>y = f(a@b.it)</code></template>\n"),
    ("html+php", "code", '<code class="py">x = a@b.it</code>\n<?php echo 1;\n'),
    ("python", "code", 'def f():\n    """Multiplies.\n\n    >>> a@b.it\n    3\n    """\n'),
    ("python", "code", 'def f():\n    """Multiplies.\n\n    ```python\n    x = a@b.it\n    ```\n    """\n'),
    ("python", "code", 'def f():\n    """Multiplies::\n\n        y = np.sum(a@b.it)\n    """\n'),
    ("python", "code", 'x = f"""{\na@b.it\n}"""\n'),
    ("python", "code", "x = rf'''{{ {\n  (a @ b) + a@b.it\n} }}'''\n"),
    ("python", "code", "x = f'{g(f\"{a@b.it}\")}'\n"),
    ("kotlin", "code", 'val s = """\n${\n  this@view.id\n}"""\n'),
    ("julia", "code", 's = "$(\na@b.it\n)"\n'),
    ("r", "code", "#' Adds\n#' @examples\n#' y <- object@data.me\n#' @export\nf <- 1\n"),
    ("shell", "code", "python3 - <<'EOF'\nx = a@b.it\nEOF\n"),
    ("python", "code", "#: ```python\n#: x = f(a@b.it)\n#: ```\nx = 1\n"),
    ("rust", "code", "//! ```python\n//! x = a@b.it\n//! ```\n"),
]


@pytest.mark.parametrize(("language", "kind", "text"), HELD)
def test_code_that_a_text_holds_stays(language: str, kind: str, text: str) -> None:
    assert replace(text, language, kind) == (text, {})


@pytest.mark.parametrize(("language", "kind", "text"), HELD)
def test_an_address_beside_it_goes(language: str, kind: str, text: str) -> None:
    sign = {"kotlin": "// ", "rust": "// ", "python": "# ", "julia": "# ", "r": "# ", "shell": "# "}.get(
        language, "By "
    )
    assert replace(f"{sign}{MAIL}\n\n{text}", language, kind)[0] == f"{sign}<EMAIL>\n\n{text}"


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("markdown", "text", f"```\ngit config user.email {MAIL}\n```\n"),
        ("markdown", "text", f"```sh\nmail {MAIL}\n```\n"),
        ("markdown", "text", f"```python\nx = '{MAIL}'  # {MAIL}\n```\n"),
        ("markdown", "text", f"Write to `{MAIL}` or `email = {MAIL}`.\n"),
        ("restructuredtext", "text", f"As here::\n\n    From: {MAIL}\n"),
        ("html", "code", f"<pre>{MAIL}</pre><code>{MAIL}</code>\n"),
        ("html", "code", f'<script>const mail = "{MAIL}";</script>\n'),
        ("python", "code", f'x = """{{"mail": "{MAIL}"}}"""\n'),
        ("python", "code", f'x = """{{\n{MAIL}\n}}"""\n'),
        ("python", "code", f"x = f'''{{{{\n{MAIL}\n}}}}'''\n"),
        ("python", "code", f"x = f\"{{m['{MAIL}']}}\"\n"),
        ("python", "code", f'"""\n>>> send("{MAIL}")\n"""\n'),
    ],
)
def test_addresses_in_what_shows_code_go(language: str, kind: str, text: str) -> None:
    result = replace(text, language, kind)[0]
    assert result == text.replace(MAIL, "<EMAIL>")


@pytest.mark.parametrize(
    "opener", ["```", "<pre>", "`", ">>> ", "a::\n\n    ", "#+begin_src\n", "\\begin{code}", "f'{"]
)
def test_a_text_of_openers_takes_no_long_time(opener: str) -> None:
    text = opener * (200_000 // len(opener)) + f"\n{MAIL}\n"
    for language, kind in (("markdown", "text"), ("html", "code"), ("python", "code")):
        replace(text, language, kind)


def test_the_names_of_the_data_are_languages() -> None:
    known = set(json.loads(data_bytes("languages.json"))["languages"])
    assert known >= contained._HOLDERS | contained._PAGES | set(contained._ALIASES.values()) | contained.OPERATORS
