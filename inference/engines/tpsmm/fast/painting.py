# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inpainting network for processors, one frame at a time: channels last, Winograd convolutions.

Maps that are doubled by repetition are never written out, and the occlusion is multiplied to the weights with which
the source's features are sampled.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...neural.repeats import RepeatedConvolution
from ...neural.winograd import Winograd
from ...neural.workspace import Workspace, inside
from ..networks.inpainting import Inpainting
from ..networks.sampling import resized, warped
from .layers import FewOutputs, NormRelu, Places, places, sample


class Residual:
    """A residual block, in place."""

    def __init__(self, block: nn.Module) -> None:
        self._norms = [NormRelu(block.get_submodule(name)) for name in ("norm1", "norm2")]
        layers = [block.get_submodule(name) for name in ("conv1", "conv2")]
        self._first, self._second = (Winograd(layer.weight, layer.bias) for layer in layers)  # type: ignore[arg-type]

    def __call__(self, x: Tensor, space: Workspace) -> None:
        """Add to (h, w, c); h and w are multiples of 4."""
        middle = space.take("middle", 1, *x.shape)
        self._first(self._normed(0, x, space), middle, space)
        self._second(self._normed(1, middle[0], space), x[None], space, add=True)

    def _normed(self, index: int, x: Tensor, space: Workspace) -> Tensor:
        bordered = space.take_bordered("normed", 1, *x.shape)
        self._norms[index](x, inside(bordered)[0], space)
        return bordered


class Up:
    """Each pixel repeated 2x2, then convolution, instance norm and ReLU."""

    def __init__(self, block: nn.Module) -> None:
        layer = block.get_submodule("conv")
        self._convolution = RepeatedConvolution(layer.get_parameter("weight"), layer.get_parameter("bias"))
        self._norm = NormRelu(block.get_submodule("norm"))
        self.outputs = self._convolution.outputs

    def __call__(self, x: Tensor, out: Tensor, space: Workspace) -> Tensor:
        """(h, w, inputs) to (2 h, 2 w, outputs), written into ``out``, which may be a part of a larger map."""
        height, width = x.shape[:2]
        made = space.take("repeated", 1, height, 2, width, 2, self.outputs)
        self._convolution(x[None], made, space)
        return self._norm(made.view(2 * height, 2 * width, self.outputs), out, space)


class FastPainter:
    """The inpainting network; takes about 400 MB, as Winograd's weights are four times the network's own.

    Args:
        network: its encoder is kept; of the rest the weights are read, not kept.
        space: memory that may be shared with whatever does not run at the same time.
    """

    def __init__(self, network: Inpainting, space: Workspace) -> None:
        self._encoder = nn.ModuleList([network.first, *network.down_blocks])
        with torch.inference_mode():
            self._blocks = [Residual(block) for block in network.resblock]
            self._ups = [Up(block) for block in network.up_blocks]
            self._final = FewOutputs(network.final)
        self._space = space

    def encode(self, picture: Tensor) -> list[Tensor]:
        """(1, 3, S, S) in 0..1 to four maps of features as rows: (S * S, 64), (S * S / 4, 128), ..."""
        maps, out = [], picture
        for block in self._encoder:
            out = block(out)
            maps.append(out[0].permute(1, 2, 0).flatten(0, 1).contiguous())
        return maps

    def paint(self, picture: Tensor, features: Sequence[Tensor], flow: Tensor, occlusions: Sequence[Tensor]) -> Tensor:
        """Draw (B, S, S, 3) in 0..1."""
        frames = [
            self._frame(picture, features, flow[row : row + 1], [masks[row, 0] for masks in occlusions])
            for row in range(len(flow))
        ]
        return torch.stack(frames)

    def _frame(self, picture: Tensor, features: Sequence[Tensor], flow: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """One frame, (S, S, 3)."""
        space = self._space
        seen = [_seen(flow, mask) for mask in masks]
        out = space.take("map", *masks[0].shape, features[3].shape[1])
        sample(features[3], seen[0], out, space)
        for index, up in enumerate(self._ups):
            self._blocks[2 * index](out, space)
            self._blocks[2 * index + 1](out, space)
            beside = features[2 - index]
            joined = space.take(f"joined {index}", *masks[index + 1].shape, up.outputs + beside.shape[1])
            up(out, joined[..., : up.outputs], space)
            sample(beside, seen[index + 1], joined[..., up.outputs :], space)
            out = joined
        hidden = 1 - masks[3]
        painted, warp = out.split(self._ups[2].outputs, dim=2)
        final = torch.sigmoid(self._final(painted.mul_(hidden[..., None]).add_(warp), space))
        drawn = final * hidden + warped(picture, flow)[0] * masks[3]
        return drawn.permute(1, 2, 0)


def _seen(flow: Tensor, mask: Tensor) -> Places:
    """Where a map of the mask's size is sampled, times the mask."""
    return places(resized(flow, *mask.shape)[0]).times(mask)
