"""Personal data and credentials in a text, replaced by placeholders in angle brackets.

Paper (OpenCoder): passwords, e-mails and IP addresses become placeholders by regular expressions, which it does not
print; those here put precision first, since a wrong replacement breaks a program. Kinds and their placeholders: email,
ipv4 and ipv6 (both `<IP_ADDRESS>`), key, token, password. What survives and why is said in udfs/cleaning/emails.py,
addresses.py and credentials.py.

A pattern starts with a literal or a digit and every repeat has a bound, so that a pass is linear whatever the text;
none is tried unless its needle is in the text.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from udfs.cleaning import addresses, credentials, emails
from udfs.cleaning.needles import Needles
from udfs.cleaning.placeholders import About, Counts, Step

STEPS: tuple[Step, ...] = (
    *credentials.STEPS,
    emails.replace_emails,
    addresses.replace_ipv4,
    addresses.replace_ipv6,
)
# What a lexer of the program knows is in the first, what is replaced by which word in the others.
DATA = ("comment_syntax.json", *credentials.DATA)


def replace(text: str, language: str | None = None, kind: str = "code") -> tuple[str, dict[str, int]]:
    """The text with placeholders, and how many of each kind were put in."""
    may_hold = _needles().found(text.encode("utf-8", "surrogatepass"))
    if not may_hold:
        return text, {}
    counts: Counts = Counter()
    about = About(may_hold, language, kind)
    for step in STEPS:
        text = step(text, counts, about)
    return text, dict(counts)


@cache
def _needles() -> Needles:
    return Needles(credentials.NEEDLES | emails.NEEDLES | addresses.NEEDLES)
