# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are cut, damaged or something else are told by their structure, without a package that reads them."""

import json
import pickle
import struct
import zipfile

import pytest
import weight_files

from inference.weights.old_checkpoint import START
from inference.weights.structure import damage_of, problem_of

PYTORCH = ("pth", "pth.tar", "pt", "th", "ckpt", "bin")
ENDINGS = (*PYTORCH, "safetensors", "gguf", "onnx")


def made(tmp_path, ending, content):
    path = tmp_path / f"file.{ending}"
    path.write_bytes(content)
    return path


def header(**entries):
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize("ending", ENDINGS)
def test_whole_files(tmp_path, ending):
    path = weight_files.write(tmp_path / f"file.{ending}", "whole")
    assert problem_of(path) == "" and damage_of(path) == ""


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_cut_anywhere_are_refused(tmp_path, ending):
    content = weight_files.write(tmp_path / f"whole.{ending}", "whole").read_bytes()
    for length in range(0, len(content), max(1, len(content) // 50)):
        assert problem_of(made(tmp_path, ending, content[:length])), length


@pytest.mark.parametrize("alignment", [32, 256])
def test_a_gguf_file_is_as_large_as_its_header_says(tmp_path, alignment):
    content = weight_files.gguf(alignment=alignment)
    assert problem_of(made(tmp_path, "gguf", content)) == problem_of(made(tmp_path, "gguf", content + b"\0")) == ""
    for length in range(4, len(content)):
        assert problem_of(made(tmp_path, "gguf", content[:length])) == "it is cut off", length


@pytest.mark.parametrize(
    "content",
    [
        b"GGML" + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 1, 1, 0) + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 0) + bytes(100),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1 << 40) + bytes(100),
        b"GGUF" + struct.pack("<IQQQcI", 3, 1, 1, 1, b"a", 99) + bytes(100),
        b"GGUF" + struct.pack("<IQQQcI", 3, 1, 0, 1, b"a", 99) + bytes(100),
    ],
)
def test_what_is_no_gguf_file(tmp_path, content):
    assert problem_of(made(tmp_path, "gguf", content)) == "it is no GGUF file"


def test_long_json_files_are_read_only_once(tmp_path):
    content = json.dumps({"model": {"vocab": [f"word {number}" for number in range(200_000)]}}).encode()
    path = made(tmp_path, "json", content)
    assert len(content) > 2_000_000 and problem_of(path) == "" and damage_of(path) == ""
    assert problem_of(made(tmp_path, "json", content[:-2])) == "it is cut off"
    assert problem_of(made(tmp_path, "json", b" " + content[1:])) == "it is no JSON file"
    path = made(tmp_path, "json", content[:1_000_000] + b'"}"' + content[1_000_000:])
    assert problem_of(path) == "" and damage_of(path) == "it is cut off"


def test_numbers_that_belong_to_an_onnx_file_are_of_no_format(tmp_path):
    path = tmp_path / "vitpose_h_wholebody_data.bin"
    path.write_bytes(bytes(range(50)))
    assert problem_of(path) == "" and damage_of(path) == ""
    path.write_bytes(b"")
    assert problem_of(path) == "it is empty"


@pytest.mark.parametrize("ending", PYTORCH)
def test_checkpoints_from_before_the_zip_format(tmp_path, ending):
    content = weight_files.old_checkpoint()
    assert problem_of(made(tmp_path, ending, content)) == "" and damage_of(tmp_path / f"file.{ending}") == ""
    for length in range(len(START), len(content)):
        assert problem_of(made(tmp_path, ending, content[:length])) == "it is cut off", length


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "it is a Git LFS pointer"),
        (b"\n<!DOCTYPE html><p>Log in", "it is a web page"),
        (b"<html>", "it is a web page"),
    ],
)
def test_what_people_find_instead_of_models(tmp_path, ending, content, reason):
    assert problem_of(made(tmp_path, ending, content)).startswith(reason)


@pytest.mark.parametrize(
    ("ending", "content", "reason"),
    [
        ("pth", pickle.dumps({"a": 1}), "it is no checkpoint of PyTorch"),
        ("pth.tar", b"vox/data.pkl" + bytes(500), "it is no checkpoint of PyTorch"),
        ("pt", b"MZ\x90\0", "it is no checkpoint of PyTorch"),
        ("pt", START + b"no pickle at all", "it is no checkpoint of PyTorch"),
        ("pt", weight_files.old_checkpoint().replace(b"Float", b"Other"), "it is no checkpoint of PyTorch"),
        ("pt", weight_files.old_checkpoint() + b"\0", "it is longer than its tensors"),
        ("safetensors", b"PK\x03\x04" + b"\xff" * 100, "it is no safetensors file"),
        ("safetensors", struct.pack("<Q", 10) + b"no, " * 3, "it is no safetensors file"),
        ("safetensors", struct.pack("<Q", 2) + b"[]", "it is no safetensors file"),
        ("safetensors", header(a=5), "it is no safetensors file"),
        ("safetensors", header(__metadata__={}), "it holds no tensors"),
        ("safetensors", weight_files.safetensors() + b"more", "it is longer than its header says"),
        ("onnx", b"\x08\x08", "it is no ONNX file"),
        ("onnx", b"\x0b\x08", "it is no ONNX file"),
        ("onnx", b"\x80" * 40, "it is no ONNX file"),
    ],
)
def test_other_files(tmp_path, ending, content, reason):
    assert problem_of(made(tmp_path, ending, content)) == reason


def test_a_zip_file_that_is_no_checkpoint(tmp_path):
    path = tmp_path / "file.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert problem_of(path) == "it is a zip file, but no checkpoint of PyTorch"


@pytest.mark.parametrize("ending", PYTORCH)
def test_a_changed_byte_inside_a_checkpoint_shows_in_its_checksum(tmp_path, ending):
    content = bytearray(weight_files.checkpoint())
    content[content.index(bytes(range(256))) + 9] ^= 4
    path = made(tmp_path, ending, content)
    assert problem_of(path) == ""
    assert damage_of(path) == "its content is damaged"


def test_a_folder_or_nothing_cannot_be_read(tmp_path):
    (tmp_path / "folder.pth").mkdir()
    for name in ("folder.pth", "none.pth"):
        assert problem_of(tmp_path / name).startswith("it cannot be read")
        assert damage_of(tmp_path / name).startswith("it cannot be read")


@pytest.mark.parametrize("ending", ["json", "txt"])
def test_whole_files_of_a_tokenizer(tmp_path, ending):
    path = weight_files.write(tmp_path / f"file.{ending}", "whole")
    assert problem_of(path) == "" and damage_of(path) == ""


@pytest.mark.parametrize(
    ("ending", "content", "reason"),
    [
        ("json", b'{"a": 0, "b', "it is cut off"),
        ("json", b"a b", "it is no JSON file"),
        ("json", b"\xff\xfe", "it is no JSON file"),
        ("json", b"<!doctype html>", "it is a web page"),
        ("txt", b"t h\xff", "it is no text"),
        ("txt", b"t h\0", "it is no text"),
        ("txt", b"", "it is empty"),
    ],
)
def test_files_of_a_tokenizer_that_are_something_else(tmp_path, ending, content, reason):
    assert problem_of(made(tmp_path, ending, content)).startswith(reason)
