# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What X-Portrait's control networks are shown: the driving pictures laid over the source, and patches of them.

Points are the 68 of the iBUG scheme (Sagonas and others 2013), in px of a picture of 256 px, whatever the size of the
pictures. Pictures are square, of S px.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

MEASURED_PX = 256
# Half the side of a patch, on a picture of 256 px.
_HALF_PX = 32
# Corners and lids of the eye on the picture's right and left, and the lips: the first point of each is left out, as
# in the training.
_PATCHES = (slice(43, 48), slice(37, 42), slice(49, 68))

# MediaPipe's landmarks where the 68 points are.
_JAW = (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)
_BROWS = (71, 63, 105, 66, 107, 336, 296, 334, 293, 301)
_NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_OUTER_LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
_INNER_LIPS = (78, 82, 13, 312, 308, 317, 14, 87)
_IBUG = (*_JAW, *_BROWS, *_NOSE, *_EYES, *_OUTER_LIPS, *_INNER_LIPS)


def ibug_points(landmarks: np.ndarray, size_px: int) -> np.ndarray:
    """(68, 2) float64: the 68 points of a face, in px of a picture of 256 px.

    Args:
        landmarks: (478, 2) in px of a picture of ``size_px``.
    """
    return landmarks[list(_IBUG), :2].astype(np.float64) * (MEASURED_PX / size_px)


def patch_corners(points: np.ndarray, size_px: int) -> np.ndarray:
    """(3, 2) int: the upper left corner of the patch around each eye and the mouth; its side is ``size_px // 4``.

    Patches stay inside the picture.

    Args:
        points: (68, 2), see above.
    """
    centres = np.stack([points[patch].mean(axis=0) for patch in _PATCHES])
    inside = np.clip(np.round(centres), _HALF_PX, MEASURED_PX - 1 - _HALF_PX)
    return (inside * (size_px / MEASURED_PX)).astype(np.int64) - size_px // 8


def local_patches(frames: np.ndarray, points: Sequence[np.ndarray | None]) -> np.ndarray:
    """The frames, black but for the patches around eyes and mouth.

    Args:
        frames: (n, S, S, 3), black being 0.
        points: (68, 2) of each frame, see above; None for a frame without a face, which becomes all black.

    Returns:
        The same shape and type.
    """
    size = frames.shape[1]
    local = np.zeros_like(frames)
    for frame, shown, found in zip(frames, local, points, strict=True):
        for x, y in patch_corners(found, size) if found is not None else ():
            square = slice(y, y + size // 4), slice(x, x + size // 4)
            shown[square] = frame[square]
    return local


def best_match(source: np.ndarray | None, driving: Sequence[np.ndarray | None]) -> int:
    """The frame whose points are nearest to the source's, by the sum of their differences along x and y.

    Args:
        source: (68, 2), see above; None without a face.
        driving: of each frame; None without a face, which is very far from any.
    """
    nowhere = np.zeros((68, 2))
    wanted = nowhere if source is None else source
    return int(np.argmin([np.abs(wanted - (nowhere if points is None else points)).sum() for points in driving]))


def alignment(source: np.ndarray, driving: np.ndarray, size_px: int) -> np.ndarray:
    """(2, 3) float64: lays a driving face over the source's, by stretching and shifting along x and y.

    Mean and extent of the points become those of the source. It is made of the frame whose pose is the source's and
    used for all frames, so that they keep their motion.

    Args:
        source, driving: (68, 2), see above.
        size_px: side of the pictures; the matrix takes px of the driving picture to px of the source.
    """
    scale = size_px / MEASURED_PX
    return cv2.getAffineTransform(_corners(driving) * np.float32(scale), _corners(source) * np.float32(scale))


def _corners(points: np.ndarray) -> np.ndarray:
    """(3, 2) float32: upper left, upper right and lower left corner of the box around the mean with the extent."""
    centre, half = points.mean(axis=0), np.ptp(points, axis=0) / 2
    signs = np.array([[-1, -1], [1, -1], [-1, 1]])
    return (centre + signs * half).astype(np.float32)


def aligned(frames: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The frames laid over the source; black where they do not reach.

    Args:
        frames: (n, S, S, 3) uint8 or floats.
        matrix: of ``alignment``.

    Returns:
        The same shape and type.
    """
    return np.stack([_warped(frame, matrix) for frame in frames])


def _warped(frame: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    # OpenCV interpolates 64 bit floats as the reference implementation does, and other types in coarser or finer steps.
    warped = cv2.warpAffine(frame.astype(np.float64), matrix, frame.shape[1::-1])
    return (np.round(warped) if frame.dtype == np.uint8 else warped).astype(frame.dtype)
