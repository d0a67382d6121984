# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a film is drawn with, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from ...weights.store import WeightStore
from ...weights.verified import state_of
from ..wananimate.files import ModelFiles, chosen_lora
from .description import OMNIAVATAR


def files_of(weights: WeightStore, settings: Mapping[str, object]) -> ModelFiles:
    """The files of checked settings.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS for the set; WEIGHTS_MISSING for a
            LoRA that is not there.
    """
    name = OMNIAVATAR.weight_set(settings)
    paths, digests = weights.set_paths(name), weights.set_digests(name)
    lora = chosen_lora(str(settings["lora"]))
    return ModelFiles(
        parts=tuple((part, path, digest) for (part, path), digest in zip(paths.items(), digests, strict=True)),
        lora=lora,
        lora_strength=float(settings["lora_strength"]) if lora else 0.0,  # type: ignore[arg-type]
        lora_state=state_of(lora) if lora else "",
        relights=False,
    )
