"""The benchmark of page texts: what counts as a block of a source, and how like another a block is."""

from __future__ import annotations

import pytest

from benchmarks.web_text import best, fenced, similarity, windows
from benchmarks.web_truth import blocks_of, is_shown, squeezed

REST = """Title
=====

Text::

    a = 1

      b

- An item::

      in the item

  and its text.

.. code-block:: python
   :linenos:

   x = 1  # doctest: +SKIP

.. note::

   .. code:: sh

      ls

.. a comment::

.. testcode::
   :hide:

   hidden

.. comment of several

   words::

       not code

>>> 1 + 1
2

No blank line::
    no block
"""


@pytest.mark.parametrize(
    ("name", "source", "blocks"),
    [
        ("x.rst.txt", REST, ["a = 1\n\n  b", "in the item", "x = 1", "ls", ">>> 1 + 1\n2"]),
        ("x.md", "a\n\n```js\nlet x;\n```\n\n~~~\n```\n~~~\n", ["let x;", "```"]),
        ("x.md.txt", "```{code-block} python\n:linenos:\nx\n```\n```{toctree}\ny\n```\n", ["x"]),
        ("x.md.txt", ":::{note}\n```python\nx\n```\n:::\n\n```\ny\n```\n", ["x", "y"]),
        ("x.txt", "TITLE\n-----\n\ntext\n\n----\ncode\n----\n\n....\nmore\n....\n", ["code", "more"]),
        ("x.txt", "[[ID]]\nTITLE\n-----\n\n+\n----\ncode\n----\n", ["code"]),
        ("x.txt", "A longer text in front:\n-------------------------\ncode\n-------------------------\n", []),
        ("x.txt", "----\ninclude::x[]\n----\n", []),
    ],
)
def test_blocks_of_sources(name: str, source: str, blocks: list[str]) -> None:
    assert [block.code for block in blocks_of(name, source)] == blocks


def test_a_block_that_no_build_shows_is_told() -> None:
    page = squeezed("<pre><span>a</span> = 1\nb &lt; 2</pre>")
    assert is_shown("a = 1\nb < 2\n\nc = 3", page) and not is_shown("a = 1\nc = 3\nd = 4", page)


def test_similarity_is_one_less_the_share_of_edits() -> None:
    assert similarity("abcd", "abcd") == 1 and similarity("abcd", "abxd") == 0.75
    assert similarity("abcd", "") == 0 and similarity("héllo", "hello") == 0.8


def test_the_best_of_many_is_found() -> None:
    text = "before\n\n```python\nx = 1\ny = 2\n```\n\n````\n```\n````\n"
    assert fenced(text) == ["x = 1\ny = 2", "```"]
    assert best("x = 1\ny = 3", fenced(text)) == pytest.approx(10 / 11)
    assert best("x", []) == 0
    assert "x = 1\ny = 2" in windows("x = 1\ny = 2", "1 x\nx = 1\ny = 2\nz")
