# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn at once, as far as memory goes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .segments import drawn_frames, latent_frames

# Pixels of a token's side.
_TOKEN_PX = 16


@dataclass(frozen=True)
class Load:
    """The most that is drawn together: frames, and their height and width in px."""

    frames: int
    height: int
    width: int

    @property
    def frame_tokens(self) -> int:
        """Tokens of a latent frame."""
        return (self.height // _TOKEN_PX) * (self.width // _TOKEN_PX)

    @property
    def tokens(self) -> int:
        """Of the transformer, for the frames alone."""
        return latent_frames(drawn_frames(self.frames)) * self.frame_tokens
