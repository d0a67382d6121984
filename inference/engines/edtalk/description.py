# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's description."""

from __future__ import annotations

from ...controls import names_for
from ..common_settings import COLOUR_MATCH, CUT_OUT, FEATHER, PRECISION
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Takes

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "full",
    "Model",
    "Which of the official models is used",
    (
        Choice("full", "Mouth, Head and Emotion", "The full model (EDTalk.pt)"),
        Choice("lip_pose", "Mouth and Head", "The smaller model without expressions (EDTalk_lip_pose.pt)"),
    ),
)
CALIBRATE = Setting(
    "calibrate",
    SettingKind.SWITCH,
    True,
    "Calibrate Sliders",
    "Measure once a portrait how the network moves it, so that head and mouth sliders are true",
)
MOTION = Setting(
    "motion",
    SettingKind.CHOICE,
    "absolute",
    "Motion",
    "How the driving clip is used with Exact",
    (
        Choice("absolute", "Absolute", "The source takes the actor's pose, mouth and expression as they are"),
        Choice("relative", "Relative", "What changes since the neutral picture is added to the source"),
    ),
    section=Section.DRIVING,
)
EDGES = Setting(
    "even_ends",
    SettingKind.SWITCH,
    True,
    "Even Ends",
    "Keep the mouth from fading at the very start and end of the sound, as it does in the reference program",
    section=Section.DRIVING,
)

EDTALK = EngineDescription(
    name="edtalk",
    label="EDTalk",
    version=1,
    summary="Redraws the face with mouth, head and emotion apart, and listens to the sound itself; needs its models",
    licence="Apache-2.0",
    tier="neural",
    module="edtalk.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    controls=names_for("edtalk"),
    takes=Takes(driving_video=True, separate_clips=True, audio=True, measures_source=True),
    neighbours=3,
    memory_mb=1500,
    settings=(MODEL, CALIBRATE, MOTION, EDGES, COLOUR_MATCH, FEATHER, PRECISION, CUT_OUT),
)
