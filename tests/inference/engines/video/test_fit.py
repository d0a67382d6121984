# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fits is decided from sizes and free memory: the finest form first, then the most on the device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.video.fit import EIGHT, FULL, GGUF, HALF, MEMORY, Ask, Part, choose
from inference.errors import ErrorCode, TalkingHeadError

GB = 10**9


def model(form=HALF, file_gb=34.5):
    return Part("model", 17_275_000_000, form, round(file_gb * GB), 420_000_000, 4 * GB, large=True)


TEXT = Part("text", 5_680_000_000, HALF, round(11.4 * GB), 1_050_000_000, GB // 10, visits=True)
VAE = Part("VAE", 127_000_000, FULL, GB // 2, 12_000_000, 9 * GB, 2 * GB, exact=True)


def asked(device_gb, main_gb, transformer=None, kind="cuda", **others):
    return Ask(kind, device_gb * GB, main_gb * GB, (transformer or model(), TEXT, VAE), **others)


def chosen(*args, **others):
    return choose(asked(*args, **others))


@pytest.mark.parametrize(
    ("device_gb", "main_gb", "form", "memory"),
    [(80, 64, HALF, "all"), (50, 64, HALF, "all"), (45, 64, HALF, "parts"), (24, 64, HALF, "layers"),
     (12, 64, HALF, "layers"), (80, 32, EIGHT, "all"), (24, 32, EIGHT, "parts"), (8, 32, EIGHT, "layers")],
)  # fmt: skip
def test_official_files_on_cards(device_gb, main_gb, form, memory):
    fit = chosen(device_gb, main_gb)
    assert (fit.forms["model"], fit.memory) == (form, memory)
    assert fit.forms["VAE"] == FULL
    assert fit.half


def test_tiles_where_the_decoder_would_not_fit():
    assert not chosen(12, 64).tiles
    assert chosen(8, 64).tiles


def test_visitors_come_in_layers_where_they_must():
    small = model(GGUF, 6.5)
    fit = chosen(13, 64, small)
    assert (fit.memory, fit.layered) == ("parts", ())
    fit = chosen(12, 64, small)
    assert (fit.memory, fit.layered) == ("parts", ("text",))


def test_what_is_quantized_stays_so():
    gguf = chosen(20, 64, model(GGUF, 10.5))
    assert (gguf.forms["model"], gguf.memory) == (GGUF, "parts")
    assert chosen(12, 64, model(GGUF, 10.5), precision="half").forms["model"] == GGUF
    assert chosen(24, 64, model(EIGHT, 17.3), precision="half").forms["model"] == EIGHT


def test_processors_take_32_bit_if_they_can():
    on_cpu = {"kind": "cpu", "swift_half": False}
    fit = chosen(0, 128, **on_cpu)
    assert (fit.forms["model"], fit.half, fit.memory) == (FULL, False, "all")
    assert chosen(0, 64, **on_cpu).forms["model"] == HALF
    # Held in 8 bit, computed in what the processor is fast with.
    eight = chosen(0, 40, **on_cpu)
    assert (eight.forms["model"], eight.half) == (EIGHT, False)
    assert chosen(0, 128, kind="cpu").forms["model"] == HALF


def test_cards_without_bfloat16_compute_in_32_bit():
    old = {"swift_half": False}
    fit = chosen(80, 128, **old)
    assert (fit.forms["model"], fit.half) == (FULL, False)
    fit = chosen(24, 32, **old)
    assert (fit.forms["model"], fit.half) == (EIGHT, False)
    assert not chosen(20, 64, model(GGUF, 10.5), **old).half
    with pytest.raises(TalkingHeadError, match="bfloat16") as caught:
        chosen(80, 128, precision="half", **old)
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT and "Precision" in caught.value.hint


def test_what_is_not_quantized_is_held_as_it_computes():
    kept = Part("kept", 10**9, HALF, 0, 10**8, 0)
    for swift, form in ((True, HALF), (False, FULL)):
        fit = choose(Ask("cuda", 80 * GB, 40 * GB, (model(), kept), "eight", swift_half=swift))
        assert (fit.forms, fit.held["kept"]) == ({"model": EIGHT, "kept": form}, 2 * GB if swift else 4 * GB)


def test_settings_are_kept():
    assert chosen(80, 128, precision="eight").forms["model"] == EIGHT
    assert chosen(80, 128, precision="full").forms["model"] == FULL
    assert chosen(80, 128, memory="layers").memory == "layers"


@pytest.mark.parametrize(
    ("device_gb", "main_gb", "others", "said", "hint"),
    [(2, 64, {}, "the device's memory", "fewer frames at once or a smaller size"),
     (24, 8, {}, "of main memory", "GGUF"), (24, 64, {"memory": "all"}, "the device's memory", "to Automatic"),
     (24, 32, {"precision": "half"}, "of main memory", "to Automatic")],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_what_to_do(device_gb, main_gb, others, said, hint):
    with pytest.raises(TalkingHeadError, match=said) as caught:
        chosen(device_gb, main_gb, **others)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert hint in caught.value.hint


def test_the_log_says_what_was_decided():
    assert chosen(24, 64).sentence == (
        "model in 16 bit, text in 16 bit, VAE in 32 bit; layers take turns; "
        "needs 9.1 of 24.0 GB on the device, 35.1 of 64.0 GB of main memory (computed)"
    )


@given(device_gb=st.integers(1, 160), main_gb=st.integers(1, 160))
def test_more_memory_is_never_worse(device_gb, main_gb):
    order = [(form, memory) for form in (HALF, EIGHT) for memory in MEMORY]

    def rank(device, main):
        try:
            fit = chosen(device, main)
        except TalkingHeadError:
            return len(order)
        assert fit.device_bytes <= device * GB
        assert fit.main_bytes <= main * GB
        return order.index((fit.forms["model"], fit.memory))

    assert rank(device_gb + 10, main_gb) <= rank(device_gb, main_gb)
    assert rank(device_gb, main_gb + 10) <= rank(device_gb, main_gb)
