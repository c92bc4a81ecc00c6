"""What YAML reads as another type than it is meant: the key, and how to write it."""

import pytest
import yaml
from test_checks import DEFAULT, merged

from whypretrain.config import check
from whypretrain.errors import InputError

READINGS = {
    "datasets: {no: {kind: digits}}": "a name in datasets must be text, not False; YAML reads yes, no, on and off",
    "datasets: {101: {kind: digits}}": "a name in datasets must be text, not 101; put it in quotes",
    "datasets: {x: {kind: imagefolder, root: ., concepts: {yes: a}}}": "in datasets.x.concepts must be text, not",
    "train: {methods: {2: {}}}": "a name in train.methods must be text, not 2; put it in quotes",
    "grid: {targets: [101]}": "grid.targets.0 must be text, not 101; put it in quotes",
    "experiment: 2024-01-31": "experiment must be text, not datetime.date(2024, 1, 31); put it in quotes",
    "roles: {scratch: off}": "roles.scratch must be text, not False; YAML reads yes, no, on and off",
    "pretrain: {learning_rate: 1e-3}": "pretrain.learning_rate must be a number, not '1e-3'; write 1.0e-3",
    "pretrain: {learning_rate: 2.5E4}": "not '2.5E4'; write 2.5e+4",
    "pretrain: {steps: 1e3}": "pretrain.steps must be a whole number, not '1e3'; write 1000",
    "pretrain: {steps: '30'}": "not '30'; remove the quotes",
    "no: 1": "unknown key False in the top level",
}


@pytest.mark.parametrize("text", READINGS)
def test_how_to_write_it_is_said(text):
    with pytest.raises(InputError) as error:
        check(merged(DEFAULT, yaml.safe_load(text)), places=False)
    assert READINGS[text] in str(error.value)
    assert "\n" not in str(error.value)
