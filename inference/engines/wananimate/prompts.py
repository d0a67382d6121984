# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where a prompt is left empty: the published ones, in the language that the model was trained with."""

from __future__ import annotations

PROMPT = "视频中的人在做动作"
"""The person in the video is moving."""
NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，"
    "手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
"""Gaudy, overexposed, still, blurred, subtitles, gray, low quality, deformed hands and faces, a crowd, and so on."""
