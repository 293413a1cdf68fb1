"""Loss of the training batches by where their tokens come from, between one logged line and the next."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import torch
from torch.nn import functional as F

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
        # [nats and tokens, source] of the step, and since the last line
        self._step = torch.zeros(2, len(ordered), dtype=torch.float64, device=device)
        self._since = torch.zeros_like(self._step)

    def note(self, batch: Batch, losses: torch.Tensor) -> None:
        """A micro-batch of the step and the losses of its tokens (Trained.losses)."""
        trained = batch.labels[:, 1:] != IGNORED
        groups = np.zeros(batch.ids.shape, np.int64)
        for row, pieces in zip(groups, batch.pieces, strict=False):
            self._fill(row, pieces)
        of = torch.from_numpy(groups[:, 1:][trained]).to(losses.device)
        found = losses[:, :-1][torch.from_numpy(trained).to(losses.device)].double()
        # A product and no scattered addition: sums do not depend on which thread comes first.
        one_hot = F.one_hot(of, len(self.names)).double()
        self._step += torch.stack([found, torch.ones_like(found)]) @ one_hot

    def _fill(self, row: I64, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            row[piece.place : piece.place + piece.stop - piece.start] = self._numbers[piece.part, piece.source]

    def keep(self, loss: float) -> None:
        """The step is over: it counts unless its loss, the same on every rank, is not finite."""
        if math.isfinite(loss):
            self._since += self._step
        self._step.zero_()

    def taken(self) -> dict[str, dict[str, float]]:
        """Mean loss in nats and tokens of each source that was seen, over all ranks; begins anew. All ranks call it."""
        nats, tokens = np.split(np.array(ranks.summed(self._since.flatten().tolist(), self._since.device)), 2)
        self._since.zero_()
        found = zip(self.names, nats.tolist(), tokens.tolist(), strict=True)
        return {name: {"loss": total / count, "tokens": count} for name, total, count in found if count}
