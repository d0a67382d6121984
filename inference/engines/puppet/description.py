# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The puppet warp's description."""

from __future__ import annotations

from ..common_settings import CUT_OUT
from ..description import Choice, EngineDescription, Setting, SettingKind, Takes

BACKGROUND = Setting(
    "background",
    SettingKind.CHOICE,
    "stretch",
    "Background",
    "What happens to the picture around the head when it moves",
    (
        Choice("stretch", "Stretch", "The surroundings follow the head softly; no seam, straight lines near it bend"),
        Choice("hold", "Hold", "The person is cut from the background, which stays still and is filled in behind"),
    ),
)
SPECTACLES = Setting(
    "spectacles",
    SettingKind.CHOICE,
    "auto",
    "Spectacles",
    "Keep spectacle frames still while the brows and lids behind them move",
    (
        Choice("auto", "Automatic", "Look for spectacles in the source"),
        Choice("on", "Worn", "The subject wears spectacles"),
        Choice("off", "None", "The subject wears no spectacles"),
    ),
)

PUPPET = EngineDescription(
    name="puppet",
    label="Puppet Warp",
    version=2,
    summary="Warps the portrait itself; works at once on any machine",
    licence="GPL-3.0-or-later",
    tier="base",
    module="puppet.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    takes=Takes(landmark_motion=True),
    neighbours=3,
    memory_mb=600,
    settings=(BACKGROUND, CUT_OUT, SPECTACLES),
)
