"""What an endpoint's refusal or failure means: whether to try again, when, and whether it may have been billed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

DETAIL_CHARACTERS = 500
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|max(imum)? (model|context|sequence) len"
    r"|available context size|context (window|length|size)|prompt is too long|too many (input |prompt )?tokens"
    r"|input token count .* exceeds|max_new_tokens.* must be <=|string_above_max_length|request too large"
    r"|input is too large to process|reduce the length",
    re.I,
)
"""OpenAI, vLLM, llama.cpp, SGLang, TGI, Gemini and Anthropic, each in its own words."""
_FILTERED = re.compile(
    r"content[_ ]?(filter|policy|management)|ResponsibleAIPolicy|moderation|safety (system|filter)|input was flagged",
    re.I,
)
_USED_UP = re.compile(r"insufficient_quota|billing_hard_limit|exceeded your current quota|credit balance|payment", re.I)
_BILLED_PERHAPS = {408, 502, 504, 520, 522, 524}
"""A gateway gave up on what lies behind it, which may have gone on."""
_KEY = re.compile(r"\b(sk|pk|dapi|hf|gsk|xai|nvapi|AIza)[-_]?[\w*.-]{8,}|(?i:bearer)\s+\S+")


class Then(Enum):
    """What to do after a fault."""

    RETRY = "another try, after a while"
    LATER = "another try when the endpoint says so; it is not at fault"
    GONE = "no call to this endpoint can pass"
    REFUSED = "no try of this request can pass"
    FINAL = "no other try of this row"


class Fault(Exception):
    """A try without a usable answer. `error` is one of outcomes.ERRORS; `uncertain` where it may have been billed."""

    def __init__(
        self,
        error: str,
        detail: str,
        then: Then = Then.RETRY,
        *,
        status: int = 0,
        uncertain: bool = False,
        after_s: float | None = None,
    ) -> None:
        super().__init__(f"{error}: {detail}")
        self.error, self.detail, self.then = error, detail, then
        self.status, self.uncertain, self.after_s = status, uncertain, after_s


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The fault of a reply whose status is not 200."""
    said = message_of(body)
    wait = retry_after(headers)
    error, then = _meaning(status, said, wait is not None)
    # A 401 often tells a part of the key back.
    shown = f"HTTP {status}" if status == 401 else f"HTTP {status} {said}".strip()
    uncertain = (status in _BILLED_PERHAPS and then is Then.RETRY) or status < 300
    return Fault(error, shown, then, status=status, uncertain=uncertain, after_s=wait)


def _meaning(status: int, said: str, told_when: bool) -> tuple[str, Then]:
    if _TOO_LONG.search(said) and (status >= 500 or status in (400, 413, 422, 429)):
        return "too_long", Then.REFUSED
    if status in (400, 403, 422) and _FILTERED.search(said):
        return "content_filter", Then.REFUSED
    if status in (401, 402, 403, 407, 451) or (status == 429 and _USED_UP.search(said)):
        return "not_allowed", Then.GONE
    if status in (404, 405, 410) or 300 <= status < 400:
        return "not_found", Then.GONE
    if status == 413:
        return "too_long", Then.REFUSED
    if status in (400, 414, 422, 431):
        return "bad_request", Then.REFUSED
    if status == 429 or (status in (503, 529) and told_when):
        return "rate_limited", Then.LATER
    if status >= 500 or status in (408, 409):
        return "server_error", Then.RETRY
    return "unexpected", Then.FINAL


def error_in(said: Any, uncertain: bool) -> Fault:
    """The fault of an `error` that stands in a reply or stream of status 200."""
    inside = said if isinstance(said, dict) else {"message": str(said)}
    text = _flat(inside)
    code = inside.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else 0
    if _TOO_LONG.search(text):
        return Fault("too_long", text, Then.REFUSED, uncertain=uncertain)
    if _FILTERED.search(text):
        return Fault("content_filter", text, Then.REFUSED, uncertain=uncertain)
    if status == 429:
        return Fault("rate_limited", text, Then.LATER, status=status, uncertain=uncertain)
    return Fault("server_error", text, status=status, uncertain=uncertain)


def message_of(body: bytes) -> str:
    """What an error's body says: type, code and message of the API's shape, else its beginning as text."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return " ".join(body[:DETAIL_CHARACTERS].decode("utf-8", "replace").split())
    if isinstance(said, dict):
        inside = said.get("error", said.get("detail", said))
        return _flat(inside if isinstance(inside, dict) else {"message": inside})
    return str(said)


def _flat(error: Mapping[str, Any]) -> str:
    parts = [error.get(name) for name in ("code", "type", "error_code", "message", "metadata", "innererror")]
    found = [p if isinstance(p, str) else json.dumps(p, default=str) for p in parts if p not in (None, "", {})]
    return ": ".join(found) or json.dumps(error, default=str)[:DETAIL_CHARACTERS]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the reply's headers say, in milliseconds, seconds or as a date; None where they do not."""
    try:
        if exact := headers.get("retry-after-ms"):
            return max(0.0, float(exact) / 1000)
    except ValueError:
        pass
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d*)?", said):
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time()) if said else None
    except (ValueError, TypeError, OverflowError):
        return None


def shown(detail: str, secrets: Sequence[str]) -> str:
    """A detail that may be stored: no keys, no controls, at most 500 characters."""
    for secret in secrets:
        detail = detail.replace(secret, "***")
    detail = _KEY.sub("***", detail)
    plain = "".join(c if c.isprintable() else " " for c in detail)
    return plain[:DETAIL_CHARACTERS]
