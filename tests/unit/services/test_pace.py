from __future__ import annotations

import itertools

from workstation.domain.node import RetrieveMethod
from workstation.services.pace import LARGE, Growth, Paces

GET, WEB = RetrieveMethod.GET, RetrieveMethod.WEB


def test_the_fastest_method_of_this_size_comes_first() -> None:
    paces = Paces()
    paces.note("PACS", GET, 10, 10 * LARGE, 2.0)
    paces.note("PACS", WEB, 10, 10 * LARGE, 1.0)
    paces.note("PACS", GET, 1000, 1000, 1.0)

    assert paces.fastest_first("PACS", [GET, WEB], LARGE) == [WEB, GET]
    assert paces.fastest_first("PACS", [GET, WEB], 1) == [GET, WEB]
    assert paces.fastest_first("OTHER", [GET, WEB], LARGE) == [GET, WEB]


def test_a_refused_association_is_remembered() -> None:
    paces = Paces()
    paces.refused("PACS", 2)
    assert paces.most_associations("PACS", 4) == 2
    assert paces.most_associations("OTHER", 4) == 4


def test_associations_are_added_while_each_makes_it_faster() -> None:
    clock = itertools.count().__next__
    growth = Growth(4, adapt=True, clock=clock)
    assert growth.wants_more(1, 10 * LARGE, 1)
    assert growth.wants_more(2, 30 * LARGE, 2)  # twice as fast
    assert not growth.wants_more(3, 50 * LARGE, 3)  # no faster
    assert not growth.wants_more(4, 500 * LARGE, 3)


def test_small_instances_gain_nothing_by_more_associations() -> None:
    assert not Growth(4, adapt=True).wants_more(100, 100 * 1024, 1)


def test_a_number_of_the_users_is_used_as_it_is() -> None:
    growth = Growth(2, adapt=False)
    assert growth.wants_more(1, 1024, 1)
    assert not growth.wants_more(2, 2048, 2)
