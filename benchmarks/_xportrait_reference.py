# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the reference implementation of X-Portrait from a checkout of it, on the CPU.

It needs einops and omegaconf besides. What it imports for training and for graphics cards is stood in for.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import diffusers.models.attention  # noqa: F401  before the stand-ins, which it would take for the real packages
import numpy as np
import torch
from torch import Tensor, nn

_NETWORK = {
    "image_size": 32,
    "in_channels": 4,
    "attention_resolutions": [4, 2, 1],
    "num_res_blocks": 2,
    "channel_mult": [1, 2, 4, 4],
    "num_heads": 8,
    "use_spatial_transformer": True,
    "transformer_depth": 1,
    "legacy": False,
}
_MOTION = {
    "use_motion_module": True,
    "motion_module_resolutions": [1, 2, 4, 8],
    "unet_use_cross_frame_attention": False,
    "unet_use_temporal_attention": False,
    "motion_module_type": "Vanilla",
    "motion_module_kwargs": {
        "num_attention_heads": 8,
        "num_transformer_block": 1,
        "attention_block_types": ["Temporal_Self", "Temporal_Self"],
        "temporal_position_encoding": True,
        "temporal_position_encoding_max_len": 24,
        "temporal_attention_dim_div": 1,
        "zero_initialize": True,
    },
}


def _stand_in(name: str, **content: Any) -> None:
    module = ModuleType(name)
    for key, value in content.items():
        setattr(module, key, value)
    sys.modules.setdefault(name, module)


def _imported(folder: Path) -> Any:
    """The module with the networks."""
    _stand_in("torchvision")
    _stand_in("model_lib.ControlNet.ldm.models.diffusion.ddpm", LatentDiffusionReferenceOnly=nn.Module)
    sys.path.insert(0, str(folder))
    from model_lib.ControlNet.cldm import cldm  # pyright: ignore[reportMissingImports]
    from model_lib.ControlNet.ldm.modules import motion_module  # pyright: ignore[reportMissingImports]

    # Motion modules ask for xformers, which needs a graphics card; PyTorch's own attention gives the same.
    attention = SimpleNamespace(memory_efficient_attention=_attention)
    motion_module.xformers = SimpleNamespace(ops=attention)
    return cldm


def _attention(query: Tensor, key: Tensor, value: Tensor, attn_bias: Tensor | None) -> Tensor:
    return nn.functional.scaled_dot_product_attention(query, key, value, attn_bias)


class Reference:
    """The networks of the checkout.

    Args:
        folder: the checkout.
        state: official name to tensor.
        channels, text_width: of the first level and of a token.
    """

    def __init__(self, folder: Path, state: Mapping[str, np.ndarray], channels: int, text_width: int) -> None:
        cldm = _imported(folder)
        sizes = {**_NETWORK, "model_channels": channels, "context_dim": text_width}
        self._holder: Any = nn.Module()
        self._holder.appearance_control_model = cldm.ControlNetReferenceOnly(hint_channels=3, out_channels=4, **sizes)
        self._holder.pose_control_model = cldm.ControlNet(hint_channels=3, **sizes)
        self._holder.local_pose_control_model = cldm.ControlNet(hint_channels=3, **sizes)
        self._holder.model = nn.Module()
        self._holder.model.diffusion_model = cldm.ControlledUnetModelAttn_Temporal_Pose_Local(
            out_channels=4, unet_additional_kwargs=_MOTION, **sizes
        )
        self._holder.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()})
        self._holder.requires_grad_(False).eval()
        self._apply = cldm.ControlLDMReferenceOnly_Temporal_Pose_Local.apply_model
        self._holder.control_enabled, self._holder.only_mid_control = True, False

    def noise(
        self, latents: Tensor, t: int, text: Tensor, source: Tensor | None, hints: tuple[Tensor, Tensor]
    ) -> Tensor:
        """What the networks find in 16 frames; without source, what they find without source and hints."""
        count = len(latents)
        condition = {
            "c_crossattn": [text[None].expand(count, -1, -1)],
            "c_concat": [hints[0]],
            "local_c_concat": [hints[1]],
        }
        times = torch.full((count,), t)
        reference = None if source is None else source[None].expand(count, -1, -1, -1)
        return self._apply(self._holder, latents, times, condition, reference, uc=source is None)
