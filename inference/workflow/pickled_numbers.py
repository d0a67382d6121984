# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checked numbers from pickled expressions and motion templates."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np

from .pickled_arrays import allowed, plain
from .restricted_pickle import Budget, refused, unpickle

_MOST_FRAMES = 200_000


def read_pickle(content: bytes, records: frozenset[str] = frozenset()) -> object:
    """What a file holds, without running anything in it.

    Args:
        records: names of classes that are read as records.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    budget = Budget()
    return unpickle(io.BytesIO(content), allowed(budget, records), budget)


def read_template(content: bytes) -> tuple[Mapping[object, object], list[Mapping[str, object]]]:
    """A motion template and its frames.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
        ValueError: a frame is damaged, or there are none or too many.
    """
    data = read_pickle(content)
    if not isinstance(data, dict) or not isinstance(data.get("motion"), list):
        raise refused("it holds no motion: a motion template is a dictionary with a list 'motion'")
    frames = [_mapping(frame) for frame in data["motion"]]
    if not 0 < len(frames) <= _MOST_FRAMES:
        raise ValueError(f"it has {len(frames)} frames")
    return data, frames


def stack(frames: Sequence[Mapping[str, object]], names: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
    """(n, *shape) what each frame stores under one of the names.

    Raises:
        ValueError: a frame has none of them, or something else than such numbers.
    """
    rows = []
    for number, frame in enumerate(frames, 1):
        name = next((name for name in names if name in frame), None)
        if name is None:
            raise ValueError(f"frame {number} has no {names[0]}")
        rows.append(numbers(plain(frame[name]), shape))
    return np.stack(rows)


def numbers(value: object, shape: tuple[int, ...] | None) -> np.ndarray:
    """Finite numbers of a shape, leading axes of length 1 left aside; None takes any shape.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, (np.ndarray, int, float)):
        raise ValueError("numbers are missing")
    array = np.asarray(value, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("a number is not finite")
    if shape is None:
        return array
    if array.size != int(np.prod(shape)) or array.squeeze().shape not in (shape, tuple(s for s in shape if s != 1)):
        raise ValueError(f"numbers have the shape {array.shape}, not {shape}")
    return array.reshape(shape)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("a frame is damaged")
    return value
