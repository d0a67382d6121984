# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompts that HelloMeme's models were trained with. Pure."""

from __future__ import annotations

# Facts of the reference program: what it adds to the user's words, by version.
_ADDED = {
    "v5": "(best quality), highly detailed, ultra-detailed, headshot, person, well-placed five sense organs, "
    "looking at the viewer, centered composition, sharp focus, realistic skin texture",
    "v5b": "best quality, highly detailed, masterpiece, person, portrait, headshot, looking at the viewer, "
    "sharp focus.",
}


def whole_prompt(words: str, version: str) -> str:
    """The user's words, and behind them what is always added."""
    words = words.strip()
    return f"{words}, {_ADDED[version]}" if words else _ADDED[version]
