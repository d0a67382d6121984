# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference network: before each up block of the U-Net, every frame looks at the portrait's states there.

The portrait lies beside the frame. What frames read of it is the same in all frames and steps, so it is prepared once.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .blocks import Attention, Beside, PlaneAttention, beside, swept

# Stored in the official files of version 5, and used by nothing.
TIME_WIDTH = 1280


class ReferenceV5(nn.Module):
    """One place of version 5: the frame's rows and columns read the portrait's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.time_emb_proj = nn.Linear(TIME_WIDTH, channels)
        self.attn1, self.attn2 = Attention(channels), Attention(channels)
        self.norm = nn.LayerNorm(channels)
        self.proj = nn.Conv2d(channels, channels, 3, padding=1)

    def prepared(self, reference: Tensor) -> Beside:
        """The portrait's states (b, c, h, w) for :meth:`forward`."""
        return beside(reference, self.norm, self.attn1, self.attn2)

    def forward(self, states: Tensor, reference: Beside) -> Tensor:
        """Frames (b f, c, h, w) that have looked at the portrait."""
        return states + self.proj(swept(states, self.norm, self.attn1, self.attn2, reference))


class ReferenceV5b(nn.Module):
    """One place of version 5b: the portrait first looks at itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attn_ref = PlaneAttention(channels, channels)
        self.attn = PlaneAttention(channels, channels)

    def prepared(self, reference: Tensor) -> Beside:
        """The portrait's states (b, c, h, w) for :meth:`forward`."""
        return self.attn.beside(self.attn_ref(reference))

    def forward(self, states: Tensor, reference: Beside) -> Tensor:
        """Frames (b f, c, h, w) that have looked at the portrait."""
        return states + self.attn(states, reference)


class Reference(nn.Module):
    """The network of a version.

    Args:
        place: ``ReferenceV5`` or ``ReferenceV5b``.
        channels: before each up block.
    """

    def __init__(self, place: type[ReferenceV5] | type[ReferenceV5b], channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.reference_modules_up = nn.ModuleList(place(count) for count in channels)

    def prepared(self, states: Sequence[Tensor]) -> list[Beside]:
        """The portrait's states before each up block, (b, c, h, w), as :meth:`at` takes them."""
        return [self._place(place).prepared(found) for place, found in enumerate(states)]

    def at(self, place: int, states: Tensor, reference: Beside) -> Tensor:
        """Frames (b f, c, h, w) before an up block that have looked at the portrait."""
        return self._place(place)(states, reference)

    def _place(self, number: int) -> ReferenceV5 | ReferenceV5b:
        place = self.reference_modules_up[number]
        assert isinstance(place, ReferenceV5 | ReferenceV5b)
        return place
