# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits the lids of a face whose points were placed by hand to the eyes in the picture.

The 14 points say where an eye begins and ends, but not how high it is, and drawn eyes are higher than real ones.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...face.face import Face
from .frame import FaceFrame
from .rows import EYES

# Landmarks on skin that is hardly ever drawn over: between the eyes and on the cheeks.
SKIN = (168, 6, 50, 280)
# How far from the corners' line a lid is looked for, and how long skin must go on to count as such, in eye widths.
FARTHEST, SKIN_RUN = 0.55, 0.05
SAMPLES = 56
# Difference to the skin (8-bit steps) below which a place is skin whatever the eye looks like.
LEAST_CONTRAST = 14.0
# How much of a lid's correction the rows beyond it follow.
ROW_SHARES = (1.0, 0.8, 0.4)


def with_fitted_lids(face: Face, bgr: np.ndarray) -> Face:
    """The face with its lids at the height of the eyes in a picture (H, W, 3) uint8; unchanged where none is seen."""
    frame = FaceFrame.of(face)
    points = frame.points.copy()
    skin = _skin(frame, bgr)
    for rows in EYES:
        for lid_rows, direction in ((rows.upper, -1.0), (rows.lower, 1.0)):
            heights = _heights(frame, bgr, skin, lid_rows[0], direction)
            if heights is not None:
                _move_rows(points, frame, lid_rows, direction * heights)
    landmarks = face.landmarks.copy()
    landmarks[:, :2] = frame.to_picture(points)
    return replace(face, landmarks=landmarks)


def _heights(
    frame: FaceFrame, bgr: np.ndarray, skin: np.ndarray, lid: tuple[int, ...], direction: float
) -> np.ndarray | None:
    """How far an eye reaches to one side of its corners' line.

    Returns:
        (7,) in face coordinates for the points between a lid's ends; None where hardly anything is seen of the eye.
    """
    first, columns, last = frame.points[lid[0]], frame.points[list(lid[1:-1])], frame.points[lid[-1]]
    base = _corner_line(frame, lid, columns[:, 0])
    width = float(np.linalg.norm(last - first))
    reach = np.linspace(0, FARTHEST * width, SAMPLES)
    places = np.stack(np.broadcast_arrays(columns[:, :1], base[:, None] + direction * reach), axis=-1)
    contrast = np.abs(_sample(frame, bgr, places) - skin).max(axis=2)
    run = max(1, round(SKIN_RUN / FARTHEST * SAMPLES))
    found = np.full(len(columns), np.nan)
    for number, profile in enumerate(contrast):
        threshold = max(LEAST_CONTRAST, 0.35 * float(profile[: SAMPLES // 6].max()))
        is_skin = np.convolve(profile < threshold, np.ones(run), mode="valid") >= run - 0.5
        if is_skin.any() and not is_skin[0]:
            found[number] = reach[int(np.argmax(is_skin))]
    if np.isfinite(found).sum() < 4:
        return None
    # A single column may meet a lash or a highlight: none strays far from an elliptic arch through the others.
    across = 2 * (columns[:, 0] - first[0]) / (last[0] - first[0]) - 1
    arch = np.sqrt(np.clip(1 - across**2, 0.02, 1))
    typical = float(np.nanmedian(found / arch)) * arch
    return np.clip(np.where(np.isfinite(found), found, typical), 0.7 * typical, 1.4 * typical)


def _move_rows(
    points: np.ndarray, frame: FaceFrame, lid_rows: tuple[tuple[int, ...], ...], offsets: np.ndarray
) -> None:
    """Move a lid's edge to offsets (7,) from its corners' line, and the rows beyond it along."""
    inner = list(lid_rows[0][1:-1])
    correction = _corner_line(frame, lid_rows[0], frame.points[inner, 0]) + offsets - frame.points[inner, 1]
    for share, row in zip(ROW_SHARES, lid_rows, strict=True):
        points[list(row[1:-1]), 1] += share * correction


def _corner_line(frame: FaceFrame, lid: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    """Height of the line between an eye's corners at x, in face coordinates."""
    first, last = frame.points[lid[0]], frame.points[lid[-1]]
    return first[1] + (last[1] - first[1]) * (x - first[0]) / (last[0] - first[0])


def _skin(frame: FaceFrame, bgr: np.ndarray) -> np.ndarray:
    """(3,) float32 median colour around some landmarks on skin."""
    offsets = np.linspace(-0.03, 0.03, 5)
    patch = np.dstack(np.meshgrid(offsets, offsets)).reshape(1, -1, 2)
    places = frame.points[list(SKIN)][:, None] + patch
    return np.median(_sample(frame, bgr, places).reshape(-1, 3), axis=0)


def _sample(frame: FaceFrame, bgr: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n, m, 3) float32 colours at places (n, m, 2) in face coordinates."""
    positions = frame.to_picture(places).astype(np.float32)
    return cv2.remap(bgr, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)  # type: ignore[call-overload]
