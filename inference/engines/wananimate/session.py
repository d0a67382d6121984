# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate opened on one source. Networks are loaded when the first section is drawn."""

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
from ..diffusion.squares import Framing
from ..engine import Drawn, DrivingClip, FrameRequest, Notes, Quality
from ..video.opened import OpenedVideo
from ..video.segments import drawn_frames, ping_pong
from .description import WANANIMATE
from .finishing import Finisher
from .helpers import Helpers
from .prompts import NEGATIVE, PROMPT
from .scene import Scene

if TYPE_CHECKING:
    from .drawing import Drawing

FRAMING = Framing(2.0, 768)


@dataclass(frozen=True)
class Parts:
    """What a session works with.

    Attributes:
        drawing: gives the networks and the warnings about their files; called when they are first needed.
        helpers: finds bodies and masks.
        clip: the clip that acts; None without.
        notes: where rows of prompts, bodies and outlines are kept; None for nowhere.
        executor: for previews.
        framing: the square of the source in which its face acts, so that 512 px of the face are as fine as they can be.
    """

    tracker: FaceTracker
    drawing: Callable[[], tuple[Drawing, Sequence[str]]]
    helpers: Helpers
    clip: DrivingClip | None
    notes: Notes | None
    executor: ThreadPoolExecutor | None
    framing: Framing = FRAMING


class WanAnimateSession(OpenedVideo["Drawing"]):
    """Films of one source; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about source, clip and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        super().__init__(WANANIMATE, settings, parts.drawing)
        self._parts = parts
        self._pictures = pictures
        self._scene = Scene(parts, pictures, choice, settings)
        self._canvas = self._scene.canvas
        self._finisher = Finisher(parts.tracker, self._canvas, settings)
        self._warn(*self._scene.warnings())

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The performance that will be drawn: see ``Scene.preview``."""
        yield from self._scene.preview(requests, quality)

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section.

        Returns:
            What is kept by ``OpenedVideo``; where somebody is replaced also "mask", (frames, H, W) in packed bits, 1
            where the character is drawn.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a character; what reading and running the networks raises.
        """
        from .sampling import SegmentAsk

        reference = self._scene.reference()
        guides = self._scene.guides.of(requests, lambda: told(0))
        self._warn(*self._scene.seen_warnings)
        self._parts.helpers.release()  # their room is needed now
        drawing = self._networks()
        text, negative = self._texts(drawing)
        order = ping_pong(len(requests), drawn_frames(len(requests)))
        ask = SegmentAsk(
            pose=guides.pose[order],
            faces=guides.faces[order],
            reference=reference,
            background=None if guides.background is None else guides.background[order],
            mask=None if guides.mask is None else guides.mask[order],
            known=None if before is None else self._carried(section, before),
            text=text,
            negative=negative,
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            solver=str(self._settings["solver"]),
            shift=self._number("shift"),
            noise=self._noise(section, (len(order) - 1) // 4 + 2, self._canvas.height, self._canvas.width, "wan"),
        )
        latents = drawing.draw(ask, told)
        left = self._left(section, latents, before, lambda: told(self.steps(section)))
        return left if guides.mask is None else {**left, "mask": np.packbits(guides.mask.astype(bool))}

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the source's size."""
        masks = self._masks(drawn, len(section.frames))
        for request, rgb in self._frames(section, requests, drawn, told):
            source = self._pictures.read(request.picture)
            mask = None if masks is None else masks[request.index - section.frames.start]
            yield request.index, self._finisher.finished(source, rgb, mask)

    def stage(
        self, name: str, requests: Sequence[FrameRequest], told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """The helper pictures of a stage, at the size of the drawing; faces have 512 x 512 px.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a stage that there is none of; what finding bodies and masks raises.
        """
        self._scene.check_stage(name)
        for request, bgr in zip(requests, self._scene.guides.stage(name, requests, told), strict=True):
            yield request.index, Picture(bgr)
        self._warn(*self._scene.seen_warnings)

    def close(self) -> None:
        """Free what the session holds."""
        self._scene.close()
        super().close()

    @property
    def _size(self) -> tuple[int, int]:
        return self._canvas.height, self._canvas.width

    def _masks(self, drawn: Drawn, count: int) -> np.ndarray | None:
        if "mask" not in drawn:
            return None
        size = self._canvas.height, self._canvas.width
        bits = np.unpackbits(np.asarray(drawn["mask"]), count=count * size[0] * size[1])
        return bits.reshape(count, *size)

    def _texts(self, drawing: Drawing) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the prompts; the negative one's are the prompt's where it does not count."""
        words = str(self._settings["prompt"]).strip() or PROMPT
        negative = str(self._settings["negative"]).strip() or NEGATIVE
        wanted = [words, negative] if self._number("guidance") > 1 else [words]
        rows = drawing.texts(self._parts.notes, wanted)
        return rows[0], rows[-1]
