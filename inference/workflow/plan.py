# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a workflow becomes: strips, settings, keys, and what of it was not understood. Plain data with a JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

FORMAT = "talkinghead-workflow"
VERSION = 1
LINEAR = "LINEAR"
CONSTANT = "CONSTANT"
SOURCE = "source"
ACTING = "acting"
SAMPLE = "sample"
_DEEPEST = 8


@dataclass(frozen=True)
class Key:
    """A keyframe of a control. ``frame`` counts from 1, the film's first; 0 is the moment before it."""

    control: str
    frame: int
    value: float
    interpolation: str


@dataclass(frozen=True)
class PlannedStrip:
    """A medium that becomes a strip.

    Frame i of the film (from 1) shows the medium at ``start_s + (skip + (i - 1) * every_nth) / rate`` seconds.

    Attributes:
        role: SOURCE, whose face is animated, or ACTING, whose face drives it.
        kind: "image", "movie" or "sequence" (a folder of images).
        file: as the workflow names it, mostly without a folder.
        start_s: seconds that are left out at the start, before frames are counted.
        skip: frames that are left out then, counted at ``rate``.
        every_nth: of the frames after them, one in so many is used.
        cap: at most so many are used; 0 is all.
        rate: frames a second at which the medium is read; None is its own rate.
        node: id of the node that loads it.
    """

    role: str
    kind: str
    file: str
    start_s: Fraction = Fraction(0)
    skip: int = 0
    every_nth: int = 1
    cap: int = 0
    rate: Fraction | None = None
    node: str = ""

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "role": self.role,
            "kind": self.kind,
            "file": self.file,
            "start_s": rate_text(self.start_s),
            "skip": self.skip,
            "every_nth": self.every_nth,
            "cap": self.cap,
            "rate": rate_text(self.rate),
            "node": self.node,
        }


@dataclass(frozen=True)
class NotUnderstood:
    """Something of a workflow that the add-on does not carry over: where it stands, what it is, and why."""

    node: str
    type: str
    what: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.type} {self.node}".strip()
        return f"{place}: {self.what}: {self.reason}"


@dataclass(frozen=True)
class Plan:
    """What an import makes.

    Attributes:
        rate: frames a second of the film; None when the file does not say.
        frames: length of the film; 0 when only the driving clip's own length decides.
        strips: at most one of each role.
        settings: by topic and name: what has a meaning for an engine or the output.
        keys: by control in the rig's order, then by frame.
        not_understood: everything that is left out or changed.
        notes: sentences on what was understood and is worth knowing.
    """

    rate: Fraction | None = None
    frames: int = 0
    strips: tuple[PlannedStrip, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    notes: tuple[str, ...] = ()

    def strip(self, role: str) -> PlannedStrip | None:
        """The strip of a role."""
        return next((strip for strip in self.strips if strip.role == role), None)

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "rate": rate_text(self.rate),
            "frames": self.frames,
            "strips": [strip.to_dict() for strip in self.strips],
            "settings": {topic: _plain(values) for topic, values in sorted(self.settings.items())},
            "keys": [vars(key) for key in self.keys],
            "not_understood": [vars(item) for item in self.not_understood],
            "notes": list(self.notes),
        }


def _plain(value: object, depth: int = 0) -> object:
    """A value of a file as JSON can hold it: what is no number becomes null, what is nested too deeply as well."""
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, Mapping):
        return {str(name): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    return value


def rate_text(value: Fraction | None) -> str | None:
    """A fraction as "30000/1001"; None stays None."""
    return None if value is None else f"{value.numerator}/{value.denominator}"
