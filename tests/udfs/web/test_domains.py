"""Domains, URL patterns and the bound that says which domains are related."""

from __future__ import annotations

import json
import socket
from fractions import Fraction
from importlib import resources

import pytest

from udfs.web.domains import domain_of, snapshot
from udfs.web.patterns import Pattern, Patterns, paper_patterns, proposals
from udfs.web.shares import is_related, wilson_lower


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("docs.python.org", "python.org"),
        ("a.b.co.uk", "b.co.uk"),
        ("someone.github.io", "someone.github.io"),
        ("www.someone.github.io", "someone.github.io"),
        ("en.flask.readthedocs.io", "flask.readthedocs.io"),
        ("help.aliyun.com", "aliyun.com"),
        ("例子.中国", "例子.中国"),
        ("github.io", "github.io"),
        ("10.0.0.1", "10.0.0.1"),
        ("localhost", "localhost"),
        ("", None),
        (None, None),
    ],
)
def test_registrable_domains(host: str | None, domain: str | None) -> None:
    assert domain_of(host) == domain


def test_no_list_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    domain_of.cache_clear()
    assert domain_of("x.y.com.au") == "y.com.au" and len(snapshot()) == 64


@pytest.mark.parametrize(
    ("url", "tags"),
    [
        ("https://cloud.tencent.com/developer/article/1234", ["Code"]),
        ("http://my.oschina.net/u/12/blog/34", ["Code"]),
        ("https://www.CNBLOGS.com/x/p/1.html", ["Code"]),
        ("https://help.aliyun.com/zh/oss/", ["Code"]),
        ("https://help.aliyun.com/en/oss/", []),
        ("http://www.haihongyuan.com/gaozhong/shuxue/1.html", ["Math"]),
        ("https://example.com/", []),
    ],
)
def test_the_patterns_of_the_paper(url: str, tags: list[str]) -> None:
    assert [p.tag for p in Patterns(paper_patterns()).matching(url)] == tags


def test_the_table_is_whole() -> None:
    rows = json.loads(resources.files("udfs").joinpath("data/web_domains.json").read_text(encoding="utf-8"))["patterns"]
    assert len({pattern for _, pattern, _ in rows}) == len(rows) == 29
    assert {tag for _, _, tag in rows} == {"Code", "Math"}
    for domain, pattern, _ in rows:
        assert domain.removeprefix("www.") in pattern


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("%a.com/b%", "https://a.com/bc", True),
        ("%a.com/b%", "https://a.com/c", False),
        ("a.com/%", "https://a.com/x", True),
        ("a.com/%", "https://xa.com/x", False),
        ("a.com/%/x", "http://a.com/1/2/x", True),
        ("a.com/%/x", "http://a.com/1/2/xy", False),
        ("%a.com/(b+%", "https://a.com/(b+1", True),
        ("%A.com%", "https://a.COM/", True),
        ("a.com/_%", "https://a.com/b", False),
    ],
)
def test_a_percent_sign_is_any_run_of_characters(pattern: str, url: str, matches: bool) -> None:
    assert bool(Patterns([Pattern(pattern, "t")]).matching(url)) is matches


def test_a_pattern_for_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="'%%': expected a URL pattern with letters"):
        Patterns([Pattern("%%", "t")])


@pytest.mark.parametrize(
    ("url", "proposed"),
    [
        ("https://a.b/docs/api/page.html", ["%a.b%", "%a.b/docs/%", "%a.b/docs/api/%"]),
        ("https://a.b/posts/123", ["%a.b%", "%a.b/posts/%"]),
        ("https://a.b/2024/05/x", ["%a.b%"]),
        ("https://A.b:80/", ["%a.b%"]),
        ("https://a.b/x%y/z", ["%a.b%"]),
        ("mailto:x", []),
        ("http://[bad", []),
    ],
)
def test_proposed_patterns(url: str, proposed: list[str]) -> None:
    assert list(proposals(url)) == proposed
    if proposed and "%" not in url:
        assert all(Patterns([Pattern(p, "t")]).matching(url + "/") for p in proposed)


@pytest.mark.parametrize(
    ("successes", "trials", "lower"),
    [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 0.7224672), (5, 10, 0.2365931), (5, 20, 0.1118617), (1, 1000, 0.0001765)],
)
def test_wilsons_bound(successes: int, trials: int, lower: float) -> None:
    assert wilson_lower(successes, trials) == pytest.approx(lower, abs=2e-7)


def test_the_bound_is_below_the_share_and_nears_it() -> None:
    for share in (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)):
        bounds = [wilson_lower(int(share * n), n) for n in (10, 100, 1000, 100_000)]
        assert bounds == sorted(bounds) and float(share) - 0.005 < bounds[-1] < share
    with pytest.raises(ValueError, match="found 3 of 2"):
        wilson_lower(3, 2)


def test_which_domains_are_related() -> None:
    assert is_related(5, 20) and not is_related(4, 20)
    assert not is_related(19, 19) and not is_related(100, 1000) and is_related(150, 1000)
