# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is computed once for a source picture, in the form that the decoder for processors reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...neural.workspace import Workspace
from ..networks.expression import ExpressionBlock

# Values of a map that one thread takes at a time: they stay in its cache.
_VALUES_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Features:
    """The encoder's maps of one source picture, pixels as rows: (h * w, channels) from 8 to 256 px.

    Attributes:
        maps: the features.
        normed: what the expression blocks scale and add to them; empty for the model without expressions.
    """

    maps: tuple[Tensor, ...]
    normed: tuple[Tensor, ...]


class Preparation:
    """Makes features of the encoder's maps.

    Args:
        blocks: expression blocks, none for the model without expressions; they are kept.
    """

    def __init__(self, blocks: Sequence[ExpressionBlock]) -> None:
        self._blocks = blocks

    def __call__(self, maps: Sequence[Tensor]) -> Features:
        """From maps (1, channels, h, w), from 8 to 256 px."""
        normed = [block.normed(planes) for block, planes in zip(self._blocks, maps, strict=False)]
        return Features(tuple(map(_rows, maps)), tuple(map(_rows, normed)))


def _rows(planes: Tensor) -> Tensor:
    return planes[0].permute(1, 2, 0).flatten(0, 1).contiguous()


class Expressions:
    """Applies expressions to features. The result of the last one is kept, as many frames have the same."""

    def __init__(self, blocks: Sequence[ExpressionBlock]) -> None:
        self._blocks = blocks
        self._features: Features | None = None
        self._vector: Tensor | None = None
        self._maps: tuple[Tensor, ...] = ()

    def __call__(self, features: Features, vector: Tensor, space: Workspace) -> tuple[Tensor, ...]:
        """Features of a source and (512,) of an expression to maps as ``features.maps``, valid until the next call."""
        if not self._blocks:
            return features.maps
        if features is self._features and self._vector is not None and torch.equal(vector, self._vector):
            return self._maps
        self._features, self._vector = None, None
        if not self._maps:
            self._maps = tuple(torch.empty_like(rows) for rows in features.maps)
        for block, rows, normed, out in zip(self._blocks, features.maps, features.normed, self._maps, strict=True):
            factor, offset = block.norm2.affine(vector[None])
            _add_scaled(rows, normed, factor[0], offset[0], out, space)
        self._features, self._vector = features, vector.clone()
        return self._maps


def _add_scaled(rows: Tensor, normed: Tensor, factor: Tensor, offset: Tensor, out: Tensor, space: Workspace) -> None:
    """Write rows + normed * factor + offset."""
    step = max(1, _VALUES_AT_ONCE // rows.shape[1])

    def write(start: int, _: Workspace) -> None:
        part = slice(start, start + step)
        torch.addcmul(rows[part], normed[part], factor, out=out[part]).add_(offset)

    space.each(write, range(0, len(rows), step))
