# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402
from inference.weights.tensors import read_tensors  # noqa: E402


class Touch:
    """Makes a file when it is unpickled by a reader that runs what it finds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def tensors() -> dict[str, torch.Tensor]:
    made = torch.Generator().manual_seed(4)
    return {
        "conv.weight": torch.randn(8, 3, 5, 5, generator=made),
        "conv.bias": torch.randn(8, generator=made).half(),
        "norm.num_batches_tracked": torch.tensor(7),
    }


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def refusal(path: Path, **options) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        read_tensors(path, **options)
    error = caught.value
    assert path.name in error.message
    assert error.message.endswith(".") and error.hint
    return error


@pytest.fixture(params=["zip", "old", "safetensors"])
def whole(request, tmp_path) -> Path:
    """A file with tensors in each of the formats."""
    path = tmp_path / ("whole.safetensors" if request.param == "safetensors" else "whole.pth")
    if request.param == "safetensors":
        safetensors_torch.save_file(tensors(), path)
    else:
        torch.save(tensors(), path, _use_new_zipfile_serialization=request.param == "zip")
    return path


def test_reads_what_was_saved(whole):
    read = read_tensors(whole)
    assert same(read, tensors())
    assert read["conv.bias"].dtype == torch.float16


def test_can_be_deleted_while_its_tensors_live(whole):
    read = read_tensors(whole)
    whole.unlink()
    assert same(read, tensors())


def test_every_cut_is_refused(whole):
    content = whole.read_bytes()
    for length in [*range(0, len(content), 97), len(content) - 1]:
        whole.write_bytes(content[:length])
        assert refusal(whole).code is ErrorCode.WEIGHTS_CORRUPT


@pytest.mark.parametrize("name", ["other.pth", "other.safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"no weights", b"<!DOCTYPE html><html></html>", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"]
)
def test_other_files_are_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).code is ErrorCode.WEIGHTS_CORRUPT


def test_a_format_under_another_ending_is_refused(tmp_path):
    pickled, flat = tmp_path / "pickled.safetensors", tmp_path / "flat.pth"
    torch.save(tensors(), pickled)
    safetensors_torch.save_file(tensors(), flat)
    assert refusal(pickled).code is ErrorCode.WEIGHTS_CORRUPT
    assert refusal(flat).code is ErrorCode.WEIGHTS_CORRUPT


@pytest.mark.parametrize("name", ["weights.onnx", "weights.pkl", "weights"])
def test_other_endings_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"whatever")
    assert refusal(tmp_path / name).code is ErrorCode.UNSUPPORTED_INPUT


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "gone.pth").code is ErrorCode.WEIGHTS_MISSING
    (tmp_path / "folder.pth").mkdir()
    assert refusal(tmp_path / "folder.pth").code is ErrorCode.WEIGHTS_MISSING


def test_the_malicious_file_works_where_nothing_is_checked(tmp_path):
    """Or the next test would show nothing."""
    path, harm = tmp_path / "weights.pth", tmp_path / "harm"
    torch.save({**tensors(), "extra": Touch(harm)}, path)
    torch.load(path, weights_only=False)
    assert harm.exists()


@pytest.mark.parametrize("new_format", [True, False])
def test_a_malicious_file_runs_nothing(tmp_path, new_format):
    path, harm = tmp_path / "weights.pth", tmp_path / "harm"
    torch.save({**tensors(), "extra": Touch(harm)}, path, _use_new_zipfile_serialization=new_format)
    error = refusal(path)
    assert error.code is ErrorCode.WEIGHTS_CORRUPT
    assert "program" in error.message
    assert not harm.exists()


def test_a_malicious_part_that_is_not_wanted_runs_nothing_either(tmp_path):
    path, harm = tmp_path / "weights.pth", tmp_path / "harm"
    torch.save({"wanted": tensors(), "extra": Touch(harm)}, path)
    assert "program" in refusal(path, only=["wanted"]).message
    assert not harm.exists()


def test_a_plain_malicious_pickle_runs_nothing(tmp_path):
    path, harm = tmp_path / "weights.pth", tmp_path / "harm"
    path.write_bytes(pickle.dumps(Touch(harm)))
    assert refusal(path).code is ErrorCode.WEIGHTS_CORRUPT
    assert not harm.exists()


def test_a_whole_module_is_refused(tmp_path):
    path = tmp_path / "module.pth"
    torch.save(torch.nn.Linear(2, 2), path)
    assert "program" in refusal(path).message


@pytest.mark.parametrize("content", [{}, [1, 2], "text", {"a": "text"}, {"a": {"b": 3}}, {"a": [torch.zeros(2)]}])
def test_what_is_no_tensor_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    assert refusal(path).code is ErrorCode.WEIGHTS_CORRUPT


def test_dictionaries_inside_are_flattened(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"first": {"a": torch.ones(2)}, "second": {"b": {"c": torch.zeros(3)}}, "epoch": 5}, path)
    assert set(read_tensors(path, only=["first", "second"])) == {"first.a", "second.b.c"}
    assert "epoch" in refusal(path).message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, ending, value):
    path = tmp_path / f"weights.{ending}"
    bad = {"fine": torch.ones(3), "broken": torch.tensor([1.0, value])}
    torch.save(bad, path) if ending == "pth" else safetensors_torch.save_file(bad, path)
    error = refusal(path)
    assert "'broken'" in error.message and "finite" in error.message


def test_a_tensor_that_repeats_a_few_bytes_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"huge": torch.ones(1).expand(1 << 20, 1 << 20)}, path)
    assert "larger than the file" in refusal(path).message


@pytest.mark.parametrize(
    "special",
    [
        torch.eye(3).to_sparse(),
        torch.ones(2, dtype=torch.complex64),
    ],
)
def test_special_tensors_are_refused(tmp_path, special):
    path = tmp_path / "weights.pth"
    torch.save({"special": special}, path)
    assert refusal(path).code is ErrorCode.WEIGHTS_CORRUPT


def test_parameters_are_read_as_plain_tensors(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.nn.Parameter(torch.ones(2))}, path)
    assert not read_tensors(path)["a"].requires_grad
