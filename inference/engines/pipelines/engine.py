# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines on video pipelines: opened without networks, which are read for the first drawing and then shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...media.picture import PictureReader
from ...source import FaceChoice
from ..description import EngineDescription
from ..diffusion.film_engine import FilmEngine
from ..diffusion.packages import require_packages
from ..engine import NO_DRIVERS, Drivers
from .description import WANANIMATE2

if TYPE_CHECKING:
    from .adapter import Adapter
    from .drawing import Drawing
    from .session import PipelineSession

# Here, where the worker expects a missing package to be told.
require_packages("tokenizers")


class PipelineEngine(FilmEngine["Drawing"]):
    """Draws films with a video pipeline of diffusers.

    Args:
        adapter: gives the class that knows the pipeline; called when networks are first needed.
    """

    def __init__(self, description: EngineDescription, adapter: Callable[[], type[Adapter]]) -> None:
        super().__init__()
        self.description = description
        self._adapter = adapter

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> PipelineSession:
        """Read the picture. No face is looked for; the session's ``draw`` raises what reading the networks raises."""
        from .session import Parts, PipelineSession

        _, tracker = self._loaded()
        checked = self.description.settings_from(settings)
        parts = Parts(self.description, tracker, lambda: self._networks(checked), drivers.acting, drivers.notes)
        return PipelineSession(parts, pictures, face, checked)

    def _networks(self, settings: Mapping[str, object]) -> tuple[Drawing, Sequence[str]]:
        """The networks, and the warnings about their files.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS.
        """
        from .drawing import Drawing

        weights, _ = self._loaded()
        name = self.description.weight_set(settings)
        paths, digests = weights.set_paths(name), weights.set_digests(name)
        known = dict(zip(paths, digests, strict=True))
        wanted = str(settings["precision"]), str(settings["memory"])
        text = f"{known['umt5']}-{known['tokenizer']}"
        networks = self._held(
            (*digests, *wanted), lambda: Drawing(self._adapter(), paths, text, *wanted)
        )  # fmt: skip
        return networks, weights.set_warnings(name)


def create() -> PipelineEngine:
    """Wan-Animate-2, not loaded yet."""

    def adapter() -> type[Adapter]:
        from .wananimate2 import WanAnimate2

        return WanAnimate2

    return PipelineEngine(WANANIMATE2, adapter)
