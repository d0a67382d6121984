# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's, eyes' and mouth's sliders for EDTalk: what they add to the weights, and what they cannot do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ...controls import BY_NAME, RIG_NAMES
from ..engine import FrameRequest, Notes, Quality
from .calibration import Calibration
from .calibrator import Calibrator
from .emotions import emotional
from .readings import slider_offsets
from .source_faces import SourceFace
from .targets import raw_offsets
from .weights import EXPRESSION

# Pictures that are drawn at once while a portrait is measured: a cancel is heard between them.
_AT_ONCE = {"cpu": 1}
_GPU_AT_ONCE = 8


class Rig:
    """Sliders of a session.

    Args:
        calibrator: None where the settings ask for no calibration.
        notes: see ``Drivers.notes``.
        device: ``cpu`` or another.
        full: whether the model has expressions.
    """

    def __init__(self, calibrator: Calibrator | None, notes: Notes | None, device: str, full: bool) -> None:
        self._calibrator = calibrator
        self._notes = notes
        self._at_once = _AT_ONCE.get(device, _GPU_AT_ONCE)
        self._full = full
        self._measured = False
        self._calibration: Calibration | None = None

    def offset(
        self,
        pose: Mapping[str, float],
        count: int,
        quality: Quality,
        reference: Callable[[], SourceFace],
        check: Callable[[], object],
    ) -> np.ndarray:
        """(count,) what the sliders add to the weights; the portrait is measured when the first of them moves.

        Args:
            reference: gives the portrait to be measured.
            check: raises when the request was canceled.
        """
        sliders = slider_offsets(pose)
        if not sliders or self._calibrator is None:
            return np.zeros(count)
        if not self._measured:
            self._calibration = self._calibrator.of(reference(), quality, check, self._notes, self._at_once)
            self._measured = True
        return np.zeros(count) if self._calibration is None else self._calibration.offset(sliders, count)

    def warnings(self, request: FrameRequest) -> list[str]:
        """Sentences about what a frame asks for in vain."""
        found = []
        sliders = slider_offsets(request.pose)
        if sliders and self._calibrator is None:
            found.append("The sliders of head, eyes, brows and mouth need Calibrate Sliders, which is off.")
        elif sliders and self._calibration is None:
            found.append(
                "No face was recognized in what EDTalk draws of this portrait, so the sliders of head, eyes, brows and "
                "mouth move nothing."
            )
        elif self._calibration is not None and any(name not in self._calibration.weights for name in sliders):
            missing = [BY_NAME[name].label for name in RIG_NAMES if name not in self._calibration.weights]
            found.append(f"EDTalk cannot move this in the portrait: {', '.join(missing)}.")
        if not self._full and _expressive(request):
            found.append(
                "The model Mouth and Head has no expressions; emotions need the model Mouth, Head and Emotion."
            )
        return found


def _expressive(request: FrameRequest) -> bool:
    raw = raw_offsets(request.pose)[EXPRESSION].any()
    return bool(raw) or emotional(request.pose) or request.driving_expression is not None
