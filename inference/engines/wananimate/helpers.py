# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that find bodies and masks: weight sets that the engine can do without, read when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ...errors import ErrorCode, TalkingHeadError
from ...weights.store import WeightStore
from .preprocess.tracker import BodyTracker

if TYPE_CHECKING:
    from .preprocess.sam2 import PersonMasks

TRACKING, MASKS = "wan_tracking", "wan_masks"
_WITHOUT = {
    TRACKING: "Get them, or set Tracking to Head and Shoulders.",
    MASKS: "Get them, or set Mask From to Person Matte.",
}
Found = TypeVar("Found")


class Helpers:
    """Reads the networks once."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._tracker: BodyTracker | None = None
        self._masks: PersonMasks | None = None

    def tracker(self) -> BodyTracker:
        """What finds bodies.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS.
        """
        if self._tracker is None:
            from ..neural.device import choose_device

            paths = self._of(TRACKING, self._weights.set_paths)
            self._tracker = BodyTracker(paths, choose_device().kind)
        return self._tracker

    def masks(self) -> PersonMasks:
        """What follows a person through a shot.

        Raises:
            TalkingHeadError: as ``tracker``.
        """
        if self._masks is None:
            from ..diffusion.placing import Placing
            from ..neural.device import choose_device
            from .preprocess.sam2 import PersonMasks

            paths = self._of(MASKS, self._weights.set_paths)
            self._masks = PersonMasks(paths["sam2"], Placing(choose_device(), "full", "parts"))
        return self._masks

    def digest(self, name: str) -> str:
        """What names the content of a weight set.

        Raises:
            TalkingHeadError: as ``tracker``.
        """
        return "-".join(self._of(name, self._weights.set_digests))

    def release(self) -> None:
        """Let the networks go; they are read again when they are needed."""
        self._tracker = self._masks = None

    def _of(self, name: str, get: Callable[[str], Found]) -> Found:
        try:
            return get(name)
        except TalkingHeadError as error:
            if error.code is not ErrorCode.WEIGHTS_MISSING:
                raise
            raise TalkingHeadError(
                error.code, error.message, _WITHOUT[name], error.action, error.details
            ) from error  # fmt: skip
