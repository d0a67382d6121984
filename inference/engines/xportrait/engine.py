# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The X-Portrait engine: opened without its networks, which are read for the first drawing and then shared."""

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
from .description import XPORTRAIT
from .session import Parts, XPortraitSession

if TYPE_CHECKING:
    from .redraw import Redraw

# Here, where the worker expects a missing package to be told.
require_packages()

_THREADS = 4


class XPortraitEngine:
    """Redraws films of faces."""

    description: EngineDescription = XPORTRAIT

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        self._redraw: Redraw | None = None
        # Sessions hold the networks they draw with; the engine holds the last ones for the next session.
        self._redraws: WeakValueDictionary[tuple[str, ...], Redraw] = WeakValueDictionary()
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
    ) -> XPortraitSession:
        """Find the face. The session's ``draw`` raises what reading the networks raises.

        Raises:
            TalkingHeadError: NO_FACE.
        """
        if self._weights is None or self._tracker is None:
            raise TalkingHeadError(ErrorCode.INTERNAL, "The engine X-Portrait was not loaded.", "Restart the worker.")
        checked = XPORTRAIT.settings_from(settings)
        parts = Parts(
            self._tracker, lambda: self._networks(checked), drivers.acting, drivers.notes, self._executor
        )  # fmt: skip
        return XPortraitSession(parts, pictures, face, checked)

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._redraw is not None:
            self._redraw.release()
            self._redraw = None
        self._tracker = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _networks(self, settings: Mapping[str, object]) -> tuple[Redraw, Sequence[str]]:
        """The networks, read once as long as anybody uses them, and the warnings about their files.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS; OUT_OF_MEMORY.
        """
        from .redraw import Redraw

        assert self._weights is not None
        name = XPORTRAIT.weight_set(settings)
        digests = self._weights.set_digests(name)
        wanted = ("-".join(digests), str(settings["precision"]), str(settings["memory"]))
        redraw = self._redraws.get(wanted)
        if redraw is None:
            self._redraw = None
            redraw = self._redraws[wanted] = Redraw(self._weights.set_paths(name), *wanted)
        self._redraw = redraw
        return redraw, self._weights.set_warnings(name)


def create() -> XPortraitEngine:
    """The engine, not loaded yet."""
    return XPortraitEngine()
