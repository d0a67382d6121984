# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny seeded SAM 2.1 in the form of facebook/sam2.1-hiera-large: the large one's blocks, fewer channels. The same
tensors by the names of the official files.
"""

from __future__ import annotations

import json
import re
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

# transformers' names to official ones, in this order.
_OFFICIAL = (
    (r"^shared_image_embedding\.positional_embedding$", "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    (r"mask_embed\.conv1\.", "mask_downscaling.0."),
    (r"mask_embed\.layer_norm1\.", "mask_downscaling.1."),
    (r"mask_embed\.conv2\.", "mask_downscaling.3."),
    (r"mask_embed\.layer_norm2\.", "mask_downscaling.4."),
    (r"mask_embed\.conv3\.", "mask_downscaling.6."),
    (r"upscale_conv1\.", "output_upscaling.0."),
    (r"upscale_layer_norm\.", "output_upscaling.1."),
    (r"upscale_conv2\.", "output_upscaling.3."),
    (r"^(prompt_encoder|mask_decoder)\.", r"sam_\1."),
    (r"^vision_encoder\.backbone\.", "image_encoder.trunk."),
    (r"^vision_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
    (r"patch_embed\.projection\.", "patch_embed.proj."),
    (r"^memory_encoder\.projection\.", "memory_encoder.out_proj."),
    (r"^memory_encoder\.feature_projection\.", "memory_encoder.pix_feat_proj."),
    (r"memory_fuser\.(.*)\.scale$", r"memory_fuser.\1.gamma"),
    (r"memory_fuser\.", "fuser."),
    (r"depthwise_conv\.", "dwconv."),
    (r"pointwise_conv(\d)\.", r"pwconv\1."),
    (r"\.o_proj\.", ".out_proj."),
    (r"^memory_temporal_positional_encoding$", "maskmem_tpos_enc"),
    (r"^no_memory_embedding$", "no_mem_embed"),
    (r"^no_memory_positional_encoding$", "no_mem_pos_enc"),
    (r"^no_object_pointer$", "no_obj_ptr"),
    (r"^occlusion_spatial_embedding_parameter$", "no_obj_embed_spatial"),
    (r"^temporal_positional_encoding_projection_layer\.", "obj_ptr_tpos_proj."),
    (r"^object_pointer_proj\.", "obj_ptr_proj."),
    (r"\.mlp\.proj_in\.", ".mlp.layers.0."),
    (r"\.mlp\.proj_out\.", ".mlp.layers.1."),
    (r"(_head|_proj|_mlps\.\d+)\.layers\.0\.", r"\1.layers.1."),
    (r"(_head|_proj|_mlps\.\d+)\.proj_in\.", r"\1.layers.0."),
    (r"(_head|_proj|_mlps\.\d+)\.proj_out\.", r"\1.layers.2."),
)
# What SAM 2 has not, of which 2.1 is the later edition.
_LATER = "no_obj_embed_spatial", "obj_ptr_tpos_proj"


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


def official(version: str = "sam2.1") -> dict[str, np.ndarray]:
    """Tensors by the names of the official files, "sam2" or "sam2.1"."""
    tensors: dict[str, np.ndarray] = {}
    for name, value in state().items():
        if name == "prompt_encoder.point_embed.weight":
            rows = {f"sam_prompt_encoder.point_embeddings.{n}.weight": value[n : n + 1] for n in range(len(value))}
            tensors.update(rows)
        elif name != "prompt_encoder.shared_embedding.positional_embedding":
            tensors[_official_name(name)] = value
    return {name: value for name, value in tensors.items() if version != "sam2" or not name.startswith(_LATER)}


def _official_name(name: str) -> str:
    for pattern, replacement in _OFFICIAL:
        name = re.sub(pattern, replacement, name)
    if "mask_downsampler" in name:
        name = name.replace("mask_downsampler.final_conv.", "mask_downsampler.layers.4.conv.")
        layer, part = re.findall(r"layers\.(\d+)\.(\w+)", name)[0]
        return re.sub(r"layers\.\d+\.\w+", f"encoder.{3 * int(layer) + (part == 'layer_norm')}", name)
    return re.sub(r"\blayer_norm(\d?|_final_attn)\.", r"norm\1.", name)


def write_official(path: Path) -> Path:
    """Save an official file: .pt as the official programs do, .safetensors as it is brought to that."""
    import torch
    from sd15_weights import write_tensors

    tensors = official(path.name.split("_")[0])
    if path.suffix == ".safetensors":
        return write_tensors(path, tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}}, path)
    return path
