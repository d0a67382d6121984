# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the small engines for tests of the worker share: an engine that needs no models, made known to this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import inference.engines
from inference.engines.description import EngineDescription
from inference.engines.engine import NO_DRIVERS, Drivers
from inference.media.picture import PictureReader
from inference.source import FaceChoice

# What opens a source: it is given the pictures, the needed ones' numbers and the settings.
Open = Callable[[PictureReader, Sequence[int], Mapping[str, object]], Any]


class FakeEngine:
    """An engine whose class says what it is and how it opens a source."""

    description: EngineDescription
    session: Open

    def load(self, weights: object) -> None:
        pass

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> Any:
        assert self.description.film is None or drivers.notes is not None
        return self.session(pictures, needed, settings)

    def unload(self) -> None:
        pass


def register(engine: type[FakeEngine]) -> None:
    """Make an engine known to this process only."""
    description = engine.description
    module = ModuleType(f"inference.engines.{description.module}")
    module.create = engine  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    inference.engines.ENGINES[description.name] = description


def unregister(engine: type[FakeEngine]) -> None:
    """Take it back, so that other tests see the real ones only."""
    inference.engines.ENGINES.pop(engine.description.name, None)
    sys.modules.pop(f"inference.engines.{engine.description.module}", None)


def be_worker(engine: type[FakeEngine]) -> None:
    """Be the program of the worker, with the engine."""
    register(engine)
    from inference.cli import main

    sys.exit(main(sys.argv[1:]))
