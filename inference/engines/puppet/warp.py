# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame's maps: head rotation and expression composed on coarse grids, so that pixels are resampled once."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from .field import CoarseField, cell_centres, invert

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Warp:
    """Where each output pixel comes from.

    The *plane* is the picture with the head unturned but the face already animated.

    Attributes:
        head: from output to plane over the whole picture; None when the head is at rest.
        plane: the same on the face's grid; None when the face is at rest.
        upper, lower: from output to source for the two skin layers, on the face's grid; None when the face is at rest.
    """

    head: CoarseField | None
    plane: CoarseField | None = None
    upper: CoarseField | None = None
    lower: CoarseField | None = None

    def moving_box(self, size: tuple[int, int]) -> Box | None:
        """(x0, y0, x1, y1) around everything that moves, within a picture of (width, height), or None."""
        fields = (self.head, self.upper, self.lower)
        boxes = [box for box in (field.moving_box() for field in fields if field is not None) if box is not None]
        if not boxes:
            return None
        low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
        return clipped((int(low[0]), int(low[1]), int(high[2]), int(high[3])), size)

    def skin_map(self, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
        """Source position of the skin at each pixel of a region: (h, w, 2) float32 px."""
        if self.upper is None:
            assert self.head is not None
            return self.head.map(x0, y0, x1, y1)
        face = intersection(self.upper.box, (x0, y0, x1, y1))
        if self.head is None or face is None or face == (x0, y0, x1, y1):
            return self.upper.map(x0, y0, x1, y1)
        out = self.head.map(x0, y0, x1, y1)
        out[face[1] - y0 : face[3] - y0, face[0] - x0 : face[2] - x0] = self.upper.map(*face)
        return out


def compose_warp(
    head: CoarseField | None,
    layers: tuple[CoarseField, CoarseField] | None,
    size: tuple[int, int],
    executor: Executor | None = None,
) -> Warp:
    """Compose a head field (inverse) with the forward displacements of both skin layers."""
    if layers is None:
        return Warp(head)
    upper, lower = (map if executor is None else executor.map)(invert, layers)
    if head is None:
        return Warp(None, CoarseField(np.zeros_like(upper.grid), upper.left, upper.top, upper.step), upper, lower)
    box = _seen_box(head, upper.box, size)
    if box is None:
        return Warp(head)
    step = upper.step
    columns, rows = -((box[0] - box[2]) // step), -((box[1] - box[3]) // step)
    centres = cell_centres(rows, columns, box[0], box[1], step)
    turn = head.at(centres)
    plane = centres + turn
    grids = [turn, turn + upper.at(plane), turn + lower.at(plane)]
    return Warp(head, *(CoarseField(grid, box[0], box[1], step) for grid in grids))


def _seen_box(head: CoarseField, plane_box: Box, size: tuple[int, int]) -> Box | None:
    """Box of the output pixels that show a box of the plane."""
    where = head.centres() + head.grid
    margin = 2 * head.step
    seen = (
        (where[..., 0] > plane_box[0] - margin)
        & (where[..., 0] < plane_box[2] + margin)
        & (where[..., 1] > plane_box[1] - margin)
        & (where[..., 1] < plane_box[3] + margin)
    )
    return box_of_cells(seen, head, size)


def box_of_cells(cells: np.ndarray, field: CoarseField, size: tuple[int, int]) -> Box | None:
    """Pixel box around marked cells (gh, gw) of a field's grid, within a picture of (width, height)."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not rows.size:
        return None
    box = (
        field.left + (int(columns[0]) - 1) * field.step,
        field.top + (int(rows[0]) - 1) * field.step,
        field.left + (int(columns[-1]) + 2) * field.step,
        field.top + (int(rows[-1]) + 2) * field.step,
    )
    return clipped(box, size)


def clipped(box: Box, size: tuple[int, int]) -> Box | None:
    """The part of a box inside a picture of (width, height), or None."""
    return intersection(box, (0, 0, *size))


def intersection(first: Box, second: Box) -> Box | None:
    """Common part of two boxes, or None."""
    x0, y0 = max(first[0], second[0]), max(first[1], second[1])
    x1, y1 = min(first[2], second[2]), min(first[3], second[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
