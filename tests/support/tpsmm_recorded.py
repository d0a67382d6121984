# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded arrays of the Thin-Plate Spline Motion Model, found by what their names say.

``_s4`` at the end of a name is every fourth pixel. Networks are recorded for driving frame 1, as in standard mode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from conformance import Case

FRAME = 1
# For cases that say no tolerance: what the public one allows.
_ALLOWED = (
    (r"kp_.*|bg_param", 1e-4),
    (r"source_down", 1e-5),
    (r"tps_theta|tps_params", 2e-3),
    (r"tps_grid|contribution_maps|occlusion_.*", 1e-3),
    (r"heatmap|deformation|bg_deformation", 5e-4),
    (r"warped_source", 4e-3),
    (r"avd_.*", 1e-2),
    (r".*", 5e-3),
)


class Recorded:
    """One case."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @property
    def source(self) -> np.ndarray:
        """(S, S, 3) uint8."""
        return self.case.array("input/source")

    @property
    def driving(self) -> np.ndarray:
        """(n, S, S, 3) uint8."""
        return self.case.array("input/driving")

    def matching(self, pattern: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Names of the expected arrays, without the step, and the groups of the pattern; none skips the test."""
        found = 0
        for name in self.case.names("expect/"):
            match = re.fullmatch(rf"({pattern})(_s\d+)?", name.removeprefix("expect/"))
            if match:
                found += 1
                groups = match.groups()
                yield groups[0], groups[1:-1]
        if not found:
            pytest.skip(f"the case has no expect/{pattern}")

    def close(self, name: str, values: np.ndarray, axes: tuple[int, int] | None = None) -> None:
        """Compare all arrays of a name, whatever their step.

        Args:
            values: all pixels.
            axes: of ``values``: rows and columns of pixels.
        """
        for recorded in self.case.names(f"expect/{name}"):
            match = re.fullmatch(rf"expect/{re.escape(name)}(?:_s(\d+))?", recorded)
            if match:
                step = int(match[1] or 1)
                assert step == 1 or axes, f"{recorded}: pixels of what has none"
                pixels = [slice(None)] * values.ndim
                for axis in axes or ():
                    pixels[axis] = slice(None, None, step)
                self.case.close(recorded, values[tuple(pixels)], self._tolerance(recorded.removeprefix("expect/")))

    def _tolerance(self, name: str) -> float:
        if f"tolerance/{name}" in self.case:
            return float(self.case.array(f"tolerance/{name}"))
        base = re.sub(r"_s\d+$", "", name)
        return next(allowed for pattern, allowed in _ALLOWED if re.fullmatch(pattern, base))
