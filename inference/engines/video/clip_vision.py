# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIP's ViT-H/14: a picture to the 257 rows that Wan's transformers see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import CLIPVisionConfig, CLIPVisionModel

from ..diffusion.placing import Placing
from ..neural.strict_loading import wrong_file
from . import shapes
from .names import clip_names
from .strict import strict

# Mean and deviation of the pictures that it was trained on, RGB 0..1.
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)


def load_clip(tensors: Mapping[str, Tensor], source: str = "CLIP") -> CLIPVisionModel:
    """The network from tensors with the official names (``visual.*``) or transformers'; 32 bit on the CPU.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    tensors = clip_names(tensors)
    try:
        config = shapes.clip(tensors)
    except LookupError as error:
        raise wrong_file(f"{source} cannot be CLIP's ViT-H: {error.args[0]} is missing.") from error
    network = strict(
        lambda: CLIPVisionModel(CLIPVisionConfig(**config)), tensors, "CLIP's ViT-H", source, torch.float32
    )
    assert isinstance(network, CLIPVisionModel)
    return network


class ClipVision:
    """The network on a device, in 32 bit.

    Args:
        network: as ``load_clip`` gives it.
        placing: where it runs.
    """

    def __init__(self, network: CLIPVisionModel, placing: Placing) -> None:
        self.network, self.placing = network, placing

    def rows(self, picture: np.ndarray) -> np.ndarray:
        """What the layer before the last one sees of a picture, all of which is brought to 224 x 224.

        Args:
            picture: (3, H, W) float32 RGB -1..1.

        Returns:
            (257, width) float32: the whole, then 16 x 16 patches.
        """
        side = cast(int, self.network.config.image_size)
        with self.placing.using(self.network, exact=True):
            seen = interpolate(self.placing.tensor(picture, exact=True)[None], (side, side), mode="bicubic")
            mean, std = (self.placing.tensor(torch.tensor(each), exact=True)[:, None, None] for each in (_MEAN, _STD))
            found = self.network(pixel_values=(seen * 0.5 + 0.5 - mean) / std, output_hidden_states=True)
            return found.hidden_states[-2][0].float().cpu().numpy()
