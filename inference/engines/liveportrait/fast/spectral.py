# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A 7x7x7 convolution by Fourier transforms in the plane: about four instead of 49 multiplications a depth tap.

The plane is cut into tiles of 16 x 16 outputs, which depend on 22 x 22 inputs. With discrete Fourier transforms of
that size (circular, but none of the 16 x 16 wraps around) the convolution is a product of complex matrices, (rows,
inputs) and (inputs, outputs), for each of 12 x 22 frequencies; the others are their conjugates. The sum over seven
depths happens between the transforms. The transforms are products with matrices of cosines and sines, small enough
that nothing faster exists for channels last. Complex numbers are pairs of real ones beside each other, so that a
complex product is a real one of twice the inputs and outputs:

    (re | im) @ [[w_re, w_im], [-w_im, w_re]].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...neural.winograd import Rows, tile_view
from ...neural.workspace import Workspace

TAPS = 7
BORDER = 3
TILE = 16
SIZE = TILE + TAPS - 1
HALF = SIZE // 2 + 1  # frequencies along the rows that are not conjugates of others


def _angles(frequencies: int, places: int) -> Tensor:
    """(frequencies, places), float64."""
    return 2 * math.pi / SIZE * torch.outer(torch.arange(frequencies).double(), torch.arange(places).double())


def _complex_matrix(angles: Tensor) -> Tensor:
    """exp(-i angle), (a, b), as a real matrix (a, re/im, re/im, b) that acts on all real parts, then all imaginary."""
    cosine, sine = angles.cos(), angles.sin()
    real, imaginary = torch.stack([cosine, sine], dim=1), torch.stack([-sine, cosine], dim=1)
    return torch.stack([real, imaginary], dim=1)


def forward_matrices() -> tuple[Tensor, Tensor]:
    """Along columns (2 HALF, SIZE): real to (frequency, re/im); along rows (2 SIZE, 2 SIZE): (re/im, place) to
    (frequency, re/im).
    """
    angles = _angles(HALF, SIZE)
    down = torch.stack([angles.cos(), -angles.sin()], dim=1).flatten(0, 1)
    return down.float(), _complex_matrix(_angles(SIZE, SIZE)).flatten(2).flatten(0, 1).float()


def inverse_matrices() -> tuple[Tensor, Tensor]:
    """Along rows (2 TILE, 2 SIZE): (frequency, re/im) to (re/im, place); along columns (TILE, 2 HALF): (frequency,
    re/im) to real. Only places of outputs are made.
    """
    angles = _angles(SIZE, SIZE)[:, :TILE]
    cosine, sine = angles.cos() / SIZE, angles.sin() / SIZE
    rows = torch.stack([torch.stack([cosine, -sine]), torch.stack([sine, cosine])])  # (to, from, frequency, place)
    along_rows = rows.permute(0, 3, 2, 1).flatten(2).flatten(0, 1)
    angles = _angles(HALF, SIZE)[:, :TILE]
    twice = torch.full((HALF, 1), 2.0 / SIZE).double()
    twice[0] = twice[-1] = 1.0 / SIZE  # these have no conjugate beside them
    along_columns = torch.stack([twice * angles.cos(), -twice * angles.sin()], dim=1).flatten(0, 1).t()
    return along_rows.float().contiguous(), along_columns.float().contiguous()


class SpectralConvolution:
    """A 7x7x7 convolution with padding 3, for planes whose sides are multiples of 16.

    Args:
        weight: (outputs, inputs, 7, 7, 7), depth first.
        bias: (outputs,).
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.outputs, self.inputs = weight.shape[:2]
        self._bias = bias
        self._down, self._right = forward_matrices()
        self._from_right, self._from_down = inverse_matrices()
        self._weights = _spectrum(weight)

    def __call__(self, bordered: Tensor, space: Workspace) -> Tensor:
        """Convolve.

        Args:
            bordered: (d, h + 6, w + 6, inputs), zeros in the border.

        Returns:
            (d, h, w, outputs), valid until the next call.
        """
        depth, height, width = len(bordered), bordered.shape[1] - 2 * BORDER, bordered.shape[2] - 2 * BORDER
        grid = (height // TILE, width // TILE)
        spectrum = self._read(bordered, grid, space)
        sums = self._sums(spectrum, depth, grid[0] * grid[1], space)
        return self._write(sums, (depth, *grid), space)

    def _read(self, bordered: Tensor, grid: tuple[int, int], space: Workspace) -> Tensor:
        """((d + 6) * tiles, HALF, SIZE, 2 * inputs), with three empty planes before and behind."""
        depth, channels = len(bordered), self.inputs
        tiles = grid[0] * grid[1]
        _, line, pixel, _ = bordered.stride()
        spectrum = space.take("spectrum", (depth + 2 * BORDER) * tiles, HALF, SIZE, 2 * channels)
        spectrum[: BORDER * tiles] = 0.0
        spectrum[-BORDER * tiles :] = 0.0

        def transform(place: int, own: Workspace) -> None:
            blocks = own.take("spectrum tiles", *grid, SIZE, SIZE, channels)
            plane = bordered[place]
            strides = (TILE * line, TILE * pixel, line, pixel, 1)
            blocks.copy_(plane.as_strided(blocks.shape, strides, plane.storage_offset()))
            down = own.take("spectrum down", tiles, 2 * HALF, SIZE * channels)
            torch.bmm(self._down.expand(tiles, -1, -1), blocks.view(tiles, SIZE, -1), out=down)
            target = spectrum[(place + BORDER) * tiles : (place + BORDER + 1) * tiles]
            target = target.view(tiles * HALF, 2 * SIZE, channels)
            torch.bmm(self._right.expand(len(target), -1, -1), down.view(-1, 2 * SIZE, channels), out=target)

        space.each(transform, range(depth))
        return spectrum

    def _sums(self, spectrum: Tensor, depth: int, tiles: int, space: Workspace) -> Tensor:
        """(HALF, SIZE, d * tiles, 2 * outputs): sums over inputs and depths, some frequencies at a time."""
        count = depth * tiles
        sums = space.take("spectrum sums", HALF, SIZE, count, 2 * self.outputs)

        def multiply(down: int, _: Workspace) -> None:
            rows = spectrum[:, down].transpose(0, 1)
            torch.bmm(rows[:, :count], self._weights[0, down], out=sums[down])
            for tap in range(1, TAPS):
                sums[down].baddbmm_(rows[:, tap * tiles : tap * tiles + count], self._weights[tap, down])

        space.each(multiply, range(HALF))
        return sums

    def _write(self, sums: Tensor, grid: tuple[int, int, int], space: Workspace) -> Tensor:
        """Back to (d, h, w, outputs)."""
        depth, rows, columns = grid
        count, channels = depth * rows * columns, self.outputs
        turned = space.take("spectrum turned", count, HALF, 2 * SIZE, channels)
        turned.view(count, HALF, SIZE, 2 * channels).copy_(sums.permute(2, 0, 1, 3))
        across = space.take("spectrum across", count * HALF, 2 * TILE, channels)
        torch.bmm(self._from_right.expand(count * HALF, -1, -1), turned.flatten(0, 1), out=across)
        made = space.take("spectrum made", count, TILE, TILE * channels)
        torch.bmm(self._from_down.expand(count, -1, -1), across.view(count, 2 * HALF, TILE * channels), out=made)
        out = space.take("spectrum out", depth, rows * TILE, columns * TILE, channels)
        target = tile_view(out, Rows(0, rows), TILE)
        torch.add(made.view(target.shape), self._bias, out=target)
        return out


def _spectrum(weight: Tensor) -> Tensor:
    """(outputs, inputs, 7, 7, 7) to (7, HALF, SIZE, 2 * inputs, 2 * outputs).

    A network's convolution is a correlation: output p reads inputs p + tap. So the filter is taken backwards, which
    in frequencies is the conjugate.
    """
    result = torch.empty(TAPS, HALF, SIZE, 2 * weight.shape[1], 2 * weight.shape[0])
    for tap in range(TAPS):
        planes = torch.fft.fft2(weight[:, :, tap].permute(2, 3, 1, 0), s=(SIZE, SIZE), dim=(0, 1))[:HALF].conj()
        real, imaginary = planes.real, planes.imag
        upper = torch.cat([real, imaginary], dim=-1)
        result[tap] = torch.cat([upper, torch.cat([-imaginary, real], dim=-1)], dim=-2)
    return result
