# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``weights --convert``: what is needed of an official file, as safetensors."""

import argparse

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors.torch")

import edtalk_weights  # noqa: E402
import tpsmm_weights  # noqa: E402
import xportrait_weights  # noqa: E402

from inference.cli import main  # noqa: E402
from inference.engines.edtalk.networks.loading import load_networks as load_edtalk  # noqa: E402
from inference.engines.tpsmm.networks.loading import load_networks as load_tpsmm  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402
from inference.weights import conversion  # noqa: E402
from inference.weights.conversion import convert  # noqa: E402
from inference.weights.tensors import read_networks, read_tensors  # noqa: E402
from inference.weights.tpsmm import TPSMM_NETWORKS  # noqa: E402
from inference.weights.xportrait import XPORTRAIT_KEPT, XPORTRAIT_PREFIXES  # noqa: E402

GENERATOR = {"enc.weight": torch.linspace(-1, 1, 60).reshape(3, 20).T, "steps": torch.tensor(4)}
TRAINING = {"args": argparse.Namespace(size=256), "dis": {"weight": torch.ones(4000)}, "epoch": 3}


@pytest.fixture
def official(tmp_path):
    """EDTalk.pt, with a tensor that does not lie in memory in its own order."""
    path = tmp_path / "EDTalk.pt"
    torch.save({"gen": GENERATOR, **TRAINING}, path)
    return path


def refusal(path, output=None):
    with pytest.raises(TalkingHeadError) as caught:
        convert(path, output)
    assert caught.value.hint
    return caught.value


def same(first, second):
    return first.keys() == second.keys() and all(
        first[name].dtype == second[name].dtype and torch.equal(first[name], second[name]) for name in first
    )


def test_edtalk(official):
    written = convert(official)
    assert written == official.with_name("EDTalk.safetensors")
    assert same(read_tensors(written, only={"gen"}), read_tensors(official, only={"gen"}))
    assert set(read_tensors(written)) == {"gen.enc.weight", "gen.steps"}
    assert written.stat().st_size < official.stat().st_size / 2
    assert sorted(path.name for path in official.parent.iterdir()) == ["EDTalk.pt", "EDTalk.safetensors"]
    assert written.stat().st_mode == official.stat().st_mode


@pytest.mark.parametrize("missing", [(), ("bg_predictor",), ("avd_network",)])
def test_thin_plate_spline(tmp_path, missing):
    path = tmp_path / "vox.pth.tar"
    networks = {name: {"weight": torch.full((3,), float(i))} for i, name in enumerate(TPSMM_NETWORKS)}
    kept = {name: state for name, state in networks.items() if name not in missing}
    torch.save({**kept, "epoch": 99, "optimizer": {"state": {}}}, path)
    written = convert(path)
    assert written.name == "vox.safetensors"
    assert same(read_tensors(written), {f"{name}.weight": state["weight"] for name, state in kept.items()})


def test_a_whole_thin_plate_spline_model_loads_from_what_was_written(tmp_path):
    official = tpsmm_weights.official_paths(tpsmm_weights.official_folder())["tpsmm"]
    networks = load_tpsmm(convert(official, tmp_path / "vox.safetensors"), "vox")
    read = read_tensors(official, only={"avd_network"})
    assert networks.avd is not None
    assert same({f"avd_network.{name}": tensor for name, tensor in networks.avd.state_dict().items()}, read)


def test_a_whole_edtalk_model_loads_from_what_was_written(tmp_path):
    paths = edtalk_weights.official_paths(edtalk_weights.official_folder(), "lip_pose")
    written = convert(paths["edtalk"], tmp_path / "EDTalk_lip_pose.safetensors")
    networks = load_edtalk({**paths, "edtalk": written}, "lip_pose")
    read = read_tensors(paths["edtalk"], only={"gen"})
    assert same({f"gen.{name}": tensor for name, tensor in networks.generator.state_dict().items()}, read)


def test_audio2lip(tmp_path):
    path = tmp_path / "Audio2Lip.pt"
    torch.save({"audio2lip": GENERATOR}, path)
    assert set(read_tensors(convert(path))) == {"audio2lip.enc.weight", "audio2lip.steps"}


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("prefixes", [XPORTRAIT_PREFIXES, XPORTRAIT_KEPT])
def test_xportrait(tmp_path, prefixes, nested):
    path = tmp_path / "model_state-415001.th"
    kept = {f"{prefix}{i}.weight": torch.full((3, 2), i + 0.5).T for i, prefix in enumerate(prefixes)}
    rest = {"betas": torch.ones(1000), "model_ema.decay": torch.tensor(0.9)}
    torch.save({"state_dict": {**rest, **kept}, "epoch": 1} if nested else {**rest, **kept}, path)
    written = convert(path)
    assert written.name == "model_state-415001.safetensors"
    assert same(read_tensors(written), kept)


def test_a_whole_xportrait_model_is_the_same_in_what_was_written(tmp_path):
    official = xportrait_weights.official_folder() / xportrait_weights.OFFICIAL
    written = convert(official, tmp_path / "xportrait.safetensors")
    assert same(read_tensors(written), read_networks(official, *XPORTRAIT_PREFIXES))


def test_a_part_of_xportrait_is_refused(tmp_path):
    path = tmp_path / "model_state-415001.th"
    torch.save({"state_dict": {f"{prefix}weight": torch.ones(3) for prefix in XPORTRAIT_PREFIXES[:3]}}, path)
    assert refusal(path).code is ErrorCode.UNSUPPORTED_INPUT


@pytest.mark.parametrize(
    "content",
    [
        {"enc.weight": torch.ones(3)},
        {"kp_detector": {"weight": torch.ones(3)}, "generator": {"weight": torch.ones(3)}},
        {"dis": {"weight": torch.ones(3)}},
    ],
)
def test_other_models_are_refused(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    assert refusal(path).code in (ErrorCode.UNSUPPORTED_INPUT, ErrorCode.WEIGHTS_CORRUPT)
    assert [path.name for path in tmp_path.iterdir()] == ["other.pth"]


def test_a_converted_file_is_not_converted_again(official):
    assert "already" in refusal(convert(official)).message


def test_nothing_is_overwritten(official):
    written = convert(official)
    before = written.read_bytes()
    assert refusal(official).code is ErrorCode.OUTPUT_NOT_WRITABLE
    assert written.read_bytes() == before


@pytest.mark.parametrize("name", ["model.pt", "none/model.safetensors"])
def test_outputs_that_cannot_be(official, name):
    assert refusal(official, official.parent / name).code is ErrorCode.OUTPUT_NOT_WRITABLE


def test_what_is_read_back_must_be_what_was_read(official, monkeypatch):
    def broken(tensors, path):
        original({name: tensor + 1 for name, tensor in tensors.items()}, path)

    original = conversion.save_file
    monkeypatch.setattr(conversion, "save_file", broken)
    assert "not what was read" in refusal(official).message
    assert [path.name for path in official.parent.iterdir()] == ["EDTalk.pt"]


def test_the_command(official, capsys, tmp_path):
    output = tmp_path / "my.safetensors"
    assert main(["weights", "--convert", str(official), "--output", str(output)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(output)]
    assert main(["weights", "--convert", str(official), "--output", str(output)]) == 1
    assert "there already" in capsys.readouterr().err


@pytest.mark.parametrize("extra", [["--list"], ["--json"], ["--set", "tpsmm_vox"], ["face_landmarker"]])
def test_the_command_does_one_thing(official, extra):
    with pytest.raises(SystemExit) as caught:
        main(["weights", "--convert", str(official), *extra])
    assert caught.value.code == 2


def test_an_output_alone_is_refused(tmp_path):
    with pytest.raises(SystemExit):
        main(["weights", "--output", str(tmp_path / "x.safetensors")])
