# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of pictures to weights of motion, and back to vectors that the decoder takes: matrices in NumPy."""

from __future__ import annotations

import numpy as np

from .networks.generator import MOUTH, POSE, Generator
from .weights import Weights


class MotionHeads:
    """The motion heads, folded to one affine map, and the directions that weights go along.

    Args:
        generator: its weights are read, not kept.

    Attributes:
        directions: (512, 36 or 26) orthonormal columns, float32: mouth, pose, expression.
    """

    def __init__(self, generator: Generator) -> None:
        matrix, offset = generator.head_maps()
        self._matrix, self._offset = matrix.numpy(), offset.numpy()
        self.directions = generator.directions().numpy()

    def weights(self, codes: np.ndarray) -> Weights:
        """Of (n, 512) codes of pictures."""
        found = (codes.astype(np.float64) @ self._matrix.T + self._offset).astype(np.float32)
        return Weights(*np.split(found, [MOUTH, MOUTH + POSE], axis=1))

    def motion(self, weights: Weights) -> np.ndarray:
        """(n, 512) to be added to the source's code."""
        rows = np.concatenate([weights.mouth, weights.pose, weights.expression], axis=1, dtype=np.float32)
        return rows @ self.directions.T

    def expression(self, weights: Weights) -> np.ndarray:
        """(n, 512), the part of the motion that is expression: zeros with the model that has none."""
        return np.asarray(weights.expression, np.float32) @ self.directions[:, MOUTH + POSE :].T
