# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance norms, wide convolutions with few outputs, and sampling, for maps with the channels last."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...neural.workspace import Workspace

EPSILON = 1e-5
# Values of a map that one thread takes at a time: a quarter of a megabyte, which stays in its cache.
_VALUES_AT_ONCE = 1 << 16


def bands(rows: int, values_a_row: int) -> list[slice]:
    """Some rows of a map at a time."""
    step = max(1, _VALUES_AT_ONCE // values_a_row)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


class NormRelu:
    """Instance norm, then ReLU.

    Args:
        norm: with weight and bias.
    """

    def __init__(self, norm: nn.Module) -> None:
        assert isinstance(norm, nn.InstanceNorm2d)
        self._weight, self._bias = norm.weight, norm.bias

    def __call__(self, x: Tensor, out: Tensor, space: Workspace) -> Tensor:
        """(h, w, c) to the same, written into ``out``, which may be a part of a larger map or ``x`` itself."""
        parts = bands(x.shape[0], x.shape[1] * x.shape[2])
        pixels = x.shape[0] * x.shape[1]
        sums = space.take("sums", len(parts), x.shape[2])

        def add_up(index: int, _: Workspace) -> None:
            torch.sum(x[parts[index]], dim=(0, 1), out=sums[index])

        def add_squares(index: int, own: Workspace) -> None:
            part = x[parts[index]]
            offsets = torch.sub(part, mean, out=own.take("offsets", *part.shape))
            torch.sum(offsets.mul_(offsets), dim=(0, 1), out=sums[index])

        def write(index: int, _: Workspace) -> None:
            target = out[parts[index]]
            torch.addcmul(shift, x[parts[index]], factor, out=target)
            target.relu_()

        indices = range(len(parts))
        space.each(add_up, indices)
        mean = sums.sum(dim=0) / pixels
        space.each(add_squares, indices)
        factor = self._weight * torch.rsqrt(sums.sum(dim=0) / pixels + EPSILON)
        shift = self._bias - mean * factor
        space.each(write, indices)
        return out


class FewOutputs:
    """A convolution with wide filters and few outputs: every pixel times all taps, then sums of what was shifted.

    A direct convolution computes eight or sixteen outputs at a time, however few there are.

    Args:
        convolutions: of the same inputs and size, with padding that keeps the size.
    """

    def __init__(self, *convolutions: nn.Module) -> None:
        weight = torch.cat([layer.get_parameter("weight") for layer in convolutions])
        self._bias = torch.cat([layer.get_parameter("bias") for layer in convolutions])
        self._kernel = weight.shape[2]
        # Taps first, then outputs.
        self._weight = weight.permute(2, 3, 0, 1).flatten(0, 2).contiguous()

    def __call__(self, x: Tensor, space: Workspace) -> Tensor:
        """(h, w, inputs) to (outputs, h, w), valid until the next call."""
        height, width, channels = x.shape
        outputs, reach = len(self._bias), self._kernel // 2
        products = space.take("taps", len(self._weight), height * width)
        torch.mm(self._weight, x.reshape(-1, channels).t(), out=products)
        planes = products.view(self._kernel, self._kernel, outputs, height, width)
        out = space.take("few", outputs, height, width)
        out.copy_(self._bias[:, None, None].expand_as(out))
        for row in range(self._kernel):
            below, target_rows = _overlap(row - reach, height)
            for column in range(self._kernel):
                beside, target_columns = _overlap(column - reach, width)
                out[:, target_rows, target_columns].add_(planes[row, column, :, below, beside])
        return out


def _overlap(offset: int, size: int) -> tuple[slice, slice]:
    """What lies inside of both a line and the line moved: the places that are read, and where they are written."""
    first = min(max(0, -offset), size)
    last = max(first, min(size, size - offset))
    return slice(first + offset, last + offset), slice(first, last)


@dataclass(frozen=True, eq=False)
class Places:
    """Places in a map, each a weighted sum of four of its pixels.

    Attributes:
        indices: (H, W, 4), pixels counted row by row.
        weights: (H, W, 4); 0 outside of the map.
    """

    indices: Tensor
    weights: Tensor

    def times(self, mask: Tensor) -> Places:
        """The same, with what is found there times (H, W)."""
        return Places(self.indices, self.weights * mask[..., None])


def places(flow: Tensor) -> Places:
    """A flow (H, W, 2) into a map of the same size, as ``networks.sampling`` takes it."""
    height, width = flow.shape[:2]
    limits = torch.tensor([width, height], dtype=torch.float32)
    cells = (flow + 1) * 0.5 * (limits - 1)
    first = cells.floor()
    after = cells - first
    near = [torch.stack([1 - after[..., axis], after[..., axis]], dim=-1) for axis in (0, 1)]
    corners = [first[..., axis, None] + torch.tensor([0.0, 1.0]) for axis in (0, 1)]
    for axis, limit in enumerate((width, height)):
        near[axis] *= (corners[axis] >= 0) & (corners[axis] < limit)
        corners[axis] = corners[axis].clamp(0, limit - 1)
    indices = corners[1][..., :, None] * width + corners[0][..., None, :]
    weights = near[1][..., :, None] * near[0][..., None, :]
    return Places(indices.flatten(-2).to(torch.int32), weights.flatten(-2))


def sample(rows: Tensor, where: Places, out: Tensor, space: Workspace) -> Tensor:
    """Sample a map with the channels last.

    Args:
        rows: (h * w, c), its pixels.
        out: (H, W, c), may be a part of a larger map.
    """

    def take(part: slice, _: Workspace) -> None:
        indices, weights = where.indices[part].flatten(0, 1), where.weights[part].flatten(0, 1)
        sums = functional.embedding_bag(indices, rows, per_sample_weights=weights, mode="sum")
        out[part] = sums.view(out[part].shape)

    space.each(take, bands(out.shape[0], out.shape[1] * out.shape[2]))
    return out
