import pytest

from whypretrain.errors import InputError
from whypretrain.runtime.shards import WHOLE, Shard


@pytest.mark.parametrize("total", [0, 1, 7, 8, 9, 100, 101])
@pytest.mark.parametrize("together", [1, 4, 8, 300])
@pytest.mark.parametrize("of", [1, 2, 3, 12])
def test_shards_are_all_rows_cut_between_batches(total, together, of):
    parts = [Shard(number, of).rows(total, together) for number in range(1, of + 1)]
    assert [row for part in parts for row in range(total)[part]] == list(range(total))
    assert all(part.start % together == 0 for part in parts)
    lengths = [part.stop - part.start for part in parts]
    assert all(length >= together for length in lengths if length and total >= together)
    assert max(lengths) - min(lengths) < 2 * together or total < together


def test_the_whole_is_one_shard():
    assert WHOLE.rows(13, 4) == slice(0, 13)
    assert Shard.parse("2-of-3") == Shard(2, 3)


@pytest.mark.parametrize("text", ["", "2", "0-of-3", "4-of-3", "2-of-3 ", "-1-of-3"])
def test_other_texts_are_refused(text):
    with pytest.raises(InputError, match="use NUMBER-of-SHARDS"):
        Shard.parse(text)
