"""Mathematics of a page as TeX: from KaTeX, MathJax and MathML, where one of them carries it."""

from __future__ import annotations

import re
from typing import Any

# What a page must contain for anything below to be found in it.
_HINTS = ("<math", "math/tex")
# Formulas that a script of the page would set, written out in its text.
_WRITTEN = re.compile(
    r"\\\((?:[^\\\n]|\\[^()\n]){1,500}+\\\)|\\\[(?:[^\\]|\\[^\[\]]){1,2000}+\\\]|\$\$[^$]{1,2000}+\$\$", re.S
)
_TEX = "application/x-tex"
# Renderings of what stands beside them as TeX.
_RENDERED = "span.MathJax_Preview, span.MathJax, div.MathJax_Display, span.MathJax_SVG, span.MathJax_CHTML"
_RENDERED += ", img.mwe-math-fallback-image-inline, img.mwe-math-fallback-image-display"


def formulas(document: Any, markup: str, classes: str) -> list[tuple[Any, str]]:
    """(element, TeX with its dollar signs) of every formula in the tree whose TeX is known, in document order of each
    kind. What is a second rendering of a formula is taken out of the tree."""
    if "katex" not in classes and not any(hint in markup for hint in _HINTS):
        return []
    found = []
    for script in document.query_selector_all('script[type^="math/tex"]').values():
        is_display = "mode=display" in (script.getattr("type") or "")
        found.append((script, _dollars(script.text_content or "", is_display)))
    for element in document.query_selector_all("span.katex").values():
        tex = element.query_selector(f'annotation[encoding="{_TEX}"]')
        parent = element.parent_element
        if tex is not None:
            is_display = parent is not None and "katex-display" in (parent.class_name or "")
            found.append((element, _dollars(tex.text_content or "", is_display)))
    inside_katex = "katex" in classes
    for element in document.query_selector_all("math").values():
        if inside_katex and element.closest("span.katex") is not None:
            continue
        annotation = element.query_selector(f'annotation[encoding="{_TEX}"]')
        tex = annotation.text_content if annotation is not None else element.getattr("alttext")
        if tex:
            found.append((element, _dollars(tex, element.getattr("display") == "block")))
    for element in document.query_selector_all(_RENDERED).values() if found else ():
        element.remove()
    return [(element, tex) for element, tex in found if tex]


def has_written_formulas(text: str) -> bool:
    """Whether the text has formulas between the marks that MathJax and KaTeX look for."""
    return ("\\(" in text or "\\[" in text or "$$" in text) and _WRITTEN.search(text) is not None


def _dollars(tex: str, is_display: bool) -> str:
    tex = tex.replace("<![CDATA[", "").replace("]]>", "").strip().removeprefix("%").strip()
    if tex.startswith(r"{\displaystyle") and tex.endswith("}"):
        tex = tex.removeprefix(r"{\displaystyle").removesuffix("}").strip()
    if not tex:
        return ""
    return f"$${tex}$$" if is_display else f"${tex}$"
