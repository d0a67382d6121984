# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

import tpsmm_weights as seeded  # noqa: E402

from inference.engines.tpsmm.networks.loading import TpsmmNetworks, load_networks, networks_from  # noqa: E402
from inference.errors import Action, ErrorCode, TalkingHeadError  # noqa: E402

FIELDS = {field.name for field in fields(TpsmmNetworks)}


@pytest.fixture(scope="module")
def states() -> dict[str, dict[str, torch.Tensor]]:
    made = seeded.states()
    return {part: {name: torch.as_tensor(value) for name, value in made[part].items()} for part in seeded.PARTS}


@pytest.fixture(scope="module")
def small(states) -> dict[str, dict[str, torch.Tensor]]:
    """Networks of a size that is quickly saved, all of them named; only the AVD network is whole."""
    first = {part: dict(list(states[part].items())[:2]) for part in seeded.PARTS}
    return {**first, "avd_network": states["avd_network"]}


def refusal(path: Path, model: str = "vox") -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        load_networks(path, model)
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.action is Action.GET_MODELS
    assert caught.value.hint
    return caught.value


def saved(path: Path, content: Mapping[str, object]) -> Path:
    torch.save(dict(content), path)
    return path


def test_the_official_file_gives_all_networks(states):
    path = seeded.official_paths(seeded.official_folder())["tpsmm"]
    networks = load_networks(path, "vox")
    for field in FIELDS:
        network = getattr(networks, field)
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
    found = networks.inpainting.state_dict()
    assert found.keys() == states["inpainting_network"].keys()
    assert all(torch.equal(found[name], value) for name, value in states["inpainting_network"].items())


def test_mgif_has_no_background_predictor():
    path = seeded.official_paths(seeded.official_folder("mgif"), "mgif")["tpsmm"]
    networks = load_networks(path, "mgif")
    assert networks.background is None
    assert networks.avd is not None


def test_a_fine_tuned_file_may_lack_the_avd_network_and_be_half_floats(states, tmp_path):
    flat = {f"{part}.{n}": v for part in seeded.PARTS if part != "avd_network" for n, v in states[part].items()}
    path = tmp_path / "vox-768.safetensors"
    safetensors_torch.save_file({n: v.half() if v.is_floating_point() else v for n, v in flat.items()}, path)
    networks = load_networks(path, "vox")
    assert networks.avd is None
    assert networks.background is not None
    weight = networks.inpainting.final.weight
    assert torch.equal(weight, states["inpainting_network"]["final.weight"].half().float())


@pytest.mark.parametrize(("name", "chosen"), [("taichi", "vox"), ("vox", "ted"), ("mgif", "vox"), ("ted", "mgif")])
def test_another_model_is_told_by_the_files_name(small, tmp_path, name, chosen):
    error = refusal(saved(tmp_path / f"{name}.pth.tar", small), chosen)
    assert error.message == (
        f"{name}.pth.tar is another model than the chosen one: by its name it is the model {name}, not {chosen}."
    )


def test_another_model_is_told_by_the_background_predictor(small, tmp_path):
    path = saved(tmp_path / "mine.pth.tar", small)
    assert "it has a background predictor, which mgif has not" in refusal(path, "mgif").message
    path = saved(tmp_path / "mine.pth.tar", {part: small[part] for part in small if part != "bg_predictor"})
    assert "it has no background predictor, as only mgif, and not taichi" in refusal(path, "taichi").message


@pytest.mark.parametrize(
    ("part", "label"),
    [
        ("kp_detector", "key point detector"),
        ("dense_motion_network", "dense motion network"),
        ("inpainting_network", "inpainting network"),
    ],
)
def test_a_missing_network_is_told(states, part, label):
    with pytest.raises(TalkingHeadError) as caught:
        networks_from({name: state for name, state in states.items() if name != part}, "vox.pth.tar")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.message == (
        f"vox.pth.tar cannot be a Thin-Plate Spline model: the {label} ({part}) is missing."
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("missing", "decoder.9.bias is missing"),
        ("unexpected", "extra.weight is unexpected"),
        ("reshaped", "decoder.9.bias has shape (99,) instead of (100,)"),
    ],
)
def test_other_tensors_are_told(states, change, told):
    changed = dict(states["avd_network"])
    if change == "missing":
        del changed["decoder.9.bias"]
    elif change == "unexpected":
        changed["extra.weight"] = torch.zeros(2)
    else:
        changed["decoder.9.bias"] = changed["decoder.9.bias"][1:]
    with pytest.raises(TalkingHeadError) as caught:
        networks_from({**states, "avd_network": changed}, "vox.pth.tar")
    assert caught.value.message == f"vox.pth.tar cannot be Thin-Plate Spline's AVD network: {told}."


def test_a_cut_file_is_told(small, tmp_path):
    path = saved(tmp_path / "vox.pth.tar", small)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "vox.pth.tar is damaged, incomplete or not a weight file" in refusal(path).message


def test_another_programs_file_is_told(tmp_path):
    path = saved(tmp_path / "vox.pth.tar", {"gen": {"conv.weight": torch.zeros(2, 2)}})
    assert "vox.pth.tar cannot be used: it has no tensors of this model" in refusal(path).message


def test_a_file_that_is_not_there_is_missed(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        load_networks(tmp_path / "vox.pth.tar", "vox")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
