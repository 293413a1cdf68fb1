"""What is not found cannot match: the patterns of personal data change nothing in a text without their needles."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.cleaning.secret_samples import kinds, sample
from udfs.cleaning import credentials, personal_data
from udfs.cleaning.header_hints import HINTS, has_hint
from udfs.cleaning.needles import Needle, Needles
from udfs.cleaning.placeholders import About

_PARTS = (
    ["key", "KEY", "api_key", "token", "Secret", "password", "pwd2", "passphrase", "passwd"]
    + ["=", ":=", "=>", "==", ": ", '"', "'", '\\"', '"]', " = b'", "\t", "\n", "\\n"]
    + ["a8Kd93hQz71", "Zq3-x_19", "s3cr", "@", "me@", "@mail.example.io", "joe@corp.de", "://", "://joe:pw8x9@"]
    + ["host.io/", "8.", "81.", "203.", "7", "20.33.44.55", "2a02:", "2001:4", "3ffe:1:2::5", ":", "::", "f"]
    + [needle.literal.decode() for needle in credentials.NEEDLES.values()]
    + [sample(kind, 0).text for group in ("issuer", "place", "assigned") for kind in kinds(group)]
    + ["A1b2C3d4E5f6G7h8", "0123456789abcdef" * 2, "é", "字", "<KEY>", "<EMAIL>", "-----BEGIN RSA PRIVATE KEY-----"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)  # the first text compiles
@given(st.lists(st.sampled_from(_PARTS), max_size=40).map("".join), st.sampled_from(["python", "ini", "shell"]))
def test_patterns_change_nothing_without_their_needles(text: str, language: str) -> None:
    every, counts, expected = frozenset([*credentials.NEEDLES, "email", "ipv4", "ipv6"]), Counter[str](), text
    for step in personal_data.STEPS:
        expected = step(expected, counts, About(every, language))
    assert personal_data.replace(text, language) == (expected, dict(counts))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Copy", "right", "LICEN", "\x08c)", "(", "C)", "public", " ", "\0", "domain", "é"])))
def test_hints_of_a_notice_are_those_of_lower_case(parts: list[str]) -> None:
    head = "".join(parts)
    assert has_hint(head) == any(hint in head.lower() for hint in HINTS)


def test_needles_at_both_ends_and_beside_each_other() -> None:
    needles = Needles({"ab": Needle(b"ab"), "abc": Needle(b"abc", any_case=True), "bc": Needle(b"bc")})
    assert needles.found(b"ab") == {"ab"}
    assert needles.found(b"xABC") == {"abc"}
    assert needles.found(b"abc") == {"ab", "abc", "bc"}
    assert not needles.found(b"") and not needles.any_in(b"a")
