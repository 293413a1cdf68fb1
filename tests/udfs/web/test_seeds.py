"""Examples of a model: so many of a site, both sides in each writing system, no navigation; and what recalls a page."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from udfs.web.seeds import Labelled, Seeds, Streams, balanced, by_rule, folds, is_han, threshold


def texts(domain: str, is_of_tag: bool, n: int, word: str = "text", kind: str | None = None) -> list[Labelled]:
    return [Labelled(f"{word} {domain} {chr(97 + i % 26)}{i}", is_of_tag, domain, kind) for i in range(n)]


def sides(labelled: list[Labelled], p: Seeds) -> Counter[tuple[str, bool]]:
    """Examples by domain and side; the domain is the second word of each text."""
    return Counter((e.text.split()[1], e.is_of_tag) for e in balanced(labelled, p))


def test_a_domain_gives_so_many_texts_of_each_side() -> None:
    given = [*texts("a", True, 30), *texts("a", False, 30), *texts("b", True, 5), *texts("b", True, 5)]
    assert sides(given, Seeds(most_of_domain=10)) == {("a", True): 10, ("a", False): 10, ("b", True): 5}


def test_the_order_of_the_texts_changes_nothing_and_the_seed_does() -> None:
    given = [*texts("a", True, 30, kind="blog"), *texts("b", False, 30)]
    shuffled = random.Random(1).sample(given, len(given))
    assert balanced(given, Seeds(most_of_domain=10)) == balanced(shuffled, Seeds(most_of_domain=10))
    assert balanced(given, Seeds(most_of_domain=10)) != balanced(given, Seeds(most_of_domain=10, seed=1))


def test_hard_texts_come_first_and_then_each_kind_in_turn() -> None:
    kinds = [*texts("a", True, 90, "forum", "forum"), *texts("a", True, 9, "blog", "blog")]
    assert Counter(e.text.split()[0] for e in balanced(kinds, Seeds(most_of_domain=10))) == {"forum": 5, "blog": 5}
    hard = [one._replace(hard=True) for one in texts("a", True, 4, "hard", "forum")]
    drawn = Counter(e.text.split()[0] for e in balanced([*kinds, *hard], Seeds(most_of_domain=10)))
    assert drawn == {"hard": 4, "forum": 3, "blog": 3}
    both = [one._replace(hard=False) for one in hard] + kinds + hard
    assert drawn == Counter(e.text.split()[0] for e in balanced(both, Seeds(most_of_domain=10))), "said once is enough"


def test_the_largest_domains_give_up_what_is_too_much_of_the_other_side() -> None:
    given = [*texts("code", True, 20), *texts("large", False, 50), *texts("small", False, 6)]
    assert sides(given, Seeds()) == {("code", True): 20, ("large", False): 14, ("small", False): 6}
    assert sides(given, Seeds(negatives=2)) == {("code", True): 20, ("large", False): 34, ("small", False): 6}


def test_both_sides_are_balanced_in_each_writing_system() -> None:
    given = [*texts("en", True, 40), *texts("en", False, 40)]
    given += [*texts("zh", True, 4, "一二三四五六七"), *texts("zh", False, 40, "一二三四五六七")]
    drawn = sides(given, Seeds())
    assert drawn == {("en", True): 40, ("en", False): 40, ("zh", True): 4, ("zh", False): 4}
    assert is_han("函数返回列表的长度") and not is_han("a function") and not is_han("")


def page(number: str) -> str:
    return f"Prev\tChapter {len(number)}\tNext\n\nAbout {number}\n\n```python\nimport os\n```\n\nPrev\tNext\nHome\n"


def test_what_is_on_many_pages_of_a_site_is_left_out_but_not_its_code() -> None:
    given = [Labelled(page(n), True, "site") for n in ("one", "three", "eleven", "x", "many more", "fifteen times")]
    given += [Labelled(page("elsewhere"), True, "other"), *texts("b", False, 9)]
    drawn = [e.text for e in balanced(given, Seeds()) if e.is_of_tag]
    assert page("elsewhere") in drawn, "one page is no site"
    of_site = [text for text in drawn if "elsewhere" not in text]
    assert len(of_site) == 6 and all("About" in text and "```python\nimport os\n```" in text for text in of_site)
    assert not any(word in text for text in of_site for word in ("Prev", "Next", "Home", "Chapter"))
    assert page("x") in [e.text for e in balanced(given, Seeds(boilerplate=2.0))]


def test_the_rule_asks_for_bytes_of_code_and_for_a_share() -> None:
    p = Streams(code_bytes=64, code_share=0.02)
    assert by_rule(64, 3200, p) and not by_rule(64, 3201, p) and not by_rule(63, 100, p)
    assert not by_rule(None, 100, p) and not by_rule(0, 100, Streams(code_bytes=0, code_share=0))
    assert by_rule(1, 100, Streams(code_bytes=0, code_share=0))


def test_folds_are_whole_domains_with_both_sides_spread() -> None:
    pages = [(f"code{i}", True) for i in range(10) for _ in range(i + 1)]
    pages += [(f"other{i}", False) for i in range(10) for _ in range(2 * i + 1)]
    where = folds(pages, 5)
    assert set(where) == {domain for domain, _ in pages} and set(where.values()) == set(range(5))
    held = Counter((where[domain], side) for domain, side in pages)
    assert all(9 <= held[fold, True] <= 14 and 16 <= held[fold, False] <= 24 for fold in range(5)), held
    assert folds(reversed(pages), 5) == where


def test_the_threshold_is_the_highest_that_recalls_enough() -> None:
    scores, of_tag = [0.9, 0.8, 0.7, 0.6, 0.5], [True, False, True, True, True]
    assert threshold(scores, of_tag, Streams(recall=0.75)) == 0.6
    assert threshold(scores, of_tag, Streams(recall=0.76)) == 0.5
    with pytest.raises(ValueError, match="found none"):
        threshold([0.5], [False], Streams())
