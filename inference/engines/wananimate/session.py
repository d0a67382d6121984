# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate opened on one source. Networks are loaded when the first section is drawn."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...film import Section
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..diffusion.advice import NO_FACE_TO_PERFORM
from ..diffusion.squares import Framing
from ..engine import Drawn, DrivingClip, FrameRequest, Notes, Quality
from ..video.colours import ColourShift
from ..video.segments import drawn_frames, ping_pong
from .finishing import Finisher
from .helpers import Helpers
from .prompts import NEGATIVE, PROMPT
from .scene import Scene

if TYPE_CHECKING:
    from .drawing import Drawing

log = logging.getLogger(__name__)

FRAMING = Framing(2.0, 768)
# Frames of a stage that are made together.
_STAGE_FRAMES = 32
NOBODY = "Nobody was found who could be replaced; place Mask Points on the person, or correct the masks."


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


class WanAnimateSession:
    """Films of one source; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about source, clip and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._pictures = pictures
        self._scene = Scene(parts, pictures, choice, settings)
        self._canvas = self._scene.canvas
        self._finisher = Finisher(parts.tracker, self._canvas, settings)
        self._drawing: Drawing | None = None
        self._kept: tuple[str, np.ndarray] | None = None
        self.warnings: list[str] = self._scene.warnings()

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The performance that will be drawn: see ``Scene.preview``."""
        yield from self._scene.preview(requests, quality)

    def steps(self, section: Section) -> int:
        """Those of the setting, whatever the section's length."""
        return self._whole("steps")

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section.

        Returns:
            "latents" (16, T, h, w) float32; "tail" (n, 3, H, W) float16 RGB, -1 to 1, the last frames as they are
            carried over; "colours" (2, 3) float32, what is done to the colors of all its frames; where somebody is
            replaced "mask", (frames, H, W) in packed bits, 1 where the character is drawn.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a character; what reading and running the networks raises.
        """
        from .sampling import SegmentAsk

        reference = self._scene.reference()
        guides = self._scene.guides.of(requests, lambda: told(0))
        self._scene_warnings()
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
            known=None if before is None else _carried(before, section.before),
            text=text,
            negative=negative,
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            solver=str(self._settings["solver"]),
            shift=self._number("shift"),
            noise=self._noise(section, len(order)),
        )
        latents = drawing.draw(ask, told)
        left = self._left(section, latents, before, lambda: told(self.steps(section)))
        return left if guides.mask is None else {**left, "mask": np.packbits(guides.mask.astype(bool))}

    def finish(self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the source's size."""
        masks = self._masks(drawn, len(section.frames))
        video = self._decoded(np.asarray(drawn["latents"]))
        shift = ColourShift.of_array(np.asarray(drawn["colours"]))
        for request in requests:
            place = request.index - section.frames.start
            frame = shift.applied(video[:, place : place + 1].astype(np.float32))[:, 0]
            source = self._pictures.read(request.picture)
            mask = None if masks is None else masks[place]
            yield request.index, self._finisher.finished(source, (frame.transpose(1, 2, 0) + 1) / 2, mask)

    def stage(self, name: str, requests: Sequence[FrameRequest]) -> Iterator[tuple[int, Picture]]:
        """The helper pictures of a stage, at the size of the drawing; faces have 512 x 512 px.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a stage that there is none of; what finding bodies and masks raises.
        """
        self._scene.check_stage(name)
        for start in range(0, len(requests), _STAGE_FRAMES):
            some = requests[start : start + _STAGE_FRAMES]
            shown = self._scene.guides.stage(name, some, lambda: None)
            for request, bgr in zip(some, shown, strict=True):
                yield request.index, Picture(bgr)
        self._scene_warnings()

    def close(self) -> None:
        """Free what the session holds."""
        self._scene.close()
        self._drawing = self._kept = None

    def _left(
        self, section: Section, latents: np.ndarray, before: Drawn | None, told: Callable[[], None]
    ) -> dict[str, np.ndarray]:
        """What is kept of a drawn section."""
        video = self._decoded(latents, told)[:, : len(section.frames)]
        shift = ColourShift.none()
        if before is not None and self._settings["steady_colours"]:
            known = _carried(before, section.before).swapaxes(0, 1)
            shift = ColourShift.between(video[:, : section.before].astype(np.float32), known)
        last = shift.applied(video[:, -int(str(self._settings["carried"])) :].astype(np.float32))
        tail = np.ascontiguousarray(last.swapaxes(0, 1)).astype(np.float16)
        return {"latents": latents, "tail": tail, "colours": shift.array()}

    def _decoded(self, latents: np.ndarray, told: Callable[[], None] = lambda: None) -> np.ndarray:
        """(3, n, H, W) float16 RGB, -1 to 1; what was decoded last is kept, since sections are finished when drawn."""
        key = hashlib.sha256(latents.tobytes()).hexdigest()
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # so that never two are held
            self._kept = key, self._networks().decode(latents, told).clip(-1, 1).astype(np.float16)
        return self._kept[1]

    def _masks(self, drawn: Drawn, count: int) -> np.ndarray | None:
        if "mask" not in drawn:
            return None
        size = self._canvas.height, self._canvas.width
        bits = np.unpackbits(np.asarray(drawn["mask"]), count=count * size[0] * size[1])
        return bits.reshape(count, *size)

    def _noise(self, section: Section, frames: int) -> np.ndarray:
        """(16, T + 1, h, w) float32; a section that gets longer keeps the noise of what it had."""
        from ..diffusion.noise import frame_noise

        shape = (16, self._canvas.height // 8, self._canvas.width // 8)
        seed = self._whole("seed")
        streams = range((frames - 1) // 4 + 2)
        return np.stack([frame_noise(seed, section.number, shape, f"wan {k}").numpy() for k in streams], axis=1)

    def _texts(self, drawing: Drawing) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the prompts; the negative one's are the prompt's where it does not count."""
        words = str(self._settings["prompt"]).strip() or PROMPT
        negative = str(self._settings["negative"]).strip() or NEGATIVE
        wanted = [words, negative] if self._number("guidance") > 1 else [words]
        rows = drawing.texts(self._parts.notes, wanted)
        return rows[0], rows[-1]

    def _networks(self) -> Drawing:
        if self._drawing is None:
            self._drawing, warnings = self._parts.drawing()
            self._warn(*warnings)
        return self._drawing

    def _scene_warnings(self) -> None:
        if self._scene.lacks_face:
            self._warn(NO_FACE_TO_PERFORM)
        if self._scene.lacks_person:
            self._warn(NOBODY)

    def _whole(self, name: str) -> int:
        return int(self._settings[name])  # type: ignore[call-overload]

    def _number(self, name: str) -> float:
        return float(self._settings[name])  # type: ignore[arg-type]

    def _warn(self, *sentences: str) -> None:
        for sentence in sentences:
            if sentence not in self.warnings:
                self.warnings.append(sentence)
                log.warning(sentence)


def _carried(before: Drawn, count: int) -> np.ndarray:
    """(count, 3, H, W) float32: the last frames of the section before."""
    tail = np.asarray(before["tail"])
    if len(tail) < count:
        raise TalkingHeadError(
            ErrorCode.INTERNAL, f"The section before left {len(tail)} frames of {count}.", "Please report it."
        )  # fmt: skip
    return tail[-count:].astype(np.float32)
