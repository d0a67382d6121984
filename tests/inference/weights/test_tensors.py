# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402
from inference.weights.structure import problem_of  # noqa: E402
from inference.weights.tensors import read_networks, read_tensors, tensor_names  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]


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


def test_its_structure_is_found_whole(whole):
    assert problem_of(whole) == ""
    whole.write_bytes(whole.read_bytes()[:-1])
    assert problem_of(whole) == "it is cut off"


@pytest.mark.parametrize(
    "name", ["EDTalk.pt", "vox.pth.tar", "model.ckpt", "model_state-415001.th", "pytorch_model.bin"]
)
def test_endings_of_checkpoints(tmp_path, name):
    torch.save(tensors(), tmp_path / name)
    assert same(read_tensors(tmp_path / name), tensors())


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


@pytest.mark.parametrize("name", ["weights.onnx", "weights.pkl", "weights", "weights.tar", "pth.tar.gz"])
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


def training_state() -> dict[str, object]:
    """What trainers save beside a network, tensors that are not wanted among them."""
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, betas=(0.0, 0.99))
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    options = argparse.Namespace(size=256, betas=[0.0, 0.99], path="exps/", local=None, inner=argparse.Namespace(a=1))
    broken = torch.tensor([float("nan")])
    return {"dis": network.state_dict(), "g_optim": optimizer.state_dict(), "args": options, "epoch": 7, "nan": broken}


@pytest.mark.parametrize("new_format", [True, False])
def test_a_trainers_state_is_passed_over(tmp_path, new_format):
    path = tmp_path / "EDTalk.pt"
    torch.save({"gen": tensors(), **training_state()}, path, _use_new_zipfile_serialization=new_format)
    expected = {f"gen.{name}": tensor for name, tensor in tensors().items()}
    assert same(read_tensors(path, only={"gen"}), expected)
    assert "'g_optim." in refusal(path, only={"gen", "g_optim"}).message
    assert "'args' is a Namespace" in refusal(path, only={"args"}).message
    assert "no tensors" in refusal(path, only={"other"}).message


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize("place", ["inside", "beside", "list"])
def test_a_malicious_trainers_state_runs_nothing(tmp_path, new_format, place):
    path, harm = tmp_path / "EDTalk.pt", tmp_path / "harm"
    options = argparse.Namespace(harm=Touch(harm)) if place == "inside" else argparse.Namespace()
    extra = {"harm": Touch(harm)} if place == "beside" else {"harm": [Touch(harm)] if place == "list" else 1}
    content = {"gen": tensors(), "args": options, **extra}
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    assert "program" in refusal(path, only={"gen"}).message
    assert not harm.exists()


def test_a_drive_without_memory_mapping(tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("unable to mmap 5 bytes from file <EDTalk.pt>: No such device (19)")

    path = tmp_path / "EDTalk.pt"
    torch.save({"gen": tensors(), **training_state()}, path)
    monkeypatch.setattr(torch.UntypedStorage, "from_file", fails)
    assert same(read_tensors(path, only={"gen"}), {f"gen.{name}": tensor for name, tensor in tensors().items()})


def test_options_are_allowed_for_the_one_read_only(tmp_path):
    path = tmp_path / "EDTalk.pt"
    torch.save({"gen": tensors(), "args": argparse.Namespace()}, path)
    read_tensors(path, only={"gen"})
    with pytest.raises(pickle.UnpicklingError, match=r"argparse\.Namespace"):
        torch.load(path, weights_only=True)


def test_what_is_not_wanted_takes_no_memory(tmp_path):
    path = tmp_path / "EDTalk.pt"
    unwanted_mb = 300
    torch.save({"gen": tensors(), "dis": {"w": torch.ones(unwanted_mb << 18)}}, path)
    program = """
import resource, sys
from pathlib import Path
from inference.weights.tensors import read_tensors
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tensors = read_tensors(Path(sys.argv[1]), only={"gen"})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    pytest.importorskip("resource")
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True, cwd=ROOT)
    in_bytes = 1 if sys.platform == "darwin" else 1024
    assert int(run.stdout) * in_bytes / 2**20 < unwanted_mb / 5


def test_one_network_of_many(tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors_torch.save_file({f"{part}.{name}": value for part in "ab" for name, value in tensors().items()}, path)
    assert same(read_networks(path, "a."), {f"a.{name}": value for name, value in tensors().items()})


@pytest.mark.parametrize("new_format", [True, False])
def test_one_network_of_a_training(tmp_path, new_format):
    path = tmp_path / "model.th"
    networks = {f"{part}.{name}": value for part in "ab" for name, value in tensors().items()}
    content = {"state_dict": {**networks, "steps": 3}, "optimizer": {"groups": [1, 2]}, "epoch": 9}
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    assert same(read_networks(path, "a.", "b."), networks)
    assert same(read_networks(path, "b."), {f"b.{name}": value for name, value in tensors().items()})


@pytest.mark.parametrize("name", ["model.th", "model.safetensors"])
def test_names_alone(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".th"):
        torch.save({"state_dict": {**tensors(), "steps": 3}, "epoch": 9}, path)
    else:
        safetensors_torch.save_file(tensors(), path)
    assert sorted(tensor_names(path)) == sorted(tensors())


@pytest.mark.parametrize("name", ["model.th", "model.safetensors"])
def test_names_of_a_damaged_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(TalkingHeadError) as caught:
        tensor_names(path)
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_a_network_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "model.th"
    torch.save({"state_dict": tensors()}, path)
    with pytest.raises(TalkingHeadError) as caught:
        read_networks(path, "other.")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


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


def test_many_tensors_of_the_same_bytes_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    one = torch.ones(1000)
    torch.save({f"tensor{number}": one for number in range(100)}, path)
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
