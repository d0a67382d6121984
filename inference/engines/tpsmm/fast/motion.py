# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dense motion network for processors, one frame at a time.

Its encoder works on small maps and stays as it is. In the decoder maps that are doubled by repetition are never written
out, and the maps of the occlusion are made as sums of shifted products.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...neural.workspace import Workspace
from ..networks.dense_motion import TRANSFORMS, DenseMotion, Motion, combined, deformed_source
from .layers import FewOutputs
from .painting import Up


class FastMotion:
    """The network.

    Args:
        network: its encoder is kept; of the rest the weights are read, not kept.
        space: memory that may be shared with whatever does not run at the same time.
    """

    def __init__(self, network: DenseMotion, space: Workspace) -> None:
        self._encoder = network.hourglass.encoder
        with torch.inference_mode():
            self._ups = [Up(block) for block in network.hourglass.decoder.up_blocks]
            self._finer = [Up(block) for block in network.up]
            coarse, middle, *fine = network.occlusion
            self._coarse_mask = FewOutputs(coarse)
            self._maps_and_mask = FewOutputs(network.maps, middle)
            self._finer_masks = [FewOutputs(mask) for mask in fine]
        self._space = space

    def __call__(self, small: Tensor, transforms: Tensor, heat: Tensor) -> Motion:
        """The motion of B frames, from and to the same as ``DenseMotion``."""
        deformed = deformed_source(small, transforms)
        inputs = torch.cat([heat, deformed.flatten(1, 2)], dim=1)
        frames = [self._frame(inputs[row : row + 1]) for row in range(len(inputs))]
        contributions = torch.stack([logits for logits, _ in frames]).softmax(dim=1)
        levels = zip(*(masks for _, masks in frames), strict=True)
        occlusions = [torch.stack(level)[:, None].sigmoid() for level in levels]
        return Motion(deformed, contributions, combined(transforms, contributions), occlusions)

    def _frame(self, inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(1, 84, h, w) to logits (11, h, w) of the transformations and of four masks."""
        space = self._space
        maps = self._encoder(inputs)
        decoded = [maps[-1][0].permute(1, 2, 0).contiguous()]
        for index, (up, beside) in enumerate(zip(self._ups, reversed(maps[:-1]), strict=True)):
            channels, height, width = beside.shape[1:]
            joined = space.take(f"decoded {index}", height, width, up.outputs + channels)
            up(decoded[-1], joined[..., : up.outputs], space)
            joined[..., up.outputs :] = beside[0].permute(1, 2, 0)
            decoded.append(joined)
        masks = [self._coarse_mask(decoded[-2], space)[0].clone()]
        logits = self._maps_and_mask(decoded[-1], space).clone()
        masks.append(logits[TRANSFORMS])
        out = decoded[-1]
        for index, (up, mask) in enumerate(zip(self._finer, self._finer_masks, strict=True)):
            finer = space.take(f"finer {index}", 2 * out.shape[0], 2 * out.shape[1], up.outputs)
            out = up(out, finer, space)
            masks.append(mask(out, space)[0].clone())
        return logits[:TRANSFORMS], masks
