# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wan-Animate engine: opened without its networks, which are read for the first drawing and then shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...media.picture import PictureReader
from ...source import FaceChoice
from ..diffusion.film_engine import FilmEngine
from ..diffusion.packages import require_packages
from ..engine import NO_DRIVERS, Drivers
from .description import WANANIMATE
from .files import files_of
from .helpers import Helpers
from .session import Parts, WanAnimateSession

if TYPE_CHECKING:
    from .drawing import Drawing

# Here, where the worker expects a missing package to be told.
require_packages("onnxruntime", "tokenizers")


class WanAnimateEngine(FilmEngine["Drawing"]):
    """Draws films of whole figures."""

    description = WANANIMATE

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> WanAnimateSession:
        """Find the face, if one is needed. The session's ``draw`` raises what reading the networks raises.

        Raises:
            TalkingHeadError: NO_FACE; INVALID_REQUEST for settings that do not go together.
        """
        weights, tracker = self._loaded()
        checked = WANANIMATE.settings_from(settings)
        parts = Parts(
            tracker, lambda: self._networks(checked), Helpers(weights), drivers.acting, drivers.notes, self._executor
        )
        return WanAnimateSession(parts, pictures, face, checked)

    def _networks(self, settings: Mapping[str, object]) -> tuple[Drawing, Sequence[str]]:
        """The networks, and the warnings about their files.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        from .drawing import Drawing

        weights, _ = self._loaded()
        precision, memory = str(settings["precision"]), str(settings["memory"])
        files = files_of(weights, settings)
        networks = self._held((*files.key, precision, memory), lambda: Drawing(files, precision, memory))
        return networks, weights.set_warnings(WANANIMATE.weight_set(settings))


def create() -> WanAnimateEngine:
    """The engine, not loaded yet."""
    return WanAnimateEngine()
