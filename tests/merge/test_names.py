"""The rule by which things of several members get names, whatever they are called."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.merge.member import Member, check_members
from mcpgrpc_server.merge.names import Named, offered_names
from tests.merge.members import Scripted

# Names that are made of each other's prefixes, so that prefixing makes new collisions.
words = st.lists(st.sampled_from(["x", "y", "a", "b", "a_b", "2"]), min_size=1, max_size=4).map(
    "_".join
)
own_names = st.lists(words, max_size=5, unique=True)


@st.composite
def members(draw: st.DrawFn) -> list[Named]:
    names = draw(
        st.lists(
            st.sampled_from(["a", "b", "a_b", "x", "b_a"]), min_size=1, max_size=4, unique=True
        )
    )
    return [Named(f"{name}_", draw(own_names), draw(st.booleans())) for name in names]


def test_a_name_that_only_one_member_has_is_kept() -> None:
    assert offered_names([Named("a_", ["x"]), Named("b_", ["y"])]) == [{"x": "x"}, {"y": "y"}]


def test_a_name_that_two_members_have_is_prefixed_for_both() -> None:
    assert offered_names([Named("a_", ["x", "z"]), Named("b_", ["x"])]) == [
        {"x": "a_x", "z": "z"},
        {"x": "b_x"},
    ]


def test_a_member_that_always_wants_its_prefix_gets_it() -> None:
    assert offered_names([Named("a_", ["x"], always=True), Named("b_", ["x"])]) == [
        {"x": "a_x"},
        {"x": "x"},
    ]


def test_a_name_that_a_prefixed_one_takes_is_prefixed_as_well() -> None:
    found = offered_names([Named("a_", ["x"]), Named("b_", ["x"]), Named("c_", ["a_x"])])
    assert found == [{"x": "a_x"}, {"x": "b_x"}, {"a_x": "c_a_x"}]


def test_prefixed_names_that_coincide_are_numbered_in_the_order_of_the_members() -> None:
    found = offered_names(
        [
            Named("a_", ["b_x"], always=True),
            Named("a_b_", ["x"], always=True),
            Named("c_", ["a_b_x_2"]),
        ]
    )
    assert found == [{"b_x": "a_b_x"}, {"x": "a_b_x_3"}, {"a_b_x_2": "a_b_x_2"}]


@given(members())
def test_no_two_things_share_a_name(several: list[Named]) -> None:
    offered = [name for names in offered_names(several) for name in names.values()]
    assert len(offered) == len(set(offered))
    assert len(offered) == sum(len(named.own) for named in several)


@given(members())
def test_a_name_is_kept_exactly_where_nothing_else_has_it(several: list[Named]) -> None:
    things = [
        (at, own, offered)
        for at, names in enumerate(offered_names(several))
        for own, offered in names.items()
    ]
    for at, own, offered in things:
        named = several[at]
        others = set()
        for other_at, other_own, other_offered in things:
            if (other_at, other_own) != (at, own):
                others.add(other_offered)
                if not several[other_at].always:
                    others.add(other_own)
        if offered == own and not named.always:
            assert own not in others
        else:
            assert offered.startswith(named.prefix + own)
            assert named.always or own in others


@given(members(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_member_lists_does_not_matter(
    several: list[Named], random: Random
) -> None:
    shuffled = [
        Named(each.prefix, random.sample(list(each.own), len(each.own)), each.always)
        for each in several
    ]
    assert offered_names(shuffled) == offered_names(several)


@given(members())
def test_a_name_that_repeats_within_a_member_counts_once(several: list[Named]) -> None:
    doubled = [Named(each.prefix, [*each.own, *each.own], each.always) for each in several]
    assert offered_names(doubled) == offered_names(several)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a/b", "a+b", "ä", "a" * 33, "a\n"])
def test_what_cannot_stand_in_names_and_schemes_cannot_name_a_member(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a member"):
        Member(name, Scripted({}))


@pytest.mark.parametrize("pair", [("a", "a"), ("a", "A"), ("a-b", "a_b")])
def test_members_that_could_not_be_told_apart_in_a_uri_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        check_members([Member(name, Scripted({})) for name in pair])


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="nothing to merge"):
        check_members([])
