# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers whose tracks are known without a worker: any file drives, and what it does is given."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from talking import core, shared


def motion(count: int, rate: Fraction, *controls: str, seed: int = 0) -> np.ndarray:
    """(count, pose controls) smooth random motion of some controls over most of their soft range, others at rest."""
    table = {control.name: control for control in shared("controls").POSE_CONTROLS}
    values = np.tile(np.array([control.rest for control in table.values()]), (count, 1))
    generator = np.random.default_rng(seed)
    for name in controls:
        spectrum = np.fft.rfft(generator.standard_normal(count))
        curve = np.fft.irfft(spectrum * np.exp(-((np.fft.rfftfreq(count) * float(rate) / 2.0) ** 2)), count)
        low, high = table[name].soft_range
        rest = table[name].rest
        curve *= 0.9 / np.abs(curve).max()
        values[:, list(table).index(name)] = rest + np.where(curve > 0, curve * (high - rest), curve * (rest - low))
    return values


def drive(strip: Any, part: str, values: np.ndarray, rate: Fraction, file: Path) -> None:
    """Have a file act ("acting") or speak ("speech") on a source strip, its track already read.

    Args:
        values: (n, pose controls) absolute poses at ``rate``.
    """
    kind = core("drivers.driver_strips").Part(part)
    file.write_bytes(b"a driver that nobody opens")
    setattr(strip, kind.file, str(file))
    setattr(strip, kind.switch, True)
    remember(strip, part, values, rate)


def remember(strip: Any, part: str, values: np.ndarray, rate: Fraction) -> None:
    """Make this the track of a strip's driver, whatever file drives it."""
    spoken = part == "speech"
    activity = np.ones(len(values)) if spoken else None
    track = shared("motion.track").Track(rate, values, activity=activity, neutral=-1 if spoken else 0)
    told: dict[str, object] = {"method": "formants", "words": 0} if spoken else {"pictures": len(values), "faces": 1}
    array = track.array()
    fields = {**track.fields(), **told, "shape": list(array.shape), "dtype": str(array.dtype)}
    tracks = core("drivers.driver_tracks")
    wanted = tracks.wanted(strip.id_data, strip, core("drivers.driver_strips").Part(part))
    tracks.remember(wanted, shared("protocol").Message("result", fields, array.tobytes()))
