# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The person in a picture: boxes from the YOLOv10 network yolov10m.onnx."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ...liveportrait.onnx_session import OnnxSession, wrong_model

INPUT_PX = 640
_PERSON = 0
_LEAST_SCORE = 0.05
_OVERLAP = 0.5
# Of several people the one with the largest box counts, unless its longer side is below this part of another one's.
_SHORTER = 0.4


def boxes_of(rows: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes of people, each once.

    Args:
        rows: (n, 6) what the network gives: left, top, right, bottom in px of its picture, score, class.
        width, height: of the picture that was looked at, px.

    Returns:
        (m, 5) float64 left, top, right, bottom in px, whole numbers, and score.
    """
    rows = rows[rows[:, 4] >= _LEAST_SCORE].astype(np.float64)
    corners = rows[:, :4] * np.array([width, height, width, height]) / INPUT_PX
    boxes = np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]]).astype(np.int32)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), rows[:, 4].tolist(), _LEAST_SCORE, _OVERLAP) if len(rows) else ()
    found = [index for index in np.array(kept, int).ravel() if rows[index, 5] == _PERSON]
    return np.array([[*boxes[i, :2], *(boxes[i, :2] + boxes[i, 2:]), rows[i, 4]] for i in found]).reshape(-1, 5)


def main_person(boxes: np.ndarray, width: int, height: int, head: np.ndarray | None = None) -> np.ndarray:
    """(5,) the largest box, without those that are short beside another one; the whole picture, score -1, without any.

    Where a head is known, it is the box of those around it in whose middle and at whose top the head is most nearly.

    Args:
        boxes: (m, 5) of ``boxes_of``.
        width, height: of the picture, px.
        head: (2,) middle of the face of the person who counts, px; None where nobody was chosen.
    """
    if not len(boxes):
        return np.array([0, 0, width, height, -1], np.float64)
    if head is not None:
        around = boxes[((boxes[:, :2] <= head) & (head <= boxes[:, 2:4])).all(axis=1)]
        if len(around):
            tops = np.column_stack([around[:, [0, 2]].mean(axis=1), around[:, 1]])
            return around[int(np.linalg.norm(tops - head, axis=1).argmin())]
    sides = boxes[:, 2:4] - boxes[:, :2]
    longer = sides.max(axis=1)
    area = np.where(longer >= _SHORTER * longer.max(), sides.prod(axis=1), -1)
    return boxes[int(area.argmax())]


class PersonBoxes:
    """The network.

    Args:
        path: yolov10m.onnx.
        device: "cuda", "mps" or "cpu".

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a file that is no such network.
    """

    def __init__(self, path: Path, device: str) -> None:
        self._path = path
        self._session = OnnxSession(path, device, ["images"])

    def of(self, rgb: np.ndarray, head: np.ndarray | None = None) -> np.ndarray:
        """(5,) the box of the person who counts: left, top, right, bottom in px, score.

        Args:
            rgb: (H, W, 3) uint8.
            head: as in ``main_person``.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        height, width = rgb.shape[:2]
        # The network is shown the picture stretched to a square, as in the reference.
        small = cv2.resize(rgb, (INPUT_PX, INPUT_PX))
        rows = self._session.run((small / 255.0).transpose(2, 0, 1)[None])[0]
        if rows.ndim != 3 or rows.shape[0] != 1 or rows.shape[2] != 6:
            raise wrong_model(self._path, f"it gives {rows.shape} numbers instead of 6 a box")
        return main_person(boxes_of(rows[0], width, height), width, height, head)
