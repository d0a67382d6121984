# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver does over its own time, and how it is read at other times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..controls import POSE_CONTROLS, POSE_NAMES
from ..performance import parse_rate

REST = np.array([control.rest for control in POSE_CONTROLS])
# Name of the column that carries ``Track.activity`` between worker and host.
ACTIVITY = "activity"


@dataclass(frozen=True)
class Finding:
    """Something about some pictures of a clip that the user should know.

    Attributes:
        kind: "lost", "cut", "several", "small" ...
        first, last: picture indices, both included.
        text: a sentence.
    """

    kind: str
    first: int
    last: int
    text: str

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return {"kind": self.kind, "first": self.first, "last": self.last, "text": self.text}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Finding:
        """Read the JSON form."""
        return cls(str(data["kind"]), int(str(data["first"])), int(str(data["last"])), str(data["text"]))


@dataclass(frozen=True)
class Track:
    """Pose controls that a driver asks for, at a steady rate from the start of its medium.

    Attributes:
        rate: samples a second; sample i stands at i / rate.
        values: (n, len(POSE_NAMES)) float64, absolute as on the sliders: a control that the driver leaves alone rests.
        breaks: samples before which something else begins (a scene cut): nothing is interpolated across, ascending.
        activity: (n,) 0 to 1, how much is spoken; None for a clip.
        neutral: picture index of the neutral frame of a clip, -1 for speech.
        findings: what the report tells.
    """

    rate: Fraction
    values: np.ndarray
    breaks: tuple[int, ...] = ()
    activity: np.ndarray | None = None
    neutral: int = -1
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def at(self, positions: Sequence[Fraction | float]) -> np.ndarray:
        """(m, len(POSE_NAMES)) the pose at positions, counted in samples and parts of one; held before and after."""
        return self._read(self.values, positions)

    def activity_at(self, positions: Sequence[Fraction | float]) -> np.ndarray:
        """(m,) activity at positions; 0 throughout for a clip."""
        if self.activity is None:
            return np.zeros(len(positions))
        return self._read(self.activity[:, None], positions)[:, 0]

    def _read(self, values: np.ndarray, positions: Sequence[Fraction | float]) -> np.ndarray:
        last = len(values) - 1
        clamped = [min(max(position, 0), last) for position in positions]
        low = np.array([int(position) for position in clamped])
        part = np.array([float(position - int(position)) for position in clamped])[:, None]
        high = np.minimum(low + 1, last)
        # Across a break the nearer side would flash the other shot's pose, so the earlier one holds.
        high = np.where(np.isin(high, self.breaks), low, high)
        return values[low] * (1 - part) + values[high] * part

    def fields(self) -> dict[str, object]:
        """Header fields of the message that carries the track; ``array`` is its payload."""
        return {
            "rate": str(self.rate),
            "columns": [*POSE_NAMES, *([] if self.activity is None else [ACTIVITY])],
            "breaks": list(self.breaks),
            "neutral": self.neutral,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def array(self) -> np.ndarray:
        """(n, columns) float32."""
        parts = [self.values] if self.activity is None else [self.values, self.activity[:, None]]
        return np.concatenate(parts, axis=1).astype(np.float32)

    @classmethod
    def from_message(cls, fields: Mapping[str, object], array: np.ndarray) -> Track:
        """The track of ``fields`` and ``array``."""
        columns = [str(name) for name in fields["columns"]]  # type: ignore[attr-defined]
        sent = dict(zip(columns, array.astype(np.float64).T, strict=True))
        values = np.tile(REST, (len(array), 1))
        for number, name in enumerate(POSE_NAMES):
            # One that was kept by a version with fewer controls leaves the others alone.
            values[:, number] = sent.get(name, REST[number])
        return cls(
            rate=parse_rate(fields["rate"]),
            values=values,
            breaks=tuple(int(at) for at in fields["breaks"]),  # type: ignore[attr-defined]
            activity=sent.get(ACTIVITY),
            neutral=int(str(fields["neutral"])),
            findings=tuple(Finding.from_dict(item) for item in fields["findings"]),  # type: ignore[attr-defined]
        )
