# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engines that redraw have in common: opened without networks, which are read for the first drawing."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...give_back import give_back
from ...weights.store import WeightStore
from ..description import EngineDescription

_THREADS = 4


class _Networks(Protocol):
    def release(self) -> None: ...


Networks = TypeVar("Networks", bound=_Networks)


class FilmEngine(Generic[Networks]):
    """Holds the face networks, threads for previews, and the networks that draw."""

    description: EngineDescription

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        # The last ones that were drawn with; sessions get theirs again where others came in between.
        self._last: Networks | None = None
        self._shared: WeakValueDictionary[tuple[object, ...], Networks] = WeakValueDictionary()
        self._executor: ThreadPoolExecutor | None = None

    def load(self, weights: WeightStore) -> None:
        """Read the face networks; harmless when they are there."""
        self._weights = weights
        if self._tracker is None:
            self._tracker = FaceTracker(weights)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(min(os.cpu_count() or 1, _THREADS), "preview")

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._last is not None:
            self._last.release()
            self._last = None
        self._tracker = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _loaded(self) -> tuple[WeightStore, FaceTracker]:
        """What ``load`` has brought.

        Raises:
            TalkingHeadError: INTERNAL where it was not called.
        """
        if self._weights is None or self._tracker is None:
            raise TalkingHeadError(
                ErrorCode.INTERNAL, f"The engine {self.description.label} was not loaded.", "Restart the worker."
            )
        return self._weights, self._tracker

    def _held(self, wanted: tuple[object, ...], make: Callable[[], Networks]) -> Networks:
        """The networks of a choice of files and settings. Others are let go of before these are made; those that are
        drawing right now are held by whoever draws.
        """
        networks = self._shared.get(wanted)
        if networks is None:
            self._last = None
            give_back()  # what these need is compared with what is free
            networks = self._shared[wanted] = make()
        self._last = networks
        return networks
