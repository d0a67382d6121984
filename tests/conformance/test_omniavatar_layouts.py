# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's official files, by names and shapes: networks are built from them without memory."""

from __future__ import annotations

import json

import pytest
import torch
from conformance import RECORDED

from inference.engines.omniavatar.audio_pack import AudioPack, pack_options
from inference.engines.omniavatar.hearing import hearing_from
from inference.engines.omniavatar.loading import base_from, completed
from inference.engines.video.hold import Placed
from inference.errors import ErrorCode, TalkingHeadError


@pytest.fixture(scope="module")
def layouts():
    return json.loads((RECORDED / "omniavatar_keys_full.json").read_text(encoding="utf-8"))


def on_meta(layout):
    return {name: torch.empty(shape, device="meta") for name, (shape, _) in layout.items()}


@pytest.mark.parametrize(("size", "width", "blocks"), [("1.3B", 1536, 30), ("14B", 5120, 40)])
def test_video_model(layouts, size, width, blocks):
    adapter = on_meta(layouts[f"adapter_{size}"])
    transformer = base_from(on_meta(layouts[f"dit_{size}"]), adapter, "pytorch_model.pt")
    config = transformer.config
    assert (config["num_layers"], config["in_channels"], config["attention_head_dim"]) == (blocks, 33, 128)
    assert config["num_attention_heads"] * 128 == width
    held, pack = completed(transformer, adapter, "pytorch_model.pt", lambda network: Placed(network, None))
    added = {name for name, _ in held.network.named_buffers() if name.endswith("lora_0.down")}
    assert len(added) == blocks * 10
    assert len(pack.audio_cond_projs) == blocks // 2 - 1
    assert pack.audio_proj["proj"].in_features == 4 * 14 * 768


def test_ears(layouts):
    adapter = on_meta(layouts["adapter_1.3B"])
    ears = {name: tensor for name, tensor in adapter.items() if name.startswith("audio_")}
    with torch.device("meta"):
        expected = AudioPack(**pack_options(ears)).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in expected.items()} == {
        name: tuple(tensor.shape) for name, tensor in ears.items()
    }


def test_another_base(layouts):
    with pytest.raises(TalkingHeadError) as caught:
        base_from(on_meta(layouts["dit_14B"]), on_meta(layouts["adapter_1.3B"]), "pytorch_model.pt")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_sound_encoder(layouts):
    network = hearing_from(on_meta(layouts["wav2vec2_transformers"]), "model.safetensors")
    config = network.config
    assert (config.hidden_size, config.num_hidden_layers, config.num_attention_heads) == (768, 12, 12)
    assert tuple(config.conv_kernel) == (10, 3, 3, 3, 3, 2, 2)
