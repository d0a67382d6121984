# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a film is drawn with, by the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import ErrorCode, TalkingHeadError
from ...weights.store import WeightStore
from ...weights.verified import state_of
from .description import WANANIMATE


@dataclass(frozen=True)
class ModelFiles:
    """Files of one choice of models.

    Attributes:
        parts: files of the weight set, by the parts' names, and the sha256 of each.
        lora: added to the transformer; None without.
        lora_strength: how much of it.
        lora_state: changes when the LoRA does.
        relights: the relighting LoRA is added as well.
    """

    parts: tuple[tuple[str, Path, str], ...]
    lora: Path | None
    lora_strength: float
    lora_state: str
    relights: bool

    @property
    def paths(self) -> dict[str, Path]:
        """File by the part's name."""
        return {name: path for name, path, _ in self.parts}

    def digest(self, *names: str) -> str:
        """What names the content of some parts, which may have several files (``umt5_1``, ``umt5_2`` ...)."""
        return "-".join(digest for part, _, digest in self.parts if re.sub(r"_\d+$", "", part) in names)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for files with the same content that are used alike."""
        digests = tuple(digest for _, _, digest in self.parts)
        return digests, self.lora_state, self.lora_strength, self.relights


def files_of(weights: WeightStore, settings: Mapping[str, object]) -> ModelFiles:
    """The files of checked settings; see ``files_of_set``."""
    relights = settings["mode"] == "replace" and bool(settings["relight"])
    return files_of_set(weights, WANANIMATE.weight_set(settings), settings, relights=relights)


def files_of_set(
    weights: WeightStore, name: str, settings: Mapping[str, object], *, relights: bool = False
) -> ModelFiles:
    """The files of a set of weights, and the LoRA of checked settings.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS for the set; WEIGHTS_MISSING for a
            LoRA that is not there.
    """
    paths, digests = weights.set_paths(name), weights.set_digests(name)
    lora = chosen_lora(str(settings["lora"]))
    return ModelFiles(
        parts=tuple((part, path, digest) for (part, path), digest in zip(paths.items(), digests, strict=True)),
        lora=lora,
        lora_strength=float(settings["lora_strength"]) if lora else 0.0,  # type: ignore[arg-type]
        lora_state=state_of(lora) if lora else "",
        relights=relights,
    )


def chosen_lora(text: str) -> Path | None:
    """The file that a setting names, None for none.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING.
    """
    if not text.strip():
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The LoRA {path.name} is not there.",
            "Choose the file again, or leave the LoRA empty.",
            details=str(path),
        )
    return path
