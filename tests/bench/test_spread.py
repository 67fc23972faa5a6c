from __future__ import annotations

import pytest

from bench.spread import Spread, in_turn, paired_ratios, percentile


def test_a_spread_is_the_median_and_the_range_of_the_repeats() -> None:
    assert Spread.of([5.0, 1.0, 100.0, 2.0, 3.0]) == Spread(3.0, 1.0, 100.0, 5)


def test_there_is_no_spread_of_nothing() -> None:
    with pytest.raises(ValueError, match="no repeat"):
        Spread.of([])


def test_ratios_are_of_the_same_repeat() -> None:
    assert paired_ratios([10.0, 20.0, 60.0], [5.0, 5.0, 20.0]) == [2.0, 4.0, 3.0]


def test_a_repeat_that_one_of_a_pair_did_not_finish_does_not_shift_the_others() -> None:
    assert paired_ratios([None, 20.0, 60.0], [5.0, 5.0, None]) == [4.0]
    assert paired_ratios([10.0, 20.0], [5.0]) == [2.0]


def test_a_slow_machine_changes_rates_and_no_ratio() -> None:
    quiet, noisy = [100.0, 100.0], [100.0, 10.0]
    assert paired_ratios(noisy, [each / 2 for each in noisy]) == [2.0, 2.0]
    assert paired_ratios(quiet, [each / 2 for each in quiet]) == [2.0, 2.0]


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1), (1, 1), (50, 50), (99, 99), (99.1, 100), (100, 100)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    percent: float, value: int
) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 101), ([1.0], -1)])
def test_a_percentile_of_nothing_or_beyond_all_is_refused(
    values: list[float], percent: float
) -> None:
    with pytest.raises(ValueError, match="no "):
        percentile(values, percent)


def test_every_contender_is_once_in_each_repeat() -> None:
    names = ["a", "b", "c"]
    assert all(sorted(in_turn(names, repeat)) == names for repeat in range(12))


def test_no_contender_always_begins_or_always_follows_the_same_one() -> None:
    orders = [in_turn(["a", "b", "c"], repeat) for repeat in range(6)]
    assert {order[0] for order in orders} == {"a", "b", "c"}
    before_b = {order[order.index("b") - 1] for order in orders if order.index("b") > 0}
    assert before_b == {"a", "c"}


def test_nobody_is_in_turn_where_there_is_nobody() -> None:
    assert in_turn([], 3) == []
