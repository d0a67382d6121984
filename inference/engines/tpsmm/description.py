# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline Motion Model's description."""

from __future__ import annotations

from ...controls import names_for
from ..common_settings import CUT_OUT, PRECISION
from ..description import Choice, EngineDescription, Section, Setting, SettingKind, Takes

MODEL = Setting(
    "model",
    SettingKind.CHOICE,
    "vox",
    "Model",
    "Which of the official models is used",
    (
        Choice("vox", "Faces", "Trained on interviews (vox), 256 px"),
        Choice("taichi", "Whole Bodies", "Trained on people who move with their whole body (taichi), 256 px"),
        Choice("ted", "Upper Bodies", "Trained on people who talk on a stage (ted), 384 px"),
        Choice("mgif", "Drawn Animals", "Trained on drawn animals (mgif), 256 px"),
    ),
)
AREA = Setting(
    "area",
    SettingKind.CHOICE,
    "face",
    "Area",
    "What of the source and of the driving clip is animated",
    (
        Choice("face", "Face", "A square around the face"),
        Choice("body", "Person", "A square around the whole person"),
        Choice("whole", "Whole Picture", "All of the picture, whatever it shows"),
    ),
)
SIZE = Setting(
    "size",
    SettingKind.CHOICE,
    "trained",
    "Network Size",
    "Side of the square that the network sees; larger than trained is finer, slower and less stable",
    (
        Choice("trained", "As Trained", "256 px, for upper bodies 384 px"),
        Choice("256", "256", "256 px"),
        Choice("384", "384", "384 px"),
        Choice("512", "512", "512 px"),
        Choice("768", "768", "768 px"),
    ),
)
MODE = Setting(
    "mode",
    SettingKind.CHOICE,
    "relative",
    "Motion",
    "How the driver's key points become the source's",
    (
        Choice("relative", "Relative", "What changes since the reference picture is added to the source"),
        Choice("standard", "Standard", "The driver's key points as they are; needs a source that stands alike"),
        Choice("avd", "Disentangled", "A network gives the driver's motion the source's shape (AVD)"),
    ),
    section=Section.DRIVING,
)
REFERENCE = Setting(
    "reference",
    SettingKind.CHOICE,
    "neutral",
    "Reference",
    "The picture of the driving clip from which relative motion is measured",
    (
        Choice("neutral", "Neutral Picture", "The neutral picture chosen in Acting"),
        Choice("best", "Best Match", "The picture most like the source, by the landmarks of the face"),
        Choice("first", "First", "The clip's first picture"),
    ),
    section=Section.DRIVING,
)
BACKGROUND = Setting(
    "background",
    SettingKind.SWITCH,
    False,
    "Follow Camera",
    "Move the background as the driving clip's; for clips of the same scene as the source",
    section=Section.DRIVING,
)
RESOLUTION = Setting(
    "resolution",
    SettingKind.CHOICE,
    "source",
    "Resolution",
    "Where the result's pixels come from",
    (
        Choice("source", "Source", "The source itself is bent at its own size; the network paints what was hidden"),
        Choice("network", "Network", "All pixels are the network's, as in the reference program"),
    ),
    section=Section.PICTURE,
)
CROP_SCALE = Setting(
    "crop_scale",
    SettingKind.NUMBER,
    1.8,
    "Crop",
    "Side of the animated square in face sizes, or in two thirds of the person's size",
    minimum=1.2,
    maximum=3.2,
    section=Section.PICTURE,
)
FEATHER = Setting(
    "feather",
    SettingKind.NUMBER,
    0.08,
    "Feather",
    "Width of the soft border of the animated square, in parts of its side",
    minimum=0.0,
    maximum=0.5,
    section=Section.PICTURE,
)

TPSMM = EngineDescription(
    name="tpsmm",
    label="Thin-Plate Spline",
    version=1,
    summary="Bends faces, whole figures or drawings as a driving clip moves; needs its models",
    licence="MIT",
    tier="neural",
    module="tpsmm.engine",
    weights=("face_landmarker", "selfie_segmenter"),
    set_setting=MODEL.name,
    whole_when=(AREA.name, ("body", "whole")),
    controls=names_for("tpsmm"),
    takes=Takes(driving_video=True, whole_body=True),
    neighbours=3,
    memory_mb=1600,
    settings=(
        MODEL,
        AREA,
        SIZE,
        MODE,
        REFERENCE,
        BACKGROUND,
        RESOLUTION,
        CROP_SCALE,
        FEATHER,
        PRECISION,
        CUT_OUT,
    ),
)
