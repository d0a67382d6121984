# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HelloMeme adds to a stock U-Net, and what it reads from one, by hooks that are removed afterwards.

Behind each down block the control is added, also to the last of the block's skips; then frames look at each other,
which no skip sees. Before each up block the control is added, frames look at the portrait, then at each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from .networks.blocks import Beside
from .networks.control import Controls
from .networks.motion import Motion
from .networks.reference import Reference


@dataclass(frozen=True)
class States:
    """A U-Net's states: (rows, c, h, w) each.

    Attributes:
        down: behind each down block.
        up: before each up block.
    """

    down: list[Tensor] = field(default_factory=list)
    up: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class Insertion:
    """What is added to a U-Net's states. Rows are b conditions of f frames each, frame after frame.

    Attributes:
        frames: f.
        controls: (b f, c, h, w) each, or None.
        reference: the network, and the portrait as it prepared it for b conditions.
        motion: the network; None for frames that do not know of each other.
        pads: states of the key frames before and behind, (b, 2, c, h, w) each; None without.
    """

    frames: int
    controls: Controls | None = None
    reference: tuple[Reference, Sequence[Beside]] | None = None
    motion: Motion | None = None
    pads: States | None = None

    def behind_down(self, place: int, states: Tensor, skips: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """States and skips of a down block as the U-Net goes on with them."""
        if self.controls is not None:
            states = states + self.controls.down[place]
            skips = (*skips[:-1], states)
        if self.motion is not None:
            pads = None if self.pads is None else self.pads.down[place]
            states = self.motion.motion_down[place](states, self.frames, pads)
        return states, skips

    def before_up(self, place: int, states: Tensor) -> Tensor:
        """States as an up block gets them."""
        if self.controls is not None:
            states = states + self.controls.up[place]
        if self.reference is not None:
            network, prepared = self.reference
            states = network.at(place, states, prepared[place])
        if self.motion is not None:
            pads = None if self.pads is None else self.pads.up[place]
            states = self.motion.motion_up[place](states, self.frames, pads)
        return states


@contextmanager
def inserted(unet: nn.Module, what: Insertion) -> Iterator[None]:
    """Calls of the U-Net inside of the ``with`` have these additions."""
    with ExitStack() as hooks:
        for place, block in enumerate(_blocks(unet, "down_blocks")):
            hooks.callback(block.register_forward_hook(_behind(what, place)).remove)
        for place, block in enumerate(_blocks(unet, "up_blocks")):
            hooks.callback(block.register_forward_pre_hook(_before(what, place), with_kwargs=True).remove)
        yield


@contextmanager
def recorded(unet: nn.Module) -> Iterator[States]:
    """The U-Net's states in one call inside of the ``with``."""
    found = States()

    def behind(module: nn.Module, arguments: Any, result: tuple[Tensor, tuple[Tensor, ...]]) -> None:
        found.down.append(result[0])

    def before(module: nn.Module, arguments: Any, named: dict[str, Any]) -> None:
        found.up.append(named["hidden_states"])

    with ExitStack() as hooks:
        for block in _blocks(unet, "down_blocks"):
            hooks.callback(block.register_forward_hook(behind).remove)
        for block in _blocks(unet, "up_blocks"):
            hooks.callback(block.register_forward_pre_hook(before, with_kwargs=True).remove)
        yield found


def _behind(what: Insertion, place: int) -> Any:
    def hook(module: nn.Module, arguments: Any, result: tuple[Tensor, tuple[Tensor, ...]]) -> Any:
        return what.behind_down(place, *result)

    return hook


def _before(what: Insertion, place: int) -> Any:
    def hook(module: nn.Module, arguments: Any, named: dict[str, Any]) -> Any:
        return arguments, {**named, "hidden_states": what.before_up(place, named["hidden_states"])}

    return hook


def _blocks(unet: nn.Module, side: str) -> nn.ModuleList:
    blocks = getattr(unet, side)
    assert isinstance(blocks, nn.ModuleList)
    return blocks
