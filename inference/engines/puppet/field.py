# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Displacement fields on coarse grids: sampling, composition, inversion, and full-resolution maps for ``cv2.remap``."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

ITERATIONS = 14
# Without damping the iteration diverges where the field compresses strongly (a wide open jaw).
DAMPING = 0.6
SAFE_STEP = np.float32(1.5)
# A cell's inversion has converged when it would move by less than this, in cells.
SETTLED = 0.004


@dataclass(frozen=True)
class CoarseField:
    """Displacements in px on a regular grid of square cells whose size is a whole number of px.

    The value of cell (row j, column i) holds at the cell's centre, ``(left + (i + 0.5) * step - 0.5,
    top + (j + 0.5) * step - 0.5)`` in px of the picture, pixel centres at whole coordinates. Between centres the field
    is bilinear, beyond the outer centres it is constant. A field may reach over the picture's edge.

    Attributes:
        grid: (gh, gw, 2) float32, displacement along x and y in px.
        left, top: first pixel column and row of the first cell.
        step: side of a cell in px.
    """

    grid: np.ndarray
    left: int
    top: int
    step: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1): pixel columns and rows covered, ends exclusive."""
        height, width = self.grid.shape[:2]
        return self.left, self.top, self.left + width * self.step, self.top + height * self.step

    def centres(self) -> np.ndarray:
        """(gh, gw, 2) float32 position of each value in px of the picture."""
        return cell_centres(self.grid.shape[0], self.grid.shape[1], self.left, self.top, self.step)

    def at(self, points: np.ndarray) -> np.ndarray:
        """Displacement at points.

        Args:
            points: (..., 2) x, y in px of the picture.

        Returns:
            (..., 2) float32.
        """
        return sample(self.grid, self.to_cells(points))

    def sampled(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Bilinear values of a float32 image (gh, gw, ...) on this grid at points (h, w, 2) in px, 0 outside."""
        return cv2.remap(values, self.to_cells(points), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]

    def to_cells(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 2) in px as float32 cell coordinates, 0 at the first centre."""
        half = self.step / 2 - 0.5
        cells = shifted(points, self.left + half, self.top + half)
        cells *= np.float32(1 / self.step)
        return cells

    def displacement(self, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
        """The field at each pixel of the region: (y1 - y0, x1 - x0, 2) float32 px."""
        rows = _cells_for(y0, y1, self.top, self.step)
        columns = _cells_for(x0, x1, self.left, self.step)
        part = _part(self.grid, rows, columns)
        full = cv2.resize(part, (part.shape[1] * self.step, part.shape[0] * self.step), interpolation=cv2.INTER_LINEAR)
        top = y0 - (self.top + rows[0] * self.step)
        left = x0 - (self.left + columns[0] * self.step)
        return full[top : top + y1 - y0, left : left + x1 - x0]

    def map(self, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
        """Position plus displacement at each pixel of the region: (y1 - y0, x1 - x0, 2) float32 px, for cv2.remap."""
        out = np.empty((y1 - y0, x1 - x0, 2), np.float32)
        return cv2.add(self.displacement(x0, y0, x1, y1), identity(x0, y0, x1, y1), dst=out)

    def moving_box(self, tolerance: float = 0.01) -> tuple[int, int, int, int] | None:
        """(x0, y0, x1, y1) around all pixels that may move more than ``tolerance`` px, or None. May pass the edges."""
        moving = (np.abs(self.grid[..., 0]) > tolerance) | (np.abs(self.grid[..., 1]) > tolerance)
        rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
        if not rows.size:
            return None
        # One cell more at each side: between centres the field falls off only at the next one.
        return (
            self.left + (int(columns[0]) - 1) * self.step,
            self.top + (int(rows[0]) - 1) * self.step,
            self.left + (int(columns[-1]) + 2) * self.step,
            self.top + (int(rows[-1]) + 2) * self.step,
        )


def shifted(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """Points (..., 2) minus (x, y), float32; the offsets must be exact in float32."""
    if points.ndim == 3 and points.dtype == np.float32:
        # Several times faster than numpy, whose inner loop would have two steps.
        return cv2.subtract(points, (x, y, 0.0, 0.0))  # type: ignore[call-overload]
    return np.subtract(points, np.array([x, y], np.float32), dtype=np.float32)


def cell_centres(rows: int, columns: int, left: int, top: int, step: int) -> np.ndarray:
    """(rows, columns, 2) float32 centres of the cells of a grid in px of the picture."""
    x = left + (np.arange(columns, dtype=np.float32) + 0.5) * step - 0.5
    y = top + (np.arange(rows, dtype=np.float32) + 0.5) * step - 0.5
    return np.dstack(np.meshgrid(x, y)).astype(np.float32)


def identity(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """(y1 - y0, x1 - x0, 2) float32: each pixel's own coordinates."""
    out = np.empty((y1 - y0, x1 - x0, 2), np.float32)
    out[..., 0] = np.arange(x0, x1, dtype=np.float32)
    out[..., 1] = np.arange(y0, y1, dtype=np.float32)[:, None]
    return out


def sample(grid: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Bilinear values of a (gh, gw, 2) float32 grid at (..., 2) float32 cell coordinates, constant beyond the edge."""
    # OpenCV 5 interpolates one and three float channels exactly, but two with weights in steps of 1/32.
    shape = cells.shape
    flat = cells.reshape(-1, 1, 2) if cells.ndim != 3 else cells
    padded = np.zeros((*grid.shape[:2], 3), np.float32)
    padded[..., :2] = grid
    found = cv2.remap(padded, flat, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.ascontiguousarray(found[..., :2]).reshape(shape)


def compose(first: CoarseField, second: CoarseField, over: CoarseField | None = None) -> CoarseField:
    """``second`` after ``first`` as one field: position y goes to ``z = y + first(y)`` and then to ``z + second(z)``.

    Args:
        over: a field whose grid the result uses; ``first``'s when None.
    """
    target = first if over is None else over
    centres = target.centres()
    moved = first.grid if over is None else first.at(centres)
    total = moved + second.at(centres + moved)
    return CoarseField(total, target.left, target.top, target.step)


def invert(forward: CoarseField, iterations: int = ITERATIONS, damping: float = DAMPING) -> CoarseField:
    """The inverse: ``u`` with ``u(y) = -forward(y + u(y))``, by a damped fixed point on the same grid.

    It ends early when no value would move by more than ``SETTLED`` cells. Beyond its grid the field counts as
    constant.
    """
    part = _moving_part(forward.grid)
    out = np.zeros_like(forward.grid)
    if part is not None:
        moving = np.ascontiguousarray(forward.grid[part]) * np.float32(1 / forward.step)
        out[part] = _fixed_point(moving, iterations, np.float32(damping)) * np.float32(forward.step)
    return CoarseField(out, forward.left, forward.top, forward.step)


def _fixed_point(moving: np.ndarray, iterations: int, damping: np.float32) -> np.ndarray:
    """Inverse displacement of a displacement (gh, gw, 2), both in cells."""
    rows, columns = moving.shape[:2]
    # Three channels: see ``sample``.
    field = np.dstack([moving, _steepness(moving)])
    x, y = (np.ascontiguousarray(v) for v in np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (columns, rows))))
    cells_x, cells_y = x - moving[..., 0] * damping, y - moving[..., 1] * damping
    part = (slice(None), slice(None))
    for iteration in range(1, iterations):
        # Each cell goes its own way, so those that have arrived are left out.
        at_x, at_y = cells_x[part], cells_y[part]
        change_x, change_y, step = cv2.split(
            cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
        np.subtract(x[part], change_x, out=change_x)
        np.subtract(y[part], change_y, out=change_y)
        change_x -= at_x
        change_y -= at_y
        # Where the field stretches by g, steps longer than 2 / (1 + g) swing further and further.
        step += 1
        np.divide(SAFE_STEP, step, out=step)
        np.minimum(damping, step, out=step)
        at_x += step * change_x
        at_y += step * change_y
        if iteration % 3 == 0:
            rest = _rectangle(np.maximum(np.abs(change_x), np.abs(change_y)) > SETTLED)
            if rest is None:
                break
            part = tuple(  # type: ignore[assignment]
                slice(old.indices(size)[0] + new.start, old.indices(size)[0] + new.stop)
                for old, new, size in zip(part, rest, (rows, columns), strict=True)
            )
    return np.dstack([cells_x - x, cells_y - y])


def _steepness(moving: np.ndarray) -> np.ndarray:
    """(gh, gw) float32 largest change between neighbouring cells, around each cell."""
    steep = np.zeros(moving.shape[:2], np.float32)
    for axis in (0, 1):
        change = np.abs(np.diff(moving, axis=axis))
        change = np.maximum(change[..., 0], change[..., 1])
        near, far = (slice(None, -1), slice(1, None))
        for part in (near, far):
            place = (part, slice(None)) if axis == 0 else (slice(None), part)
            steep[place] = np.maximum(steep[place], change)
    return cv2.dilate(steep, np.ones((3, 3), np.uint8))


def _moving_part(grid: np.ndarray) -> tuple[slice, slice] | None:
    """The rectangle of a grid outside which nothing moves, with a margin of two cells; None when all is still."""
    found = _rectangle((grid[..., 0] != 0) | (grid[..., 1] != 0))
    if found is None:
        return None
    rows, columns = (slice(max(side.start - 2, 0), side.stop + 2) for side in found)
    return rows, columns


def _rectangle(marked: np.ndarray) -> tuple[slice, slice] | None:
    """The rectangle around marked cells, or None."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _cells_for(start: int, stop: int, origin: int, step: int) -> tuple[int, int]:
    """First cell and end of cells whose centres surround the pixels start to stop - 1; may lie outside the grid."""
    return (start - origin) // step - 1, -((origin - stop) // step) + 1


def _part(grid: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """Rows and columns of a grid, repeated beyond its edges."""
    kept, beyond = [], []
    for (start, stop), size in zip((rows, columns), grid.shape[:2], strict=True):
        first, last = min(max(start, 0), size - 1), min(max(stop - 1, 0), size - 1)
        kept.append(slice(first, last + 1))
        # A part that lies wholly outside consists of repetitions of the nearest row or column.
        before = min(max(first - start, 0), stop - start - 1)
        beyond += [before, stop - start - (last + 1 - first) - before]
    inside = grid[kept[0], kept[1]]
    top, bottom, left, right = beyond
    return cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE) if any(beyond) else inside
