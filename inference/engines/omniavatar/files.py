# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a film is drawn with, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from ...weights.store import WeightStore
from ..wananimate.files import ModelFiles, files_of_set
from .description import OMNIAVATAR


def files_of(weights: WeightStore, settings: Mapping[str, object]) -> ModelFiles:
    """The files of checked settings.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS for the set; WEIGHTS_MISSING for a
            LoRA that is not there.
    """
    return files_of_set(weights, OMNIAVATAR.weight_set(settings), settings)
