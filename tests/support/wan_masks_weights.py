# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny seeded SAM 2.1 in the form of facebook/sam2.1-hiera-large: the large one's blocks, fewer channels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SEED = 13
WIDTH = 128
"""Of features, prompts and memory; 256 in the official one. transformers needs twice the memory's 64."""
SIDE_PX = 256
"""Of the square that networks of unpublished widths look at."""

_BACKBONE: dict[str, Any] = {
    "hidden_size": 8,
    "embed_dim_per_stage": [8, 16, 32, 64],
    "blocks_per_stage": [1, 2, 3, 1],
    "num_attention_heads_per_stage": [1, 2, 4, 8],
    "window_size_per_stage": [8, 4, 16, 8],
    "global_attention_blocks": [4, 5],
    "image_size": [SIDE_PX, SIDE_PX],
    "num_attention_heads": 1,
}
# The second one: a person is always seen.
_RULES = [["pos_embed|_embed|embedding", "normal", 0.3], ["pred_obj_score_head.proj_out.bias", "uniform", 5, 6]]
CONFIG: dict[str, Any] = {
    "vision_config": {
        "model_type": "sam2_vision_model",
        "backbone_config": {"model_type": "sam2_hiera_det_model", **_BACKBONE},
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[SIDE_PX // scale] * 2 for scale in (4, 8, 16)],
        "fpn_hidden_size": WIDTH,
    },
    "image_size": SIDE_PX,
    "prompt_encoder_config": {"hidden_size": WIDTH, "image_size": SIDE_PX},
    "mask_decoder_config": {"hidden_size": WIDTH, "mlp_dim": 32, "iou_head_hidden_dim": WIDTH},
    "memory_attention_rope_feat_sizes": [SIDE_PX // 16] * 2,
    "memory_attention_hidden_size": WIDTH,
    "memory_attention_num_layers": 4,
    "memory_attention_feed_forward_hidden_size": 32,
    "memory_encoder_hidden_size": WIDTH,
    "memory_encoder_output_channels": 64,
    "mask_downsampler_embed_dim": WIDTH,
    "memory_fuser_embed_dim": WIDTH,
    "memory_fuser_intermediate_dim": 32,
}


def network() -> Any:
    """The ``Sam2VideoModel`` without weights of its own."""
    from transformers import Sam2VideoConfig, Sam2VideoModel

    return Sam2VideoModel(Sam2VideoConfig(**CONFIG))


def state() -> dict[str, np.ndarray]:
    """Tensors by the names of the file."""
    from seeded_weights import seeded_state_dict

    shapes = {name: (tuple(value.shape), "float32") for name, value in network().state_dict().items()}
    return seeded_state_dict(shapes, SEED, _RULES)


def write(path: Path) -> Path:
    """Save model.safetensors, and config.json beside it."""
    from sd15_weights import write_tensors

    write_tensors(path, state())
    config = {"architectures": ["Sam2VideoModel"], "model_type": "sam2_video", **CONFIG}
    (path.parent / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    return path
