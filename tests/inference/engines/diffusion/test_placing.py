# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks come to the device and leave it, and compute the same however they do.

The device of these tests is PyTorch's "meta": tensors there have a shape and a place, and no memory.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

pytest.importorskip("diffusers")

import sd15_weights
import torch
from diffusers.models.attention_processor import Attention

from inference.engines.diffusion import base_model, memory, placing
from inference.engines.diffusion.attention import in_slices
from inference.engines.diffusion.memory import SETTINGS
from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.errors import ErrorCode, TalkingHeadError

CPU, META = Device("cpu"), Device("meta")
PLENTY = 80 * 10**9


@pytest.fixture(scope="module")
def unet():
    return base_model.load_unet(sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())["sd15_unet"])


@pytest.fixture(scope="module")
def encoder():
    return base_model.load_text_encoder(sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())["sd15_text"])


@pytest.fixture
def free(monkeypatch):
    """Sets what is free on the device."""

    def tell(count):
        monkeypatch.setattr(placing, "free_bytes", lambda device: count)

    tell(PLENTY)
    return tell


@pytest.fixture
def as_on_a_card(monkeypatch):
    """The CPU is treated as a graphics card, so that networks visit it."""
    monkeypatch.setattr(placing, "decide", lambda setting, kind, stage: memory.decide(setting, "cuda", stage))


def inputs(count=2):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 4, 16, 16, generator=generator), torch.randn(count, 77, 16, generator=generator)


def called(unet, place):
    noise, text = (place.tensor(values) for values in inputs())
    return unet(noise, 431, text, return_dict=False)[0]


def read(encoder, place):
    return encoder(place.tensor(torch.arange(77)[None])).last_hidden_state


def places(network):
    return {tensor.device.type for tensor in [*network.parameters(), *network.buffers()]}


def small():
    return torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4)).requires_grad_(False).eval()


@pytest.mark.parametrize("setting", SETTINGS)
def test_all_settings_give_the_same_bits_on_the_cpu(setting, unet, as_on_a_card, free):
    with torch.inference_mode():
        expected = unet(*inputs()[:1], 431, inputs()[1]).sample
    place = Placing(CPU, "full", setting)
    with place.using(unet):
        found = called(unet, place)
    assert torch.equal(found, expected)
    assert torch.equal(called(unet, place), expected)


@pytest.mark.parametrize(
    ("setting", "during", "afterwards"),
    [("all", "meta", "meta"), ("auto", "meta", "meta"), ("parts", "meta", "cpu"), ("layers", "cpu", "cpu")],
)
def test_where_a_network_is(setting, during, afterwards, encoder, free):
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    place = Placing(META, "full", setting)
    with place.using(encoder):
        assert places(encoder) == {during}
        assert read(encoder, place).device.type == "meta"
    assert places(encoder) == {afterwards}
    place.release()
    assert places(encoder) == {"cpu"}
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())


def test_layers_are_on_the_device_one_at_a_time(encoder, free):
    there, most = 0, 0

    def arrived(layer, *_):
        nonlocal there, most
        there += sum(tensor.nbytes for tensor in layer.parameters(recurse=False) if tensor.device.type == "meta")
        most = max(most, there)

    def left(layer, *_):
        nonlocal there
        there -= sum(tensor.nbytes for tensor in layer.parameters(recurse=False))

    hooks = [hook for layer in encoder.modules() if not list(layer.children()) for hook in
             (layer.register_forward_pre_hook(arrived), layer.register_forward_hook(left))]  # fmt: skip
    place = Placing(META, "full", "layers")
    try:
        with place.using(encoder):
            read(encoder, place)
    finally:
        for hook in hooks:
            hook.remove()
    largest = max(sum(t.nbytes for t in layer.parameters(recurse=False)) for layer in encoder.modules())
    assert 0 < most <= largest
    assert places(encoder) == {"cpu"}


def test_after_layers_nothing_is_hooked_any_more(unet, free):
    place = Placing(META, "full", "layers")
    with place.using(unet):
        pass
    assert not any(layer._forward_pre_hooks or layer._forward_hooks for layer in unet.modules())
    assert not any("forward" in vars(layer) for layer in unet.modules())


def test_the_device_is_left_when_drawing_fails(unet, free):
    for setting in ("parts", "layers"):
        place = Placing(META, "full", setting)
        with pytest.raises(KeyError), place.using(unet):
            raise KeyError("cancelled")
        assert places(unet) == {"cpu"}


def test_a_stage_makes_room_by_what_it_does_not_need(free):
    first, second = small(), small()
    place = Placing(META, "full", "auto")
    with place.using(first):
        pass
    with place.using(second):
        assert places(first) == places(second) == {"meta"}
    free(0)
    with place.using(second):
        assert places(second) == {"meta"}
    need = sum(tensor.nbytes for tensor in second.state_dict().values())
    with place.using(second, working=need // 2):
        assert places(first) == {"cpu"}
        assert places(second) == {"meta"}


def test_what_is_in_use_is_not_put_off(free):
    first, second = small(), small()
    place = Placing(META, "full", "parts")
    with place.using(first):
        with place.using(second, first):
            assert places(first) == places(second) == {"meta"}
        assert places(first) == {"meta"}
        assert places(second) == {"cpu"}
        place.release()
        assert places(first) == {"meta"}
    assert places(first) == {"cpu"}


def test_too_little_memory_means_layers(free):
    network = small()
    place = Placing(META, "full", "auto")
    free(10)
    with place.using(network):
        assert places(network) == {"cpu"}
        assert network(place.tensor(np.zeros((2, 4), np.float32))).device.type == "meta"


def test_networks_are_not_held():
    network = small()
    place = Placing(META, "full", "all")
    with place.using(network):
        pass
    held = weakref.ref(network)
    del network
    gc.collect()
    assert held() is None
    place.release()


def test_precision(monkeypatch):
    monkeypatch.setattr(Device, "half", None)
    assert Placing(CPU).dtype is Placing(CPU, "half").dtype is torch.float32
    assert Placing(Device("mps")).dtype is torch.float32
    assert Placing(Device("mps"), "half").dtype is torch.float16
    assert Placing(Device("cuda")).dtype is Placing(Device("cuda"), "half").dtype is torch.float16
    assert Placing(Device("cuda"), "full").dtype is torch.float32
    monkeypatch.setattr(Device, "half", torch.bfloat16)
    assert Placing(CPU).dtype is torch.bfloat16
    assert Placing(CPU, "full").dtype is torch.float32


def test_networks_and_values_have_the_type_of_their_stage(monkeypatch):
    monkeypatch.setattr(Device, "half", torch.bfloat16)
    network, place = small(), Placing(CPU, "half")
    with place.using(network):
        assert network[0].weight.dtype is torch.bfloat16
        assert network[1].num_batches_tracked.dtype is torch.int64
    assert place.tensor(np.zeros(2)).dtype is torch.bfloat16
    assert place.tensor(np.zeros(2, np.int64)).dtype is torch.int64
    assert place.tensor(np.zeros(2), exact=True).dtype is torch.float32
    exact = small()
    with place.using(exact, exact=True):
        assert exact[0].weight.dtype is torch.float32


@pytest.mark.filterwarnings("error")
def test_values_that_may_not_be_written_are_taken():
    values = np.arange(3, dtype=np.float32)
    values.flags.writeable = False
    tensor = Placing(CPU, "full").tensor(values)
    tensor += 1
    assert values.tolist() == [0, 1, 2]


def test_there_are_no_gradients():
    network = torch.nn.Linear(2, 2)
    with Placing(CPU, "full").using(network):
        assert not network(torch.ones(1, 2)).requires_grad


def test_attention_in_slices_is_the_same(unet):
    rows = []
    layer = next(layer for layer in unet.modules() if isinstance(layer, Attention))
    place = Placing(CPU, "full")
    with place.using(unet):
        expected = called(unet, place)
        with in_slices([unet], scores_bytes=8 * 64 * 64 * 4):
            hook = layer.to_q.register_forward_hook(lambda _, given, __: rows.append(len(given[0])))
            found = called(unet, place)
            hook.remove()
        assert torch.allclose(found, expected, atol=1e-5)
    assert rows == [1, 1]
    assert not any("forward" in vars(each) for each in unet.modules())


@pytest.fixture
def failing(free):
    """A place, a drawing on it that fails some times before it is done, and the settings it was tried with."""

    def make(times, error):
        place, tried = Placing(META, "full", "auto"), []

        def draw():
            tried.append(place.memory)
            with place.using(small()):
                if len(tried) <= times:
                    raise error
                return np.zeros(2, np.float32)

        return place, draw, tried

    return make


def test_where_memory_ran_out_less_is_kept_on_the_device(failing):
    place, draw, tried = failing(2, torch.OutOfMemoryError("out of memory"))
    assert place.attempt(draw).shape == (2,)
    assert tried == ["auto", "parts", "layers"]
    assert place.memory == "layers"


def test_memory_that_is_never_enough_is_told(failing):
    place, draw, tried = failing(9, RuntimeError("MPS backend out of memory"))
    with pytest.raises(TalkingHeadError) as caught:
        place.attempt(draw)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert "Layers in Turn" in caught.value.hint
    assert len(tried) == 3


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("shapes do not match"), RuntimeError),
        (RuntimeError("CUDA error: unknown"), TalkingHeadError),
        (TalkingHeadError(ErrorCode.CANCELLED, "Canceled."), TalkingHeadError),
    ],
)
def test_other_failures_are_raised_at_once(failing, error, expected):
    place, draw, tried = failing(9, error)
    with pytest.raises(expected):
        place.attempt(draw)
    assert tried == ["auto"]


def test_numbers_that_are_not_finite_are_drawn_again_in_32_bit(monkeypatch):
    monkeypatch.setattr(Device, "half", torch.bfloat16)
    place = Placing(CPU, "half")
    network = small()

    def draw():
        with place.using(network):
            is_half = network[0].weight.dtype is torch.bfloat16
            return np.array([np.nan if is_half else 1.0])

    assert place.attempt(draw).tolist() == [1.0]
    assert place.dtype is torch.float32
