# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the portrait to what is drawn on, and from what was drawn to finished frames."""

from __future__ import annotations

import cv2
import numpy as np

from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture
from ..wananimate.canvas import DrawnCanvas
from ..wananimate.finishing import Finisher
from .sizes import SIZES, drawn_size


class Portrait:
    """The picture that is to speak. All of it is drawn, with black bars where the drawn size has other proportions.

    Args:
        picture: the source's.
        size: the setting "size".
        cuts_out: whether frames show only the person.

    Attributes:
        height, width: of what is drawn, in px.
    """

    def __init__(self, tracker: FaceTracker, picture: Picture, size: str, cuts_out: bool) -> None:
        self._picture, self._cuts_out = picture, cuts_out
        width, height = picture.size
        self.height, self.width = drawn_size(SIZES[size], height, width)
        self._canvas = DrawnCanvas(self.height, self.width)
        self._finisher = Finisher(tracker, self._canvas, {"mode": "animate", "cut_out": cuts_out})

    def frame(self) -> np.ndarray:
        """(3, 1, height, width) float32 RGB, -1 to 1."""
        rgb = cv2.cvtColor(self._canvas.letterboxed(to_bgr8(self._picture)), cv2.COLOR_BGR2RGB)
        return np.ascontiguousarray((rgb.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[:, None])

    def finished(self, drawn: np.ndarray) -> Picture:
        """A frame of the picture's size and depth.

        Args:
            drawn: (height, width, 3) float32 RGB, 0 to 1.
        """
        return self._finisher.finished(self._picture, drawn, None)

    def resting(self) -> Picture:
        """The picture as a frame in which nothing was drawn."""
        return self.finished((self.frame()[:, 0].transpose(1, 2, 0) + 1) / 2) if self._cuts_out else self._picture
