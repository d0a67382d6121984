# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3) as products of matrices.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv 1509.09308). Four outputs of a filter with
three taps are the coefficients of a product of polynomials read backwards (Toom and Cook, transposed), so that

    y = A' ((G g) * (B' d)),    d six inputs, g three taps, y four outputs, * by element,

with matrices that follow from six points at which polynomials are evaluated: 0, 1, -1, 1/2, -2 and infinity. These
points keep the rounding errors as small as those of a direct convolution; the usual 0, 1, -1, 2, -2 give three times
more. In two dimensions all three matrices act on rows and columns: 36 products make 16 outputs, instead of 144.
Summed over the channels, each of the 36 points is one product of a (tiles, inputs) and an (inputs, outputs) matrix,
which is where processors are fastest.

Maps are (n, h, w, c), so that all copies move whole rows of channels. A map in which every value is repeated 4x4 is
read from a map of its three kinds of columns and rows (see ``repeats``): of the six inputs of a tile the third and
the fourth are then equal, and their columns of B' are summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from .workspace import Workspace

TILE = 4
POINTS = 36
# Tiles at a time: fewer would read the weights from memory too often, more would not stay in the cache.
TILES_AT_ONCE = 64
_FINITE = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2))
# Row and column of the point 1: what is added there comes out as a constant, so biases are added to this point.
_CONSTANT = 6 * 1 + 1


def _times(polynomial: list[Fraction], root: Fraction) -> list[Fraction]:
    """Coefficients, lowest first, of a polynomial times (x - root)."""
    shifted = [Fraction(0), *polynomial]
    return [high - root * low for high, low in zip(shifted, [*polynomial, Fraction(0)], strict=True)]


def transforms() -> tuple[Tensor, Tensor, Tensor]:
    """A' (4, 6), G (6, 3) and B' (6, 6), float64."""
    outputs = [[point**power for point in _FINITE] + [Fraction(power == TILE - 1)] for power in range(TILE)]
    filters, inputs = [], []
    whole = [Fraction(1)]
    for point in _FINITE:
        whole = _times(whole, point)
        others, scale = [Fraction(1)], Fraction(1)
        for other in _FINITE:
            if other != point:
                others, scale = _times(others, other), scale * (point - other)
        inputs.append([*others, Fraction(0)])
        filters.append([point**power / scale for power in range(3)])
    inputs.append(whole)
    filters.append([Fraction(0), Fraction(0), Fraction(1)])
    return _matrix(outputs), _matrix(filters), _matrix(inputs)


def _matrix(rows: list[list[Fraction]]) -> Tensor:
    return torch.tensor([[float(entry) for entry in row] for row in rows], dtype=torch.float64)


_OUTPUT, _FILTER, _INPUT = transforms()
_REPEATED = torch.cat([_INPUT[:, :2], _INPUT[:, 2:3] + _INPUT[:, 3:4], _INPUT[:, 4:]], dim=1)
_OUTPUT_2D = torch.kron(_OUTPUT, _OUTPUT).float()


@dataclass(frozen=True, eq=False)
class Tiling:
    """How tiles are read from a map with a border of one.

    Attributes:
        size: rows and columns of the map that a tile reads.
        step: rows and columns from one tile to the next.
        matrix: (36, size * size), B' in two dimensions.
    """

    size: int
    step: int
    matrix: Tensor


PLAIN = Tiling(6, 4, torch.kron(_INPUT, _INPUT).float())
REPEATED_4 = Tiling(5, 3, torch.kron(_REPEATED, _REPEATED).float())


@dataclass(frozen=True)
class Rows:
    """Some rows of tiles: the first, and how many."""

    first: int
    count: int


def kernel_points(weight: Tensor) -> Tensor:
    """(outputs, inputs, 3, 3) to (36, inputs, outputs), computed in 64 bit."""
    outputs, inputs = weight.shape[:2]
    rows = torch.einsum("ai,ocij->aojc", _FILTER, weight.double())
    points = torch.empty(6, 6, inputs, outputs)
    for row in range(6):
        points[row] = torch.einsum("bj,ojc->bco", _FILTER, rows[row])
    return points.view(POINTS, inputs, outputs)


def read_points(bordered: Tensor, part: Rows, space: Workspace, tiling: Tiling = PLAIN, name: str = "points") -> Tensor:
    """The points of some rows of tiles.

    Args:
        bordered: (n, h, w, c) with a border of one; may be some channels of a larger map.

    Returns:
        (n * rows * columns of tiles, 36, c), in ``space`` under the name.
    """
    count, _, width, channels = bordered.shape
    size, step = tiling.size, tiling.step
    columns = (width - size) // step + 1
    plane, line, pixel, _ = bordered.stride()
    shape = (count, part.count, columns, size, size, channels)
    strides = (plane, step * line, step * pixel, line, pixel, 1)
    tiles = space.take("tiles", *shape)
    tiles.copy_(bordered.as_strided(shape, strides, bordered.storage_offset() + part.first * step * line))
    return _each(tiling.matrix, tiles.view(-1, size * size, channels), name, space)


class Winograd:
    """A 3x3 convolution with padding 1.

    Args:
        weight: (outputs, inputs, 3, 3).
        bias: (outputs,).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.points = kernel_points(weight)
        self.bias = bias
        self.outputs = weight.shape[0]

    def of_points(self, points: Tensor, space: Workspace, bias: Tensor | None = None) -> Tensor:
        """(tiles, 36, inputs) to (tiles, 4, 4, outputs): row and column in the tile; valid until the next call.

        Args:
            bias: (outputs,), in the place of the convolution's own.
        """
        products = space.take("products", POINTS, len(points), self.outputs)
        torch.bmm(points.transpose(0, 1), self.points, out=products)
        return write_tiles(products, self.bias if bias is None else bias, space)

    def __call__(self, bordered: Tensor, out: Tensor, space: Workspace, add: bool = False) -> Tensor:
        """Convolve.

        Args:
            bordered: (n, h + 2, w + 2, inputs), zeros in the border; h and w are multiples of 4.
            out: (n, h, w, outputs), may be the inside of a map with a border.
            add: to what ``out`` holds.
        """

        def compute(part: Rows, own: Workspace) -> None:
            target = tile_view(out, part)
            tiles = self.of_points(read_points(bordered, part, own), own).view(target.shape)
            target.add_(tiles) if add else target.copy_(tiles)

        space.each(compute, parts_of(out))
        return out

    def from_points(self, points: Tensor, out: Tensor, space: Workspace) -> Tensor:
        """The same of all points of a map with one plane, (tiles, 36, inputs)."""
        columns = out.shape[2] // TILE

        def compute(part: Rows, own: Workspace) -> None:
            target = tile_view(out, part)
            own_points = points[part.first * columns : (part.first + part.count) * columns]
            target.copy_(self.of_points(own_points, own).view(target.shape))

        space.each(compute, parts_of(out))
        return out


def write_tiles(products: Tensor, bias: Tensor | None, space: Workspace) -> Tensor:
    """(36, tiles, outputs), the sums over the channels, to (tiles, 4, 4, outputs); adds to ``products``."""
    if bias is not None:
        products[_CONSTANT] += bias
    return _each(_OUTPUT_2D, products.transpose(0, 1), "made", space).unflatten(1, (TILE, TILE))


def _each(matrix: Tensor, blocks: Tensor, name: str, space: Workspace) -> Tensor:
    """The matrix times each of (n, rows, columns): small products whose operands stay in the nearest cache."""
    out = space.take(name, blocks.shape[0], matrix.shape[0], blocks.shape[2])
    return torch.bmm(matrix.expand(len(blocks), -1, -1), blocks, out=out)


def tile_view(planes: Tensor, part: Rows, tile: int = TILE) -> Tensor:
    """Some rows of tiles of (n, h, w, c) as (n, rows, columns, tile, tile, c), without a copy."""
    rows = planes[:, part.first * tile : (part.first + part.count) * tile]
    return rows.unflatten(1, (part.count, tile)).unflatten(3, (-1, tile)).transpose(2, 3)


def parts_of(planes: Tensor, tile: int = TILE) -> list[Rows]:
    """Rows of tiles of (n, h, w, c) to compute at a time."""
    rows, columns = planes.shape[1] // tile, planes.shape[2] // tile
    step = max(1, TILES_AT_ONCE // (planes.shape[0] * columns))
    return [Rows(first, min(step, rows - first)) for first in range(0, rows, step)]
