# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names the content of a model's files."""

from pathlib import Path

from inference.engines.wananimate.files import ModelFiles


def files(*parts):
    return ModelFiles(tuple((name, Path(name), digest) for name, digest in parts), None, 0.0, "", relights=False)


def test_the_text_encoders_files_name_what_it_makes():
    one = files(("transformer", "a"), ("umt5", "b"), ("tokenizer", "c"))
    assert one.digest("umt5", "tokenizer") == "b-c"
    several = files(
        ("transformer_1", "a"), ("transformer_2", "d"), ("umt5_1", "b"), ("umt5_2", "e"), ("tokenizer", "c")
    )
    assert several.digest("umt5", "tokenizer") == "b-e-c" and several.digest("transformer") == "a-d"
