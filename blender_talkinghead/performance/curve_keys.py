# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All keys of an F-curve as arrays, exactly as Blender has them, and edits that resample nothing; no Blender here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

# Blender's numbers of its enumerations; files hold them, so they do not change. A test compares them.
INTERPOLATIONS = {"CONSTANT": 0, "LINEAR": 1, "BEZIER": 2}
ALIGNED, AUTO_CLAMPED = 3, 4
# What Blender gives new keys.
_BACK, _AMPLITUDE, _PERIOD = 1.70158, 0.8, 4.1


@dataclass(frozen=True)
class CurveKeys:
    """Keys in the order of their frames. The names are those of Blender's ``Keyframe``.

    Attributes:
        co, handle_left, handle_right: (n, 2) frame and value.
        interpolation, easing, handle_left_type, handle_right_type, type: (n,) Blender's numbers.
        back, amplitude, period: (n,) of elastic interpolations.
    """

    co: np.ndarray
    handle_left: np.ndarray
    handle_right: np.ndarray
    interpolation: np.ndarray
    easing: np.ndarray
    handle_left_type: np.ndarray
    handle_right_type: np.ndarray
    type: np.ndarray
    back: np.ndarray
    amplitude: np.ndarray
    period: np.ndarray

    def __len__(self) -> int:
        return len(self.co)

    @property
    def frames(self) -> np.ndarray:
        """(n,) frame of each key."""
        return self.co[:, 0]

    @classmethod
    def of(
        cls, co: np.ndarray, left: np.ndarray, right: np.ndarray, interpolations: Sequence[str], handle_type: int
    ) -> CurveKeys:
        """New keys.

        Args:
            co, left, right: (n, 2) frame and value.
            interpolations: n names of ``INTERPOLATIONS``.
        """
        n = len(co)
        whole = np.zeros(n, np.int32)
        return cls(
            co=co.reshape(n, 2),
            handle_left=left.reshape(n, 2),
            handle_right=right.reshape(n, 2),
            interpolation=np.array([INTERPOLATIONS[name] for name in interpolations], np.int32),
            easing=whole,
            handle_left_type=whole + handle_type,
            handle_right_type=whole + handle_type,
            type=whole,
            back=np.full(n, _BACK),
            amplitude=np.full(n, _AMPLITUDE),
            period=np.full(n, _PERIOD),
        )

    def chosen(self, which: np.ndarray) -> CurveKeys:
        """The keys at indices, or where a mask is true."""
        return CurveKeys(*(getattr(self, field.name)[which] for field in fields(self)))

    def with_keys(self, others: CurveKeys) -> CurveKeys:
        """These keys and others, by frame."""
        joined = CurveKeys(
            *(np.concatenate((getattr(self, field.name), getattr(others, field.name))) for field in fields(self))
        )
        return joined.chosen(np.argsort(joined.frames, kind="stable"))

    def outside(self, first: float, last: float) -> CurveKeys:
        """The keys before ``first`` and after ``last``."""
        return self.chosen((self.frames < first) | (self.frames > last))

    def shifted(self, frames: float) -> CurveKeys:
        """Moved in time."""
        return self._moved(np.array([frames, 0.0]))

    def scaled(self, sign: float) -> CurveKeys:
        """All values multiplied."""
        # Adding 0 turns a negative zero into zero.
        factor = np.array([1.0, sign])
        parts = (self.co * factor + 0.0, self.handle_left * factor + 0.0, self.handle_right * factor + 0.0)
        return replace(self, co=parts[0], handle_left=parts[1], handle_right=parts[2])

    def stretched(self, pivot: float, factor: float, *, whole_frames: bool = False) -> CurveKeys:
        """Stretched in time about a frame, handles included.

        Args:
            factor: above 0.
            whole_frames: move keys to the nearest frame; of several that meet there the last one stays.
        """
        scale, origin = np.array([factor, 1.0]), np.array([pivot * (1 - factor), 0.0])
        result = replace(
            self,
            co=self.co * scale + origin,
            handle_left=self.handle_left * scale + origin,
            handle_right=self.handle_right * scale + origin,
        )
        return result._on_whole_frames() if whole_frames else result

    def _on_whole_frames(self) -> CurveKeys:
        rounded = np.floor(self.frames + 0.5)
        moved = self._moved(np.stack([rounded - self.frames, np.zeros(len(self))], axis=1))
        return moved.chosen(np.append(rounded[1:] != rounded[:-1], True)) if len(self) else moved

    def _moved(self, offset: np.ndarray) -> CurveKeys:
        return replace(
            self,
            co=self.co + offset,
            handle_left=self.handle_left + offset,
            handle_right=self.handle_right + offset,
        )
