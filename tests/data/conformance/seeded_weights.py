# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deterministic stand-in weights for conformance tests.

An official checkpoint cannot be shipped with a test suite. What a test needs is that an engine loads *every*
tensor of the official layout under its official name and then computes what the reference computes. So the
weights are made from names: one tensor depends on (seed, tensor name, shape) alone. An engine whose tensors
have other names or shapes than the official layout gets other numbers, and its output misses the recorded one.

    state = seeded_state_dict(shapes, seed=1, rules=rules, overrides=overrides)

`shapes`     {name: (shape, dtype)}: the official layout, from <engine>_keys.json.
`rules`      [[regex, kind, parameters...], ...], first match wins; see `seeded_tensor`. From <engine>_rules.json.
`overrides`  {name: array}: the few tensors that were fitted (batch-norm statistics, spectral-norm vectors, ...).

NumPy only, so that it needs neither the engine under test nor the reference.
"""
import hashlib
import json
import re
from pathlib import Path

import numpy as np


def _generator(seed, name):
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))


def seeded_tensor(name, shape, dtype="float32", seed=0, rules=()):
    """One tensor, as float32 (or zeros of an integer dtype), from its name, its shape and the seed.

    A rule's kind is one of: "normal" (std), "uniform" (low, high), "constant" (value), "he" (gain): normal with
    std gain * sqrt(2 / fan_in), fan_in the product of all dimensions but the first.
    Without a matching rule: running_mean 0, running_var 1, other one-dimensional "weight" uniform in [0.7, 1.3),
    other tensors of one dimension or none normal with std 0.1, everything else "he" with gain 1.
    """
    shape = tuple(int(n) for n in shape)
    if dtype.startswith(("int", "uint", "bool")):
        return np.zeros(shape, dtype)
    rng, leaf = _generator(seed, name), name.rsplit(".", 1)[-1]
    kind, params = None, ()
    for pattern, rule_kind, *rule_params in rules:
        if re.search(pattern, name):
            kind, params = rule_kind, rule_params
            break
    if kind is None:
        if leaf == "running_mean":
            kind, params = "constant", (0.0,)
        elif leaf == "running_var":
            kind, params = "constant", (1.0,)
        elif len(shape) == 1 and leaf == "weight":
            kind, params = "uniform", (0.7, 1.3)
        elif len(shape) <= 1:
            kind, params = "normal", (0.1,)
        else:
            kind, params = "he", (1.0,)
    if kind == "constant":
        return np.full(shape, params[0], np.float32)
    if kind == "uniform":
        low, high = params
        return (low + (high - low) * rng.random(shape, np.float32)).astype(np.float32)
    std = params[0]
    if kind == "he":
        fan_in = max(1, int(np.prod(shape[1:])))
        std = params[0] * np.sqrt(2.0 / fan_in)
    elif kind != "normal":
        raise ValueError(f"{name}: unknown kind {kind!r}")
    return (rng.standard_normal(shape, np.float32) * np.float32(std)).astype(np.float32)


def seeded_state_dict(shapes, seed=0, rules=(), overrides=None):
    """{name: array} for a whole layout; `overrides` replace what the recipe would give (shapes must agree)."""
    state = {}
    for name, (shape, dtype) in shapes.items():
        if overrides is not None and name in overrides:
            value = np.asarray(overrides[name])
            if tuple(value.shape) != tuple(shape):
                raise ValueError(f"{name}: override has shape {value.shape}, layout says {tuple(shape)}")
        else:
            value = seeded_tensor(name, shape, dtype, seed, rules)
        state[name] = value
    return state


def load_case(folder, engine, case="public"):
    """Everything recorded for one engine: {part: state dict} and the arrays of <engine>_<case>.npz.

    <engine>_keys.json is {part: {name: [shape, dtype]}}, a part being one checkpoint file or one top-level key of it.
    Overrides are stored in the npz as "override/<part>/<name>"; the rest of the npz are inputs and expected outputs.
    """
    folder = Path(folder)
    layout = json.loads((folder / f"{engine}_keys.json").read_text())
    rules_file = folder / f"{engine}_rules.json"
    rules = json.loads(rules_file.read_text()) if rules_file.exists() else {}
    with np.load(folder / f"{engine}_{case}.npz", allow_pickle=False) as data:
        arrays = {key: data[key] for key in data.files}
    seed = int(arrays.pop("seed"))
    overrides = {}
    for key in [k for k in arrays if k.startswith("override/")]:
        _, part, name = key.split("/", 2)
        overrides.setdefault(part, {})[name] = arrays.pop(key)
    states = {
        part: seeded_state_dict(shapes, seed, rules.get(part, rules.get("*", ())), overrides.get(part))
        for part, shapes in layout.items()
    }
    return states, arrays
