# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM 2: how its network is read off a file, and following a person with a tiny one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wan_masks_weights

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.wananimate.preprocess.sam2 import PersonMasks
from inference.engines.wananimate.preprocess.sam2_network import config_of, load, network_from, side_px, state_of
from inference.engines.wananimate.preprocess.seeds import Seed
from inference.errors import ErrorCode, TalkingHeadError
from inference.weights.store import WeightStore

# Official names and transformers', one of each kind; compared once with the layouts of all official files.
NAMES = """
    maskmem_tpos_enc memory_temporal_positional_encoding
    no_mem_embed no_memory_embedding
    no_mem_pos_enc no_memory_positional_encoding
    no_obj_ptr no_object_pointer
    no_obj_embed_spatial occlusion_spatial_embedding_parameter
    obj_ptr_tpos_proj.bias temporal_positional_encoding_projection_layer.bias
    obj_ptr_proj.layers.0.bias object_pointer_proj.proj_in.bias
    obj_ptr_proj.layers.1.bias object_pointer_proj.layers.0.bias
    obj_ptr_proj.layers.2.bias object_pointer_proj.proj_out.bias
    image_encoder.trunk.pos_embed_window vision_encoder.backbone.pos_embed_window
    image_encoder.trunk.patch_embed.proj.bias vision_encoder.backbone.patch_embed.projection.bias
    image_encoder.trunk.blocks.5.norm2.bias vision_encoder.backbone.blocks.5.layer_norm2.bias
    image_encoder.trunk.blocks.5.attn.qkv.bias vision_encoder.backbone.blocks.5.attn.qkv.bias
    image_encoder.trunk.blocks.5.attn.proj.bias vision_encoder.backbone.blocks.5.attn.proj.bias
    image_encoder.trunk.blocks.3.proj.bias vision_encoder.backbone.blocks.3.proj.bias
    image_encoder.trunk.blocks.5.mlp.layers.0.bias vision_encoder.backbone.blocks.5.mlp.proj_in.bias
    image_encoder.trunk.blocks.5.mlp.layers.1.bias vision_encoder.backbone.blocks.5.mlp.proj_out.bias
    image_encoder.neck.convs.3.conv.bias vision_encoder.neck.convs.3.bias
    memory_attention.layers.2.self_attn.q_proj.bias memory_attention.layers.2.self_attn.q_proj.bias
    memory_attention.layers.2.cross_attn_image.out_proj.bias memory_attention.layers.2.cross_attn_image.o_proj.bias
    memory_attention.layers.2.norm3.bias memory_attention.layers.2.layer_norm3.bias
    memory_attention.norm.bias memory_attention.layer_norm.bias
    memory_encoder.mask_downsampler.encoder.4.bias memory_encoder.mask_downsampler.layers.1.layer_norm.bias
    memory_encoder.mask_downsampler.encoder.9.bias memory_encoder.mask_downsampler.layers.3.conv.bias
    memory_encoder.mask_downsampler.encoder.12.bias memory_encoder.mask_downsampler.final_conv.bias
    memory_encoder.pix_feat_proj.bias memory_encoder.feature_projection.bias
    memory_encoder.fuser.layers.1.gamma memory_encoder.memory_fuser.layers.1.scale
    memory_encoder.fuser.layers.1.dwconv.bias memory_encoder.memory_fuser.layers.1.depthwise_conv.bias
    memory_encoder.fuser.layers.1.norm.bias memory_encoder.memory_fuser.layers.1.layer_norm.bias
    memory_encoder.fuser.layers.1.pwconv2.bias memory_encoder.memory_fuser.layers.1.pointwise_conv2.bias
    memory_encoder.out_proj.bias memory_encoder.projection.bias
    sam_prompt_encoder.not_a_point_embed.weight prompt_encoder.not_a_point_embed.weight
    sam_prompt_encoder.mask_downscaling.1.bias prompt_encoder.mask_embed.layer_norm1.bias
    sam_prompt_encoder.mask_downscaling.3.bias prompt_encoder.mask_embed.conv2.bias
    sam_mask_decoder.transformer.layers.1.self_attn.out_proj.bias
    mask_decoder.transformer.layers.1.self_attn.o_proj.bias
    sam_mask_decoder.transformer.layers.1.norm4.bias mask_decoder.transformer.layers.1.layer_norm4.bias
    sam_mask_decoder.transformer.layers.1.mlp.layers.1.bias mask_decoder.transformer.layers.1.mlp.proj_out.bias
    sam_mask_decoder.transformer.norm_final_attn.bias mask_decoder.transformer.layer_norm_final_attn.bias
    sam_mask_decoder.output_upscaling.1.bias mask_decoder.upscale_layer_norm.bias
    sam_mask_decoder.output_upscaling.3.bias mask_decoder.upscale_conv2.bias
    sam_mask_decoder.output_hypernetworks_mlps.3.layers.2.bias mask_decoder.output_hypernetworks_mlps.3.proj_out.bias
    sam_mask_decoder.iou_prediction_head.layers.1.bias mask_decoder.iou_prediction_head.layers.0.bias
    sam_mask_decoder.pred_obj_score_head.layers.0.bias mask_decoder.pred_obj_score_head.proj_in.bias
    sam_mask_decoder.obj_score_token.weight mask_decoder.obj_score_token.weight
    mask_downsample.bias mask_downsample.bias
""".split()


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return wan_masks_weights.write(tmp_path_factory.mktemp("sam2") / "model.safetensors")


@pytest.fixture(scope="module")
def people(path) -> PersonMasks:
    return PersonMasks(path, Placing(Device("cpu"), "full", "parts"))


def shot(count: int) -> list[np.ndarray]:
    """Blurs that move, (40, 60, 3) uint8 RGB."""
    colours = np.random.default_rng(3).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    picture = cv2.resize(colours, (60, 40), interpolation=cv2.INTER_CUBIC)
    return [np.roll(picture, 3 * number, axis=1) for number in range(count)]


def point(frame: int, x: float, y: float, belongs: bool = True) -> Seed:
    return Seed(frame, np.array([(x, y)]), np.array([belongs]))


def test_official_names():
    pairs = dict(zip(NAMES[::2], NAMES[1::2], strict=True))
    official = {name: torch.tensor(float(number)) for number, name in enumerate(pairs)}
    official["sam_mask_decoder.iou_token.weight"] = torch.zeros(1)
    positions = torch.tensor([7.0])
    official["sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"] = positions
    for number in range(4):
        official[f"sam_prompt_encoder.point_embeddings.{number}.weight"] = torch.full((1, 2), float(number))
    state = state_of({f"model.{name}": tensor for name, tensor in official.items()})
    assert {renamed: state[renamed] for renamed in pairs.values()} == {
        renamed: official[name] for name, renamed in pairs.items()
    }
    assert state["prompt_encoder.point_embed.weight"][:, 0].tolist() == [0, 1, 2, 3]
    assert state["shared_image_embedding.positional_embedding"] is positions
    assert state["prompt_encoder.shared_embedding.positional_embedding"] is positions
    assert len(state) == len(pairs) + 4


# First stage's width, blocks of the stages, and what the published configuration has for them.
PUBLISHED = {
    "tiny": (96, (1, 2, 7, 2), [1, 2, 4, 8], [8, 4, 14, 7], [5, 7, 9]),
    "small": (96, (1, 2, 11, 2), [1, 2, 4, 8], [8, 4, 14, 7], [7, 10, 13]),
    "base plus": (112, (2, 3, 16, 3), [2, 4, 8, 16], [8, 4, 14, 7], [12, 16, 20]),
    "large": (144, (2, 6, 36, 4), [2, 4, 8, 16], [8, 4, 16, 8], [23, 33, 43]),
}


@pytest.mark.parametrize("size", PUBLISHED)
def test_the_published_sizes(size):
    width, stages, heads, windows, whole = PUBLISHED[size]
    shapes = {name: tensor.shape for name, tensor in wan_masks_weights.network().state_dict().items()}
    shapes = {name: shape for name, shape in shapes.items() if ".backbone.blocks." not in name}
    shapes["vision_encoder.backbone.patch_embed.projection.weight"] = (width, 3, 7, 7)
    widths = [width * 2**stage for stage, count in enumerate(stages) for _ in range(count)]
    for number, channels in enumerate(widths):
        shapes[f"vision_encoder.backbone.blocks.{number}.attn.proj.weight"] = (channels, channels)
    shapes["vision_encoder.backbone.blocks.0.mlp.proj_in.weight"] = (4 * width, width)
    found = config_of(shapes)
    backbone = found.vision_config.backbone_config
    assert tuple(backbone.blocks_per_stage) == stages
    assert backbone.num_attention_heads_per_stage == heads
    assert backbone.window_size_per_stage == windows
    assert backbone.global_attention_blocks == whole
    assert found.image_size == 1024 and found.vision_config.backbone_feature_sizes[-1] == [64, 64]


def test_the_network_is_read_off_its_tensors(path):
    network, expected = load(path), wan_masks_weights.network()
    assert network.config.to_dict() == expected.config.to_dict()
    assert side_px(network) == wan_masks_weights.SIDE_PX
    tables, stored = dict(network.named_buffers()), wan_masks_weights.state()
    for name, wanted in expected.named_buffers():
        assert name in stored or torch.equal(tables[name], wanted), name


def test_other_files_are_refused(path):
    state = {name: torch.as_tensor(value) for name, value in wan_masks_weights.state().items()}
    del state["mask_decoder.iou_token.weight"]
    with pytest.raises(
        TalkingHeadError, match=r"cannot be SAM 2: mask_decoder\.iou_token\.weight is missing"
    ) as caught:
        network_from(state, "model.safetensors")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    with pytest.raises(TalkingHeadError, match=r"other\.safetensors is not SAM 2"):
        network_from({"weight": torch.zeros(2)}, "other.safetensors")


def test_a_person_is_followed_both_ways(people):
    frames = shot(5)
    found = people.masks(frames, [point(2, 0.5, 0.5)])
    assert found.shape == (5, 40, 60) and found.dtype == bool
    assert found.any(axis=(1, 2)).all() and not found.all()
    assert (people.masks(frames, [point(2, 0.5, 0.5)]) == found).all()
    # What lies before the seed does not change what follows it.
    assert (people.masks(frames[2:], [point(0, 0.5, 0.5)]) == found[2:]).all()


def test_points_tell_who_is_meant(people):
    frames = shot(3)
    first = people.masks(frames, [point(0, 0.2, 0.3)])
    assert (people.masks(frames, [point(0, 0.8, 0.7)]) != first).any()
    assert (people.masks(frames, [point(0, 0.2, 0.3, belongs=False)]) != first).any()
    assert (people.masks(frames, [point(2, 0.8, 0.7), point(0, 0.2, 0.3)])[2] != first[2]).any()


def test_a_mask_is_taken_as_it_is(people):
    mask = np.zeros((80, 120), bool)
    mask[20:60, 30:90] = True
    found = people.masks(shot(2), [Seed(0, mask=mask)])
    assert (found[0] == mask[::2, ::2]).mean() > 0.97
    assert found[1].any()


@pytest.mark.parametrize(
    "place",
    [
        "Wan2.2-Animate-14B/process_checkpoint/sam2/sam2_hiera_large.pt",
        "process_checkpoint/sam2/sam2_hiera_large.pt",
        "models/sam2/sam2.1_hiera_large.pt",
        "ComfyUI/models/sam2/sam2.1_hiera_large-fp16.safetensors",
        "ComfyUI/models/sam2/sam2_hiera_small.safetensors",
        "sam2.1_hiera_base_plus.pt",
    ],
)
def test_official_files_are_found_and_read(tmp_path, path, place):
    written = wan_masks_weights.write_official(tmp_path / place)
    found = WeightStore([tmp_path]).set_paths("wan_masks")
    assert found == {"sam2": written}
    network, known = load(found["sam2"]), load(path).state_dict()
    state = network.state_dict()
    later = {"occlusion_spatial_embedding_parameter", "temporal_positional_encoding_projection_layer"}
    lacking = {name.split(".")[0] for name in known.keys() - state.keys()}
    assert lacking == (later if written.name.startswith("sam2_") else set()) and len(state) > 200
    assert all(torch.equal(tensor, known[name]) for name, tensor in state.items())
    people = PersonMasks(found["sam2"], Placing(Device("cpu"), "full", "parts"))
    assert people.masks(shot(2), [point(0, 0.5, 0.5)]).any()


def test_following_can_be_canceled(people):
    told = []

    def cancel() -> None:
        told.append(None)
        if len(told) == 3:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        people.masks(shot(4), [point(0, 0.5, 0.5)], cancel)
    assert caught.value.code is ErrorCode.CANCELLED and len(told) == 3
    assert people.masks(shot(1), [point(0, 0.5, 0.5)]).any()


def test_too_little_memory_tells_what_to_do(people, monkeypatch):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(people, "_followed", fail)
    with pytest.raises(TalkingHeadError, match="set Mask From to Person Matte") as caught:
        people.masks(shot(1), [point(0, 0.5, 0.5)])
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
