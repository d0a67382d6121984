# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sections of a film one after the other, keeps them, and finishes their frames.

A section is kept under the name of its content as soon as it is drawn, so a film that was interrupted goes on at the
first section that was not finished, and frames that only need another border are made without drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import cast

import numpy as np

from ..engines.engine import FilmSession, FrameRequest
from ..errors import ErrorCode, TalkingHeadError
from ..film import Part, Section
from .exact import FrameMotion
from .film_clock import FilmClock
from .film_work import FilmWork
from .frame_writer import FrameWriter
from .job_files import check_all_made, checked_name
from .sessions import OpenSession
from .task import Task


class FilmRunner:
    """Works through the parts of a film.

    Args:
        opened: session of a film engine, prepared for the pictures of the work.
    """

    def __init__(self, task: Task, work: FilmWork, motion: FrameMotion, opened: OpenSession) -> None:
        self._task = task
        self._work = work
        self._motion = motion
        self._session = cast("FilmSession", opened.session)
        self._held: dict[int, np.ndarray] = {}
        self._done = 0
        self._frames = sum(len(part.frames) for part in work.parts)
        steps = sum(self._session.steps(part.section) for part in work.parts if not part.kept)
        self._clock = FilmClock(steps, self._frames)

    def run(self, folder: Path, writer: FrameWriter) -> dict[str, float]:
        """Draw what is not kept, finish the missing frames and hand them to the writer.

        Returns:
            Seconds of "draw" and "finish".

        Raises:
            TalkingHeadError: CANCELLED between two steps or frames; what the engine and writing raise.
        """
        parts = self._work.parts
        for place, part in enumerate(parts):
            of = f"section {place + 1} of {len(parts)}"
            latents = self._latents(part.section, f"drawing {of}", kept=part.kept)
            self._finish(part, latents, folder, writer, f"finishing {of}")
            self._work.note_speed(self._clock.film_s)
            self._forget(parts[place + 1 :])
        return {"draw": self._clock.drawing_s, "finish": self._clock.finishing_s}

    def _latents(self, section: Section, stage: str, *, kept: bool) -> np.ndarray:
        """(frames of the section, ...) float32, held, kept, or drawn now.

        Args:
            kept: they were there when the steps were counted.
        """
        latents = self._held.get(section.number)
        if latents is None and kept:
            latents = self._work.kept_latents(section)
            if latents is None:
                # Somebody else's work drove them out of the cache meanwhile.
                self._clock.steps += self._session.steps(section)
        if latents is None:
            latents = self._drawn(section, stage)
        self._held[section.number] = latents
        return latents

    def _drawn(self, section: Section, stage: str) -> np.ndarray:
        known = self._known(section, stage)
        self._clock.go()
        self._tell(stage)
        end = self._done + self._session.steps(section)
        latents = self._session.draw(section, self._requests(section.frames), known, self._stepper(end, stage))
        self._clock.steps -= end - self._done
        self._done = end
        _check(latents, section)
        self._work.keep(section, latents)
        self._pause(stage)
        return latents

    def _known(self, section: Section, stage: str) -> dict[int, np.ndarray]:
        """Latents of the frames that come from other sections."""
        known = {}
        for needed in (self._work.film.sections[number] for number in section.needs):
            latents = self._latents(needed, stage, kept=True)
            known.update(
                {frame: latents[frame - needed.frames.start] for frame in section.known if frame in needed.new}
            )
        return known

    def _stepper(self, end: int, stage: str) -> Callable[[int], None]:
        """What a session calls after each step.

        Args:
            end: steps of the film that are done after the section.
        """
        before = self._done

        def told(done: int) -> None:
            self._clock.stepped(before + done - self._done)
            self._done = before + done
            if self._done < end:
                self._pause(stage)
            # After the last one a cancel would lose the section, which is nearly there.

        return told

    def _finish(self, part: Part, latents: np.ndarray, folder: Path, writer: FrameWriter, stage: str) -> None:
        if not part.frames:
            return
        rows = latents[[frame - part.section.frames.start for frame in part.frames]]
        self._clock.go()
        self._tell(stage)
        made = 0
        for index, picture in self._session.finish(self._requests(part.frames), rows):
            writer.put(folder / checked_name(self._work.plan, index, picture), picture)
            made += 1
            self._clock.finished()
            self._pause(stage)
        check_all_made(made, len(part.frames))

    def _requests(self, frames: Collection[int]) -> list[FrameRequest]:
        pictures, performance = self._work.plan.pictures, self._work.job.performance
        return [self._motion.request(frame, pictures[frame], performance.pose(frame)) for frame in frames]

    def _pause(self, stage: str) -> None:
        """Between two steps or frames: hear a cancel, tell, let a preview pass."""
        self._task.check()
        self._tell(stage)
        self._task.between()
        self._clock.go()

    def _tell(self, stage: str) -> None:
        """In steps of the drawing, or in frames where nothing is drawn."""
        total = self._done + self._clock.steps
        if total:
            self._task.steps(self._done, total, stage, self._clock.eta_s)
        else:
            self._task.progress(self._frames - self._clock.frames, self._frames, stage)

    def _forget(self, following: Collection[Part]) -> None:
        """Hold only what bridges still need."""
        needed = {number for part in following for number in part.section.needs}
        self._held = {number: latents for number, latents in self._held.items() if number in needed}


def _check(latents: np.ndarray, section: Section) -> None:
    if latents.dtype != np.float32 or len(latents) != len(section.frames):
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            f"The engine drew {len(latents)} of {len(section.frames)} frames.",
            "Please report it with the log.",
            details=str(latents.dtype),
        )
    if not np.isfinite(latents).all():
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            f"The engine drew nothing but black in the frames {section.frames[0]} to {section.frames[-1]}.",
            "Set Precision to Full, and render again; what was drawn before is kept.",
        )
