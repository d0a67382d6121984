# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a speaking head does by itself: blinks and a little sway.

Everything is a function of seed and time, so a frame looks the same whether it is asked for alone, within a range or
at another frame rate. Random numbers are made here: numpy's generators may give others in another version, and Blender
and the worker have different ones.
"""

from __future__ import annotations

import numpy as np

# A blink: how long the lids take to close, stay closed, and take to open.
CLOSE_S, HOLD_S, OPEN_S = 0.08, 0.04, 0.16
# The first blink comes within these times; then pauses follow a gamma distribution (shape 3: the sum of three
# exponential ones), never shorter than the least.
_FIRST_S = (0.8, 2.5)
_PAUSE_SHAPE, _PAUSE_SCALE_S, _LEAST_PAUSE_S = 3, 1.25, 0.6
_BLOCK = 64

# Sums of three sines: amplitudes, and frequencies as multiples of a control's own.
_AMPLITUDES, _FACTORS = (0.6, 0.3, 0.2), (1.0, 1.7, 2.9)
# Degrees and Hz of each control.
_SWAY = {"head_yaw": (2.5, 0.13), "head_pitch": (1.2, 0.17), "head_roll": (1.2, 0.10)}
# Part of the sway that goes on in silence.
_SILENT_SWAY = 0.4
# The head dips on loud syllables, and the brows rise.
_DIP_DEG, _BROW, _BROW_FROM = 2.0, 0.25, 0.6


def blinks(seed: int, times_s: np.ndarray) -> np.ndarray:
    """How far automatic blinks close the eyes.

    Args:
        seed: any whole number.
        times_s: (n,) finite seconds, in any order, also negative.

    Returns:
        (n,) 0 open to 1 closed. A blink takes 0.28 s; the first one begins between 0.8 and 2.5 s.
    """
    times_s = np.asarray(times_s, np.float64)
    if not times_s.size:
        return np.zeros(0)
    starts_s = _starts(seed, float(times_s.min()) - CLOSE_S - HOLD_S - OPEN_S, float(times_s.max()))
    before = np.searchsorted(starts_s, times_s, side="right") - 1
    return _lid(times_s - starts_s[before])


def sway(seed: int, times_s: np.ndarray, activity: np.ndarray) -> dict[str, np.ndarray]:
    """What automatic head motion adds.

    Args:
        seed: any whole number.
        times_s: (n,) finite seconds.
        activity: (n,) how much is spoken at each time, 0 to 1, smoothed as ``Track.activity`` is.

    Returns:
        (n,) for each of ``head_yaw``, ``head_pitch``, ``head_roll`` (degrees) and ``brow``.
    """
    times_s, activity = np.asarray(times_s, np.float64), np.asarray(activity, np.float64)
    amount = _SILENT_SWAY + (1 - _SILENT_SWAY) * activity
    motion = {}
    for stream, (name, (degrees, frequency_hz)) in enumerate(_SWAY.items(), start=1):
        phases = 2 * np.pi * _uniform(seed, stream, np.arange(len(_FACTORS)))
        waves = [
            amplitude * np.sin(2 * np.pi * frequency_hz * factor * times_s + phase)
            for amplitude, factor, phase in zip(_AMPLITUDES, _FACTORS, phases, strict=True)
        ]
        motion[name] = degrees * amount * np.sum(waves, axis=0)
    # Nothing in silence, down in loud syllables, about level on average.
    motion["head_pitch"] -= _DIP_DEG * activity * (activity - 0.5)
    motion["brow"] = _BROW * np.clip(activity - _BROW_FROM, 0, 1)
    return motion


def _lid(since_s: np.ndarray) -> np.ndarray:
    """Closing as a function of the time since a blink began."""
    closing = _smooth(since_s / CLOSE_S)
    opening = _smooth((since_s - CLOSE_S - HOLD_S) / OPEN_S)
    return closing - opening


def _smooth(part: np.ndarray) -> np.ndarray:
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)


def _starts(seed: int, first_s: float, last_s: float) -> np.ndarray:
    """Ascending starts of blinks, from at least one before ``first_s`` to at least one after ``last_s``."""
    low, high = _FIRST_S
    origin_s = low + (high - low) * float(_uniform(seed, 0, np.array([0]))[0])
    after = _cumulated(seed, 0, last_s - origin_s)
    # Those before time zero are over by then, because the least pause is longer than a blink.
    before = _cumulated(seed, 1, -first_s)
    return np.concatenate([-before[::-1], [origin_s], origin_s + after])


def _cumulated(seed: int, direction: int, reach_s: float) -> np.ndarray:
    """Sums of pauses in one direction until they reach a distance; more reach does not change the first ones."""
    sums, total_s = [np.zeros(0)], 0.0
    while total_s <= reach_s:
        number = sum(map(len, sums)) + np.arange(_BLOCK)
        # One running sum over all blocks: the order of additions, and so the last bit, never depends on the reach.
        pauses_s = _pauses(seed, direction, number)
        pauses_s[0] += total_s
        sums.append(np.cumsum(pauses_s))
        total_s = float(sums[-1][-1])
    return np.concatenate(sums)


def _pauses(seed: int, direction: int, number: np.ndarray) -> np.ndarray:
    product = np.ones(len(number))
    for part in range(_PAUSE_SHAPE):
        product *= _uniform(seed, 8 + 4 * direction + part, number)
    return np.maximum(_LEAST_PAUSE_S, -_PAUSE_SCALE_S * np.log(product))


def _uniform(seed: int, stream: int, number: np.ndarray) -> np.ndarray:
    """Random numbers in (0, 1), one for each (seed, stream, number): the SplitMix64 hash (Steele et al. 2014)."""
    mask = (1 << 64) - 1
    # The seed is hashed first, so that neighbouring seeds do not give shifted copies of one sequence.
    key = _mixed(np.array([(seed * 0x9E3779B97F4A7C15 + stream) & mask], np.uint64))
    step = np.uint64(0x9E3779B97F4A7C15)
    bits = _mixed(key + (number.astype(np.uint64) + np.uint64(1)) * step)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / float(1 << 53)


def _mixed(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
