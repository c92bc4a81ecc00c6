"""Memory that runs out, simulated by functions that refuse many rows at once; training has its own tests."""

import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.runtime.memory import Halving


def most(rows, asked):
    """Doubles its input, of at most so many rows."""

    def double(batch):
        asked.append(len(batch))
        if len(batch) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return 2 * batch

    return double


def test_rows_are_those_of_the_whole_batch_and_parts_are_kept(capsys):
    asked, halving = [], Halving()
    double = most(3, asked)
    for number in (10, 10, 2):
        batch = torch.arange(float(number))
        assert torch.equal(halving.mapped(double, batch), 2 * batch)
    assert asked == [10, 5, 3, 3, 2, 2, 3, 3, 2, 2, 1, 1]
    told = capsys.readouterr().err.splitlines()
    assert told == [f"out of memory: batches of 10 now run in {parts} parts" for parts in (2, 4)]


def test_odd_batches_come_down_to_single_rows():
    assert Halving().mapped(most(1, []), torch.ones(3)).tolist() == [2, 2, 2]


def test_a_row_that_does_not_fit_is_told():
    with pytest.raises(InputError, match="too little memory for one image a time"):
        Halving().mapped(most(0, []), torch.ones(4))
