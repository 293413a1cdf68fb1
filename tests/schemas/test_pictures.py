"""Pictures as a reader and a screen reader get them: widths are shares, every text fits, nothing is markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from schemas.lettering import amount, fitted, width_of
from schemas.pictures import WIDTH, Bar, Bin, Step, bars, curve, flow, histogram, pairs, style
from tests.browser import seen

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("x")</script> & "quotes"'
LONG = "too many characters that are one sequence of 3 words that comes again and again and again, unbreakable_" * 3

STEPS = (
    Step("ingest", 1_000, 800, 10_000_000, 9_000_000, f"{NASTY} {LONG}"),
    Step("file_decisions", 800, 800, 9_000_000, 9_000_000),
    Step("filter_decisions", 800, 200, 9_000_000, 1_000_000, "too few lines (512)"),
    Step("sample_decisions", 200, 199, 1_000_000, 999_000),
)
DRAWN = {
    "flow": flow(STEPS, NASTY),
    "an empty flow": flow([Step("ingest", 0, 0, 0, 0)], "nothing came"),
    "pairs": pairs(
        [("python", 29.2, 20.4), (NASTY, 3.0, 0.0), (LONG, 0.0, 0.0)], lambda v: f"{v:,.2f} MB", "languages"
    ),
    "bars": bars([Bar("email", 12, "12 in 3 texts"), Bar("密钥" * 4, 0, "0 in 0 texts")], "kinds"),
    "long bars": bars([Bar(LONG, 4_823, "4,823"), Bar(NASTY, 1, "1")], "reasons", "dropped"),
    "marked bars": bars([Bar("signals", 74.8, "74.8 s, 45 x floor", 1.7), Bar("tiny", 0.1, "0.1 s", 90.0)], "cost"),
    "histogram": histogram(
        [Bin(f"{2**n:,}", 10 * n, n < 4) for n in range(24)], [(4, "limit 16, dropped below it")], "texts", "lines"
    ),
    "a limit at the right": histogram([Bin(f"{n} %", n, n > 8) for n in range(10)], [(9, "limit 9 %")], "texts", "x"),
    "curve": curve([(0, 0), (0.9, 0.1), (1, 1)], [(0, 0), (5, 2), (900, 1)], "S"),
}


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def widths(svg: str, css: str) -> list[float]:
    return [float(r.get("width", "")) for r in parsed(svg).iter(f"{SVG}rect") if r.get("class") == css]


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in parsed(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_well_formed_titled_and_as_wide_as_a_phone(name: str) -> None:
    root = parsed(DRAWN[name])
    assert root.get("role") == "img" and root.get("aria-label")
    assert root[0].tag == f"{SVG}title" and root[0].text == root.get("aria-label")
    assert (root.get("viewBox") or "").startswith(f"0 0 {WIDTH} ")
    assert "<script" not in DRAWN[name]


def test_a_browser_sees_no_fault_in_any_picture() -> None:
    every = "".join(DRAWN.values())
    assert seen(f'<!doctype html><html lang="en"><style>{style()}</style><body>{every}</body></html>') == []


def test_a_flow_is_as_wide_as_the_share_of_what_came_in() -> None:
    kept, dropped = widths(DRAWN["flow"], "kept"), widths(DRAWN["flow"], "dropped")
    column = kept[0] / 0.8
    assert kept == pytest.approx([column * share for share in (0.8, 0.9, 0.8, 0.9, 0.2, 0.1, 0.199, 0.0999)], abs=0.06)
    assert dropped[:2] == pytest.approx([column * 0.2, column * 0.1], abs=0.06)
    said = texts(DRAWN["flow"])
    assert {"800 files", "9.0 MB", "200 files", "1.0 MB", "600 files go: too few lines (512)", "1 file goes"} <= set(
        said
    )


def test_bars_are_in_proportion_and_their_numbers_are_written() -> None:
    svg = bars([Bar("a", 8, "8 s", 2), Bar("b", 4, "4 s")], "cost")
    first, second = widths(svg, "kept")
    assert first == pytest.approx(2 * second, abs=0.1) and {"8 s", "4 s"} <= set(texts(svg))
    left = next(float(r.get("x", "")) for r in parsed(svg).iter(f"{SVG}rect"))
    mark = float(re.search(r'class="limit" d="M([\d.]+)', svg)[1])  # type: ignore[index]
    assert mark - left == pytest.approx(first / 4, abs=0.1)


def test_the_limit_of_a_histogram_is_the_edge_between_kept_and_dropped() -> None:
    svg = histogram([Bin(str(n), 5, n < 3) for n in range(12)], [(3, "limit 3")], "texts", "x")
    edge = float(re.search(r'class="limit" d="M([\d.]+)', svg)[1])  # type: ignore[index]
    for rect in parsed(svg).iter(f"{SVG}rect"):
        middle = float(rect.get("x", "")) + float(rect.get("width", "")) / 2
        assert (rect.get("class") == "dropped") == (middle < edge)
    assert "limit 3" in texts(svg) and "tallest bar: 5 texts" in texts(svg)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (999_960, "1.0 MB"), (140_200_000, "140.2 MB"),
        (2.5e9, "2.5 GB"), (37e12, "37.0 TB"),
    ],
)  # fmt: skip
def test_bytes_are_written_with_their_unit(size: float, said: str) -> None:
    assert amount(size) == said


@pytest.mark.parametrize("text", [NASTY, LONG, "密" * 100, "W" * 200, "", "two words"])
def test_lines_fit_and_what_is_cut_says_so(text: str) -> None:
    lines = fitted(text, 200)
    assert len(lines) <= 2 and all(width_of(line) <= 200 for line in lines)
    assert any(line.endswith("…") for line in lines) or " ".join(lines) == text


def test_nothing_to_draw_is_no_picture() -> None:
    assert [flow([], "x"), pairs([], str, "x"), bars([], "x"), histogram([], [], "texts", "x")] == [""] * 4
