# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's description."""

from __future__ import annotations

from ...controls import names_for
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
COLOUR_MATCH = Setting(
    "colour_match",
    SettingKind.SWITCH,
    True,
    "Match Colors",
    "Take the redrawn face to the source's colors",
    section=Section.PICTURE,
)
FEATHER = Setting(
    "feather",
    SettingKind.NUMBER,
    0.08,
    "Feather",
    "Width of the soft border of the redrawn square, in parts of its side",
    minimum=0.0,
    maximum=0.5,
    section=Section.PICTURE,
)
PRECISION = Setting(
    "precision",
    SettingKind.CHOICE,
    "auto",
    "Precision",
    "How exactly the networks compute",
    (
        Choice("auto", "Automatic", "Half where the device is faster with it, full elsewhere"),
        Choice("full", "Full", "32 bit"),
        Choice("half", "Half", "16 bit; full where the device has none or it fails"),
    ),
    section=Section.PICTURE,
)
CUT_OUT = Setting("cut_out", SettingKind.SWITCH, False, "Cut Out", "Make everything but the person transparent")

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
