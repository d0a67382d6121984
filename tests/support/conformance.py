# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded cases of the conformance tests, which remember what was read of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seeded_weights import load_case

RECORDED = Path(__file__).resolve().parent.parent / "data" / "conformance"


class Case:
    """The arrays of one engine's recorded case.

    What a test compares goes through ``array`` (or ``close``, ``pictures_close``): what nothing reads is a hole, and
    fails the run. Walk ``names`` where the set of arrays may differ from case to case.

    Args:
        folder: where <engine>_keys.json, <engine>_rules.json and <engine>_<name>.npz lie.
    """

    def __init__(self, folder: Path, engine: str, name: str) -> None:
        self.folder, self.engine, self.name = folder, engine, name
        with np.load(folder / f"{engine}_{name}.npz", allow_pickle=False) as file:
            self._arrays = {key: file[key] for key in file.files}
        for array in self._arrays.values():
            array.setflags(write=False)
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def names(self, prefix: str = "") -> list[str]:
        """Names that begin like this, in the file's order; this does not read them."""
        return [name for name in self._arrays if name.startswith(prefix)]

    def some(self, prefix: str) -> list[str]:
        """The same; a case that has none of them skips the test."""
        names = self.names(prefix)
        if not names:
            pytest.skip(f"the case has no {prefix}*")
        return names

    def need(self, *names: str) -> None:
        """Skip the test in a case that has not all of these."""
        missing = [name for name in names if name not in self]
        if missing:
            pytest.skip(f"the case has no {missing[0]}")

    def array(self, name: str) -> np.ndarray:
        """One array, read-only; it counts as read from now on. A case that does not have it skips the test.

        A name that is wrong hides nothing: the array that was meant stays unread.
        """
        self.need(name)
        self._read.add(name)
        return self._arrays[name]

    def json(self, name: str) -> Any:
        """The content of an array that holds JSON."""
        return json.loads(str(self.array(name)))

    @property
    def seed(self) -> int:
        """Of the case; inputs that are made and not stored are made with it."""
        return int(self.array("seed"))

    def states(self) -> dict[str, dict[str, np.ndarray]]:
        """Seeded weights, part by part: made anew by every call, as large as the engine's checkpoint.

        The seed and those overrides that the layout has count as read.
        """
        layout = json.loads((self.folder / f"{self.engine}_keys.json").read_text(encoding="utf-8"))
        known = {f"override/{part}/{name}" for part, names in layout.items() for name in names}
        self._read |= {"seed", *(known & self._arrays.keys())}
        return load_case(self.folder, self.engine, self.name)[0]

    def unread(self) -> list[str]:
        """Names of what no test has read."""
        return [name for name in self._arrays if name not in self._read]

    def close(self, name: str, actual: np.ndarray, tolerance: float) -> None:
        """Compare numbers: same shape, all finite, no difference above the tolerance.

        Args:
            tolerance: greatest absolute difference; ``tolerance/<name>`` of the case takes precedence.
        """
        expected = self.array(name)
        actual = np.asarray(actual)
        assert actual.shape == expected.shape, f"{name}: shape {actual.shape} instead of {expected.shape}"
        if f"tolerance/{name}" in self:
            tolerance = float(self.array(f"tolerance/{name}"))
        difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
        assert np.isfinite(difference).all(), f"{name}: not finite"
        worst = np.unravel_index(int(difference.argmax()), difference.shape) if difference.size else ()
        place = tuple(int(i) for i in worst)
        assert difference.max(initial=0.0) <= tolerance, (
            f"{name}: differs by {difference.max():.3g} at {place} (allowed {tolerance:g}); "
            f"{(difference > tolerance).mean():.1%} of the values differ by more than allowed"
        )

    def pictures_close(
        self, name: str, actual: np.ndarray, most: int = 1, above: int = 0, share: float = 0.005
    ) -> None:
        """Compare 8-bit pictures: no value differs by more than ``most``, and few differ by more than ``above``.

        Args:
            share: greatest part of the values, 0..1, that may differ by more than ``above``.
        """
        expected = self.array(name)
        actual = np.asarray(actual)
        assert actual.dtype == expected.dtype == np.uint8, f"{name}: {actual.dtype} and {expected.dtype}, not 8 bit"
        assert actual.shape == expected.shape, f"{name}: shape {actual.shape} instead of {expected.shape}"
        difference = np.abs(actual.astype(int) - expected.astype(int))
        assert difference.max() <= most, f"{name}: differs by {difference.max()} (allowed {most})"
        found = float((difference > above).mean())
        assert found <= share, f"{name}: {found:.2%} of the values differ by more than {above} (allowed {share:.2%})"
