# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

import edtalk_weights as seeded  # noqa: E402

from inference.engines.edtalk.networks.loading import MODELS, STATES, load_networks, networks_from  # noqa: E402
from inference.errors import Action, ErrorCode, TalkingHeadError  # noqa: E402


@pytest.fixture(scope="module")
def states() -> dict[str, dict[str, torch.Tensor]]:
    made = seeded.states()
    return {part: {name: torch.as_tensor(value) for name, value in made[part].items()} for part in made}


@pytest.fixture(scope="module")
def official() -> dict[str, Path]:
    return seeded.official_paths(seeded.official_folder(), "full")


def refusal(paths: dict[str, Path], name: str = "full", code: ErrorCode = ErrorCode.WEIGHTS_CORRUPT) -> str:
    with pytest.raises(TalkingHeadError) as caught:
        load_networks(paths, name)
    assert caught.value.code is code
    assert caught.value.action is Action.GET_MODELS
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("name", MODELS)
def test_official_files_give_the_networks(states, name):
    networks = load_networks(seeded.official_paths(seeded.official_folder(), name), name)
    assert networks.generator.full is (name == "full")
    for network, part in ((networks.generator, STATES[name]), (networks.audio, "Audio2Lip")):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
        found = network.state_dict()
        assert found.keys() == states[part].keys()
        assert all(torch.equal(found[key], value) for key, value in states[part].items())


@pytest.mark.parametrize("prefix", ["audio2lip.", ""])
def test_safetensors_are_read_flat_or_with_the_networks_name(official, states, tmp_path, prefix):
    path = tmp_path / "Audio2Lip.safetensors"
    safetensors_torch.save_file({prefix + key: value for key, value in states["Audio2Lip"].items()}, path)
    # The other part is refused, after this one was taken.
    assert "audio2lip.pt cannot be used" in refusal({"audio2lip": path, "edtalk": official["audio2lip"]}).lower()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("full", "EDTalk_lip_pose.pt is EDTalk's model for mouth and head, but EDTalk's full model is chosen."),
        ("lip_pose", "EDTalk.pt is EDTalk's full model, but EDTalk's model for mouth and head is chosen."),
    ],
)
def test_the_other_models_file_is_told(official, name, told):
    other = next(model for model in MODELS if model != name)
    assert refusal(seeded.official_paths(seeded.official_folder(), other), name) == told


@pytest.mark.parametrize("part", ["edtalk", "audio2lip"])
def test_a_file_that_is_not_named_is_missed(official, part):
    paths = {key: path for key, path in official.items() if key != part}
    assert "is missing" in refusal(paths, code=ErrorCode.WEIGHTS_MISSING)


def test_a_file_without_the_network_is_told(official, tmp_path):
    path = tmp_path / "Audio2Lip.pt"
    torch.save(seeded.training_state(), path)
    assert "Audio2Lip.pt cannot be used: it has no tensors" in refusal({**official, "audio2lip": path})


@pytest.mark.parametrize("length", [100, 5000, -200])
def test_a_file_that_was_cut_is_told(official, tmp_path, length):
    path = tmp_path / "Audio2Lip.pt"
    path.write_bytes(official["audio2lip"].read_bytes()[:length])
    assert "Audio2Lip.pt is damaged, incomplete or not a weight file" in refusal({**official, "audio2lip": path})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("missing", "mapping.bias is missing"),
        ("unexpected", "extra.weight is unexpected"),
        ("reshaped", "mapping.bias has shape (19,) instead of (20,)"),
    ],
)
def test_other_tensors_are_told(official, states, tmp_path, change, told):
    state = dict(states["Audio2Lip"])
    if change == "missing":
        del state["mapping.bias"]
    elif change == "unexpected":
        state["extra.weight"] = torch.zeros(2)
    else:
        state["mapping.bias"] = state["mapping.bias"][:19]
    path = tmp_path / "Audio2Lip.pt"
    torch.save({"audio2lip": state}, path)
    message = refusal({**official, "audio2lip": path})
    assert message == f"Audio2Lip.pt cannot be EDTalk's network for speech: {told}."


def test_what_is_no_data_is_refused(official, tmp_path):
    path = tmp_path / "Audio2Lip.pt"
    torch.save({"audio2lip": {}, "args": Path("run-me")}, path)
    assert "holds more than tensors" in refusal({**official, "audio2lip": path})


def test_tensors_in_memory_need_both_parts(states):
    with pytest.raises(TalkingHeadError, match="network for speech is missing"):
        networks_from({"EDTalk": states["EDTalk"]}, "full")
    with pytest.raises(TalkingHeadError, match="full model is missing"):
        networks_from({"EDTalk_lip_pose": {}, "Audio2Lip": {}}, "full")
