# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models an engine needs besides the small ones, and whether they are there: for panels, dialogs and jobs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...inference.engines.description import EngineDescription
from ...inference.weights.catalogue import SETS, WeightFile, WeightSet, weight_set
from ...inference.weights.layouts import Found, find
from . import worker

# Panels are drawn often, and folders may be far away. What the add-on itself changes is looked at again at once.
RECHECK_S = 20.0
_seen: dict[str, tuple[float, tuple[Path, ...], Found]] = {}


@dataclass(frozen=True)
class ModelsState:
    """What there is of a set of models, by the structure of the files; the worker verifies them when it loads them."""

    weights: WeightSet
    found: Found

    @property
    def present(self) -> bool:
        """Whether nothing is missing."""
        return not self.found.missing

    @property
    def missing(self) -> tuple[WeightFile, ...]:
        """The files that getting the models downloads."""
        return tuple(file for part in self.found.missing for file in part.files)

    @property
    def size_mb(self) -> float:
        """Size of what is missing."""
        return sum(file.size for file in self.missing) / 1e6

    @property
    def text(self) -> str:
        """One sentence for panels."""
        if self.present:
            return f"The models of {self.weights.label} are there."
        how = "are missing" if not self.found.paths else "are incomplete"
        return f"The models of {self.weights.label} {how} ({self.size_mb:.0f} MB)."


def models_states(engine: EngineDescription, settings: Mapping[str, object]) -> tuple[ModelsState, ...]:
    """What there is of each set of models that an engine needs with its settings; cheap enough for drawing."""
    return tuple(state_of_set(name) for name in engine.needed_sets(settings))


def state_of_set(name: str) -> ModelsState:
    """What there is of a set of models; cheap enough for drawing.

    Raises:
        TalkingHeadError: INVALID_REQUEST for an unknown set.
    """
    weights, where, now_s = weight_set(name), folders(), time.monotonic()
    seen_s, looked_in, found = _seen.get(name, (0.0, (), None))
    if found is None or looked_in != where or now_s - seen_s > RECHECK_S:
        found = find(weights, where)
        _seen[name] = now_s, where, found
    return ModelsState(weights, found)


def states_in(folder: Path) -> tuple[ModelsState, ...]:
    """What a folder has of each set, for those of which it has the first part: sets may share others."""
    states = (ModelsState(entry, find(entry, [folder])) for entry in SETS.values())
    return tuple(state for state in states if state.weights.parts[0] not in state.found.missing)


def folders() -> tuple[Path, ...]:
    """Where models may be, the first wins: folders that the user named, the add-on's own."""
    return (*worker.named_weight_folders(), *worker.places().weight_folders)


def forget() -> None:
    """Look again the next time: something was downloaded, or another folder named."""
    _seen.clear()
