# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 blendshape scores of a face, from its landmarks alone."""

from __future__ import annotations

import numpy as np

from .face import BLENDSHAPES
from .models import Network
from .tables import BLENDSHAPE_INPUT


class BlendshapeNetwork:
    """The blendshape network."""

    def __init__(self, content: bytes) -> None:
        self._network = Network(content, (BLENDSHAPES,))

    def run(self, landmarks: np.ndarray) -> np.ndarray:
        """(52,) float64, 0 to 1, in the order of ``BLENDSHAPE_NAMES``.

        Args:
            landmarks: (478, 3) in px of the picture.
        """
        points = landmarks[BLENDSHAPE_INPUT, :2]
        return np.clip(self._network.run(points[None])[BLENDSHAPES], 0.0, 1.0)
