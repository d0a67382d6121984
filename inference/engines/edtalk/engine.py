# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EDTalk engine: networks of a weight set on a device, shared by the sessions."""

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
from ..engine import NO_DRIVERS, Drivers, DrivingClip
from ..neural.device import choose_device, raise_failure
from .calibrator import Calibrator
from .description import EDTALK
from .driving_weights import DrivingWeights
from .model import Model, load_networks
from .rig import Rig
from .session import EdtalkSession, Parts
from .speech import SpokenMouth
from .targets import Driving

# Frames are pasted and handed out while the next ones are drawn.
_THREADS = 4


class EdtalkEngine:
    """Redraws faces. Networks are read when the first source is opened, since settings say which."""

    description: EngineDescription = EDTALK

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        self._model: Model | None = None
        # Sessions hold the networks they were opened with; the engine holds the last ones for the next session.
        self._models: WeakValueDictionary[tuple[object, ...], Model] = WeakValueDictionary()
        # What was measured with the last networks.
        self._calibrator: tuple[Model, Calibrator] | None = None
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
    ) -> EdtalkSession:
        """Find the face and load the networks.

        Raises:
            TalkingHeadError: NO_FACE; WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS; OUT_OF_MEMORY.
        """
        if self._weights is None or self._tracker is None or self._executor is None:
            raise TalkingHeadError(ErrorCode.INTERNAL, "The engine EDTalk was not loaded.", "Restart the worker.")
        checked = EDTALK.settings_from(settings)
        name = EDTALK.weight_set(checked)
        digests = self._weights.set_digests(name)
        model = self._model_of(name, digests, checked)
        version = "-".join([*digests, str(model.half)])
        calibrator = self._calibrator_of(model, version) if checked["calibrate"] else None
        parts = Parts(
            tracker=self._tracker,
            model=model,
            driving=_driving(drivers, model, version, bool(checked["even_ends"])),
            rig=Rig(calibrator, drivers.notes, model.device.kind, model.full),
            executor=self._executor,
        )
        session = EdtalkSession(parts, pictures, face, checked)
        session.warnings += self._weights.set_warnings(name)
        return session

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._model is not None:
            device = self._model.device
            self._model = None
            device.release()
        self._tracker = None
        self._calibrator = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _model_of(self, name: str, digests: Sequence[str], settings: Mapping[str, object]) -> Model:
        """The networks, read once as long as anybody uses them."""
        assert self._weights is not None
        device, precision = choose_device(), str(settings["precision"])
        wanted = (name, tuple(digests), precision, device)
        model = self._models.get(wanted)
        if model is None:
            self._model = self._calibrator = None
            try:
                networks = load_networks(self._weights.set_paths(name), str(settings[EDTALK.set_setting]))
                model = self._models[wanted] = Model(networks, device, precision)
            except (RuntimeError, MemoryError) as error:
                raise_failure(device, error)
        self._model = model
        return model

    def _calibrator_of(self, model: Model, version: str) -> Calibrator:
        """What was measured with these networks, while they are the last ones in use."""
        assert self._tracker is not None
        if self._calibrator is None or self._calibrator[0] is not model:
            self._calibrator = model, Calibrator(self._tracker, model, version)
        return self._calibrator[1]


def _driving(drivers: Drivers, model: Model, version: str, even_ends: bool) -> Driving:
    def weights(clip: DrivingClip | None) -> DrivingWeights | None:
        return None if clip is None else DrivingWeights(clip, model, version)

    return Driving(
        acting=weights(drivers.acting),
        head=weights(drivers.head),
        expression=weights(drivers.expression),
        speech=None if drivers.sound is None else SpokenMouth(drivers.sound, model, version, even_ends),
    )


def create() -> EdtalkEngine:
    """The engine, not loaded yet."""
    return EdtalkEngine()
