# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HelloMeme engine: opened without its networks, which are read for the first drawing and then shared."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from ...weights.store import WeightStore
from ..description import EngineDescription
from ..diffusion.packages import require_packages
from ..engine import NO_DRIVERS, Drivers
from .description import HELLOMEME
from .files import files_of
from .session import HelloMemeSession, Parts

if TYPE_CHECKING:
    from .drawing import Drawing

# Here, where the worker expects a missing package to be told.
require_packages("onnxruntime")

_THREADS = 4


class HelloMemeEngine:
    """Redraws films of faces."""

    description: EngineDescription = HELLOMEME

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        self._drawing: Drawing | None = None
        # Sessions hold the networks they draw with; the engine holds the last ones for the next session.
        self._drawings: WeakValueDictionary[tuple[object, ...], Drawing] = WeakValueDictionary()
        self._executor: ThreadPoolExecutor | None = None

    def load(self, weights: WeightStore) -> None:
        """Read the face networks; harmless when they are there."""
        self._weights = weights
        if self._tracker is None:
            self._tracker = FaceTracker(weights)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(min(os.cpu_count() or 1, _THREADS), "preview")

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> HelloMemeSession:
        """Find the face. The session's ``draw`` raises what reading the networks raises.

        Raises:
            TalkingHeadError: NO_FACE.
        """
        if self._weights is None or self._tracker is None:
            raise TalkingHeadError(ErrorCode.INTERNAL, "The engine HelloMeme was not loaded.", "Restart the worker.")
        checked = HELLOMEME.settings_from(settings)
        parts = Parts(
            self._tracker, lambda: self._networks(checked), drivers.acting, drivers.notes, self._executor
        )  # fmt: skip
        return HelloMemeSession(parts, pictures, face, checked)

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._drawing is not None:
            self._drawing.release()
            self._drawing = None
        self._tracker = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _networks(self, settings: Mapping[str, object]) -> tuple[Drawing, Sequence[str]]:
        """The networks, read once as long as anybody uses them, and the warnings about their files.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        from .drawing import Drawing

        assert self._weights is not None
        files = files_of(self._weights, settings)
        precision, memory = str(settings["precision"]), str(settings["memory"])
        wanted = (*files.key, precision, memory)
        drawing = self._drawings.get(wanted)
        if drawing is None:
            self._drawing = None
            drawing = self._drawings[wanted] = Drawing(files, precision, memory)
        self._drawing = drawing
        return drawing, self._weights.set_warnings(HELLOMEME.weight_set(settings))


def create() -> HelloMemeEngine:
    """The engine, not loaded yet."""
    return HelloMemeEngine()
