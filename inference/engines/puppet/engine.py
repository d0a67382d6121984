# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The puppet engine: numpy and OpenCV only."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from ...weights.store import WeightStore
from ..description import EngineDescription
from ..engine import NO_DRIVERS, Drivers
from .description import PUPPET
from .session import PuppetSession

# More threads than this gain little: resampling meets the limits of memory.
MOST_THREADS = 4


class PuppetEngine:
    """Warps portraits.

    Args:
        threads: how many frames, or bands of a preview, are made side by side; None for as many as there are cores, up
            to 4.
    """

    description: EngineDescription = PUPPET

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads if threads is not None else min(os.cpu_count() or 1, MOST_THREADS)
        self._tracker: FaceTracker | None = None
        self._executor: ThreadPoolExecutor | None = None

    def load(self, weights: WeightStore) -> None:
        """Read the face networks; harmless when they are there."""
        # Frames are made side by side already; OpenCV's own threads would only wait for each other, and busily.
        cv2.setNumThreads(1)
        if self._tracker is None:
            self._tracker = FaceTracker(weights)
        if self._executor is None and self._threads > 1:
            self._executor = ThreadPoolExecutor(self._threads, "warp")

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> PuppetSession:
        """Find the face and prepare the source."""
        if self._tracker is None:
            raise TalkingHeadError(ErrorCode.INTERNAL, "The puppet engine was not loaded.", "Restart the worker.")
        checked = PUPPET.settings_from(settings)
        return PuppetSession(self._tracker, pictures, face, checked, self._executor, self._threads)

    def unload(self) -> None:
        """Free the networks and threads; ``load`` brings them back."""
        self._tracker = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None


def create() -> PuppetEngine:
    """The engine, not loaded yet."""
    return PuppetEngine()
