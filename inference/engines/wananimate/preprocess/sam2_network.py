# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM 2's network from its file: how it is built is read off the tensors' shapes.

Both forms are taken: transformers' (facebook/sam2.1-hiera-large) and the official one (sam2_hiera_large.pt and its
safetensors conversions), of SAM 2 and SAM 2.1 and of all sizes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import Sam2HieraDetConfig, Sam2VideoConfig, Sam2VideoModel, Sam2VisionConfig
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMemoryAttention, Sam2VideoVisionRotaryEmbedding

from ....weights.tensors import read_tensors
from ...neural.strict_loading import strict_network, wrong_file

_OFFICIAL = "sam_mask_decoder.iou_token.weight"
# One tensor under two names, of which files have one or both.
_SHARED = ("shared_image_embedding.positional_embedding", "prompt_encoder.shared_embedding.positional_embedding")
# Official names to transformers', in this order.
_RENAMED = (
    (r"^sam_prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix$", _SHARED[0]),
    (r"^sam_prompt_encoder\.mask_downscaling\.0\.", "prompt_encoder.mask_embed.conv1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.1\.", "prompt_encoder.mask_embed.layer_norm1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.3\.", "prompt_encoder.mask_embed.conv2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.4\.", "prompt_encoder.mask_embed.layer_norm2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.6\.", "prompt_encoder.mask_embed.conv3."),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.output_upscaling\.0\.", "mask_decoder.upscale_conv1."),
    (r"^sam_mask_decoder\.output_upscaling\.1\.", "mask_decoder.upscale_layer_norm."),
    (r"^sam_mask_decoder\.output_upscaling\.3\.", "mask_decoder.upscale_conv2."),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"patch_embed\.proj\.", "patch_embed.projection."),
    (r"^memory_encoder\.out_proj\.", "memory_encoder.projection."),
    (r"^memory_encoder\.pix_feat_proj\.", "memory_encoder.feature_projection."),
    (r"^memory_encoder\.fuser\.", "memory_encoder.memory_fuser."),
    (r"\.dwconv\.", ".depthwise_conv."),
    (r"\.pwconv([12])\.", r".pointwise_conv\1."),
    (r"\.gamma$", ".scale"),
    (r"\.out_proj\.", ".o_proj."),
    (r"^maskmem_tpos_enc$", "memory_temporal_positional_encoding"),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"^no_mem_pos_enc$", "no_memory_positional_encoding"),
    (r"^no_obj_ptr$", "no_object_pointer"),
    (r"^no_obj_embed_spatial$", "occlusion_spatial_embedding_parameter"),
    (r"^obj_ptr_tpos_proj\.", "temporal_positional_encoding_projection_layer."),
    (r"^obj_ptr_proj\.", "object_pointer_proj."),
    (r"\bnorm_final_attn\.", "layer_norm_final_attn."),
    (r"\.norm(\d?)\.", r".layer_norm\1."),
    # Networks of two layers, then those of three.
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"(_head|_proj|_mlps\.\d+)\.layers\.0\.", r"\1.proj_in."),
    (r"(_head|_proj|_mlps\.\d+)\.layers\.2\.", r"\1.proj_out."),
    (r"(_head|_proj|_mlps\.\d+)\.layers\.1\.", r"\1.layers.0."),
)  # fmt: skip
_POINT_EMBEDDING = "sam_prompt_encoder.point_embeddings."
_MASK_ENCODER = re.compile(r"^memory_encoder\.mask_downsampler\.encoder\.(\d+)\.")
_TEMPORAL = "temporal_positional_encoding_projection_layer.weight"
_PATCHES = "vision_encoder.backbone.patch_embed.projection.weight"
_BLOCK = "vision_encoder.backbone.blocks."

Shapes = Mapping[str, Sequence[int]]


def load(path: Path) -> Sam2VideoModel:
    """The network, in 32 bit on the CPU.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, UNSUPPORTED_INPUT, WEIGHTS_CORRUPT.
    """
    return network_from(read_tensors(path), path.name)


def network_from(tensors: Mapping[str, Tensor], source: str) -> Sam2VideoModel:
    """The network of a file's tensors.

    Args:
        source: file name, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    state = state_of(tensors)
    try:
        config = config_of({name: tuple(tensor.shape) for name, tensor in state.items()})
    except (KeyError, ValueError, IndexError, ZeroDivisionError) as error:
        raise wrong_file(f"{source} is not SAM 2.", repr(error)) from error
    network = strict_network(lambda: Sam2VideoModel(config), state, "SAM 2", source)
    assert isinstance(network, Sam2VideoModel)
    _fill_tables(network.memory_attention, config)
    return network


def side_px(network: Sam2VideoModel) -> int:
    """Side of the square that pictures are shown to the network in."""
    size = network.config.image_size
    return size if isinstance(size, int) else size[0]


def state_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A file's tensors by transformers' names."""
    tensors = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
    if _OFFICIAL in tensors:
        tensors = _from_official(tensors)
    shared = next((tensors[name] for name in _SHARED if name in tensors), None)
    return {**tensors, **({} if shared is None else dict.fromkeys(_SHARED, shared))}


def _from_official(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    points = sorted(name for name in tensors if name.startswith(_POINT_EMBEDDING))
    renamed = {_name(name): tensor for name, tensor in tensors.items() if name not in points}
    renamed["prompt_encoder.point_embed.weight"] = torch.cat([tensors[name] for name in points])
    last = max((int(found[1]) for name in tensors if (found := _MASK_ENCODER.match(name))), default=0) // 3
    final = f"mask_downsampler.layers.{last}.conv."
    return {name.replace(final, "mask_downsampler.final_conv."): tensor for name, tensor in renamed.items()}


def _name(official: str) -> str:
    name = official
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    return _MASK_ENCODER.sub(_mask_layer, name)


def _mask_layer(found: re.Match[str]) -> str:
    """Of three entries for each of the mask's layers: convolution, norm and one without tensors."""
    layer, part = divmod(int(found[1]), 3)
    return f"memory_encoder.mask_downsampler.layers.{layer}.{('conv', 'layer_norm')[part]}."


def config_of(shapes: Shapes) -> Sam2VideoConfig:
    """How the network is built.

    Args:
        shapes: of the tensors by transformers' names.
    """
    prompts = shapes["prompt_encoder.point_embed.weight"]
    attention = shapes["memory_attention.layers.0.self_attn.q_proj.weight"]
    fuser = shapes["memory_encoder.memory_fuser.layers.0.depthwise_conv.weight"]
    side_px = _untold(shapes).side_px
    return Sam2VideoConfig(
        image_size=side_px,
        memory_attention_rope_feat_sizes=[side_px // 16] * 2,
        vision_config=_vision_config(shapes),
        prompt_encoder_config={
            "hidden_size": prompts[1],
            "image_size": side_px,
            "num_point_embeddings": prompts[0],
            "mask_input_channels": shapes["prompt_encoder.mask_embed.conv2.weight"][0],
        },
        mask_decoder_config=_decoder_config(shapes),
        num_maskmem=shapes["memory_temporal_positional_encoding"][0],
        enable_occlusion_spatial_embedding="occlusion_spatial_embedding_parameter" in shapes,
        enable_temporal_pos_encoding_for_object_pointers=_TEMPORAL in shapes,
        memory_attention_hidden_size=attention[1],
        memory_attention_num_layers=_count(shapes, "memory_attention.layers."),
        memory_attention_downsample_rate=attention[1] // attention[0],
        memory_attention_feed_forward_hidden_size=shapes["memory_attention.layers.0.linear1.weight"][0],
        memory_encoder_hidden_size=shapes["memory_encoder.feature_projection.weight"][0],
        memory_encoder_output_channels=shapes["memory_encoder.projection.weight"][0],
        mask_downsampler_embed_dim=shapes["memory_encoder.mask_downsampler.final_conv.weight"][0],
        mask_downsampler_total_stride=2 ** _count(shapes, "memory_encoder.mask_downsampler.layers."),
        memory_fuser_num_layers=_count(shapes, "memory_encoder.memory_fuser.layers."),
        memory_fuser_embed_dim=fuser[0],
        memory_fuser_kernel_size=fuser[2],
        memory_fuser_padding=fuser[2] // 2,
        memory_fuser_intermediate_dim=shapes["memory_encoder.memory_fuser.layers.0.pointwise_conv1.weight"][0],
    )  # fmt: skip


def _decoder_config(shapes: Shapes) -> dict[str, int]:
    narrow, wide = shapes["mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight"]
    return {
        "hidden_size": wide,
        "mlp_dim": shapes["mask_decoder.transformer.layers.0.mlp.proj_in.weight"][0],
        "num_hidden_layers": _count(shapes, "mask_decoder.transformer.layers."),
        "attention_downsample_rate": wide // narrow,
        "num_multimask_outputs": shapes["mask_decoder.mask_tokens.weight"][0] - 1,
        "iou_head_depth": 2 + _count(shapes, "mask_decoder.iou_prediction_head.layers."),
        "iou_head_hidden_dim": shapes["mask_decoder.iou_prediction_head.proj_in.weight"][0],
    }


def _vision_config(shapes: Shapes) -> Sam2VisionConfig:
    widths = [shapes[f"{_BLOCK}{number}.attn.proj.weight"][0] for number in range(_count(shapes, _BLOCK))]
    stages = sorted(set(widths))
    blocks = [widths.count(width) for width in stages]
    first, untold = shapes[_PATCHES], _untold(shapes)
    # Third stages have three blocks that see the whole picture, evenly spaced from the last one on, in all published
    # sizes; a stage's first one cannot.
    start, step = sum(blocks[:2]), max(2 * blocks[2] // 7, 1)
    whole = range(start + blocks[2] - 1, start, -step)[:3]
    backbone = Sam2HieraDetConfig(
        hidden_size=first[0],
        num_attention_heads=untold.heads,
        image_size=[untold.side_px] * 2,
        patch_kernel_size=list(first[2:]),
        patch_padding=[side // 2 for side in first[2:]],
        window_positional_embedding_background_size=list(shapes["vision_encoder.backbone.pos_embed"][2:]),
        blocks_per_stage=blocks,
        embed_dim_per_stage=stages,
        num_attention_heads_per_stage=[untold.heads * 2**stage for stage in range(len(stages))],
        window_size_per_stage=[shapes["vision_encoder.backbone.pos_embed_window"][2], *untold.windows],
        global_attention_blocks=sorted(whole),
        mlp_ratio=shapes[f"{_BLOCK}0.mlp.proj_in.weight"][0] / first[0],
    )
    return Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=stages[::-1],
        backbone_feature_sizes=[[untold.side_px // scale] * 2 for scale in (4, 8, 16)],
        fpn_hidden_size=shapes["vision_encoder.neck.convs.0.weight"][0],
    )


@dataclass(frozen=True)
class _Untold:
    """What no tensor's shape tells.

    Attributes:
        heads: of the first stage.
        windows: sides of the later stages' windows.
        side_px: of the square that pictures are shown in.
    """

    heads: int = 1
    windows: tuple[int, ...] = (4, 16, 8)
    side_px: int = 256


# By the width of the first stage: tiny and small, base plus, large. Networks of other widths are those of tests, and
# look at small pictures.
_PUBLISHED = {
    96: _Untold(1, (4, 14, 7), 1024),
    112: _Untold(2, (4, 14, 7), 1024),
    144: _Untold(2, (4, 16, 8), 1024),
}


def _untold(shapes: Shapes) -> _Untold:
    return _PUBLISHED.get(shapes[_PATCHES][0], _Untold())


def _count(shapes: Shapes, prefix: str) -> int:
    """How many numbered parts begin like this."""
    return len({name[len(prefix) :].split(".")[0] for name in shapes if name.startswith(prefix)})


def _fill_tables(attention: Sam2VideoMemoryAttention, config: Sam2VideoConfig) -> None:
    """Make the tables that no file has, which were built without memory."""
    frequencies, _ = Sam2VideoVisionRotaryEmbedding.compute_axial_rope_parameters(config)
    rotary = attention.get_submodule("rotary_emb")
    rotary.register_buffer("inv_freq", frequencies, persistent=False)
    rotary.register_buffer("original_inv_freq", frequencies.clone(), persistent=False)
    positions = Sam2VideoMemoryAttention.precompute_positions(config)
    attention.register_buffer("position_ids", positions, persistent=False)
