# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests of engines that redraw: clips whose poses are known, and networks that draw what they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import cv2
import media
import numpy as np
import puppets
import pytest
from faces import picture, tracker
from puppets import PictureList

from inference.controls import pose_from, rest_pose
from inference.engines.diffusion.squares import Framing, SourceViews
from inference.engines.engine import DrivingPlace, FrameRequest
from inference.engines.xportrait.description import XPORTRAIT
from inference.face.features import FaceFeatures, measure
from inference.film import Section
from inference.media.picture import Picture
from inference.source import FaceChoice

pytest.importorskip("torch", reason="what is shared with the neural engines needs PyTorch")
from liveportrait_stand_in import ClipOfPictures

SIZE_PX = 256
HELD = 7
EXECUTOR = ThreadPoolExecutor(2)


class ActedClip(ClipOfPictures):
    """A clip of which is known what the actor does.

    Args:
        poses: sliders of each picture; the others rest.
    """

    def __init__(
        self, pictures: Sequence[np.ndarray], poses: Sequence[Mapping[str, float]] = (), lost: Sequence[int] = ()
    ) -> None:
        different = list({id(pixels): pixels for pixels in pictures}.values())
        without = {n for n, pixels in enumerate(different) if all(p is not pixels for p in _but(pictures, lost))}
        super().__init__(different, lost=sorted(without))
        places = {id(pixels): number for number, pixels in enumerate(different)}
        self._faces = {n: self._faces[places[id(p)]] for n, p in enumerate(pictures) if n not in lost}
        self._pictures = pictures
        self.found = np.array([number not in lost for number in range(len(pictures))])
        self._poses = poses

    def pose(self, position: float) -> Mapping[str, float]:
        nearest = round(position)
        return {**rest_pose(), **(self._poses[nearest] if nearest < len(self._poses) else {})}


def _but(pictures: Sequence[np.ndarray], lost: Sequence[int]) -> list[np.ndarray]:
    return [pixels for number, pixels in enumerate(pictures) if number not in lost]


@cache
def acted(*poses: tuple[tuple[str, float], ...]) -> tuple[np.ndarray, ...]:
    """Pictures of another person than the astronaut in poses, (H, W, 3) uint8."""
    return tuple(_acted(pose) for pose in poses)


@cache
def _acted(pose: tuple[tuple[str, float], ...]) -> np.ndarray:
    return puppets.frame(puppets.session_of(media.hopper()), **dict(pose)).pixels


def acted_clip(*poses: Mapping[str, float]) -> ActedClip:
    """A clip in which the puppet acts. A pose is held for 7 pictures, so that it is there also where it is smoothed."""
    keys = [tuple(sorted(pose.items())) for pose in poses for _ in range(HELD)]
    pictures = dict(zip(dict.fromkeys(keys), acted(*dict.fromkeys(keys)), strict=True))
    return ActedClip([pictures[key] for key in keys], [dict(key) for key in keys])


def astronaut() -> Picture:
    return Picture(picture("astronaut"))


def views(
    *pictures: Picture, choice: FaceChoice | None = None, crop_scale: float = 2.2, size_px: int = SIZE_PX
) -> SourceViews:
    """Squares of pictures in memory; of the astronaut without."""
    reader = PictureList(pictures or [astronaut()])
    return SourceViews(tracker(), reader, choice or FaceChoice(), Framing(crop_scale, size_px), 3)


def held(number: int) -> float:
    """The place in such a clip at which a pose is held."""
    return float(HELD * number + HELD // 2)


def place(position: float, strength: float = 1.0, **strengths: float) -> DrivingPlace:
    """A place at which all regions count alike but for those named."""
    return DrivingPlace(
        position, **{region: strengths.get(region, strength) for region in ("head", "eyes", "brows", "mouth")}
    )


def request(index: int = 0, picture: int = 0, driving: DrivingPlace | None = None, **pose: float) -> FrameRequest:
    return FrameRequest(index, picture, pose_from(pose), driving=driving)


def seen(bgr: np.ndarray) -> FaceFeatures:
    """What the largest face of a picture does."""
    return measure(tracker().faces(bgr)[0].landmarks, tracker().mesh)


class StandInRedraw:
    """Draws what it is shown: latents are the driving picture made small, half of it the patches, a little noise, and
    a quarter of the source; ``decode`` makes colors of them.
    """

    channels = 4

    def __init__(self) -> None:
        self.asks: list[object] = []

    def empty_text(self, notes: object) -> np.ndarray:
        return np.zeros((77, 16), np.float32)

    def noise(self, seed: int, frames: range, size: tuple[int, int]) -> np.ndarray:
        return np.stack([np.random.default_rng([seed, n]).standard_normal((4, *size)) for n in frames]).astype("f4")

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        assert pictures.dtype == np.uint8
        return np.stack([_latent(shown) for shown in pictures])

    def decode(self, latents: np.ndarray) -> Iterator[np.ndarray]:
        for latent in latents:
            cells = np.clip(np.ascontiguousarray(latent[:3].transpose(1, 2, 0)), 0, 1)
            yield cv2.resize(cells, (8 * cells.shape[1], 8 * cells.shape[0]))

    def draw(self, ask: object, told: Callable[[int], None]) -> np.ndarray:
        self.asks.append(ask)
        drawn = []
        for number, (pose, local, noise) in enumerate(zip(ask.pose, ask.local, ask.noise, strict=True)):  # type: ignore[attr-defined]
            told(number + 1)
            latent = 0.75 * _latent(pose) + 0.25 * ask.source_latent + 0.02 * noise  # type: ignore[attr-defined]
            latent[3] = ask.local_weight * _latent(local)[:3].mean()  # type: ignore[attr-defined]
            drawn.append(ask.known.get(number, latent))  # type: ignore[attr-defined]
        return np.stack(drawn).astype(np.float32)

    def release(self) -> None:
        pass


def _latent(rgb: np.ndarray) -> np.ndarray:
    """(4, S / 8, S / 8) float32 of (S, S, 3) uint8."""
    small = cv2.resize(rgb, (rgb.shape[1] // 8, rgb.shape[0] // 8), interpolation=cv2.INTER_AREA)
    return np.concatenate([small.transpose(2, 0, 1) / 255, np.zeros((1, *small.shape[:2]))]).astype(np.float32)


def whole_film(requests: Sequence[FrameRequest], settings: Mapping[str, object]) -> tuple[Section, ...]:
    """X-Portrait's sections of a film of these frames."""
    return XPORTRAIT.sections(len(requests), settings)
