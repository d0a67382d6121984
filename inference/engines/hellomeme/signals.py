# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each frame of a film shall show: its expression, and how the head stands.

    own + strength * (the actor's - own) + (the puppet's with the sliders - own)

where own is what the networks read in the portrait at rest. Eyes, brows and mouth are the three parts of an
expression. Of the actor's way across the picture it is what differs from the clip's neutral picture that counts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ...controls import RIG_NAMES, rest_pose
from ..engine import DrivingPlace, FrameRequest
from .clip_readings import ClipReadings
from .readings import (
    ANGLES,
    BROWS,
    EMOTION,
    EYES,
    MOUTH,
    FacePicture,
    FacePlace,
    Readings,
    head_translation,
)
from .tools import FRAME_PX

# Readings of the portrait that are kept, for frames in which it does the same.
_KEPT = 64
_REGIONS = (("eyes", EYES), ("brows", BROWS), ("mouth", MOUTH), ("head", ANGLES))

Key, Value = TypeVar("Key"), TypeVar("Value")
Portrait = Callable[[int, Mapping[str, float]], tuple[np.ndarray, np.ndarray] | None]
"""The source's square of a picture index in a pose, (S, S, 3) uint8 B, G, R, and its (478, 2) landmarks in px; None
where its face is lost. The same square for all poses of a picture."""


@dataclass(frozen=True, eq=False)
class Signals:
    """What n frames shall show.

    Attributes:
        emotions: (n, 548) float32.
        angles: (n, 3) float64 rotation of the head in radians.
        translations: (n, 3) float64, in the frame of 512 px.
    """

    emotions: np.ndarray
    angles: np.ndarray
    translations: np.ndarray


@dataclass(frozen=True, eq=False)
class _Own:
    """The portrait at rest: what is read in it, and where in the frame of 512 px its face is."""

    row: np.ndarray
    place: FacePlace


class SignalMaker:
    """Signals of the frames of one source.

    Args:
        portrait: shows the source.
        chosen: index of the picture on which the face was chosen.
        clip: what is read in the driving clip; None without.
        movement: how much of the head's way across the picture is kept, 0 to 1.
    """

    def __init__(
        self, readings: Readings, portrait: Portrait, chosen: int, clip: ClipReadings | None, movement: float
    ) -> None:
        self._readings = readings
        self._portrait = portrait
        self._chosen = chosen
        self._clip = clip
        self._movement = movement
        self._at_rest: OrderedDict[int, _Own] = OrderedDict()
        self._known: OrderedDict[tuple[object, ...], np.ndarray] = OrderedDict()

    def of(self, requests: Sequence[FrameRequest], tell: Callable[[], None]) -> Signals:
        """Signals of the frames of a section. In pictures without a face the last one with a face is held.

        Args:
            tell: called before each frame; may raise to cancel.
        """
        found = []
        for request in requests:
            tell()
            found.append(self._own(request.picture))
        places = held([own is not None for own in found])
        rows = []
        for request, place in zip(requests, places, strict=True):
            tell()
            if place is None:
                rows.append(self._frame(request, self._chosen, self._own(self._chosen)))
            else:
                rows.append(self._frame(request, requests[place].picture, found[place]))
        emotions, angles, translations = (np.stack(values) for values in zip(*rows, strict=True))
        return Signals(emotions.astype(np.float32), angles, translations)

    def _frame(
        self, request: FrameRequest, picture: int, own: _Own | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Emotion, angles and translation of a frame on a picture that has a face."""
        assert own is not None
        at_rest = head_translation(own.row, own.place)
        row, moved = own.row.copy(), np.zeros(3)
        if self._clip is not None and request.driving is not None:
            actor = self._clip.at(request.driving.position)
            _blend(row, actor, request.driving)
            way = head_translation(actor, own.place) - head_translation(self._clip.neutral(), own.place)
            moved += request.driving.head * way
        performed = self._performed(picture, request.pose, own)
        if performed is not None:
            row[EMOTION] += performed[EMOTION] - own.row[EMOTION]
            row[ANGLES] += performed[ANGLES] - own.row[ANGLES]
            moved += head_translation(performed, own.place) - at_rest
        return row[EMOTION], row[ANGLES], at_rest + self._movement * moved

    def _own(self, picture: int) -> _Own | None:
        """The portrait at rest; None where its face is lost."""
        if picture not in self._at_rest:
            shown = self._portrait(picture, rest_pose())
            if shown is None:
                return None
            place = FacePlace.of(shown[1])
            row = self._read(shown, place)
            self._at_rest[picture] = _Own(row, place.scaled(FRAME_PX / len(shown[0])))
        return _latest(self._at_rest, picture)

    def _performed(self, picture: int, pose: Mapping[str, float], own: _Own) -> np.ndarray | None:
        """What is read in the puppet's performance; None with all sliders of the rig at rest."""
        rest = rest_pose()
        rig = {name: float(pose.get(name, rest[name])) for name in RIG_NAMES}
        if all(value == rest[name] for name, value in rig.items()):
            return None
        key = (picture, *rig.values())
        if key not in self._known:
            shown = self._portrait(picture, {**rest, **rig})
            assert shown is not None
            self._known[key] = self._read(shown, own.place.scaled(len(shown[0]) / FRAME_PX))
        return _latest(self._known, key)

    def _read(self, shown: tuple[np.ndarray, np.ndarray], place: FacePlace) -> np.ndarray:
        return self._readings.of([FacePicture(*shown, place)])[0]


def held(found: Sequence[bool]) -> list[int | None]:
    """For each place the last one before that was found, itself included; at the beginning the first one after.

    None everywhere where nothing was found.
    """
    known = [place for place, there in enumerate(found) if there]
    return [
        max((at for at in known if at <= place), default=known[0] if known else None) for place in range(len(found))
    ]


def _blend(row: np.ndarray, actor: np.ndarray, place: DrivingPlace) -> None:
    """Take each region of a row towards the actor's by its strength."""
    for name, region in _REGIONS:
        row[region] += getattr(place, name) * (actor[region] - row[region])


def _latest(kept: OrderedDict[Key, Value], key: Key) -> Value:
    kept.move_to_end(key)
    found = kept[key]
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return found
