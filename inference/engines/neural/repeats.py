# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""3x3 convolutions over maps in which every value is repeated 2x2 or 4x4 (nearest upsampling), never made.

In one dimension, with taps w0, w1, w2, their sum s, and the steps e[i] = x[i] - x[i-1] (outside x is 0), the outputs
over the repeats of x[i] are

    first:   w0 x[i-1] + (w1 + w2) x[i]   =  s x[i] - w0 e[i]
    between: (w0 + w1 + w2) x[i]          =  s x[i]
    last:    (w0 + w1) x[i] + w2 x[i+1]   =  s x[i] + w2 e[i+1]

So three products by element make all outputs, however many repeats there are. In two dimensions nine matrices of
channels act on x, its steps down, its steps right, and the steps right of its steps down: with 2x2 repeats a quarter
of the multiplications, with 4x4 a sixteenth. Filters over a volume, repeated only in the plane, sum over depth.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .workspace import Workspace


class RepeatedConvolution:
    """A 3x3 convolution, or 3x3x3 with depth first, with padding 1, over repeated values.

    Args:
        weight: (outputs, inputs, 3, 3) or (outputs, inputs, 3, 3, 3).
        bias: (outputs,).
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        volume = weight.double() if weight.ndim == 5 else weight.double()[:, :, None]
        first, last = volume.index_select(3, torch.tensor(0)), volume.index_select(3, torch.tensor(2))
        rows = [volume.sum(dim=3, keepdim=True), -first, last]
        parts = [[row.sum(dim=4), -row[..., 0], row[..., 2]] for row in rows]
        self.depth = volume.shape[2]
        self.outputs = volume.shape[0]
        self.bias = bias
        # For each of the four inputs (x, right, down, both): (depth taps, inputs, kinds * outputs).
        self.weights = [
            _stacked([parts[0][0]]),
            _stacked([parts[0][1], parts[0][2]]),
            _stacked([parts[1][0], parts[2][0]]),
            _stacked([parts[1][1], parts[1][2], parts[2][1], parts[2][2]]),
        ]

    def __call__(self, x: Tensor, out: Tensor, space: Workspace) -> Tensor:
        """Convolve.

        Args:
            x: (n, h, w, inputs), before it is repeated; n is the depth for filters over a volume.
            out: (n, h, kinds, w, kinds, outputs), kinds of rows and columns: first, between, last; 3 for 4x4 repeats,
                or 2 (first and last) for 2x2.
        """
        products = [self._sums(x, index, space) for index in range(4)]
        _assemble(out, products, self.outputs)
        return out

    def _sums(self, x: Tensor, index: int, space: Workspace) -> Tensor:
        """One of the four inputs times its matrices: (n, h or h + 1, w or w + 1, kinds * outputs)."""
        weight = self.weights[index]
        reach = self.depth // 2
        steps = _steps(x, index, reach, space)
        shape = (x.shape[0], *steps.shape[1:3], weight.shape[2])
        sums = space.take(f"repeats {index}", *shape)
        rows = sums.view(-1, shape[3])
        for tap in range(self.depth):
            part = steps[tap : tap + x.shape[0]].flatten(0, 2)
            if tap == 0 and index == 0:
                torch.addmm(self.bias, part, weight[tap], out=rows)
            elif tap == 0:
                torch.mm(part, weight[tap], out=rows)
            else:
                rows.addmm_(part, weight[tap])
        return sums


def _stacked(kernels: list[Tensor]) -> Tensor:
    """Kernels (outputs, inputs, depth, 1) in 64 bit to one (depth, inputs, kinds * outputs) in 32 bit."""
    return torch.cat([kernel[..., 0] for kernel in kernels]).permute(2, 1, 0).float().contiguous()


def _steps(x: Tensor, index: int, reach: int, space: Workspace) -> Tensor:
    """X (0), its steps right (1), down (2), or right and down (3), with ``reach`` empty planes before and behind."""
    count, height, width, channels = x.shape
    down, right = index // 2, index % 2
    if index == 0 and not reach:
        return x
    steps = space.take("steps", count + 2 * reach, height + down, width + right, channels)
    steps.zero_()
    inner = steps[reach : reach + count]
    for row in range(down + 1):
        for column in range(right + 1):
            inner[:, row : row + height, column : column + width].add_(x, alpha=(-1) ** (row + column))
    return steps


def _assemble(out: Tensor, products: list[Tensor], outputs: int) -> None:
    """Sum the products into the kinds of rows and columns that there are."""
    height, width = out.shape[1], out.shape[3]
    still, right, down, both = (product.unflatten(3, (-1, outputs)) for product in products)
    # Where a kind's part begins in a product, and which of the kinds in it; none for what lies between.
    parts = {3: ((0, 0), None, (1, 1)), 2: ((0, 0), (1, 1))}
    rows, columns = parts[out.shape[2]], parts[out.shape[4]]
    for row, down_part in enumerate(rows):
        for column, right_part in enumerate(columns):
            target = out[:, :, row, :, column]
            target.copy_(still[..., 0, :])
            if right_part:
                begin, kind = right_part
                target.add_(right[:, :, begin : begin + width, kind])
            if down_part:
                begin, kind = down_part
                target.add_(down[:, begin : begin + height, :, kind])
            if right_part and down_part:
                (top, row_kind), (begin, kind) = down_part, right_part
                target.add_(both[:, top : top + height, begin : begin + width, 2 * row_kind + kind])
