"""Loss of the training batches by where their tokens come from, between one logged line and the next."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import torch

from training.data.order import I64
from training.data.packing import IGNORED
from training.data.reader import Batch
from training.data.source import Piece
from training.engine import distributed as ranks


class BySource:
    """Sums on the device, added up over ranks when a line is logged. A source is named with its part where there are
    several parts; `names` are all (part, source), the same on every rank.
    """

    def __init__(self, names: Collection[tuple[str, str]], device: torch.device) -> None:
        ordered = sorted(names)
        alone = len({part for part, _ in ordered}) == 1
        self.names = [source if alone else f"{part}: {source}" for part, source in ordered]
        self._numbers = {name: number for number, name in enumerate(ordered)}
        # [source] nats on the device and tokens: of the step, and since the last line
        self._step = torch.zeros(len(ordered), dtype=torch.float64, device=device)
        self._since = torch.zeros_like(self._step)
        self._step_tokens, self._tokens = np.zeros(len(ordered)), np.zeros(len(ordered))
        self._all = torch.arange(len(ordered), device=device)

    def note(self, batch: Batch, losses: torch.Tensor) -> None:
        """A micro-batch of the step and the losses of its tokens (Trained.losses). Nothing waits for the device."""
        groups = np.full(batch.ids.shape, -1, np.int64)
        for row, pieces in zip(groups, batch.pieces, strict=False):
            self._fill(row, pieces)
        groups[batch.labels == IGNORED] = -1
        flat = groups[:, 1:].ravel()
        self._step_tokens += np.bincount(flat[flat >= 0], minlength=len(self.names))
        held = torch.from_numpy(flat)
        held = held.pin_memory() if losses.is_cuda else held
        of = held.to(losses.device, non_blocking=True).unsqueeze(1) == self._all
        # A product and no scattered addition: sums do not depend on which thread comes first.
        self._step += losses[:, :-1].reshape(-1).double() @ of.double()

    def _fill(self, row: I64, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            row[piece.place : piece.place + piece.stop - piece.start] = self._numbers[piece.part, piece.source]

    def keep(self, loss: float) -> None:
        """The step is over: it counts unless its loss, the same on every rank, is not finite."""
        if math.isfinite(loss):
            self._since += self._step
            self._tokens += self._step_tokens
        self._step.zero_()
        self._step_tokens[:] = 0

    def taken(self) -> dict[str, dict[str, float]]:
        """Mean loss in nats and tokens of each source that was seen, over all ranks; begins anew. All ranks call it."""
        sums = ranks.summed([*self._since.tolist(), *self._tokens.tolist()], self._since.device)
        self._since.zero_()
        self._tokens[:] = 0
        found = zip(self.names, sums[: len(self.names)], sums[len(self.names) :], strict=True)
        return {name: {"loss": total / count, "tokens": count} for name, total, count in found if count}
