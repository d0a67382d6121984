# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait opened on one source. Networks are loaded when the first section is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
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
from ..diffusion.preview import Preview
from ..diffusion.squares import Framing, SourceViews
from ..engine import DrivingClip, FrameRequest, Notes, Quality
from .description import CROP_SCALE, XPORTRAIT
from .hints import ibug_points, local_patches
from .laying import Laying
from .schedule import steps_of

if TYPE_CHECKING:
    from .redraw import Redraw

# Pixels of the drawing a latent, in both directions.
_FACTOR = 8


@dataclass(frozen=True)
class Parts:
    """What a session works with.

    Attributes:
        redraw: gives the networks and the warnings about their files; called when they are first needed.
        clip: the clip that acts; None without.
        notes: where the empty prompt's rows are kept; None for nowhere.
        executor: for previews.
    """

    tracker: FaceTracker
    redraw: Callable[[], tuple[Redraw, Sequence[str]]]
    clip: DrivingClip | None
    notes: Notes | None
    executor: ThreadPoolExecutor | None


class XPortraitSession(Opened["Redraw"]):
    """Films of one source; see ``engine.FilmSession``.

    Attributes:
        warnings: sentences about source, clip and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        super().__init__(settings, parts.redraw)
        self._parts = parts
        self._size_px = int(str(settings["size"]))
        framing = Framing(float(settings[CROP_SCALE.name]), self._size_px)  # type: ignore[arg-type]
        self._views = SourceViews(parts.tracker, pictures, choice, framing, XPORTRAIT.neighbours)
        self._performer = Performer(parts.tracker, self._views, parts.clip)
        self._finisher = Finisher(parts.tracker, self._views, settings, self.warnings)
        self._preview = Preview(parts.tracker, pictures, choice, settings, parts.clip, parts.executor)
        self._warn(*about_source(self._views), *(about_clip(parts.clip) if parts.clip else ()))

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The performance that will be redrawn, as the puppet shows it on the source."""
        yield from self._preview.frames(requests, quality)

    def steps(self, section: Section) -> int:
        """One for each window of each timestep."""
        return steps_of(len(section.frames), self._whole("steps"), self._whole("overlap"))

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        known: Mapping[int, np.ndarray],
        told: Callable[[int], None],
    ) -> np.ndarray:
        """(frames, 4, S / 8, S / 8) float32 latents of a section."""
        from .sampling import FilmAsk

        redraw = self._networks()
        first, cells = section.frames.start, self._size_px // _FACTOR
        pose, local = self._hints(requests, told)
        ask = FilmAsk(
            source_latent=self._source_latent,
            text=redraw.empty_text(self._parts.notes),
            pose=pose,
            local=local,
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            overlap=self._whole("overlap"),
            pose_weight=self._number("pose_control"),
            local_weight=self._number("local_control"),
            noise=redraw.noise(self._whole("seed"), section.frames, (cells, cells)),
            offsets=lambda step, frames: window_offset(self._whole("seed"), first, step, frames),
            known={frame - first: latent for frame, latent in known.items()},
        )
        return redraw.draw(ask, told)

    def finish(self, requests: Sequence[FrameRequest], latents: np.ndarray) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded and put back into the picture."""
        yield from self._finisher.frames(requests, latents, self._networks().decode)

    def close(self) -> None:
        """Free what the session holds."""
        self._preview.close()
        self._performer.close()
        self._views.close()
        self._drawing = None

    @cached_property
    def _laying(self) -> Laying:
        if self._parts.clip is None:
            return Laying(self._size_px, None)
        reference = str(self._settings["reference"])
        return Laying.of(self._parts.clip, self._views.reference.landmarks, reference, self._size_px)

    def _hints(self, requests: Sequence[FrameRequest], told: Callable[[int], None]) -> tuple[np.ndarray, np.ndarray]:
        """(n, S, S, 3) uint8 R, G, B twice: the driving pictures over the source, and their patches."""
        pictures, points = [], []
        for driving in self._performer.pictures(requests):
            told(0)
            shown, landmarks = self._laying.laid(driving)
            pictures.append(shown)
            points.append(ibug_points(landmarks, self._size_px))
        if self._performer.lacks_face:
            self._warn(NO_FACE_TO_PERFORM)
        pose = np.stack(pictures)
        return pose, local_patches(pose, points)

    @cached_property
    def _source_latent(self) -> np.ndarray:
        """(4, S / 8, S / 8) float32."""
        return self._networks().encode(self._views.reference.crop[None])[0]


def window_offset(seed: int, first: int, step: int, frames: int) -> int:
    """Where the windows of a step begin: 0 to ``frames`` - 1, another one at each step, so that no seams stay.

    Args:
        first: the section's first frame in the film.
    """
    digest = hashlib.sha256(f"windows {seed} {first} {step}".encode()).digest()
    return int.from_bytes(digest[:8], "little") % frames
