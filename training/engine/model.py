"""The trained module: a Hugging Face decoder whose forward pass gives the summed loss of a micro-batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.data.packing import IGNORED
from training.engine.attention import Attention
from training.engine.loss import summed_loss

PREFIX = "lm."
"""What stands before a Hugging Face parameter's name in DeepSpeed's checkpoints."""


class Trained(nn.Module):
    """forward(ids, labels, positions) -> sum of token losses, and of z-losses where `z` is set, [] in fp32; labels are
    not shifted, as the reader's.

    ids, labels and positions are [sequences, length]; positions only where documents are isolated. `losses` are the
    last call's, of each token at the place before it [sequences, length], without z-loss, to be looked at.
    """

    losses: Tensor

    def __init__(self, lm: Any, attention: Attention, loss_tokens: int, gathered: bool, z: float = 0.0) -> None:
        super().__init__()
        self.lm = lm
        self.attention, self.loss_tokens, self.gathered, self.z = attention, loss_tokens, gathered, z

    def forward(self, ids: Tensor, labels: Tensor, positions: Tensor | None = None) -> Tensor:
        # No mask and no cache: with either, transformers drops isolation and the fast path without a word.
        hidden = self.lm.base_model(
            input_ids=ids, position_ids=positions, use_cache=False, **self.attention.arguments(positions)
        ).last_hidden_state
        head = self.lm.get_output_embeddings()
        rows, targets = hidden.flatten(0, 1), shifted(labels).flatten()
        total, losses = summed_loss(rows, head, targets, self.loss_tokens, self.gathered, self.z)
        self.losses = losses.view(labels.shape)
        return total


def shifted(labels: Tensor) -> Tensor:
    """The label of the next place at each place [sequences, length]; the last place predicts nothing."""
    moved = torch.full_like(labels, IGNORED)
    moved[:, :-1] = labels[:, 1:]
    return moved


def compile_layers(lm: Any) -> None:
    """torch.compile of each decoder layer by itself: one graph serves all, and ZeRO's hooks stay outside."""
    for layer in lm.base_model.layers:
        layer.compile(dynamic=False)


def recompute_layers(lm: Any) -> None:
    """Activation checkpointing of each layer: a third more work, activations of one layer at a time."""
    lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def parameter_groups(lm: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: matrices with decay, norms and biases without."""
    wanted = [p for p in lm.parameters() if p.requires_grad]
    return [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]
