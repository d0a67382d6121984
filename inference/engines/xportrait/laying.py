# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the driving clip is laid over the source: one stretch and shift for all of its pictures.

It is measured on one picture of the clip, whose pose should be the source's; the others keep their motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..diffusion.performer import DrivingPicture, shown_picture
from ..engine import DrivingClip
from .hints import alignment, best_match, ibug_points


@dataclass(frozen=True, eq=False)
class Laying:
    """What takes the clip's pictures to the source's square.

    Attributes:
        size_px: S, the side of what is drawn.
        matrix: (2, 3) from px of the clip's picture to px of the square; None for the largest square in its middle.
    """

    size_px: int
    matrix: np.ndarray | None

    @classmethod
    def of(cls, clip: DrivingClip, source: np.ndarray, reference: str, size_px: int) -> Laying:
        """Measure it.

        Args:
            source: (478, 2) landmarks in px of the source's square.
            reference: the setting "reference".
        """
        if reference == "none":
            return cls(size_px, None)
        picture = reference_picture(clip, source, reference)
        wanted, found = (ibug_points(landmarks, size_px) for landmarks in (source, clip.landmarks(picture)))
        return cls(size_px, alignment(wanted, found, size_px))

    def laid(self, driving: DrivingPicture) -> tuple[np.ndarray, np.ndarray]:
        """A driving picture as the networks see it: (S, S, 3) uint8 R, G, B, and its (478, 2) landmarks in px of that.

        Beyond a picture of the clip its edge goes on. The portrait's own square stays as it is.
        """
        bgr, landmarks = driving.bgr, driving.landmarks
        if driving.of_clip:
            matrix = self._of_reduced(driving)
            size = self.size_px, self.size_px
            bgr = cv2.warpAffine(bgr, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            landmarks = landmarks @ matrix[:, :2].T + matrix[:, 2]
        return np.ascontiguousarray(bgr[..., ::-1]), landmarks

    def _of_reduced(self, driving: DrivingPicture) -> np.ndarray:
        """(2, 3) from px of a reduced picture."""
        full, small = np.array(driving.full), np.array(driving.bgr.shape[1::-1])
        matrix = middle_square(driving.full, self.size_px) if self.matrix is None else self.matrix
        factor = full / small
        # Pixel centres lie at whole coordinates.
        to_full = np.array([[factor[0], 0, (factor[0] - 1) / 2], [0, factor[1], (factor[1] - 1) / 2], [0, 0, 1]])
        return matrix @ to_full


def reference_picture(clip: DrivingClip, source: np.ndarray, reference: str) -> int:
    """The clip's picture on which the laying is measured: "best", "neutral" or "first" of those with a face."""
    if reference == "neutral":
        return shown_picture(clip, clip.neutral)
    found = np.flatnonzero(clip.found)
    if reference == "first" or not len(found):
        return int(found[0]) if len(found) else 0
    # Faces are compared about their middles and in their sizes: where in the picture they are does not matter here.
    points = [_normalised(ibug_points(clip.landmarks(int(picture)), 1)) for picture in found]
    return int(found[best_match(_normalised(ibug_points(source, 1)), points)])


def middle_square(size: tuple[int, int], size_px: int) -> np.ndarray:
    """(2, 3) from px of a picture of ``size`` (width, height) to px of its largest square in the middle."""
    scale = size_px / min(size)
    shift = [(size_px - 1) / 2 - scale * (extent - 1) / 2 for extent in size]
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def _normalised(points: np.ndarray) -> np.ndarray:
    """(68, 2) about their middle, in sizes of the face."""
    return (points - points.mean(axis=0)) / max(float(np.sqrt(np.prod(np.ptp(points, axis=0)))), 1e-6)
