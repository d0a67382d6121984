# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline engine: the networks of a weight set on a device, shared by the sessions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakValueDictionary

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from ...weights.store import WeightStore
from ..description import EngineDescription
from ..engine import NO_DRIVERS, Drivers
from ..neural.device import choose_device, raise_failure
from .description import TPSMM
from .driving import DrivingPoints
from .model import Model
from .networks.loading import load_networks
from .session import Parts, TpsmmSession
from .sources import framing_of

# Frames are pasted and handed out while the next ones are drawn.
_THREADS = 4
_PART = "tpsmm"


class TpsmmEngine:
    """Bends faces and figures. Networks are read when the first source is opened, since settings say which."""

    description: EngineDescription = TPSMM

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        self._model: Model | None = None
        # Sessions hold the networks they were opened with; the engine holds the last ones for the next session.
        self._models: WeakValueDictionary[tuple[object, ...], Model] = WeakValueDictionary()
        self._executor: ThreadPoolExecutor | None = None

    def load(self, weights: WeightStore) -> None:
        """Read the face networks; harmless when they are there."""
        self._weights = weights
        if self._tracker is None:
            self._tracker = FaceTracker(weights)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(min(os.cpu_count() or 1, _THREADS), "paste")

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> TpsmmSession:
        """Find what is animated and load the networks.

        Raises:
            TalkingHeadError: NO_FACE with the area "face"; WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS;
                OUT_OF_MEMORY.
        """
        if self._weights is None or self._tracker is None or self._executor is None:
            raise TalkingHeadError(
                ErrorCode.INTERNAL, "The engine Thin-Plate Spline was not loaded.", "Restart the worker."
            )  # fmt: skip
        checked = TPSMM.settings_from(settings)
        name = TPSMM.weight_set(checked)
        digests = self._weights.set_digests(name)
        model = self._model_of(name, digests, str(checked["model"]), str(checked["precision"]))
        driving = None
        if drivers.acting is not None:
            driving = DrivingPoints(drivers.acting, model, self._tracker, framing_of(checked), "-".join(digests))
        session = TpsmmSession(Parts(self._tracker, model, driving, self._executor), pictures, face, checked)
        session.warnings += self._weights.set_warnings(name)
        return session

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._model is not None:
            device = self._model.device
            self._model = None
            device.release()
        self._tracker = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _model_of(self, name: str, digests: Sequence[str], model_name: str, precision: str) -> Model:
        """The networks, read once as long as anybody uses them."""
        assert self._weights is not None
        device = choose_device()
        wanted = (name, tuple(digests), precision, device)
        model = self._models.get(wanted)
        if model is None:
            self._model = None
            path = self._weights.set_paths(name)[_PART]
            try:
                model = self._models[wanted] = Model(load_networks(path, model_name), device, precision)
            except (RuntimeError, MemoryError) as error:
                raise_failure(device, error)
        self._model = model
        return model


def create() -> TpsmmEngine:
    """The engine, not loaded yet."""
    return TpsmmEngine()
