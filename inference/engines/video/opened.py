# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sessions of video engines have in common: what is kept of a section, and its frames."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...film import Section
from ...media.picture import Picture
from ..description import EngineDescription
from ..diffusion.opened import Opened
from ..engine import Drawn, FrameRequest
from .colours import ColourShift
from .load import Load

CHANNELS, SCALE = 16, 8
OTHER_FORM = (
    "Sections of this film were drawn with networks held in different ways, because another amount of memory was free,"
    " so that the look may change a little. Set Precision by hand to draw all of it alike."
)


class Decoder(Protocol):
    """Networks that draw, and decode latents."""

    @property
    def form(self) -> str:
        """How they are held, as far as it shows in what they draw."""
        ...

    def prepare(self, load: Load) -> None:
        """Be held as fits what will be drawn."""
        ...

    def decode(self, latents: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        """(3, n, H, W) float32 RGB, about -1 to 1, of (16, T, h, w) latents; ``told`` is called now and then."""
        ...


Networks = TypeVar("Networks", bound=Decoder)


class OpenedVideo(Opened[Networks]):
    """A video engine that is open on a source. What it keeps of a section (``Drawn``) are

    - "latents" (16, T, h, w) float32;
    - "tail" (n, 3, H, W) float16 RGB, -1 to 1: the last frames as they are carried over;
    - "colours" (2, 3) float32: what is done to the colors of all its frames;
    - "form" (n,) uint8: how its networks were held, as UTF-8.
    """

    def __init__(
        self,
        description: EngineDescription,
        settings: Mapping[str, object],
        load: Callable[[], tuple[Networks, Sequence[str]]],
    ) -> None:
        """See ``Opened``."""
        super().__init__(settings, load)
        self._description = description
        self._decoded: tuple[bytes, np.ndarray] | None = None

    def steps(self, section: Section) -> int:
        """Those of the setting, whatever the section's length."""
        return self._whole("steps")

    def stage(
        self, name: str, requests: Sequence[FrameRequest], told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """There are no stages, unless an engine makes some.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        label = self._description.label
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{label} has no helper pictures '{name}'.", "Draw the film itself."
        )

    def close(self) -> None:
        """Free what the session holds."""
        self._drawing = self._decoded = None

    @property
    def _size(self) -> tuple[int, int]:
        """(height, width) of what is drawn, px."""
        raise NotImplementedError

    def _networks(self) -> Networks:
        """The networks, held as fits the film's longest section."""
        networks = super()._networks()
        rule, length = self._description.film, self._whole("frames_at_once")
        assert rule is not None
        # No section is longer than one of the first two.
        first = self._description.sections(3 * length, self._settings)[:2]
        networks.prepare(Load(max(map(rule.drawn_frames, first)), *self._size))
        return networks

    def _noise(self, section: Section, latents: int, height: int, width: int, name: str) -> np.ndarray:
        """(16, latents, height / 8, width / 8) float32; a section that gets longer keeps the noise of what it had."""
        from ..diffusion.noise import frame_noise

        shape, seed = (CHANNELS, height // SCALE, width // SCALE), self._whole("seed")
        streams = [frame_noise(seed, section.number, shape, f"{name} {k}").numpy() for k in range(latents)]
        return np.stack(streams, axis=1)

    def _left(
        self, section: Section, latents: np.ndarray, before: Drawn | None, told: Callable[[], None], *, lead: int = 0
    ) -> Drawn:
        """What is kept of a section that was drawn with ``lead`` frames before its own."""
        assert self._description.film is not None
        carried = self._whole(self._description.film.overlap_setting)
        video = self._video(latents, told)[:, : lead + len(section.frames)]
        shift = ColourShift.none()
        if before is not None and self._settings["steady_colours"]:
            known = self._carried(section, before).swapaxes(0, 1)
            shift = ColourShift.between(video[:, : section.before].astype(np.float32), known)
        last = shift.applied(video[:, -carried:].astype(np.float32))
        tail = np.ascontiguousarray(last.swapaxes(0, 1)).astype(np.float16)
        return {"latents": latents, "tail": tail, "colours": shift.array(), "form": self._form(before)}

    def _form(self, before: Drawn | None) -> np.ndarray:
        """How the networks are held; another form than that of the section before is told."""
        form = np.frombuffer(self._networks().form.encode(), np.uint8)
        if before is not None and not np.array_equal(before.get("form", form), form):
            self._warn(OTHER_FORM)
        return form

    def _carried(self, section: Section, before: Drawn) -> np.ndarray:
        """(n, 3, H, W) float32 RGB, -1 to 1: the frames of the section before that this one begins with."""
        tail, count = np.asarray(before["tail"]), section.before
        if len(tail) < count:
            raise TalkingHeadError(
                ErrorCode.INTERNAL, f"The section before left {len(tail)} frames of {count}.", "Please report it."
            )  # fmt: skip
        return tail[len(tail) - count :].astype(np.float32)

    def _frames(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        drawn: Drawn,
        told: Callable[[], None],
        *,
        lead: int = 0,
    ) -> Iterator[tuple[FrameRequest, np.ndarray]]:
        """Each frame asked for: (H, W, 3) float32 RGB, 0 to 1; ``told`` is called while they are decoded."""
        video = self._video(np.asarray(drawn["latents"]), told)
        shift = ColourShift.of_array(np.asarray(drawn["colours"]))
        for request in requests:
            told()
            place = request.index - section.frames.start + lead
            frame = shift.applied(video[:, place : place + 1].astype(np.float32))[:, 0]
            yield request, (frame.transpose(1, 2, 0) + 1) / 2

    def _video(self, latents: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        """(3, n, H, W) float16 RGB, -1 to 1; what was decoded last is kept, since sections are finished when drawn."""
        key = hashlib.blake2b(np.ascontiguousarray(latents).tobytes(), digest_size=16).digest()
        if self._decoded is None or self._decoded[0] != key:
            self._decoded = None  # so that never two are held
            self._decoded = key, self._networks().decode(latents, told).clip(-1, 1).astype(np.float16)
        return self._decoded[1]
