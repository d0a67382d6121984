# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a film still needs: which sections are drawn, which are kept, and what that will take."""

from __future__ import annotations

import os

import numpy as np

from ..engines import description_of
from ..estimate import SPEEDS_FILE, Estimate, FilmSpeeds, drawn_size_px, passes_of, sections_estimate
from ..film import Part, Section, parts_of
from ..job import Job
from .film_plan import Film
from .kept_arrays import KeptArrays
from .plan import Plan
from .sessions import Sessions

_FOLDER = "films"
# About 32 000 frames of 512 px.
_MOST_BYTES = 2 << 30


class FilmWork:
    """What is to be done for a film.

    Attributes:
        parts: in the order in which they are done.
        drawn: sections that were drawn.
    """

    def __init__(self, job: Job, plan: Plan, film: Film, sessions: Sessions) -> None:
        self.job = job
        self.plan = plan
        self.film = film
        self._engine = description_of(job.engine)
        self._settings = self._engine.settings_from(job.settings)
        self._kept = KeptArrays(sessions, _FOLDER, _MOST_BYTES)
        self._speeds = FilmSpeeds(sessions.cache / SPEEDS_FILE)
        missing = {frame for frames in plan.missing.values() for frame in frames}
        self.parts: tuple[Part, ...] = parts_of(film.sections, missing, lambda n: self._kept.has(film.keys[n]))
        self.drawn: list[Section] = []

    @classmethod
    def of(cls, job: Job, plan: Plan, sessions: Sessions) -> FilmWork | None:
        """The work of a job; None where its engine draws frame by frame."""
        return cls(job, plan, plan.film, sessions) if plan.film else None

    @property
    def needed(self) -> list[int]:
        """Indices of the pictures that the engine is asked for, ascending."""
        frames = (frame for part in self.parts for frame in (part.frames if part.kept else part.section.frames))
        return sorted({self.plan.pictures[frame] for frame in frames})

    def kept_latents(self, section: Section) -> np.ndarray | None:
        """(frames of the section, ...) float32 that were drawn earlier; None where they are not there."""
        latents = self._kept.get(self.film.keys[section.number])
        if latents is None or len(latents) != len(section.frames):
            return None
        return latents

    def keep(self, section: Section, latents: np.ndarray) -> None:
        """Keep what was drawn; a disk that is full only means that it is drawn again."""
        self.drawn.append(section)
        self._kept.put(self.film.keys[section.number], latents)

    def estimate(self) -> Estimate:
        """What drawing will take."""
        drawn = [part.section for part in self.parts if not part.kept]
        return sections_estimate(self._engine, self._settings, drawn, self._speeds, _device())

    @property
    def counts(self) -> dict[str, int]:
        """How many sections were drawn, and how many of those that were needed were kept."""
        drawn = {section.number for section in self.drawn}
        return {"drawn": len(drawn), "kept": len({part.section.number for part in self.parts} - drawn)}

    def note_speed(self, seconds: float | None) -> None:
        """Keep how long a pass takes on this computer.

        Args:
            seconds: how long the sections that were drawn took, None when nobody knows.
        """
        passes = sum(passes_of(self._engine, self._settings, section) for section in self.drawn)
        if passes and seconds:
            size_px = drawn_size_px(self._engine, self._settings)
            self._speeds.note(self._engine.name, size_px, _device(), seconds / passes)


def _device() -> str:
    return os.environ.get("TALKINGHEAD_DEVICE", "")
