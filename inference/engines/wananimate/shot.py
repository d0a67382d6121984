# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of the person in a shot who is replaced: followed by SAM 2, or of all people by the built-in matte.

SAM 2 follows the person through *stretches* of the source's own pictures, whatever part of them is rendered, so that
each picture has one mask. Without placed points each stretch is begun at the body's points. With placed points the
stretches that have some begin there, and the others go on from where the person was seen last in a neighbor; who was
never seen is not looked for, since it might be somebody else who is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ..engine import FrameRequest
from .bodies import Memory
from .canvas import DrawnCanvas
from .helpers import MASKS, Helpers
from .mask_points import MaskPoint
from .preprocess.body import Body
from .preprocess.masks import blocks, grown, without_gaps
from .preprocess.seeds import Seed, seeds_of_bodies

Told = Callable[[], None]
_STRETCH = 64
_KEY_PICTURES = 4
_PERSON = 0.5


@dataclass(frozen=True)
class Shape:
    """What is made of a person's outline: settings of the same names."""

    grow: int
    columns: int
    rows: int

    def of(self, person: np.ndarray) -> np.ndarray:
        """(H, W) uint8, 0 and 1, of a (H, W) bool outline."""
        return blocks(grown(person, self.grow), self.columns, self.rows)


@dataclass(frozen=True)
class People:
    """What tells where people are in the source.

    Attributes:
        tracker: for the matte.
        helpers: for SAM 2; None where the matte alone is used.
        body: the body in a picture, relative to it; None where nothing is found.
        face: the face in a picture; None where it is lost or not looked for.
        key: names what bodies are found by.
    """

    tracker: FaceTracker
    helpers: Helpers | None
    body: Callable[[int, Told], Body | None]
    face: Callable[[int], Face | None]
    key: str


class Shot:
    """Masks of one source.

    Args:
        points: placed by hand.
        memory: where outlines are kept; None for in this object only.

    Attributes:
        lacks_person: nobody was found in all frames that were asked for at once.
    """

    def __init__(
        self,
        people: People,
        pictures: PictureReader,
        canvas: DrawnCanvas,
        points: Sequence[MaskPoint],
        shape: Shape,
        memory: Memory | None = None,
    ) -> None:
        self.lacks_person = False
        self._people = people
        self._pictures = pictures
        self._canvas = canvas
        self._points = [point for point in points if point.picture < len(pictures)]
        self._pointed = sorted({point.picture // _STRETCH for point in self._points})
        self._shape = shape
        self._memory = memory
        self._stretches: dict[int, np.ndarray] = {}

    def masks(self, requests: Sequence[FrameRequest], told: Told) -> np.ndarray:
        """(n, H, W) uint8 on the canvas, 1 where the character is drawn.

        Where nobody is found the mask of the frame before is kept, at the beginning that of the first with somebody.

        Args:
            told: called often meanwhile; may raise to cancel.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, OUT_OF_MEMORY; what reading pictures raises.
        """
        last = len(self._pictures) - 1
        outlines = without_gaps(np.stack([self._outline(min(r.picture, last), told) for r in requests]))
        self.lacks_person |= not outlines.any()
        return np.stack([self._shape.of(outline) for outline in outlines])

    def _outline(self, picture: int, told: Told) -> np.ndarray:
        """(H, W) bool on the canvas."""
        told()
        if self._people.helpers is None:
            return self._matte(picture)
        return self._stretch(picture // _STRETCH, told)[picture % _STRETCH]

    def _matte(self, picture: int) -> np.ndarray:
        bgr = to_bgr8(self._pictures.read(picture))
        matte = self._people.tracker.person_matte(bgr, self._people.face(picture))
        return self._canvas.mask(matte > _PERSON).astype(bool)

    def _stretch(self, number: int, told: Told) -> np.ndarray:
        """(up to 64, H, W) bool."""
        if number not in self._stretches:
            count, size = len(self._range(number)), (self._canvas.height, self._canvas.width)
            name = self._name(number)
            kept = None if self._memory is None else self._memory.remembered(name)
            if kept is None:
                kept = np.packbits(self._followed(number, told))
                if self._memory is not None:
                    self._memory.remember(name, kept)
            found = np.unpackbits(kept, count=count * size[0] * size[1]).reshape(count, *size)
            self._stretches = {number: found.astype(bool)}
        return self._stretches[number]

    def _followed(self, number: int, told: Told) -> np.ndarray:
        """The person in a stretch: from placed points, here or in a neighbor; without any from bodies or mattes."""
        pictures, seeds = self._range(number), self._placed(number)
        if self._pointed and not seeds:
            return self._gone_on(number, told)
        seeds = seeds or self._seen(pictures, told)
        if not seeds:
            return self._nobody(len(pictures))
        return self._masks(pictures, seeds, told)

    def _gone_on(self, number: int, told: Told) -> np.ndarray:
        """The person in a stretch without points, from the picture nearest to it in which they were seen."""
        first, pictures = self._pointed[0], self._range(number)
        after = number < first
        for neighbour in range(number + 1, first + 1) if after else range(number - 1, first - 1, -1):
            outlines = self._stretch(neighbour, told)
            seen = np.flatnonzero(outlines.any(axis=(1, 2)))
            if seen.size:
                edge = int(seen[0 if after else -1])
                picture = self._range(neighbour)[edge]
                shown = [*pictures, picture] if after else [picture, *pictures]
                found = self._masks(shown, [Seed(len(pictures) if after else 0, mask=outlines[edge])], told)
                return found[:-1] if after else found[1:]
        return self._nobody(len(pictures))

    def _nobody(self, pictures: int) -> np.ndarray:
        return np.zeros((pictures, self._canvas.height, self._canvas.width), bool)

    def _masks(self, pictures: Sequence[int], seeds: Sequence[Seed], told: Told) -> np.ndarray:
        assert self._people.helpers is not None
        frames = [self._canvas.letterboxed(to_bgr8(self._pictures.read(p)))[..., ::-1] for p in pictures]
        return self._people.helpers.masks().masks(frames, seeds, told)

    def _placed(self, number: int) -> list[Seed]:
        """Points that were placed by hand in a stretch, frame by frame."""
        seeds = []
        for place, picture in enumerate(self._range(number)):
            points = [point for point in self._points if point.picture == picture]
            if points:
                relative = self._canvas.points([(p.x, p.y) for p in points], self._pictures.read(picture).size)
                seeds.append(Seed(place, relative, np.array([p.belongs for p in points])))
        return seeds

    def _seen(self, pictures: Sequence[int], told: Told) -> list[Seed]:
        """Points of the body in a few pictures; where no body is found, the matte in the first one with people."""
        keys = range(0, len(pictures), max(-(-len(pictures) // _KEY_PICTURES), 1))
        seeds = []
        for place in keys:
            body = self._people.body(pictures[place], told)
            size = self._pictures.read(pictures[place]).size
            found = [] if body is None else seeds_of_bodies([self._canvas.body(body, size)])
            seeds += [replace(seed, frame=place) for seed in found]
        mattes = () if seeds else ((place, self._matte(pictures[place])) for place in keys)
        return seeds or next(([Seed(place, mask=matte)] for place, matte in mattes if matte.any()), [])

    def _range(self, number: int) -> range:
        return range(number * _STRETCH, min((number + 1) * _STRETCH, len(self._pictures)))

    def _name(self, number: int) -> str:
        """Of all that decides a stretch's outlines."""
        nearest = min(self._pointed, key=lambda other: abs(other - number), default=number)
        first = self._pointed[0] if self._pointed and self._pointed[0] < number else min(number, nearest)
        digest = hashlib.sha256(repr((self._points, self._canvas, self._people.key)).encode())
        for picture in range(self._range(first).start, self._range(max(number, nearest)).stop):
            digest.update(self._pictures.digest(picture).encode())
        assert self._people.helpers is not None
        return f"wan-outlines/2/{self._people.helpers.digest(MASKS)}/{number}/{digest.hexdigest()}"
