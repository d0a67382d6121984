# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks and their hooks promise beside the recorded numbers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
from hellomeme_tiny import nobody, tiny_ask, tiny_model, tiny_networks, tiny_unet
from torch import nn

from inference.engines.diffusion.placing import Placing
from inference.engines.hellomeme.hooks import Insertion, inserted
from inference.engines.hellomeme.model import Model
from inference.engines.hellomeme.networks.blocks import positions
from inference.engines.hellomeme.networks.control import COEFFICIENTS, FACE_PARTS
from inference.engines.hellomeme.sampling import draw_film
from inference.engines.neural.device import Device
from inference.errors import ErrorCode, TalkingHeadError

# Stored in the official files, and used by nothing.
UNUSED = ("time_emb_proj", "mouth_embed")


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_positions_do_not_depend_on_the_length():
    like = torch.zeros(1)
    np.testing.assert_array_equal(positions(64, 32, like)[:7], positions(7, 32, like))
    assert positions(3, 8, like)[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("version", ["v5", "v5b"])
def test_a_prepared_portrait_counts_for_every_frame_alike(version):
    reference = tiny_networks(version).reference
    states, portraits = torch.randn(6, 32, 4, 4), torch.randn(2, 32, 4, 4)
    with torch.inference_mode():
        place = reference.reference_modules_up[0]
        together = reference.at(0, states, place.prepared(portraits))
        alone = [reference.at(0, states[i : i + 1], place.prepared(portraits[i // 3 : i // 3 + 1])) for i in range(6)]
    np.testing.assert_allclose(together, torch.cat(alone), atol=1e-5)


def test_nothing_inserted_changes_nothing(model):
    sample, text = torch.randn(2, 4, 16, 16), torch.randn(2, 7, 16)
    with torch.inference_mode():
        plain = model.unet(sample, 7, encoder_hidden_states=text).sample
        with inserted(model.unet, Insertion(2)):
            np.testing.assert_array_equal(model.unet(sample, 7, encoder_hidden_states=text).sample, plain)


def test_every_tensor_belongs_to_a_layer_that_computes(model):
    """Placing puts layers on the device when they are called, so a tensor that is used otherwise would be missed."""
    networks = model.networks
    called: set[nn.Module] = set()
    everything = nn.ModuleList([networks.reference, networks.control, networks.control_proj, networks.motion,
                                networks.pd_fgc])  # fmt: skip
    hooks = [layer.register_forward_hook(lambda layer, *_: called.add(layer)) for layer in everything.modules()]
    draw_film(model, tiny_ask(5, steps=1, window=3), nobody())
    model.emotions(np.zeros((1, 224, 224, 3), np.uint8))
    with torch.inference_mode():
        networks.control.coefficients(torch.zeros(1, COEFFICIENTS), torch.zeros(1, FACE_PARTS, 32))
    for hook in hooks:
        hook.remove()
    missed = [
        name
        for name, layer in everything.named_modules()
        if [*layer.parameters(recurse=False), *layer.buffers(recurse=False)] and layer not in called
    ]
    assert [name for name in missed if not any(part in name for part in UNUSED)] == []


def test_one_unet_can_draw_and_read():
    unet, networks = tiny_unet(), tiny_networks()
    one = Model(networks, unet, unet, Placing(Device("cpu"), "full"))
    assert np.isfinite(draw_film(one, tiny_ask(5, steps=1, window=3), nobody())).all()


def test_a_checkpoint_that_does_not_fit_is_refused():
    networks, unet = tiny_networks(), tiny_unet()
    with pytest.raises(TalkingHeadError, match="do not fit") as caught:
        Model(networks, tiny_unet(64), unet, Placing(Device("cpu"), "full"))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_no_faces_have_no_emotions(model):
    assert model.emotions(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 548)


def test_a_window_needs_memory_for_its_frames(model):
    assert model.working_bytes(12, (64, 64)) == 12 * model.working_bytes(1, (64, 64)) > 0
