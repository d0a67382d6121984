# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large networks compute the same wherever they are kept, nearly the same in 8 bit, and can be canceled in between.

The device of some tests is PyTorch's "meta": tensors there have a shape and a place, and no memory.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext

import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout
import wan_weights
from diffusers import WanTransformer3DModel
from torch import nn

from inference.engines.diffusion import memory, placing
from inference.engines.neural.device import Device
from inference.engines.video import visitor
from inference.engines.video.cancel import Steps, asking, blocks_of
from inference.engines.video.fit import EIGHT, FULL, GGUF, HALF, Fit
from inference.engines.video.forms import EightBitLinear, in_eight_bit
from inference.engines.video.held import Held, VideoPlacing
from inference.engines.video.scaled import EIGHT_BIT
from inference.engines.video.tensors_in import part_paths, read_files
from inference.engines.video.text import load_umt5
from inference.engines.video.transformers_from import animate_from
from inference.engines.video.visitor import units_of
from inference.errors import ErrorCode, TalkingHeadError

CPU, META = Device("cpu"), Device("meta")
LAYERS = 4


@pytest.fixture(scope="module")
def made():
    torch.manual_seed(0)
    network = WanTransformer3DModel(
        num_attention_heads=4, attention_head_dim=12, in_channels=33, out_channels=16, text_dim=32, freq_dim=64,
        ffn_dim=64, num_layers=LAYERS, image_dim=None, added_kv_proj_dim=None, rope_max_seq_len=64,
    )  # fmt: skip
    return network.requires_grad_(False).eval()


@pytest.fixture(scope="module")
def inputs():
    torch.manual_seed(1)
    return torch.randn(1, 33, 3, 4, 6), torch.tensor([731.0]), torch.randn(1, 12, 32)


@pytest.fixture(scope="module")
def exact(made, inputs):
    with torch.inference_mode():
        return made(*inputs)[0]


def held_as(network, form, half=False, memory="all", device=CPU, layered=()):
    return Held(network, VideoPlacing(Fit({"model": form}, half, memory, layered, False, 0, 0, ""), device), "model")


def drawn(held, inputs, told=lambda: None):
    latents, timestep, text = inputs
    with held.using(told):
        return held.network(held.tensor(latents), timestep.to(held.placing.device.torch), held.tensor(text))[0]


@pytest.fixture
def as_on_a_card(monkeypatch):
    """Other devices are treated as graphics cards, so that networks visit them."""
    monkeypatch.setattr(placing, "decide", lambda setting, kind, stage: memory.decide(setting, "cuda", stage))


def test_32_bit_is_the_network_itself(made, inputs, exact):
    assert torch.equal(drawn(held_as(copy.deepcopy(made), FULL), inputs), exact)


@pytest.mark.parametrize(("form", "half", "error"), [(HALF, True, 0.02), (EIGHT, True, 0.02), (EIGHT, False, 0.005)])
def test_fewer_bits_are_nearly_the_same(made, inputs, exact, form, half, error):
    found = drawn(held_as(copy.deepcopy(made), form, half), inputs)
    assert found.dtype is (torch.bfloat16 if half else torch.float32)
    assert 0 < (found.float() - exact).std() / exact.std() < error


def test_8_bit_rows_have_scales_of_their_own():
    weight = torch.tensor([[1.0, -0.5, 0.25], [1e-3, 0.0, -2e-3], [0.0, 0.0, 0.0]])
    numbers, scale = in_eight_bit(weight)
    assert numbers.dtype is torch.int8
    assert numbers.tolist() == [[127, -64, 32], [64, 0, -127], [0, 0, 0]]
    torch.testing.assert_close(numbers * scale, weight, atol=1 / 254, rtol=0)


def test_only_the_many_layers_are_held_in_8_bit(made):
    network = copy.deepcopy(made)
    held_as(network, EIGHT, half=True)
    eight = [name for name, layer in network.named_modules() if isinstance(layer, EightBitLinear)]
    assert len(eight) == 10 * LAYERS
    assert all(name.startswith("blocks.") for name in eight)
    assert network.proj_out.weight.dtype is torch.bfloat16
    # What diffusers holds in 32 bit in any case.
    assert network.blocks[0].scale_shift_table.dtype is torch.float32
    assert network.condition_embedder.time_embedder.linear_1.weight.dtype is torch.float32
    assert network.blocks[0].attn1.to_q.scale.dtype is torch.float32
    assert network.rope.freqs_cos.dtype is made.rope.freqs_cos.dtype


@pytest.mark.parametrize(("form", "half"), [(FULL, False), (EIGHT, True)])
def test_blocks_in_turn_compute_the_same(made, inputs, form, half, as_on_a_card):
    network = copy.deepcopy(made)
    whole = drawn(held_as(network, form, half), inputs)
    in_turn = held_as(network, form, half, "layers")
    assert torch.equal(drawn(in_turn, inputs), whole)
    assert torch.equal(drawn(in_turn, inputs), whole)


def test_a_block_is_on_the_device_only_while_it_computes(made, inputs, as_on_a_card):
    held = held_as(copy.deepcopy(made), FULL, memory="layers", device=META)
    seen = []

    def told():
        blocks = [each.is_meta for each in (block.ffn.net[2].weight for block in held.network.blocks)]
        seen.append((blocks, held.network.scale_shift_table.is_meta, held.network.proj_out.weight.is_meta))

    drawn(held, inputs, told)
    # Told before the block arrives or after: at most this one is there, besides what is no block's.
    for number, (blocks, own, other) in enumerate(seen):
        assert (blocks[:number], blocks[number + 1 :]) == ([False] * number, [False] * (LAYERS - number - 1))
        assert (own, other) == (True, False)
    assert len(seen) == LAYERS
    assert not any(tensor.is_meta for tensor in held.network.state_dict().values())


def test_a_visitor_may_come_in_layers_alone(made, inputs, as_on_a_card):
    held = held_as(copy.deepcopy(made), FULL, memory="all", device=META, layered=("model",))
    seen = []
    drawn(held, inputs, lambda: seen.append(held.network.blocks[LAYERS - 1].ffn.net[2].weight.is_meta))
    assert seen[:-1] == [False] * (LAYERS - 1)
    assert not held.network.scale_shift_table.is_meta


def test_canceling_between_blocks_leaves_the_network_of_use(made, inputs, exact, as_on_a_card):
    for memory_setting in ("all", "parts", "layers"):
        held = held_as(copy.deepcopy(made), FULL, memory=memory_setting)
        calls = []

        def told(calls=calls):
            calls.append(1)
            if len(calls) == 3:
                raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

        with pytest.raises(TalkingHeadError, match="Canceled") as caught:
            drawn(held, inputs, told)
        assert caught.value.code is ErrorCode.CANCELLED
        assert torch.equal(drawn(held, inputs), exact)
        assert not any(layer._forward_pre_hooks or layer._forward_hooks for layer in held.network.modules())


def test_memory_that_runs_out_is_tried_with_less(made):
    placed = VideoPlacing(Fit({}, True, "all", (), False, 0, 0, ""), META)
    tried = []

    def draw():
        tried.append(placed.memory)
        if len(tried) < 3:
            raise TalkingHeadError(ErrorCode.OUT_OF_MEMORY, "Full.")
        return "drawn"

    assert placed.attempt(draw) == "drawn"
    assert tried == ["all", "parts", "layers"]
    with pytest.raises(TalkingHeadError, match="Full"):
        placed.attempt(lambda: (_ for _ in ()).throw(TalkingHeadError(ErrorCode.OUT_OF_MEMORY, "Full.")))


def test_memory_that_runs_out_within_is_told(made):
    held = held_as(copy.deepcopy(made), FULL)
    with pytest.raises(TalkingHeadError) as caught, held.using():
        raise torch.OutOfMemoryError("out of memory")
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_steps_are_counted_and_told_in_between():
    told = []
    steps = Steps(told.append)
    steps.within()
    steps.step()
    steps.within()
    steps.step()
    assert (told, steps.done) == ([0, 1, 1, 2], 2)


def test_blocks_are_the_longest_list(made):
    assert blocks_of(made) == list(made.blocks)
    single = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert blocks_of(single) == list(single)
    asked = []
    with asking(single, lambda: asked.append(1)):
        single(torch.zeros(1, 2))
    single(torch.zeros(1, 2))
    assert len(asked) == 2


def test_what_visits_together(made):
    units = units_of(made)
    assert [unit for unit in units if unit in list(made.blocks)] == list(made.blocks)
    assert made.condition_embedder in units
    nested = nn.Sequential(nn.Sequential(nn.ModuleList([nn.Linear(9, 9), nn.Linear(9, 9)])), nn.Linear(1, 1))
    assert units_of(nested) == [*nested[0][0], nested[1]]


@pytest.fixture(scope="module")
def text_encoder():
    return load_umt5({name: torch.as_tensor(value) for name, value in wan_layout.states()["umt5"].items()})


def test_a_part_in_two_places_visits_once(text_encoder):
    units = units_of(text_encoder)
    assert [unit for unit in units if unit is text_encoder.shared] == [text_encoder.shared]
    assert len(units) == len(set(units)) == 1 + len(text_encoder.encoder.block)


class Stream:
    """As CUDA's, in that it is asked for; work is never under way."""

    def __init__(self):
        self.waited = 0

    def wait_stream(self, other):
        self.waited += 1

    def record_event(self):
        return self

    def synchronize(self):
        pass


@pytest.fixture
def streams(monkeypatch, as_on_a_card):
    """Weights travel beside the computing, and only those that are on the device are kept for its stream."""
    kept = []

    def record_stream(tensor, stream):
        if not tensor.is_meta:
            raise NotImplementedError("Could not run 'aten::record_stream' with arguments from the 'CPU' backend.")
        kept.append(stream)

    own = Stream()
    monkeypatch.setattr(visitor, "_stream_of", lambda device: Stream())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: own)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    monkeypatch.setattr(torch.Tensor, "record_stream", record_stream)
    return own, kept


def test_blocks_travel_while_others_compute(text_encoder, streams):
    """As on graphics cards, where the text encoder of every prompt may come in layers."""
    own, kept = streams
    encoder = copy.deepcopy(text_encoder)
    held = held_as(encoder, FULL, memory="layers", device=META)
    with held.using():
        for _ in range(2):
            found = held.network(input_ids=held.tensor(torch.zeros(1, 5, dtype=torch.int64))).last_hidden_state
    assert found.is_meta and found.shape == (1, 5, 32)
    assert own.waited == 2 * len(units_of(encoder)) and kept and set(kept) == {own}
    assert not any(tensor.is_meta for tensor in encoder.state_dict().values())


@pytest.fixture(scope="module")
def quantized():
    """Makes the transformers of quantized files, and what they draw with the numbers of these files."""
    folder = wan_weights.comfyui_folder()

    def make(name):
        files = part_paths(wan_weights.comfyui_paths(folder, name), "transformer")
        return animate_from(read_files(files, windows=True), name, torch.float32)

    return make


def animated(held):
    torch.manual_seed(2)
    width = held.network.config.text_dim
    given = {
        "hidden_states": torch.randn(1, 36, 3, 4, 6),
        "encoder_hidden_states": torch.randn(1, 512, width),
        "encoder_hidden_states_image": torch.randn(1, 257, held.network.config.image_dim),
        "pose_hidden_states": torch.randn(1, 16, 2, 4, 6),
        "face_pixel_values": torch.zeros(1, 3, 5, wan_layout.FACE_PX, wan_layout.FACE_PX),
    }
    with held.using():
        given = {name: held.tensor(value) for name, value in given.items()}
        return held.network(**given, timestep=torch.tensor([731.0]), return_dict=False)[0]


@pytest.mark.parametrize(
    ("name", "form", "kind"),
    [
        (wan_weights.Q8, GGUF, torch.uint8),
        (wan_weights.Q4, GGUF, torch.uint8),
        (wan_weights.EIGHT, EIGHT, EIGHT_BIT[0]),
    ],
)
def test_quantized_files_stay_so_and_visit(quantized, name, form, kind, as_on_a_card):
    whole = held_as(quantized(name), form)
    assert whole.network.blocks[3].attn1.to_q.weight.dtype is kind
    expected = animated(whole)
    in_turn = held_as(whole.network, form, memory="layers")
    assert torch.equal(animated(in_turn), expected)
    half = held_as(whole.network, form, half=True, memory="layers")
    assert (animated(half).float() - expected).std() < 0.05 * expected.std()
    assert half.network.blocks[3].attn1.to_q.weight.dtype is kind
