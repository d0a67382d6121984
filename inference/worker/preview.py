# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame for the eye: at the size it is shown, 8 bit RGBA, not written to disk."""

from __future__ import annotations

import cv2
import numpy as np

from ..engines import description_of
from ..engines.engine import Quality
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from ..media.colour import for_display
from ..media.picture import Picture
from ..media.prefetch import reduced
from .exact import FrameMotion
from .sessions import Sessions
from .subject import preparing, subject_of
from .task import Task

# Sources that are hardly larger than the preview are warped whole: reducing them first gains little. So it does for
# neural engines, whose networks take as long whatever the picture's size.
_WORTH_REDUCING = 0.75


def preview(job: Job, max_size_px: int, sessions: Sessions, task: Task) -> tuple[np.ndarray, tuple[int, int]]:
    """The first frame of a job.

    A source much larger than the preview is reduced before it is warped.

    Args:
        max_size_px: longest side of the answer.

    Returns:
        (h, w, 4) uint8 R, G, B, A, straight, display-referred (sRGB for scene-linear sources), origin top left; and
        (width, height) in px of the full frame.

    Raises:
        TalkingHeadError: INVALID_REQUEST, and what engine and source raise.
    """
    if not job.pictures or max_size_px < 1:
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, "The preview has no frame or no size.", "Ask for one frame.")
    reader = sessions.reader(job.source)
    try:
        full, index = reader.size(), min(job.pictures[0], len(reader) - 1)
    finally:
        reader.close()
    scale = max_size_px / max(full)
    early = scale if scale < _WORTH_REDUCING and description_of(job.engine).tier == "base" else 1.0
    motion = FrameMotion.of(job, sessions, task)
    subject = subject_of(job, motion, sessions, early)
    task.stage(preparing(job), 1)
    with sessions.opened(subject, [index]) as opened:
        task.stage("drawing", 1)
        request = motion.request(0, index, job.performance.pose(0))
        _, picture = next(iter(opened.session.frames([request], Quality.PREVIEW)))
    return shown_pixels(reduced(picture, max_size_px / max(picture.size))), full


def shown_pixels(picture: Picture) -> np.ndarray:
    """(h, w, 4) uint8 R, G, B, A, straight, display-referred."""
    pixels = for_display(picture).pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGBA if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
