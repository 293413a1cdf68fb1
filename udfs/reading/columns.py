"""Columns of published sets as Python values: a value that is none of its kind is None, for that row alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

_INT64 = 2**63
# Seconds, milliseconds, microseconds, nanoseconds: each bound is the year 5138 of its own and in the 1970s of the next.
_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (math.inf, 10**9))

_DIGITS = re.compile(r"\s*-?\d{1,30}(?:\.\d{0,30})?\s*")


def texts(array: Any) -> list[str | None]:
    """Texts, from any kind of column; bytes that are not UTF-8 are spelt out."""
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = array.cast(pa.large_binary())
    return [_text(value) for value in array.to_pylist()]


def text_lists(array: Any) -> list[tuple[str, ...] | None]:
    """Lists of texts; a text alone is a list of one."""
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = array.cast(pa.large_binary())
    return [_text_list(value) for value in _plain(array)]


def counts(array: Any) -> list[int | None]:
    """Whole numbers. From pandas they come as floats, a gap as NaN; from CSV as texts, a gap as an empty one."""
    if pa.types.is_integer(array.type) and not pa.types.is_uint64(array.type):
        return list(array.to_pylist())
    return [_count(value) for value in _plain(array)]


def times(array: Any) -> list[datetime | None]:
    """Times in UTC: of timestamps (nanoseconds are cut off), dates, ISO texts, and numbers since 1970 in any unit."""
    if pa.types.is_timestamp(array.type):
        try:
            values = _microseconds(array).to_pylist()
            return [None if value is None else value.astimezone(UTC) for value in values]
        except (pa.ArrowException, ValueError, OverflowError):
            pass
    values = _numbers(_scalars(array))
    unit = _unit(values)
    return [_time(value, unit) for value in values]


def _microseconds(value: Any) -> Any:
    """An array or a scalar of timestamps. Nanoseconds are cut off; of coarser units an unsafe cast is a wrong year."""
    return value.cast(pa.timestamp("us", tz="UTC"), safe=value.type.unit != "ns")


def _plain(array: Any) -> Iterable[Any]:
    try:
        return list(array.to_pylist())
    except (pa.ArrowException, ValueError, OverflowError):
        return _scalars(array)


def _scalars(array: Any) -> Iterable[Any]:
    for scalar in array:
        try:
            if pa.types.is_timestamp(scalar.type) and scalar.is_valid:
                scalar = _microseconds(scalar)
            yield scalar.as_py()
        except (pa.ArrowException, ValueError, OverflowError):
            yield None


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if value is None or isinstance(value, (list, dict)) or value != value:
        return None
    return str(value)


def _text_list(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list):
        return tuple(text for item in value if (text := _text(item)))
    text = _text(value)
    return (text,) if text else None


def _count(value: Any) -> int | None:
    try:
        number = float(value)
        whole = int(value if isinstance(value, int) else number)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if -_INT64 <= whole < _INT64 else None


def _numbers(values: Iterable[Any]) -> list[Any]:
    """The values, those that are numbers or the digits of one as numbers."""
    found: list[Any] = []
    for value in values:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        is_digits = isinstance(text, str) and _DIGITS.fullmatch(text) is not None
        found.append(float(text) if is_digits or isinstance(text, Decimal) else text)
    return found


def _unit(values: list[Any]) -> int:
    """How many units of the column are a second, by its middle value: an odd number is not read in its own unit."""
    sizes = sorted(abs(value) for value in values if isinstance(value, (int, float)) and abs(value) < _INT64)
    middle = sizes[(len(sizes) - 1) // 2] if sizes else 0
    return next(unit for bound, unit in _UNITS if middle <= bound)


def _time(value: Any, unit: int) -> datetime | None:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        return datetime.fromtimestamp(value / unit, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
