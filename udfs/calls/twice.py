"""Answers that come twice: a second copy on a kept connection would be read as the answer of the next row."""

from __future__ import annotations

from collections import OrderedDict

RECENT = 1024
"""Identifiers kept of each endpoint."""


class Seen:
    """The identifiers of an endpoint's recent answers. Some servers give each answer the same: one that comes on two
    connections tells nothing, and no other is looked at from then on.
    """

    def __init__(self) -> None:
        self._where: OrderedDict[str, int] = OrderedDict()
        self._unique = True

    def again(self, identifier: str, connection: int) -> bool:
        """Whether this answer came on this connection before."""
        if not identifier or not self._unique:
            return False
        before = self._where.get(identifier)
        if before is None:
            self._where[identifier] = connection
            if len(self._where) > RECENT:
                self._where.popitem(last=False)
            return False
        if before != connection:
            self._unique = False
            self._where.clear()
            return False
        return True
