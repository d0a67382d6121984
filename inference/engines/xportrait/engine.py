# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The X-Portrait engine: opened without its networks, which are read for the first drawing and then shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...media.picture import PictureReader
from ...source import FaceChoice
from ..diffusion.film_engine import FilmEngine
from ..diffusion.packages import require_packages
from ..engine import NO_DRIVERS, Drivers
from .description import XPORTRAIT
from .session import Parts, XPortraitSession

if TYPE_CHECKING:
    from .redraw import Redraw

# Here, where the worker expects a missing package to be told.
require_packages()


class XPortraitEngine(FilmEngine["Redraw"]):
    """Redraws films of faces."""

    description = XPORTRAIT

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
        _, tracker = self._loaded()
        checked = XPORTRAIT.settings_from(settings)
        parts = Parts(tracker, lambda: self._networks(checked), drivers.acting, drivers.notes, self._executor)
        return XPortraitSession(parts, pictures, face, checked)

    def _networks(self, settings: Mapping[str, object]) -> tuple[Redraw, Sequence[str]]:
        """The networks, and the warnings about their files.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS; OUT_OF_MEMORY.
        """
        from .redraw import Redraw

        weights, _ = self._loaded()
        name = XPORTRAIT.weight_set(settings)
        precision, memory = str(settings["precision"]), str(settings["memory"])
        wanted = "-".join(weights.set_digests(name)), precision, memory
        networks = self._held(wanted, lambda: Redraw(weights.set_paths(name), *wanted))
        return networks, weights.set_warnings(name)


def create() -> XPortraitEngine:
    """The engine, not loaded yet."""
    return XPortraitEngine()
