# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of an engine that draws films: its sections, and the names of its frames and of what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..engines.description import EngineDescription
from ..film import Section, film_names, section_keys


@dataclass(frozen=True)
class Film:
    """A film laid out in sections.

    Attributes:
        sections: all of them, in order of time.
        names: content of each frame of the film, without extension.
        keys: content of each section's latents, by which they are kept.
    """

    sections: tuple[Section, ...]
    names: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(
        cls,
        engine: EngineDescription,
        settings: Mapping[str, object],
        frame_keys: Callable[[Mapping[str, object]], Sequence[str]],
    ) -> Film:
        """Lay a film out.

        Args:
            settings: all of the engine's.
            frame_keys: ``job.frame_key`` of each frame of the film, made with some of the settings.
        """
        keys = frame_keys(settings)
        sections = engine.sections(len(keys), settings)
        names = film_names(sections, section_keys(sections, keys), len(keys))
        return cls(sections, names, section_keys(sections, frame_keys(_drawing(engine, settings))))


def _drawing(engine: EngineDescription, settings: Mapping[str, object]) -> dict[str, object]:
    """The settings that decide the latents."""
    return {setting.name: settings[setting.name] for setting in engine.settings if not setting.afterwards}
