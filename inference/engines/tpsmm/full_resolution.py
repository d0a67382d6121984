# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source's own pixels under the networks' flow, and how much of them is to be seen.

The networks draw 256 px. What they moved, rather than painted, is in the source as well, and finer: there the source is
bent at its own size by the same flow. All here is seen in the networks' square, R, G, B from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .area import Area

# The drawn square and the bent source are compared without their finest detail, which the networks do not draw: blurred
# by so many px of 256, and where the source is visible with what lies so many px beside. What then differs by so much
# (of 1) shows something else.
_COMPARED_PX, _BESIDE_PX, _DIFFERENT = 1.0, 2.0, 0.06
# The paint's own tint is measured over so many px of 256, and is never stronger than this.
_TINT_PX, _MOST_TINT = 16.0, 0.12
# What a flow stretches so many times more in one direction than in the other smears the source: it is torn there.
_BENT, _TORN = 2.5, 5.0
# What is needed from beyond the picture's edge is painted; the border is so many px of the networks' square soft.
_EDGE_PX = 2.0
_TRAINED_PX = 256
_TINY = 1e-3
# What the networks see clearly of their square, in parts of itself: they take it to be black outside, and blur the rim.
_RIM = 5 / _TRAINED_PX
_SQUARE, _SEEN = Area(-0.5 - _RIM, -0.5 - _RIM, 1.0, 1.0), (1 - 2 * _RIM, 1 - 2 * _RIM)


@dataclass(frozen=True, eq=False)
class Composition:
    """What a frame's square is made of.

    Attributes:
        shift: (F, F, 2) float32: where in the source a pixel comes from, minus its own place, in parts of the square's
            sides; the outermost of these lie on the middles of the outermost pixels of the networks' square.
        own: (S, S) float32, 0 to 1: share of the source's own pixels; None for none.
        paint: (S, S, 3) float32, what the networks drew.
    """

    shift: np.ndarray
    own: np.ndarray | None
    paint: np.ndarray


def plain(picture: np.ndarray, flow: np.ndarray) -> Composition:
    """All of it as the networks drew it; arguments as for :func:`composed`."""
    return Composition(shift_of(flow, len(picture)), None, picture)


def composed(
    picture: np.ndarray,
    flow: np.ndarray,
    occlusion: np.ndarray,
    crop: np.ndarray,
    area: Area,
    size: tuple[int, int],
) -> Composition:
    """The source where it shows what the networks drew, and their paint elsewhere, in the source's tint.

    Args:
        picture: (S, S, 3) float32, drawn.
        flow: (F, F, 2) float32, for each target pixel its x and y in the source, -1 to 1.
        occlusion: (S, S) float32, 1 where the source is visible.
        crop: (S, S, 3) float32, the source as the networks saw it.
        area: where that is in the source.
        size: (width, height) of the source.
    """
    shift = shift_of(flow, len(picture))
    size_px = len(picture)
    dense = interpolated(shift, *grid_positions(size_px, len(flow)))
    bent = _bent(crop, dense)
    usable = _inside(dense, area, size, size_px) * _whole(dense)
    # From beyond the square comes what the networks could not see, but the source shows.
    seen = _inside(dense, _SQUARE, _SEEN, size_px)
    paint = _tinted(picture, bent, usable * occlusion * seen)
    alike = np.maximum(_likeness(paint, bent, occlusion), 1 - seen)
    return Composition(shift, (usable * alike).astype(np.float32), paint)


def shift_of(flow: np.ndarray, size_px: int) -> np.ndarray:
    """(F, F, 2) float32: a flow, -1 to 1 between the middles of the outermost of ``size_px`` pixels, as a shift in
    parts of the square's sides.
    """
    x = np.linspace(-1, 1, flow.shape[1], dtype=np.float32)
    y = np.linspace(-1, 1, flow.shape[0], dtype=np.float32)
    own_place = np.dstack(np.meshgrid(x, y))
    return (flow - own_place) * np.float32((size_px - 1) / (2 * size_px))


def grid_positions(count: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """(count,) places in a grid of so many cells, twice: y and x; the outermost lie on each other."""
    places = np.linspace(0, cells - 1, count)
    return places, places


def interpolated(grid: np.ndarray, y: np.ndarray, x: np.ndarray, smooth: bool = False) -> np.ndarray:
    """(len(y), len(x), ...) A grid (m, n, ...) between its cells; beyond its edges they go on.

    OpenCV's ``remap`` knows 32 places between two cells, which shows as steps where a coarse flow is enlarged.

    Args:
        smooth: along cubic curves through the cells (Catmull and Rom 1974), so that lines get no corners; otherwise
            bilinear.
    """
    planes = np.ascontiguousarray(np.moveaxis(grid.reshape(*grid.shape[:2], -1), 2, 0), np.float32)
    rows, columns = _weights(y, grid.shape[0], smooth), _weights(x, grid.shape[1], smooth)
    enlarged = np.stack([rows @ plane @ columns.T for plane in planes], axis=2)
    return enlarged.reshape(len(y), len(x), *grid.shape[2:])


def _weights(at: np.ndarray, count: int, smooth: bool) -> np.ndarray:
    """(len(at), count) float32 shares of the cells at places between them."""
    at = np.clip(at, 0, count - 1)
    low = np.floor(at).astype(int)
    part = at - low
    taps = {0: 1 - part, 1: part}
    if smooth:
        square, cube = part**2, part**3
        taps = {
            -1: (2 * square - part - cube) / 2,
            0: (2 - 5 * square + 3 * cube) / 2,
            1: (part + 4 * square - 3 * cube) / 2,
            2: (cube - square) / 2,
        }
    weights = np.zeros((len(at), count), np.float32)
    for tap, weight in taps.items():
        np.add.at(weights, (np.arange(len(at)), np.clip(low + tap, 0, count - 1)), weight.astype(np.float32))
    return weights


def _bent(crop: np.ndarray, dense: np.ndarray) -> np.ndarray:
    """(S, S, 3) the source as the networks saw it, under a dense shift."""
    size_px = len(crop)
    own_place = np.dstack(np.meshgrid(np.arange(size_px, dtype=np.float32), np.arange(size_px, dtype=np.float32)))
    places = own_place + dense * size_px
    return cv2.remap(crop, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


def _inside(dense: np.ndarray, area: Area, size: tuple[float, float], size_px: int) -> np.ndarray:
    """(S, S) 1 where a pixel comes from inside of a picture of ``size``, falling to 0 at its edge and beyond.

    What stays where it is may be at the edge.
    """
    share = np.ones(dense.shape[:2], np.float32)
    own_place = (np.arange(size_px, dtype=np.float32) + 0.5) / size_px
    for axis, (start, length, extent) in enumerate(
        ((area.left, area.width, size[0]), (area.top, area.height, size[1]))
    ):  # fmt: skip
        place = own_place[None, :] if axis == 0 else own_place[:, None]
        low, high = (-0.5 - start) / length, (extent - 0.5 - start) / length
        beyond = np.maximum(low - (place + dense[..., axis]), place + dense[..., axis] - high)
        already = np.maximum(low - place, place - high)
        share *= np.clip(1 - (beyond - np.maximum(already, 0)) * size_px / _EDGE_PX, 0, 1)
    return share


def _whole(dense: np.ndarray) -> np.ndarray:
    """(S, S) 1 where the flow is smooth, 0 where it tears or folds the source; turns and sizes do not matter."""
    down, along = np.gradient(dense * len(dense), axis=(0, 1))
    xx, xy, yx, yy = 1 + along[..., 0], down[..., 0], along[..., 1], 1 + down[..., 1]
    area = xx * yy - xy * yx
    # Of both singular values of the Jacobian, ratio + 1 / ratio.
    both = (np.square(xx) + np.square(xy) + np.square(yx) + np.square(yy)) / np.maximum(area, _TINY)
    low, high = (ratio + 1 / ratio for ratio in (_BENT, _TORN))
    return 1 - _step(low, high, both)


def _tinted(picture: np.ndarray, bent: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What was drawn, in the tint of the bent source: its slow difference, where the source is visible, is added."""
    sigma = _TINT_PX * len(picture) / _TRAINED_PX
    weight = weight[..., None] + np.float32(_TINY)
    difference = _slow((bent - picture) * weight, sigma) / _slow(weight, sigma)[..., None]
    return np.clip(picture + np.clip(difference, -_MOST_TINT, _MOST_TINT), 0, 1)


def _likeness(paint: np.ndarray, bent: np.ndarray, occlusion: np.ndarray) -> np.ndarray:
    """(S, S) 1 where the paint shows what the bent source shows, falling to 0."""
    scale = len(paint) / _TRAINED_PX
    paint, bent = (_slow(values, _COMPARED_PX * scale) for values in (paint, bent))
    exact = np.abs(paint - bent).max(axis=2)
    window = np.ones((2 * round(_BESIDE_PX * scale) + 1,) * 2, np.uint8)
    beside = np.maximum(paint - cv2.dilate(bent, window), cv2.erode(bent, window) - paint).max(axis=2)
    # Contours that the networks draw softer, or a little aside, are no other contours.
    difference = exact + occlusion * (np.maximum(beside, 0) - exact)
    return np.exp(-np.square(difference / _DIFFERENT))


def _slow(values: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _step(low: float, high: float, values: np.ndarray) -> np.ndarray:
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
