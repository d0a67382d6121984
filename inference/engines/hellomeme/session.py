# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme opened on one source. Networks are loaded when the first section is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...face.tracker import FaceTracker
from ...film import Section
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..diffusion.advice import NO_FACE_TO_PERFORM, about_clip, about_source
from ..diffusion.finishing import Finisher
from ..diffusion.opened import Opened
from ..diffusion.performer import Performer
from ..diffusion.preview import Preview, posed
from ..diffusion.squares import Framing, SourceViews
from ..engine import DrivingClip, FrameRequest, Notes, Quality
from .clip_readings import ClipReadings
from .description import CROP_SCALE, HELLOMEME
from .levels import steps_of
from .signals import SignalMaker, Signals
from .tools import head_pictures

if TYPE_CHECKING:
    from .drawing import Drawing, Prompts

# Pixels of the drawing a latent, in both directions.
_FACTOR = 8
# The reference cuts squares by the box of jaw and brows, and lifts them by 0.115 sides; ours by that of the whole face,
# with the brow. These make them alike (means of two portraits).
_FACE_SIZE, _SHIFT_Y = 0.875, -0.088


@dataclass(frozen=True)
class Parts:
    """What a session works with.

    Attributes:
        drawing: gives the networks and the warnings about their files; called when they are first needed.
        clip: the clip that acts; None without.
        notes: where rows of prompts are kept; None for nowhere.
        executor: for previews.
    """

    tracker: FaceTracker
    drawing: Callable[[], tuple[Drawing, Sequence[str]]]
    clip: DrivingClip | None
    notes: Notes | None
    executor: ThreadPoolExecutor | None


class HelloMemeSession(Opened["Drawing"]):
    """Films of one source; see ``engine.FilmSession``.

    Attributes:
        warnings: sentences about source, clip and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        super().__init__(settings, parts.drawing)
        self._parts = parts
        self._size_px = int(str(settings["size"]))
        framing = Framing(_FACE_SIZE * self._number(CROP_SCALE.name), self._size_px, _SHIFT_Y)
        self._views = SourceViews(parts.tracker, pictures, choice, framing, HELLOMEME.neighbours)
        # The networks look at the clip itself, so only the portrait performs.
        self._performer = Performer(parts.tracker, self._views, None)
        self._finisher = Finisher(parts.tracker, self._views, settings, self.warnings)
        self._preview = Preview(parts.tracker, pictures, choice, settings, parts.clip, parts.executor)
        self._signals: SignalMaker | None = None
        self._prompts: Prompts | None = None
        self._reference: np.ndarray | None = None
        self._warn(*about_source(self._views), *(about_clip(parts.clip) if parts.clip else ()))

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The performance that will be redrawn, as the puppet shows it on the source."""
        yield from self._preview.frames(requests, quality)

    def steps(self, section: Section) -> int:
        """One for each window of each step, at all levels."""
        return steps_of(len(section.frames), self._whole("steps"), self._number("strength"))

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        known: Mapping[int, np.ndarray],
        told: Callable[[int], None],
    ) -> np.ndarray:
        """(frames, 4, S / 8, S / 8) float32 latents of a section."""
        from .drawing import FilmNoise
        from .sampling import FilmAsk

        drawing, first, strength = self._networks(), section.frames.start, self._number("strength")
        prompts, reference = self._prompts_of(drawing), self._reference_latent(drawing)
        signals = self._signals_of(requests, drawing, told)
        ask = FilmAsk(
            reference_latent=reference,
            negative=prompts.negative,
            positive=prompts.positive,
            negative_ref=prompts.negative_ref,
            positive_ref=prompts.positive_ref,
            conditions=head_pictures(signals.angles, signals.translations, self._size_px),
            emotions=signals.emotions,
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            noise=FilmNoise(self._whole("seed"), first, reference.shape),
            strength=strength,
            start=None if strength >= 1 else self._start(requests, drawing, told),
            known={frame - first: latent for frame, latent in known.items()},
        )
        if self._performer.lacks_face:
            self._warn(NO_FACE_TO_PERFORM)
        return drawing.draw(ask, told)

    def finish(self, requests: Sequence[FrameRequest], latents: np.ndarray) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded and put back into the picture."""
        yield from self._finisher.frames(requests, latents, self._networks().decode)

    def close(self) -> None:
        """Free what the session holds."""
        self._preview.close()
        self._performer.close()
        self._views.close()
        self._drawing = self._signals = self._prompts = self._reference = None

    def _signals_of(self, requests: Sequence[FrameRequest], drawing: Drawing, told: Callable[[int], None]) -> Signals:
        if self._signals is None:
            clip = self._parts.clip
            readings = None if clip is None else ClipReadings(clip, drawing.readings, drawing.readings_version)
            chosen, movement = self._views.choice.picture, self._number("movement")
            self._signals = SignalMaker(drawing.readings, self._portrait, chosen, readings, movement)
        with drawing.told_failures():
            return self._signals.of(requests, lambda: told(0))

    def _portrait(self, picture: int, pose: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray] | None:
        made = self._performer.portrait(picture, pose)
        return None if made is None else (made.bgr, made.landmarks)

    def _start(self, requests: Sequence[FrameRequest], drawing: Drawing, told: Callable[[int], None]) -> np.ndarray:
        """(n, 4, S / 8, S / 8) latents of what the preview shows."""
        latents = []
        for made in self._performer.pictures([posed(request, self._parts.clip) for request in requests]):
            told(0)
            latents.append(drawing.encode(np.ascontiguousarray(made.bgr[None, ..., ::-1]))[0])
        return np.stack(latents)

    def _prompts_of(self, drawing: Drawing) -> Prompts:
        prompts = self._prompts
        if prompts is None:
            words, negative = str(self._settings["prompt"]), str(self._settings["negative"])
            prompts = self._prompts = drawing.prompts(words, negative, self._parts.notes)
        return prompts

    def _reference_latent(self, drawing: Drawing) -> np.ndarray:
        reference = self._reference
        if reference is None:
            reference = self._reference = drawing.encode(self._views.reference.crop[None])[0]
        return reference
