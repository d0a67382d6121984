# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""133 points of a person from the network vitpose_h_wholebody.onnx.

Points are decoded from heat maps after "Distribution-Aware Coordinate Representation for Human Pose Estimation" (Zhang
et al., 2020): the maximum, moved by a second-order expansion of the logarithm of the smoothed map around it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ...liveportrait.onnx_session import OnnxSession, wrong_model
from .body import WHOLE_BODY

INPUT_HEIGHT_PX, INPUT_WIDTH_PX = 256, 192
# Boxes are told by their centre and by their size in this unit.
UNIT_PX = 200.0
_WIDER = 1.25
_LEAST_SIDE_PX = 10
_SMOOTH_PX = 11
_TINY = 1e-10
_MEAN = np.array([0.485, 0.456, 0.406])
_DEVIATION = np.array([0.229, 0.224, 0.225])


def frame_of_box(
    box: np.ndarray, height: int = INPUT_HEIGHT_PX, width: int = INPUT_WIDTH_PX
) -> tuple[np.ndarray, np.ndarray]:
    """(2,) centre in px and (2,) size in units of 200 px of the frame around a box, in the network's proportions.

    Args:
        box: left, top, right, bottom in px.
        height, width: what the network is shown, px.
    """
    proportions = height / width
    centre = (box[:2] + box[2:4]) / 2
    wide, tall = box[2:4] - box[:2]
    side = max(wide * proportions, tall)
    return centre, np.array([side / proportions, side]) / UNIT_PX * _WIDER


def cut(picture: np.ndarray, centre: np.ndarray, size: np.ndarray, height: int, width: int) -> np.ndarray:
    """A frame of a picture, black outside of it.

    Args:
        picture: (H, W, 3) uint8.
        centre, size: as of ``frame_of_box``.
        height, width: of the result, px.

    Returns:
        (height, width, 3) float32, 0 to 255.
    """
    tall = UNIT_PX * float(max(size))
    sides = np.array([tall * width / height, tall])
    first = np.rint(centre - sides / 2).astype(int)
    last = np.maximum(np.rint(centre + sides / 2).astype(int), first + 1)
    framed = np.zeros((last[1] - first[1], last[0] - first[0], picture.shape[2]), np.float32)
    low = np.maximum(first, 0)
    high = np.maximum(np.minimum(last, (picture.shape[1], picture.shape[0])), low)
    part = picture[low[1] : high[1], low[0] : high[0]]
    start = low - first
    framed[start[1] : start[1] + part.shape[0], start[0] : start[0] + part.shape[1]] = part
    return cv2.resize(framed, (width, height))


def decoded(heatmaps: np.ndarray, centre: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points in the picture from heat maps of a frame.

    Args:
        heatmaps: (k, h, w).
        centre, size: of the frame, as of ``frame_of_box``.

    Returns:
        (k, 2) float32 x, y in px, and (k,) float32 scores: the maps' maxima. A map without a value above 0 gives the
        point left above the frame's first one, score 0 or less.
    """
    found = np.stack([_peak(heatmap.astype(np.float32)) for heatmap in heatmaps])
    map_size = np.array(heatmaps.shape[:0:-1])
    sides = size * UNIT_PX
    points = found[:, :2] * sides / map_size + centre - sides / 2
    return points.astype(np.float32), found[:, 2].astype(np.float32)


def _peak(heatmap: np.ndarray) -> tuple[float, float, float]:
    """Where a map has its maximum: x, y in px of the map; and the value."""
    row, column = divmod(int(heatmap.argmax()), heatmap.shape[1])
    score = float(heatmap[row, column])
    if score <= 0:
        return -1.0, -1.0, score
    border = _SMOOTH_PX // 2
    # Black all around, and not mirrored as OpenCV would have it.
    smooth = cv2.GaussianBlur(np.pad(heatmap, border), (_SMOOTH_PX, _SMOOTH_PX), 0)[border:-border, border:-border]
    x, y = _expanded(np.log(np.maximum(smooth * (score / smooth.max()), _TINY)), column, row)
    return x, y, score


def _expanded(log_map: np.ndarray, x: int, y: int) -> tuple[float, float]:
    """The extremum of the second-order expansion around a px; that px itself at the map's sides."""
    height, width = log_map.shape
    if not (1 < x < width - 2 and 1 < y < height - 2):
        return x, y
    m = log_map[y - 2 : y + 3, x - 2 : x + 3].astype(np.float64)
    slope = np.array([m[2, 3] - m[2, 1], m[3, 2] - m[1, 2]]) / 2
    across = (m[2, 4] - 2 * m[2, 2] + m[2, 0]) / 4
    down = (m[4, 2] - 2 * m[2, 2] + m[0, 2]) / 4
    both = (m[3, 3] - m[1, 3] - m[3, 1] + m[1, 1]) / 4
    bend = np.array([[across, both], [both, down]])
    if across * down - both**2 == 0:
        return x, y
    move = np.linalg.solve(bend, slope)
    return x - float(move[0]), y - float(move[1])


class WholeBodyPoints:
    """The network.

    Args:
        path: vitpose_h_wholebody.onnx; its weights lie in a second file beside it.
        device: "cuda", "mps" or "cpu".

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a file that is no such network.
    """

    def __init__(self, path: Path, device: str) -> None:
        self._path = path
        self._session = OnnxSession(path, device, ["input"])

    def of(self, rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
        """(133, 3) float64 x, y in px of the picture, score.

        Args:
            rgb: (H, W, 3) uint8.
            box: (5,) left, top, right, bottom in px, score. Without a score or hardly any size, the whole picture
                counts.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        if box[4] <= 0 or (box[2:4] - box[:2]).min() < _LEAST_SIDE_PX:
            box = np.array([0, 0, rgb.shape[1], rgb.shape[0]], np.float64)
        centre, size = frame_of_box(box)
        crop = cut(rgb, centre, size, INPUT_HEIGHT_PX, INPUT_WIDTH_PX)
        planes = ((crop / 255.0 - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        heatmaps = self._session.run(planes)[0]
        if heatmaps.ndim != 4 or heatmaps.shape[:2] != (1, WHOLE_BODY):
            raise wrong_model(self._path, f"it gives {heatmaps.shape} numbers instead of {WHOLE_BODY} maps")
        points, scores = decoded(heatmaps[0], centre, size)
        return np.column_stack([points, scores]).astype(np.float64)
