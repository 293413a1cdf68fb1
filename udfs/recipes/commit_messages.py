"""Messages of commits: which say what was to be done, and who stands in them."""

from __future__ import annotations

import re

_TRAILER = re.compile(r"[A-Za-z][A-Za-z-]*: ?\S.*|\(cherry picked from commit .*\)")
_KNOWN = re.compile(r"(?im)^(?:[\w-]+-by|change-id|cc|refs?|fixes|closes|bug|issue|git-svn-id|gerrit[\w-]*): ")
_MAIL = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_NUMBER = r"v?\d+(?:\.\d+)+"
_BRANCH = r"(?:main|master|dev|develop|trunk)\b"
_NO_TASK = re.compile(
    # What tools write, and what says of itself that it is no work; "Merge two lists", "Release the lock" are tasks.
    rf"(?i)(?:merge (?:(?:remote-tracking )?(?:branch(?:es)?|tags?|commits?) ['\"]|pull request|upstream|origin)"
    rf"|merge {_BRANCH}"
    rf"|merged? (?:in |pr |#\d)|merge .* into {_BRANCH}|revert(?:s|ed|ing)?\b|{_NUMBER}|wip\b|tmp\b"
    rf"|fixup!|squash!|amend!|bump(?:s|ed|ing)? (?:\S+ from \S+ to |.* to {_NUMBER}|.*\bversions?\b|dep(?:s\b|endenc))"
    rf"|version bump|(?:prepare|start|finish|cut|tag|new)?(?: for| a)? ?(?:release|version|snapshot)s?[ :]*"
    rf"(?:of )?(?:\S+ )?{_NUMBER}|prepare (?:for )?(?:the )?(?:next )?(?:release|development)|next development"
    r"|initial (?:commit|import)|first commit|update (?:readme|changelog|version|dependenc|submodule|translation)"
    r"|(?:chore|build)\(deps|auto-?(?:generated|merge|commit|format)"
    r"|automat(?:ic|ed) (?:merge|commit|update|sync|build)"
    r"|sync(?:ed|s)? (?:with|from|fork|upstream)|import(?:ed)? from)"
)
_BOT = re.compile(r"(?i)\[bot\]|\bbots?\b|dependabot|renovate|github-actions|noreply@github\.com|automation|jenkins@")
_WORD = re.compile(r"[^\W\d_]{2,}")


def told(message: str) -> tuple[str, tuple[str, ...]]:
    """(the message without the trailers at its end, addresses that it names): who signed, reviewed or shared in it."""
    paragraphs = re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())
    while len(paragraphs) > 1 and _are_trailers(paragraphs[-1]):
        paragraphs.pop()
    kept = [line.rstrip() for line in "\n\n".join(paragraphs).split("\n") if not _MAIL.search(line)]
    return "\n".join(kept).strip(), tuple(dict.fromkeys(address.lower() for address in _MAIL.findall(message)))


def _are_trailers(paragraph: str) -> bool:
    lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
    return bool(lines) and all(_TRAILER.fullmatch(line) for line in lines) and _KNOWN.search(paragraph) is not None


def is_task(message: str, author: str, least_words: int, most_chars: int) -> bool:
    """Whether a message, less its trailers, can stand for what somebody was asked to do: no merge, revert, release or
    robot, of so many words and characters.
    """
    if _NO_TASK.match(message.lstrip("[( ")) or _BOT.search(author) or len(message) > most_chars:
        return False
    return len(_WORD.findall(message)) >= least_words
