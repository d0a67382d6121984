# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where a prompt is left empty."""

from __future__ import annotations

PROMPT = (
    "A realistic video of a person who speaks directly to the camera, with natural movements of head, shoulders and"
    " hands that go with the speech, and an expressive face. The camera is steady, the background does not move."
)
"""In the manner that the model was trained on: what is to be seen first, then what is done, then the background."""
NEGATIVE = (
    "Vivid color tones, background/camera moving quickly, screen switching, subtitles and special effects, mutation,"
    " overexposed, static, blurred details, subtitles, style, work, painting, image, still, overall grayish, worst"
    " quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, poorly drawn hands, poorly drawn"
    " face, deformed, disfigured, malformed limbs, fingers merging, motionless image, chaotic background, three legs,"
    " crowded background with many people, walking backward"
)
"""The published one."""
