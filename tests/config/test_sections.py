"""Properties of every section: what is wrong anywhere is one line with the key's path and the fix."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_checks import merged

from whypretrain.config import check, reference
from whypretrain.config.experiment import Experiment
from whypretrain.config.section import Section
from whypretrain.data import kinds
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())
FULL = check(
    merged(
        DEFAULT,
        {
            "select": {"clusters": {"number": 20, "chosen": 5}},
            "interactions": {"variants": {"zero": {"baseline": "zero"}}},
            "models": {
                "vit": {"train": {"common": {"augmentation": {"noise": 0.1}}, "methods": {"finetune": {"steps": 3}}}}
            },
        },
    )
)


def sections(config, section=Experiment, path=()):
    """The place and the model of every section of a config."""
    yield path, section
    for key, field in section.model_fields.items():
        for inner, named in reference._sections(field.annotation):
            at = [(*path, key, name) for name in config.get(key) or {}] if named else [(*path, key)]
            for place in at:
                found = config.get(key) if not named else config[key][place[-1]]
                if isinstance(found, dict):
                    yield from sections(found, inner, place)


DATA_SETS = [(("datasets", name), kinds.kind_of(spec, name).options) for name, spec in FULL["datasets"].items()]
ALL = [*sections(FULL), *DATA_SETS]


def changed(path, change):
    """The full config with a section changed, and nothing that could be wrong with other sections."""
    for key in reversed(path):
        change = {key: change}
    return merged(FULL, change)


def complaint(config):
    with pytest.raises(InputError) as error:
        check(config)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_every_section_is_looked_at():
    depths = {len(path) for path, _ in ALL}
    assert len(ALL) > 30
    assert depths == {0, 1, 2, 3, 4, 5}


@given(st.sampled_from(ALL), st.text("abcdefghijklmnop_", min_size=3, max_size=9).map(lambda text: f"zz_{text}"))
@settings(deadline=None, max_examples=80)
def test_an_unknown_key_is_named_with_its_section_and_a_fix(found, key):
    path, _ = found
    message = complaint(changed(path, {key: 1}))
    assert f"unknown key {key!r} in {'.'.join(path) or 'the top level'}; " in message
    assert "did you mean" in message or "there are: " in message


@pytest.mark.parametrize(("path", "section"), ALL, ids=[".".join(path) or "top" for path, _ in ALL])
def test_a_misspelt_key_finds_its_name(path, section):
    key = max(section.model_fields, key=len)
    assert f"did you mean {key!r}?" in complaint(changed(path, {f"{key}z": 1}))


class Wrong:
    """A value that no key takes."""

    def __repr__(self):
        return "WRONG"


KEYS = [(path, key) for path, section in ALL for key in section.model_fields if key not in ("options", "kind")]


@given(st.sampled_from(KEYS))
@settings(deadline=None, max_examples=150)
def test_a_wrong_type_is_named_with_its_path(found):
    path, key = found
    if (path, key) == ((), "datasets"):
        return
    message = complaint(changed(path, {key: Wrong()}))
    assert ".".join([*path, key]) in message
    assert "WRONG" in message


def bounded(section):
    """Keys of a section with a value just outside of their range."""
    for key, schema in section.model_json_schema()["properties"].items():
        for each in [schema, *schema.get("anyOf", [])]:
            for bound, outside in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
                if bound in each:
                    yield key, each[bound] + outside


RANGES = [(path, key, value) for path, section in ALL for key, value in bounded(section)]


@pytest.mark.parametrize(("path", "key", "value"), RANGES[::3], ids=lambda each: None)
def test_a_value_out_of_range_is_named_with_its_bound(path, key, value):
    message = complaint(changed(path, {key: value}))
    assert ".".join([*path, key]) in message
    assert any(word in message for word in ("at least", "at most", "above", "below"))


def test_docs_are_made_from_the_models(tmp_path):
    reference.main(tmp_path)
    for name in ("config.md", "config.schema.json"):
        assert (tmp_path / name).read_text() == (ROOT / "docs" / name).read_text(), "run `make reference`"


def test_the_json_schema_agrees_with_the_models():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/config.schema.json").read_text()))
    assert not list(validator.iter_errors(FULL))
    assert list(validator.iter_errors(changed(("pretrain",), {"stepz": 1})))


@pytest.mark.parametrize(
    "key", ["features", "select", "interactions", "invariances", "figures", "report", "statistics"]
)
def test_the_default_config_states_the_defaults_of_the_models(key):
    """An option left out is what config/default.yaml shows; methods are named there alone."""
    section: type[Section] = Experiment.model_fields[key].annotation
    assert section.of(DEFAULT[key]) == section()


def test_every_key_has_a_meaning():
    for path, section in ALL:
        for key, field in section.model_fields.items():
            assert field.description, (path, key)


def test_changes_keep_what_is_given_alone():
    method = Experiment.of(DEFAULT).train.methods["scratch"]
    assert method.plain() == DEFAULT["train"]["methods"]["scratch"]
