# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a film still needs: which sections are drawn, which are kept, and what that will take."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from ..engines import description_of
from ..estimate import SPEEDS_FILE, Estimate, FilmSpeeds, drawn_size_px, passes_of, sections_estimate, speed_name
from ..film import Part, Section, parts_of
from ..job import Job
from .film_plan import Film
from .kept_arrays import KeptArrays, KeptDrawings
from .plan import Plan
from .sessions import Sessions

# About 32 000 frames of 512 px; of chains 10 000 with large decoded frames to go on from.
_FILMS, _FILMS_BYTES = "films", 2 << 30
_CHAINS, _CHAINS_BYTES = "chains", 8 << 30

Drawing = np.ndarray | Mapping[str, np.ndarray]
"""What was drawn of a section: latents of its frames, or of a chain arrays by name."""


class FilmWork:
    """What is to be done for a film.

    Attributes:
        parts: in the order in which they are done.
        engine: that draws it.
        drawn: sections that were drawn.
    """

    def __init__(self, job: Job, plan: Plan, film: Film, sessions: Sessions) -> None:
        self.job = job
        self.plan = plan
        self.film = film
        self.engine = description_of(job.engine)
        self._settings = self.engine.settings_from(job.settings)
        self._kept = self._keeper(sessions)
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

    def kept_drawing(self, section: Section) -> Drawing | None:
        """What was drawn of a section earlier; None where it is not there."""
        drawing = self._kept.get(self.film.keys[section.number])
        if isinstance(drawing, np.ndarray) and len(drawing) != len(section.frames):
            return None
        return drawing

    def keep(self, section: Section, drawing: Drawing) -> None:
        """Keep what was drawn; a disk that is full only means that it is drawn again."""
        self.drawn.append(section)
        self._kept.put(self.film.keys[section.number], drawing)  # type: ignore[arg-type]

    def estimate(self) -> Estimate:
        """What drawing will take."""
        drawn = [part.section for part in self.parts if not part.kept]
        return sections_estimate(self.engine, self._settings, drawn, self._speeds, _device())

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
        passes = sum(passes_of(self.engine, self._settings, section) for section in self.drawn)
        if passes and seconds:
            size_px = drawn_size_px(self.engine, self._settings)
            self._speeds.note(speed_name(self.engine, self._settings), size_px, _device(), seconds / passes)

    def _keeper(self, sessions: Sessions) -> KeptArrays | KeptDrawings:
        if self.engine.film is not None and self.engine.film.chained:
            return KeptDrawings(sessions, _CHAINS, _CHAINS_BYTES)
        return KeptArrays(sessions, _FILMS, _FILMS_BYTES)


def _device() -> str:
    return os.environ.get("TALKINGHEAD_DEVICE", "")
