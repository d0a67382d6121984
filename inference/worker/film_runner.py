# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sections of a film one after the other, keeps them, and finishes their frames.

A section is kept under the name of its content as soon as it is drawn, so a film that was interrupted goes on at the
first section that was not finished, and frames that only need another border are made without drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from ..engines.engine import FrameRequest
from ..film import Part, Section
from .exact import FrameMotion
from .film_clock import FilmClock
from .film_drawing import drawing_of
from .film_work import Drawing, FilmWork
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
        self._drawing = drawing_of(opened.session, work.engine)
        self._held: dict[int, Drawing] = {}
        self._done = 0
        self._frames = sum(len(part.frames) for part in work.parts)
        steps = sum(self._drawing.steps(part.section) for part in work.parts if not part.kept)
        self._clock = FilmClock(steps, self._frames)

    def run(self, folder: Path, writer: FrameWriter) -> dict[str, float]:
        """Draw what is not kept, finish the missing frames and hand them to the writer.

        Returns:
            Seconds of "draw" and "finish".

        Raises:
            TalkingHeadError: CANCELLED between two tellings of the session or frames; what the engine and writing
                raise.
        """
        parts = self._work.parts
        for place, part in enumerate(parts):
            of = f"section {place + 1} of {len(parts)}"
            drawn = self._drawn(part.section, f"drawing {of}", kept=part.kept)
            self._finish(part, drawn, folder, writer, f"finishing {of}")
            self._work.note_speed(self._clock.film_s)
            self._forget(parts[place + 1 :])
        return {"draw": self._clock.drawing_s, "finish": self._clock.finishing_s}

    def _drawn(self, section: Section, stage: str, *, kept: bool) -> Drawing:
        """What a section is finished from: held, kept, or drawn now, with all that it needs.

        Args:
            kept: it was there when the steps were counted.
        """
        lacking, asked = [], [(section, kept)]
        while asked:
            wanted, kept = asked.pop()
            if wanted.number in self._held:
                continue
            drawing = self._work.kept_drawing(wanted) if kept else None
            if drawing is not None:
                self._held[wanted.number] = drawing
                continue
            if kept:
                # Somebody else's work drove it out of the cache meanwhile.
                self._clock.steps += self._drawing.steps(wanted)
            lacking.append(wanted)
            asked += [(self._work.film.sections[number], True) for number in wanted.needs]
        for wanted in reversed(lacking):
            self._held[wanted.number] = self._draw(wanted, stage)
        return self._held[section.number]

    def _draw(self, section: Section, stage: str) -> Drawing:
        needed = [(self._work.film.sections[number], self._held[number]) for number in section.needs]
        self._clock.go()
        self._tell(stage)
        end = self._done + self._drawing.steps(section)
        told = self._teller(end, stage)
        drawing: Drawing = self._drawing.draw(section, self._requests(section.frames), needed, told)  # type: ignore[arg-type]
        self._clock.drawn()
        self._clock.steps -= end - self._done
        self._done = end
        self._work.keep(section, drawing)
        self._pause(stage)
        return drawing

    def _teller(self, end: int, stage: str) -> Callable[[int], None]:
        """What a session calls after each step, and as often as it likes within one.

        Args:
            end: steps of the film that are done after the section.
        """
        before = self._done

        def told(done: int) -> None:
            steps = before + done - self._done
            self._clock.stepped(steps)
            self._done = before + done
            if self._done >= end:
                # A cancel would lose the section, which is nearly there.
                self._tell(stage)
            elif steps:
                self._pause(stage)
            else:
                # Other engines cannot be asked for a preview: networks are in the middle of something.
                self._task.check()
                self._tell(stage)

        return told

    def _finish(self, part: Part, drawing: Drawing, folder: Path, writer: FrameWriter, stage: str) -> None:
        if not part.frames:
            return
        self._clock.go()
        self._tell(stage)
        made = 0
        requests = self._requests(part.frames)
        # Networks are in the middle of something there: only a cancel is heard.
        finished = self._drawing.finish(part.section, requests, drawing, self._task.check)  # type: ignore[arg-type]
        for index, picture in finished:
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
        """Hold only what other sections still need."""
        needed = {number for part in following for number in part.section.needs}
        self._held = {number: drawing for number, drawing in self._held.items() if number in needed}
