"""The look of a page is checked by a script: each fault that it names is seen, and nothing in a page without one."""

from __future__ import annotations

import pytest

from schemas.pictures import style
from tests.browser import seen

SVG = '<svg class="picture" viewBox="0 0 360 40" role="img" aria-label="a"><title>a</title>'


def page(body: str) -> str:
    return f'<!doctype html><html lang="en"><style>{style()}</style><body>{body}</body></html>'


def test_a_page_without_faults() -> None:
    assert seen(page(f'<p>all is well</p>{SVG}<text x="0" y="20">here</text></svg>')) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<p style="width: 2000px">wide</p>', "the page is wider"),
        ('<p style="width: 40px; overflow-wrap: normal">unbreakable_word_of_some_length</p>', "text overflows its box"),
        ('<p style="color: #888; background: #777">faint</p>', "too little contrast"),
        (f'{SVG}<text x="300" y="20">runs out at the right</text></svg>', "text outside of its picture"),
        (f'{SVG}<text x="0" y="20">one</text><text x="5" y="22">two</text></svg>', "text over text"),
        (f'{SVG}<text x="0" y="20" style="font-size: 5px">tiny</text></svg>', "text too small"),
        ('<svg viewBox="0 0 9 9"></svg>', "a picture without a title"),
        ("<script>undefined_name</script>", "undefined_name is not defined"),
        ('<script>console.error("said aloud")</script>', "said aloud"),
    ],
)
def test_each_fault_is_seen_at_each_width_light_and_dark(body: str, fault: str) -> None:
    found = [each for each in seen(page(body)) if fault in each]
    assert {each.split(":")[0] for each in found} == {f"{w} px, {m}" for w in (360, 1280) for m in ("light", "dark")}
