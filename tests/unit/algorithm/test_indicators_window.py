"""Rolling windows."""

from __future__ import annotations

import pytest

from live.algorithm.data import TradeBar
from live.algorithm.indicators import RollingWindow
from live.errors import UsageError


def window(size: int, values: list[int]) -> RollingWindow[int]:
    made = RollingWindow[int](size)
    for value in values:
        made.add(value)
    return made


def test_newest_first_and_the_oldest_falls_out() -> None:
    made = window(3, [1, 2, 3, 4])
    assert list(made) == [4, 3, 2]
    assert (made[0], made[2], made[-1]) == (4, 2, 2)
    assert made.most_recently_removed == 1
    assert (made.count, made.size, made.samples, len(made)) == (3, 3, 4, 3)
    assert made.is_ready
    assert 3 in made
    assert 1 not in made


def test_every_form_of_making_one() -> None:
    assert RollingWindow[TradeBar](4).size == RollingWindow[float](4).size == RollingWindow(4).size == 4


def test_an_index_that_is_not_filled_is_none() -> None:
    assert window(3, [1])[2] is None


def test_an_index_past_the_size_makes_the_window_longer() -> None:
    made = window(2, [1, 2, 3])
    assert made[4] is None
    assert made.size == 5
    assert not made.is_ready
    made.add(4)
    assert list(made) == [4, 3, 2]


def test_items_can_be_set() -> None:
    made = window(3, [1, 2, 3, 4])
    made[1] = 30
    made[-1] = 20
    assert list(made) == [4, 30, 20]
    short = window(3, [1])
    short[1] = 9
    assert list(short)[1] == 9


def test_a_smaller_size_keeps_the_newest() -> None:
    made = window(4, [1, 2, 3, 4, 5])
    made.size = 2
    assert list(made) == [5, 4]
    made.add(6)
    assert list(made) == [6, 5]


def test_reset_empties_but_keeps_the_size() -> None:
    made = window(2, [1, 2, 3])
    made.reset()
    assert list(made) == []
    assert (made.size, made.samples) == (2, 0)
    assert not made.is_ready
    with pytest.raises(UsageError, match="no items have been removed"):
        _ = made.most_recently_removed


def test_iteration_sees_the_window_as_it_was() -> None:
    made = window(3, [1, 2, 3])
    seen = []
    for value in made:
        made.add(value * 10)
        seen.append(value)
    assert seen == [3, 2, 1]


def test_wrong_sizes_and_indexes() -> None:
    with pytest.raises(UsageError, match="size -1"):
        RollingWindow(-1)
    with pytest.raises(UsageError, match="size 0"):
        RollingWindow(0).add(1)
    with pytest.raises(UsageError, match="index -4"):
        _ = window(3, [1])[-4]


def test_both_spellings() -> None:
    made = RollingWindow[int](2)
    made.Add(1)
    made.Add(2)
    assert made.IsReady
    assert made.Count == 2
