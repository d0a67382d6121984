# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A performance: controls over time, as plain data that can be cached, baked, saved and rendered without Blender."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from .controls import BY_NAME, POSE_CONTROLS, POSE_NAMES, checked_value, rest_pose
from .errors import ErrorCode, TalkingHeadError

FORMAT = "talkinghead-performance"
VERSION = 1
SLOWEST_RATE, FASTEST_RATE = Fraction(1, 1000), Fraction(1000)
# Characters of a number, and of its exponent with the sign.
_LONGEST_NUMBER, _LONGEST_EXPONENT = 1000, 4


@dataclass(frozen=True)
class Performance:
    """Pose controls of consecutive frames.

    Attributes:
        rate: frames a second, exact.
        values: (frames, len(POSE_NAMES)) float64 in the order of ``POSE_NAMES``, each in its control's own unit.
    """

    rate: Fraction
    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(POSE_NAMES):
            raise ValueError(f"values must be (frames, {len(POSE_NAMES)}), not {self.values.shape}")
        values = np.array(self.values, np.float64)
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    def pose(self, frame: int) -> dict[str, float]:
        """The pose of one frame by name."""
        return dict(zip(POSE_NAMES, self.values[frame].tolist(), strict=True))

    @classmethod
    def from_poses(cls, rate: Fraction, poses: Iterable[Mapping[str, float]]) -> Performance:
        """From poses by name; what a pose does not name is at rest."""
        rest = rest_pose()
        rows = [[float(pose.get(name, rest[name])) for name in POSE_NAMES] for pose in poses]
        return cls(rate, np.array(rows, np.float64).reshape(len(rows), len(POSE_NAMES)))

    def to_dict(self) -> dict[str, object]:
        """JSON form. Controls that rest throughout are left out."""
        rest = np.array([control.rest for control in POSE_CONTROLS])
        moving = [i for i in range(len(POSE_NAMES)) if np.any(self.values[:, i] != rest[i])]
        return {
            "format": FORMAT,
            "version": VERSION,
            "rate": f"{self.rate.numerator}/{self.rate.denominator}",
            "length": len(self),
            "controls": [POSE_NAMES[i] for i in moving],
            "frames": self.values[:, moving].tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Performance:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST that names what is wrong.
        """
        if data.get("format") != FORMAT:
            raise _invalid("The file is not a Talking Head performance.", f"Its 'format' must be '{FORMAT}'.")
        version = data.get("version")
        # In Python also true and 1.0 equal 1, but no program of ours writes them.
        if type(version) is not int or version != VERSION:
            raise _invalid(
                f"The performance has version {version}; this add-on reads version {VERSION}.",
                "Update Talking Head, or save the performance again.",
            )
        rate = parse_rate(data.get("rate"))
        names = _names(data.get("controls"))
        frames = data.get("frames")
        if not isinstance(frames, list) or not frames:
            raise _invalid("The performance has no frames.", "'frames' must be a list of rows, one a frame.")
        values = np.tile(np.array([control.rest for control in POSE_CONTROLS]), (len(frames), 1))
        columns = [POSE_NAMES.index(name) for name in names]
        for number, row in enumerate(frames):
            if not isinstance(row, list) or len(row) != len(names):
                raise _invalid(
                    f"Frame {number} of the performance does not hold {len(names)} values.",
                    "Each row of 'frames' must have one number for each name in 'controls'.",
                )
            values[number, columns] = [_number(name, value) for name, value in zip(names, row, strict=True)]
        return cls(rate, values)


def parse_fraction(text: str) -> Fraction:
    """An exact number such as "30000/1001", "1.5" or "1e-3".

    Raises:
        ValueError, ZeroDivisionError: it is none.
    """
    # Fraction writes exponents out: "1e999999999" would take hours.
    if len(text) > _LONGEST_NUMBER or len(text.lower().partition("e")[2]) > _LONGEST_EXPONENT:
        raise ValueError("too long for a number")
    return Fraction(text)


def parse_rate(value: object) -> Fraction:
    """A frame rate such as "30000/1001" or 25 as a fraction from 1/1000 to 1000.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    try:
        rate = parse_fraction(str(value))
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not SLOWEST_RATE <= rate <= FASTEST_RATE:
        raise _invalid(f"'{value}' is not a frame rate.", "Write a number or a fraction, such as 25 or 30000/1001.")
    return rate


def load(path: Path) -> Performance:
    """Read a performance file.

    Raises:
        TalkingHeadError: INVALID_REQUEST or SOURCE_MISSING.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TalkingHeadError(
            ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Check the path of the performance."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        hint = "Choose a file that Talking Head saved, or save the performance again."
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{path} cannot be read as a performance.", hint, details=str(error)
        ) from error
    if not isinstance(data, dict):
        raise _invalid(f"{path} is not a performance.", "It must hold a JSON object.")
    return Performance.from_dict(data)


def save(performance: Performance, path: Path) -> None:
    """Write a performance file and make its folder; a file that is there already is replaced in one go.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(performance.to_dict()) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"The performance cannot be written to {path}.",
            "Choose another folder, or free some space.",
            details=str(error),
        ) from error
    finally:
        with contextlib.suppress(OSError):  # where the folder is a file, nothing can be there
            temporary.unlink(missing_ok=True)


def _names(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _invalid("The performance does not name its controls.", "'controls' must be a list of names.")
    for name in value:
        if name in BY_NAME:
            checked_value(name, BY_NAME[name].rest)
        else:
            checked_value(name, 0.0)
    if len(set(value)) != len(value):
        raise _invalid("The performance names a control twice.", "Each name in 'controls' may stand once.")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _invalid(f"{name} = {value!r} is not a number.", "Write plain numbers in 'frames'.")
    return checked_value(name, value)


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
