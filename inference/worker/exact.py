# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drivers of a job, resolved frame by frame: landmark motion or places in clips and in a sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..acting import CaptureSpec, ExactMotion, ExactSpeech
from ..engines import description_of
from ..engines.description import EngineDescription
from ..engines.engine import Drivers, DrivingPlace, FrameRequest
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from .cache_folder import digest_of
from .driver_notes import DriverNotes
from .driver_places import (
    EXPRESSION_REGIONS,
    HEAD_REGIONS,
    LANDMARK_REGIONS,
    REGIONS,
    ClipPlaces,
    LandmarkPlaces,
    SoundPlaces,
    moves,
    sounds,
)
from .driving import Clip, no_pictures
from .listening import Sound
from .sessions import Sessions
from .task import Task

# What is found out about sources is named by their content.
_SOURCES, _MEASURING = "sources", "measuring the portrait"
_FILMS, _PREPARING = "films", "preparing the drawing"


class FrameMotion:
    """What each frame takes from the drivers, as the engine takes it.

    It is made anew whenever it is asked for, so that long jobs need no memory.

    Args:
        landmarks: landmark motion of the acting clip, for engines that take that.
        acting, head, expression: places in clips, for engines that are shown clips.
        speech: places in the sound, for engines that listen.
        notes: for engines that measure the source, or draw films.
    """

    def __init__(
        self,
        landmarks: LandmarkPlaces | None = None,
        acting: ClipPlaces | None = None,
        head: ClipPlaces | None = None,
        expression: ClipPlaces | None = None,
        speech: SoundPlaces | None = None,
        notes: DriverNotes | None = None,
    ) -> None:
        self._landmarks = landmarks
        self._acting = acting
        self._head = head
        self._expression = expression
        self._speech = speech
        self._notes = notes

    @classmethod
    def of(cls, job: Job, sessions: Sessions, task: Task) -> FrameMotion:
        """The drivers' part in a job's frames; watches driving clips when nobody has yet.

        Raises:
            TalkingHeadError: INVALID_REQUEST for an engine that cannot take it; what reading clips and sound raises.
        """
        engine = description_of(job.engine)
        _check_takes(engine, job)
        landmarks = acting = None
        if engine.takes.driving_video:
            acting = _clip_places(job.exact, REGIONS, engine, sessions, task)
            if acting is not None and not engine.heeded(engine.settings_from(job.settings)):
                acting = replace(acting, as_it_is=True)
        else:
            landmarks = _landmark_places(job.exact, sessions, task)
        head = _clip_places(job.exact_head, HEAD_REGIONS, engine, sessions, task)
        expression = _clip_places(job.exact_expression, EXPRESSION_REGIONS, engine, sessions, task)
        speech = _sound_places(job.exact_speech, engine, sessions, task)
        return cls(landmarks, acting, head, expression, speech, _notes(engine, sessions, task))

    @property
    def drivers(self) -> Drivers:
        """What the engine is shown and hears; none of what has no part in any frame."""
        clips = {
            name: places.clip
            for name, places in (("acting", self._acting), ("head", self._head), ("expression", self._expression))
            if places is not None
        }
        return Drivers(**clips, sound=self._speech.sound if self._speech else None, notes=self._notes)

    def at(self, frame: int) -> np.ndarray | None:
        """Landmark motion of a frame, None where nothing moves; see :meth:`LandmarkPlaces.at`."""
        return self._landmarks.at(frame) if self._landmarks else None

    def place(self, frame: int) -> DrivingPlace | None:
        """Place of a frame in the acting clip, None where nothing moves."""
        return self._acting.at(frame) if self._acting else None

    def request(self, frame: int, picture: int, pose: Mapping[str, float]) -> FrameRequest:
        """What is asked of the engine for a frame.

        Args:
            picture: picture index of the source.
            pose: all pose controls.
        """
        return FrameRequest(
            frame,
            picture,
            pose,
            self.at(frame),
            self.place(frame),
            self._head.at(frame) if self._head else None,
            self._expression.at(frame) if self._expression else None,
            self._speech.at(frame) if self._speech else None,
        )

    def digest(self, frame: int) -> str:
        """Name of the drivers' part in a frame by its content, "" where they have none."""
        parts = {
            "acting": self._landmarks or self._acting,
            "head": self._head,
            "expression": self._expression,
            "speech": self._speech,
        }
        digests = {name: places.digest(frame) for name, places in parts.items() if places}
        digests = {name: digest for name, digest in digests.items() if digest}
        # Frames of one acting clip keep the names that they had when there was no other driver.
        return digest_of([digests]) if set(digests) - {"acting"} else digests.get("acting", "")


def _check_takes(engine: EngineDescription, job: Job) -> None:
    takes = engine.takes
    if job.exact and not (takes.landmark_motion or takes.driving_video):
        raise _refused(f"{engine.label} cannot take exact motion.", "Turn Exact off, or choose another engine.")
    if (job.exact_head or job.exact_expression) and not takes.separate_clips:
        raise _refused(
            f"{engine.label} cannot take head or expression from a clip of its own.",
            "Let one clip act for the whole face, or choose another engine.",
        )
    if job.exact_speech and not takes.audio:
        raise _refused(
            f"{engine.label} does not listen to the sound itself.",
            "Turn Exact off for the sound, so that it moves the sliders, or choose another engine.",
        )


def _refused(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)


def _landmark_places(exact: ExactMotion | None, sessions: Sessions, task: Task) -> LandmarkPlaces | None:
    if exact is None or not _moves_anywhere(exact, LANDMARK_REGIONS):
        return None
    from ..capture.read import captured
    from ..capture.regions import RegionWeights

    return LandmarkPlaces(exact, captured(exact.capture, sessions, task), RegionWeights.of(sessions.tracker().mesh))


def _clip_places(
    exact: ExactMotion | None, regions: tuple[str, ...], engine: EngineDescription, sessions: Sessions, task: Task
) -> ClipPlaces | None:
    if exact is None or not _moves_anywhere(exact, regions):
        return None
    if exact.capture.is_template and not engine.takes.templates:
        raise no_pictures()
    return ClipPlaces(exact, _clip(exact.capture, engine, sessions, task), regions)


def _clip(spec: CaptureSpec, engine: EngineDescription, sessions: Sessions, task: Task) -> Clip:
    from ..capture.read import captured

    return Clip(spec, captured(spec, sessions, task), sessions, task, choice_counts=engine.takes.neutral_body)


def _sound_places(
    exact: ExactSpeech | None, engine: EngineDescription, sessions: Sessions, task: Task
) -> SoundPlaces | None:
    if exact is None or not any(sounds(exact, frame) for frame in range(len(exact))):
        return None
    return SoundPlaces(exact, Sound(exact, sessions, task), throughout=engine.film is not None)


def _notes(engine: EngineDescription, sessions: Sessions, task: Task) -> DriverNotes | None:
    if engine.takes.measures_source:
        return DriverNotes(_SOURCES, _MEASURING, sessions, task)
    return DriverNotes(_FILMS, _PREPARING, sessions, task) if engine.film else None


def _moves_anywhere(exact: ExactMotion, regions: tuple[str, ...]) -> bool:
    return any(moves(exact, frame, regions) for frame in range(len(exact)))
