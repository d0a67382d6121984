# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LivePortrait engine: networks of a weight set on a device, shared by the sessions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakValueDictionary

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from ...weights.store import WeightStore
from ..description import EngineDescription
from ..engine import NO_DRIVERS, Drivers
from ..neural.device import choose_device
from .description import LIVEPORTRAIT
from .driving_motion import driving_motion_of
from .landmark203 import Landmark203
from .onnx_model import OnnxModel
from .opened import AnyModel, opened
from .session import LivePortraitSession, Parts

# Frames are pasted and handed out while the next ones are drawn.
_THREADS = 4


class LivePortraitEngine:
    """Redraws faces. Networks are read when the first source is opened, since settings say which."""

    description: EngineDescription = LIVEPORTRAIT

    def __init__(self) -> None:
        self._weights: WeightStore | None = None
        self._tracker: FaceTracker | None = None
        self._model: AnyModel | None = None
        # Sessions hold the networks they were opened with; the engine holds the last ones for the next session.
        self._models: WeakValueDictionary[tuple[object, ...], AnyModel] = WeakValueDictionary()
        self._landmark: tuple[Path, Landmark203] | None = None
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
    ) -> LivePortraitSession:
        """Find the face and load the networks.

        Raises:
            TalkingHeadError: NO_FACE; WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS; OUT_OF_MEMORY.
        """
        if self._weights is None or self._tracker is None or self._executor is None:
            raise TalkingHeadError(ErrorCode.INTERNAL, "The engine LivePortrait was not loaded.", "Restart the worker.")
        checked = LIVEPORTRAIT.settings_from(settings)
        name = LIVEPORTRAIT.weight_set(checked)
        digests = self._weights.set_digests(name)
        model = self._model_of(name, digests, str(checked["precision"]))
        warnings = [*self._weights.set_warnings(name), *(model.warnings if isinstance(model, OnnxModel) else ())]
        parts = Parts(
            tracker=self._tracker,
            model=model,
            motion=None if drivers.acting is None else driving_motion_of(drivers.acting, model, "-".join(digests)),
            landmark=self._landmark_network(warnings),
            executor=self._executor,
        )
        session = LivePortraitSession(parts, pictures, face, checked)
        session.warnings += warnings
        return session

    def unload(self) -> None:
        """Free networks and threads; ``load`` brings them back."""
        if self._model is not None:
            device = self._model.device
            self._model = None
            device.release()
        self._tracker = self._landmark = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _landmark_network(self, warnings: list[str]) -> Landmark203 | None:
        """LivePortrait's own landmarks where the user has them; a file that cannot be used is a warning."""
        assert self._weights is not None
        (name,) = LIVEPORTRAIT.optional_sets
        path = self._weights.optional(name)
        if path is None:
            return None
        try:
            if self._landmark is None or self._landmark[0] != path:
                self._landmark = path, Landmark203(path)
        except TalkingHeadError as error:
            warnings.append(f"The default landmarks are used: {error.message}")
            return None
        return self._landmark[1]

    def _model_of(self, name: str, digests: Sequence[str], precision: str) -> AnyModel:
        """The networks, read once as long as anybody uses them."""
        assert self._weights is not None
        device = choose_device()
        wanted = (name, tuple(digests), precision, device)
        model = self._models.get(wanted)
        if model is None:
            self._model = None
            model = self._models[wanted] = opened(self._weights.set_paths(name), device, precision)
        self._model = model
        return model


def create() -> LivePortraitEngine:
    """The engine, not loaded yet."""
    return LivePortraitEngine()
