# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker asks of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from ..film import Section
from ..media.picture import Picture, PictureReader
from ..source import FaceChoice
from ..weights.store import WeightStore
from .description import EngineDescription


class Quality(str, Enum):
    """PREVIEW may use cheaper interpolation; FINAL is what is written to disk."""

    PREVIEW = "preview"
    FINAL = "final"


@dataclass(frozen=True)
class DrivingPlace:
    """Where in the driving clip a frame is, and how much of it counts.

    Attributes:
        position: in pictures and parts of one.
        head, eyes, brows, mouth: strength of each region, 0 to 2.
    """

    position: float
    head: float
    eyes: float
    brows: float
    mouth: float


class DrivingClip(Protocol):
    """The clip that acts, for engines with ``Takes.driving_video``. Made by the worker.

    Attributes:
        key: digest of the clip's content, face choice, neutral picture, smoothing and rate.
        neutral: the picture on which the actor's face rests.
        neutral_chosen: somebody chose it; else it was found.
        smoothing: 0 (none) to 1 (strong).
        rate: pictures a second, exact.
        found: (n,) bool, in which pictures the face was found; all of them in a clip that is shown whole.
        whole: no face was looked for: the engine is shown whole pictures, and ``landmarks`` raises.
        cuts: pictures that begin another shot.
        template: file of motion that LivePortrait found earlier, instead of pictures; None for a clip with pictures.
    """

    key: str
    neutral: int
    neutral_chosen: bool
    smoothing: float
    rate: Fraction
    found: np.ndarray
    whole: bool
    cuts: Sequence[int]
    template: Path | None

    def __len__(self) -> int:
        """How many pictures there are."""
        ...

    def landmarks(self, picture: int) -> np.ndarray:
        """(478, 2) float landmarks in px of the picture; of the nearest picture in which the face was found."""
        ...

    def pose(self, position: float) -> Mapping[str, float]:
        """What the actor does there, as values of the rig's sliders; between two pictures, between their values.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a clip that is shown whole.
        """
        ...

    def pictures(self, needed: Sequence[int]) -> PictureReader:
        """A new reader of the clip's pictures, which decodes ahead those that are needed; the caller closes it."""
        ...

    def remembered(self, what: str) -> np.ndarray | None:
        """What :meth:`remember` kept, also in another process; None where there is nothing."""
        ...

    def remember(self, what: str, values: np.ndarray) -> None:
        """Keep an array of what was found in the pictures.

        Args:
            what: all that decides it besides the clip's content and face choice: engine, its version, its weights.
        """
        ...

    def progress(self, done: int, total: int) -> None:
        """Tell how many pictures an engine has looked at.

        Raises:
            TalkingHeadError: CANCELLED when the request was canceled meanwhile.
        """
        ...


@dataclass(frozen=True)
class SpeechPlace:
    """Where in the driving sound a frame is, and how much of it counts.

    Attributes:
        time_s: from the sound's start, exact enough for a frame's name (1e-6 s).
        strength: 0 to 2.
    """

    time_s: float
    strength: float


class DrivingSound(Protocol):
    """The sound that speaks, for engines with ``Takes.audio``. Made by the worker.

    Attributes:
        key: digest of the sound's content.
    """

    key: str

    def samples(self, rate_hz: int) -> np.ndarray:
        """(n,) float32, mono, -1 to 1, from the sound's start."""
        ...

    def remembered(self, what: str) -> np.ndarray | None:
        """See :meth:`DrivingClip.remembered`."""
        ...

    def remember(self, what: str, values: np.ndarray) -> None:
        """See :meth:`DrivingClip.remember`."""
        ...

    def progress(self, done: int, total: int) -> None:
        """See :meth:`DrivingClip.progress`."""
        ...


class Notes(Protocol):
    """What engines with ``Takes.measures_source`` found out about sources. Made by the worker."""

    def remembered(self, what: str) -> np.ndarray | None:
        """See :meth:`DrivingClip.remembered`."""
        ...

    def remember(self, what: str, values: np.ndarray) -> None:
        """Keep an array.

        Args:
            what: all that decides it: the source's content, the engine, its version, its weights.
        """
        ...

    def progress(self, done: int, total: int) -> None:
        """See :meth:`DrivingClip.progress`."""
        ...


@dataclass(frozen=True)
class Drivers:
    """What drives a session besides the sliders; an engine is given only what its ``Takes`` declare.

    Attributes:
        acting: the clip that acts (``Takes.driving_video``).
        head: another clip that the head is taken from (``Takes.separate_clips``); None for the acting clip's.
        expression: another clip that eyes and brows are taken from (``Takes.separate_clips``); None for the same.
        sound: the sound that speaks (``Takes.audio``).
        notes: no driver, but where the engine keeps what it found out about the source (``Takes.measures_source``),
            or what it can use again for other films (``EngineDescription.film``).
    """

    acting: DrivingClip | None = None
    head: DrivingClip | None = None
    expression: DrivingClip | None = None
    sound: DrivingSound | None = None
    notes: Notes | None = None


NO_DRIVERS = Drivers()


@dataclass(frozen=True)
class FrameRequest:
    """One frame to make.

    Attributes:
        index: its place in the job.
        picture: its picture index.
        pose: all pose controls by name.
        motion: (468, 3) float displacement of landmarks on top of the pose, in distances between the outer eye
            corners, in the un-rotated frame of the face (x to the image's right, y down, z away); None for none.
            Only given to engines that declare ``Takes.landmark_motion``.
        driving: place in the acting clip; None without. Only given to engines that declare ``Takes.driving_video``.
        driving_head, driving_expression: places in the clips of ``Drivers.head`` and ``Drivers.expression``, of which
            only the strength ``head``, or ``eyes`` and ``brows``, counts; ``driving`` has 0 for these then.
        speech: place in the sound; None without. Only given to engines that declare ``Takes.audio``.
    """

    index: int
    picture: int
    pose: Mapping[str, float]
    motion: np.ndarray | None = None
    driving: DrivingPlace | None = None
    driving_head: DrivingPlace | None = None
    driving_expression: DrivingPlace | None = None
    speech: SpeechPlace | None = None


class Session(Protocol):
    """An engine opened on one source, face and settings. Used by one thread at a time.

    Attributes:
        warnings: sentences about the source or its frames that the user should read; may grow with every frame.
    """

    warnings: list[str]

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, each with its index, in any order, as they are made.

        A frame has the picture's size and depth; with an alpha channel when the source has one or the settings cut
        out. A pose at rest, with no cut-out, gives back the source's own pixels bit for bit. The pixels of a frame
        that was given out do not change any more: it is encoded while the next one is made.

        Raises:
            TalkingHeadError: NO_FACE, OUT_OF_MEMORY ...
        """
        ...

    def close(self) -> None:
        """Free what the session holds."""
        ...


class FilmSession(Session, Protocol):
    """A session of an engine that draws the sections of a film (``inference.film``), one after the other.

    ``frames`` is only asked for previews: it shows the performance that will be redrawn, and loads no network.
    """

    def steps(self, section: Section) -> int:
        """How many steps ``draw`` tells for a section; each takes about as long as any other."""
        ...

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        known: Mapping[int, np.ndarray],
        told: Callable[[int], None],
    ) -> np.ndarray:
        """Draw the frames of a section together. The same call gives the same bits on the CPU.

        Args:
            requests: all frames of the section in their order, known ones included; ``index`` is the place in the film.
            known: latent of each frame in ``section.known``, as ``draw`` gave it for another section.
            told: called with the number of steps done; raises CANCELLED when the request was canceled meanwhile.

        Returns:
            (frames of the section, ...) float32 latents.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, OUT_OF_MEMORY, NO_FACE ...
        """
        ...

    def finish(self, requests: Sequence[FrameRequest], latents: np.ndarray) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, each with its index, from their latents: decoded and put back into the picture.

        Args:
            latents: one of ``draw`` for each request.
        """
        ...


Drawn = Mapping[str, np.ndarray]
"""What a section of a chain leaves: arrays by name, all that its finishing and the next section need."""


class ChainSession(Session, Protocol):
    """A session of an engine whose films are chains (``FilmRule.chained``): each section follows from the one before.

    ``frames`` is only asked for previews: it shows the performance that will be drawn, and loads no network.
    """

    def steps(self, section: Section) -> int:
        """How many steps ``draw`` tells for a section; each takes about as long as any other."""
        ...

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        before: Drawn | None,
        told: Callable[[int], None],
    ) -> Drawn:
        """Draw the frames of a section together. The same call gives the same bits on the CPU.

        Args:
            requests: all frames of the section in their order, known ones included; ``index`` is the place in the film.
            before: what ``draw`` gave for the section before; None for the first.
            told: called with the number of steps done, also several times within a step, with the same number; raises
                CANCELLED when the request was canceled meanwhile.

        Returns:
            At least "latents", float32. Arrays are kept on disk as they are.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, OUT_OF_MEMORY, NO_FACE ...
        """
        ...

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """Some frames of a section, each with its index, from what ``draw`` gave for the section.

        Args:
            told: called often meanwhile, also before the first frame is there; raises CANCELLED when the request was
                canceled.
        """
        ...

    def stage(
        self, name: str, requests: Sequence[FrameRequest], told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """Pictures of a stage (``EngineDescription.stages``) for some frames, each with its index.

        A picture has the size of the picture that the stage sees; it need not be that of the source.

        Args:
            requests: all frames of a section, for pictures that are those from which the section is drawn.
            told: as of ``finish``.
        """
        ...


class Engine(Protocol):
    """A loaded engine; one lives in a worker."""

    description: EngineDescription

    def load(self, weights: WeightStore) -> None:
        """Load networks; harmless when loaded.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, PACKAGE_MISSING.
        """
        ...

    def open(
        self,
        pictures: PictureReader,
        needed: Sequence[int],
        face: FaceChoice,
        settings: Mapping[str, object],
        drivers: Drivers = NO_DRIVERS,
    ) -> Session:
        """Prepare a source. ``needed`` are the picture indices that will be asked for, ascending.

        Raises:
            TalkingHeadError: NO_FACE with the action PLACE_POINTS or CHOOSE_FACE, and whatever decoding raises.
        """
        ...

    def unload(self) -> None:
        """Free memory; ``load`` brings it back."""
        ...
