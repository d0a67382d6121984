# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of a device, and batches that are halved when memory runs out."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.liveportrait import opened as opened_module  # noqa: E402
from inference.engines.neural.device import (  # noqa: E402
    VARIABLE,
    Batches,
    Device,
    choose_device,
    is_out_of_memory,
)
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402

CPU = Device("cpu")


def test_the_fastest_device_that_is_there(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device() == choose_device("auto") == CPU
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == Device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device() == Device("cuda")
    assert choose_device("cuda:1") == Device("cuda", 1)
    assert choose_device("cuda:1").torch == torch.device("cuda", 1)


def test_the_variable_names_it_where_the_caller_does_not(monkeypatch):
    monkeypatch.setenv(VARIABLE, "CPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == CPU
    assert choose_device("mps") == Device("mps")


@pytest.mark.parametrize("name", ["gpu", "cuda:one", "cpu2"])
def test_unknown_names_are_refused(name):
    with pytest.raises(TalkingHeadError) as caught:
        choose_device(name)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(TalkingHeadError) as caught:
        choose_device("cuda:1")
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT
    assert "cuda:1" in caught.value.message


def test_half_precision_on_a_cpu_only_with_matrix_units(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert CPU.half is torch.bfloat16
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": False})
    assert CPU.half is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA"), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_mean_that_memory_ran_out(error, expected):
    assert is_out_of_memory(error) is expected


class Small:
    """A function that fails above so many items."""

    def __init__(self, fits: int) -> None:
        self.fits = fits
        self.tried: list[int] = []

    def __call__(self, rows: slice) -> list[int]:
        items = list(range(rows.start, rows.stop))
        self.tried.append(len(items))
        if len(items) > self.fits:
            raise torch.OutOfMemoryError("injected")
        return items


def test_batches_are_halved_when_memory_runs_out_and_stay_so():
    batches, function = Batches(CPU, 8), Small(fits=3)
    assert list(batches.run(function, 11)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]
    assert function.tried[:3] == [8, 4, 2]
    assert list(batches.run(function, 3)) == [[0, 1], [2]]


def test_one_item_that_does_not_fit_is_told_to_the_user():
    with pytest.raises(TalkingHeadError) as caught:
        list(Batches(CPU, 4).run(Small(fits=0), 4))
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert "injected" in caught.value.details


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: no kernel image is available for execution on the device",
        "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
    ],
)
def test_a_device_that_fails_is_told_to_the_user(text):
    def fail(rows: slice) -> None:
        raise RuntimeError(text)

    with pytest.raises(TalkingHeadError) as caught:
        list(Batches(CPU, 4).run(fail, 4))
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT
    assert caught.value.details == text


def test_networks_that_do_not_fit_are_told_to_the_user(monkeypatch):
    def fail(*arguments: object) -> None:
        raise torch.OutOfMemoryError("injected")

    monkeypatch.setattr(opened_module, "load_networks", lambda paths: None)
    monkeypatch.setattr(opened_module, "Model", fail)
    with pytest.raises(TalkingHeadError) as caught:
        opened_module.opened({}, CPU, "auto")
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_other_errors_pass():
    def fail(rows: slice) -> None:
        raise RuntimeError("shapes")

    with pytest.raises(RuntimeError, match="shapes"):
        list(Batches(CPU, 4).run(fail, 4))
