# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate with the seeded weights of the recorded case, and its segments as the engine is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from conformance import Case
from torch import Tensor, as_tensor

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.video.clip_vision import ClipVision, load_clip
from inference.engines.video.hold import Hold, Placed
from inference.engines.video.segments import ping_pong
from inference.engines.video.text import load_umt5, states
from inference.engines.video.transformers_from import animate_from
from inference.engines.video.vae import Vae, load_vae
from inference.engines.wananimate.model import Model, Seen
from inference.engines.wananimate.preprocess.sizes import letterboxed
from inference.engines.wananimate.sampling import SegmentAsk, draw_segment


def on_cpu() -> Placing:
    return Placing(Device("cpu"), "full")


class RecordingModel(Model):
    """A model that keeps what the transformer was given and found.

    Attributes:
        calls: since it was emptied last.
    """

    def __init__(self, transformer: Hold, vae: Vae, clip: ClipVision) -> None:
        super().__init__(transformer, vae, clip)
        self.calls: list[tuple[Seen, np.ndarray]] = []

    def predicted(self, latents: Tensor, timestep: float | Tensor, seen: Seen) -> Tensor:
        found = super().predicted(latents, timestep, seen)
        self.calls.append((seen, found.cpu().numpy()))
        return found


def model_from(weights: Mapping[str, Mapping[str, np.ndarray]]) -> RecordingModel:
    """The model of official tensors, part by part."""
    tensors = {part: {name: as_tensor(value) for name, value in state.items()} for part, state in weights.items()}
    placing = on_cpu()
    return RecordingModel(
        Placed(animate_from(tensors["transformer"], "the recorded case"), placing),
        Vae(load_vae(tensors["vae"]), placing),
        ClipVision(load_clip(tensors["clip"]), placing),
    )


def umt5_from(weights: Mapping[str, Mapping[str, np.ndarray]]) -> Placed:
    return Placed(load_umt5({name: as_tensor(value) for name, value in weights["umt5"].items()}), on_cpu())


def enlarged(pictures: np.ndarray, side: int) -> np.ndarray:
    """(n, s, s, 3) small pictures with their pixels repeated, to (n, side, side, 3)."""
    repeats = side // pictures.shape[1]
    return np.repeat(np.repeat(pictures, repeats, axis=1), repeats, axis=2)


def chain_length(frames: int, segment: int, carried: int) -> int:
    """Frames of all segments of a published chain together: the least that covers the film, all segments of a length.

    Args:
        frames: of the film.
        segment: frames of a segment.
        carried: frames of a segment that the next one begins with.
    """
    assert frames > 0 and segment > carried > 0, (frames, segment, carried)
    new = segment - carried
    return max(1, -(-(frames - carried) // new)) * new + carried


def windows(frames: int, segment: int, carried: int) -> list[tuple[int, int]]:
    """Start and end of each segment of a chain that covers the film; see ``chain_length``."""
    new = segment - carried
    return [(start, start + segment) for start in range(0, chain_length(frames, segment, carried) - carried, new)]


@dataclass(frozen=True)
class Drawn:
    """What came of a segment.

    Attributes:
        ask: what it was drawn from.
        conditioning: (20, T + 1, h, w), what the transformer was given of it.
        pose: (16, T, h, w), likewise.
        first: (16, T + 1, h, w), the first prediction with the prompt.
        latents: (16, T, h, w).
        video: (3, n, H, W).
    """

    ask: SegmentAsk
    conditioning: np.ndarray
    pose: np.ndarray
    first: np.ndarray
    latents: np.ndarray
    video: np.ndarray


class Chain:
    """A recorded chain of segments.

    Args:
        prefix: such as "segments0/".
    """

    def __init__(self, case: Case, prefix: str, model: RecordingModel, umt5: Placed) -> None:
        self.case, self.prefix, self.model, self.umt5 = case, prefix, model, umt5
        options = (int(number) for number in self.given("options"))
        self.replaces, self.length, self.carried, self.steps, self.frames = options

    def given(self, name: str) -> np.ndarray:
        """An input."""
        return self.case.array(f"{self.prefix}in/{name}")

    @property
    def segments(self) -> list[tuple[int, int]]:
        return windows(self.frames, self.length, self.carried)

    @cached_property
    def reference(self) -> np.ndarray:
        """(H, W, 3) uint8, as large as the skeletons."""
        return letterboxed(self.given("reference"), *self.given("pose").shape[1:3])

    def drawn(self, published: bool) -> list[Drawn]:
        """All segments, one after the other."""
        found: list[Drawn] = []
        for number in range(len(self.segments)):
            ask = self._ask(number, found[-1].video[:, -self.carried :] if found else None, published)
            self.model.calls.clear()
            latents = draw_segment(self.model, ask, lambda done: None)
            seen, first = self.model.calls[0]
            given = (seen.conditioning[0].numpy(), seen.pose[0].numpy(), first)
            found.append(Drawn(ask, *given, latents, self.model.vae.decode(latents)))
        return found

    def joined(self, drawn: list[Drawn]) -> np.ndarray:
        """(3, frames, H, W): the film, without what segments begin with and what fills up the last one."""
        parts = [each.video[:, self.carried if number else 0 :] for number, each in enumerate(drawn)]
        return np.concatenate(parts, axis=1)[:, : self.frames]

    def _ask(self, number: int, tail: np.ndarray | None, published: bool) -> SegmentAsk:
        start, end = self.segments[number]
        chosen = ping_pong(self.frames, chain_length(self.frames, self.length, self.carried))[start:end]
        return SegmentAsk(
            pose=self.given("pose")[chosen],
            faces=enlarged(self.given("face_small")[chosen], self.model.face_px),
            reference=self.reference,
            background=self.given("background")[chosen] if self.replaces else None,
            mask=self.given("mask")[chosen] if self.replaces else None,
            known=None if tail is None else tail.swapaxes(0, 1),
            text=states(self.umt5, self.given("context_ids"))[0],
            negative=states(self.umt5, self.given("context_null_ids"))[0],
            steps=self.steps,
            guidance=float(self.given("guide_scale")),
            solver=str(self.given("solver")),
            shift=float(self.given("shift")),
            noise=self.given("noise")[number],
            published=published,
        )
