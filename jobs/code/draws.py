"""A lot for each text: the same in every run and on every machine, whatever else is in the table."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

_DIGITS = 13  # hexadecimal digits of a draw: 52 bits, exact in a double


def draw(text_id: Column, key: str) -> Column:
    """A number in [0, 1) that depends on the text and the key alone."""
    digest = F.sha2(F.concat(F.lit(key), text_id), 256)
    return F.conv(F.substring(digest, 1, _DIGITS), 16, 10).cast("double") / F.lit(float(16**_DIGITS))
