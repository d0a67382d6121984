# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A face from 14 points that the user placed, for drawings and animals: the canonical mesh laid through them.

An affine fit of the mesh, then a thin-plate spline of what is left (Bookstein, "Principal warps", 1989).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError
from ..source import MANUAL_POINTS
from .face import LANDMARKS, Face
from .mesh import VERTICES, CanonicalMesh
from .tables import (
    LEFT_EYE_INNER,
    LEFT_EYE_LOWER,
    LEFT_EYE_OUTER,
    LEFT_EYE_UPPER,
    LEFT_IRIS,
    RIGHT_EYE_INNER,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_OUTER,
    RIGHT_EYE_UPPER,
    RIGHT_IRIS,
)

_INDICES = np.array([landmark for _, landmark in MANUAL_POINTS])
# Keeps the spline from bending hard through points that were placed carelessly.
_STIFFNESS = 1e-3
# Iris radius by eye width, as the landmark model gives it on portraits.
_IRIS_RADIUS = 0.215
# The four rim points around the centre, in the order of the tables: to the image's right, up, left, down.
_RIM = np.array([(1, 0), (0, -1), (-1, 0), (0, 1)], float)
_SMALLEST_FACE_PX = 8.0


def manual_face(
    points: Sequence[tuple[float, float]], size: tuple[int, int], mesh: CanonicalMesh, bgr: np.ndarray | None = None
) -> Face:
    """All landmarks from the points of ``MANUAL_POINTS``.

    Args:
        points: (x, y) of each, in parts of picture width and height, origin top left.
        size: (width, height) of the picture in px.
        bgr: the picture, (H, W, 3) uint8, in which the irises are looked for; without it they are mid-eye.

    Raises:
        TalkingHeadError: INVALID_REQUEST with the action PLACE_POINTS when no face has its points like that.
    """
    placed = np.array(points, float).reshape(len(MANUAL_POINTS), 2) * size - 0.5
    affine = _affine_fit(mesh, placed)
    plane = np.column_stack([mesh.image_vertices[:, :2], np.ones(VERTICES)])
    fitted = plane @ affine
    fitted += _thin_plate(fitted[_INDICES], placed - fitted[_INDICES], fitted)
    depth = mesh.image_vertices[:, 2] * np.sqrt(np.linalg.det(affine[:2]))
    landmarks = np.empty((LANDMARKS, 3))
    landmarks[:VERTICES] = np.column_stack([fitted, depth])
    _place_iris(landmarks, RIGHT_IRIS, (RIGHT_EYE_OUTER, RIGHT_EYE_INNER), (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER), bgr)
    _place_iris(landmarks, LEFT_IRIS, (LEFT_EYE_INNER, LEFT_EYE_OUTER), (LEFT_EYE_UPPER, LEFT_EYE_LOWER), bgr)
    return Face(landmarks, 1.0, None, manual=True)


def _affine_fit(mesh: CanonicalMesh, placed: np.ndarray) -> np.ndarray:
    """(3, 2) least-squares map from (x, y, 1) of the mesh, y down, to px."""
    if not np.all(np.isfinite(placed)):
        raise _refused("Some of the points have no place.")
    source = np.column_stack([mesh.image_vertices[_INDICES, :2], np.ones(len(_INDICES))])
    affine = np.linalg.lstsq(source, placed, rcond=None)[0]
    stretch = np.linalg.svd(affine[:2], compute_uv=False)
    extent = stretch * float(np.ptp(mesh.vertices[:, 0]))
    if extent[1] < _SMALLEST_FACE_PX or stretch[1] < 0.15 * stretch[0]:
        raise _refused("The points lie on one spot or one line, so that no face fits them.")
    if np.linalg.det(affine[:2]) < 0:
        raise _refused("The points are mirrored: right and left are the subject's own sides.")
    return affine


def _thin_plate(knots: np.ndarray, values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Smoothing thin-plate spline through values (n, 2) at knots (n, 2), at points (m, 2): (m, 2)."""
    centre, extent = knots.mean(axis=0), np.ptp(knots, axis=0).max()
    knots, points = (knots - centre) / extent, (points - centre) / extent
    n = len(knots)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(knots, knots) + _STIFFNESS * np.eye(n)
    system[:n, n:] = np.column_stack([np.ones(n), knots])
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.vstack([values, np.zeros((3, 2))]))
    return _kernel(points, knots) @ weights[:n] + np.column_stack([np.ones(len(points)), points]) @ weights[n:]


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return 0.5 * squared * np.log(np.maximum(squared, 1e-12))


def _place_iris(
    landmarks: np.ndarray,
    iris: np.ndarray,
    corners: tuple[int, int],
    lids: tuple[np.ndarray, np.ndarray],
    bgr: np.ndarray | None,
) -> None:
    """Fill in an iris's five points; ``corners`` from the image's left to its right."""
    left, right = landmarks[corners[0]], landmarks[corners[1]]
    width = float(np.linalg.norm((right - left)[:2]))
    along = (right - left)[:2] / max(width, 1e-6)
    radius = _IRIS_RADIUS * width
    outline = np.concatenate([lids[0], lids[1][::-1]])
    centre = landmarks[outline, :2].mean(axis=0)
    if bgr is not None:
        centre = _darkest(bgr, landmarks[outline, :2], radius, centre)
    axes = np.array([along, [-along[1], along[0]]])
    landmarks[iris[0], :2] = centre
    landmarks[iris[1:], :2] = centre + radius * _RIM @ axes
    landmarks[iris, 2] = landmarks[outline, 2].mean()


def _darkest(bgr: np.ndarray, outline: np.ndarray, radius: float, fallback: np.ndarray) -> np.ndarray:
    """Middle of the darkest disc of the iris's size inside an eye, or the fallback where nothing stands out."""
    margin = int(np.ceil(radius)) + 2
    low = np.floor(outline.min(axis=0)).astype(int) - margin
    high = np.ceil(outline.max(axis=0)).astype(int) + margin + 1
    x0, y0 = np.maximum(low, 0)
    x1, y1 = np.minimum(high, (bgr.shape[1], bgr.shape[0]))
    if radius < 1.0 or x1 - x0 < 3 or y1 - y0 < 3:
        return fallback
    grey = cv2.cvtColor(bgr[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY).astype(np.float32)
    inside = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(outline - (x0, y0)).astype(np.int32)], 1)
    eye = inside.astype(np.float32)
    disc = _disc(radius)
    # Mean over the part of the disc that the lids leave open, so that lashes and skin do not count.
    weight = cv2.filter2D(eye, -1, disc, borderType=cv2.BORDER_CONSTANT)
    mean = cv2.filter2D(grey * eye, -1, disc, borderType=cv2.BORDER_CONSTANT) / np.maximum(weight, 1e-3)
    mean[(weight < 0.4 * weight.max()) | (inside == 0)] = np.inf
    lit = grey[inside > 0]
    row, column = np.unravel_index(np.argmin(mean), mean.shape)
    if not lit.size or not np.isfinite(mean[row, column]) or mean[row, column] > lit.mean() - 6:
        return fallback
    return np.array([x0 + column, y0 + row], float)


def _disc(radius: float) -> np.ndarray:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (np.hypot(x, y) <= radius).astype(np.float32)


def _refused(message: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        message,
        "Place each of the 14 points on the part of the face that its name says.",
        Action.PLACE_POINTS,
    )
