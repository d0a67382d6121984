# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes redrawn squares to the colours of their source.

The networks draw the source at rest a little paler, or tinted. What that takes to put right is measured once, at rest,
and is the same for all frames of the source, so that nothing flickers: a gain for each channel (contrast), and an
offset that varies slowly over the square (tint and shading), which also makes the border meet the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# The offset is measured on a square of so many pixels, blurred by so many: features of the face do not get into it.
_SMALL_PX, _BLUR_PX = 64, 6.0
# The networks are never further off than this unless they have drawn something else.
_GAIN_LIMITS = (0.8, 1.25)
_OFFSET_LIMIT = 0.1
_LEAST_SPREAD = 0.01
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class ColourMatch:
    """How redrawn squares of one source are put right.

    Attributes:
        gain: (3,) float32 by channel, R, G, B.
        offset: (S, S, 3) float32.
    """

    gain: np.ndarray
    offset: np.ndarray

    def applied(self, redrawn: np.ndarray) -> np.ndarray:
        """(S, S, 3) float32, 0 to 1, of the same."""
        matched = redrawn * self.gain
        matched += self.offset
        return np.clip(matched, 0, 1, out=matched)


def match_colours(source: np.ndarray, redrawn: np.ndarray, inside: np.ndarray | None = None) -> ColourMatch:
    """What takes the source as it was redrawn at rest to the source's colours.

    Args:
        source: (S, S, 3) float32 R, G, B, 0 to 1: the source's own square.
        redrawn: the same, redrawn at rest.
        inside: (S, S) float32, 0 to 1: which pixels of the square lie in the picture and are opaque; None for all.
    """
    weights = np.ones(source.shape[:2], np.float32) if inside is None else inside
    small = [_reduced(values * weights[..., None]) for values in (source, redrawn)]
    weight = _reduced(weights)[..., None]
    wanted, found = (values / np.maximum(weight, _LEAST_WEIGHT) for values in small)
    gain = np.clip(_spread(wanted, weight) / _spread(found, weight), *_GAIN_LIMITS)
    offset = _blurred((wanted - gain * found) * weight) / np.maximum(_blurred(weight), _LEAST_WEIGHT)
    offset = np.clip(offset, -_OFFSET_LIMIT, _OFFSET_LIMIT).astype(np.float32)
    size = source.shape[1], source.shape[0]
    return ColourMatch(gain.astype(np.float32), cv2.resize(offset, size, interpolation=cv2.INTER_CUBIC))


def _reduced(values: np.ndarray) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)


def _blurred(values: np.ndarray) -> np.ndarray:
    blurred = cv2.GaussianBlur(values, (0, 0), _BLUR_PX, borderType=cv2.BORDER_REFLECT)
    return blurred.reshape(values.shape)


def _spread(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(3,) standard deviation of each channel."""
    total = max(float(weight.sum()), _LEAST_WEIGHT)
    mean = (values * weight).sum(axis=(0, 1)) / total
    return np.sqrt((np.square(values - mean) * weight).sum(axis=(0, 1)) / total) + _LEAST_SPREAD
