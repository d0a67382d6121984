# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a film is drawn with, by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import ErrorCode, TalkingHeadError
from ...weights.store import WeightStore
from ...weights.verified import state_of
from .description import HELLOMEME


@dataclass(frozen=True)
class DrawingFiles:
    """Files of one choice of models.

    Attributes:
        version: "v5" or "v5b".
        parts: files of the weight set, by the parts' names, and the sha256 of each.
        checkpoint: what draws instead of the plain model; None for the plain one.
        everything: the checkpoint also reads portrait and prompt.
        lora: added to what draws; None without.
        lora_strength: how much of it.
        states: changes when checkpoint or LoRA do.
    """

    version: str
    parts: tuple[tuple[str, Path, str], ...]
    checkpoint: Path | None
    everything: bool
    lora: Path | None
    lora_strength: float
    states: tuple[str, str]

    @property
    def paths(self) -> dict[str, Path]:
        """File by the part's name."""
        return {name: path for name, path, _ in self.parts}

    def digest(self, *names: str) -> str:
        """What names some parts' content."""
        digests = {name: digest for name, _, digest in self.parts}
        return "-".join(digests[name] for name in names)

    def base(self, part: str, drawing: bool) -> Path:
        """The file of a part of the base model ("sd15_unet", "sd15_vae", "sd15_text").

        Args:
            drawing: for what draws; otherwise for what reads portrait and prompt.
        """
        used = self.checkpoint is not None and (drawing or self.everything)
        return self.checkpoint if used and self.checkpoint is not None else self.paths[part]

    @property
    def is_even(self) -> bool:
        """What draws is the same as what reads the portrait."""
        return self.everything or (self.checkpoint is None and self.lora is None)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for files with the same content that are used alike."""
        digests = tuple(digest for _, _, digest in self.parts)
        return self.version, digests, self.states, self.everything, self.lora_strength


def files_of(weights: WeightStore, settings: Mapping[str, object]) -> DrawingFiles:
    """The files of checked settings.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS for the set; WEIGHTS_MISSING for a
            checkpoint or LoRA that is not there.
    """
    name = HELLOMEME.weight_set(settings)
    paths, digests = weights.set_paths(name), weights.set_digests(name)
    checkpoint, lora = (_chosen(str(settings[part]), label) for part, label in _CHOSEN)
    return DrawingFiles(
        version=str(settings["model"]),
        parts=tuple((part, path, digest) for (part, path), digest in zip(paths.items(), digests, strict=True)),
        checkpoint=checkpoint,
        everything=settings["checkpoint_use"] == "all",
        lora=lora,
        lora_strength=float(settings["lora_strength"]),  # type: ignore[arg-type]
        states=("" if checkpoint is None else state_of(checkpoint), "" if lora is None else state_of(lora)),
    )


_CHOSEN = (("checkpoint", "checkpoint"), ("lora", "LoRA"))


def _chosen(text: str, label: str) -> Path | None:
    if not text.strip():
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The {label} {path.name} is not there.",
            f"Choose the file again, or leave the {label} empty.",
            details=str(path),
        )
    return path
