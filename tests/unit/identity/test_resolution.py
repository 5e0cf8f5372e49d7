"""Every pattern of links and LAESTABs, and that row order does not matter."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.corrections import Correction
from pipelines.identity.decision import Decision
from pipelines.identity.evidence import KnownSchool, Link, Place
from pipelines.identity.resolution import resolve

DAY = dt.date(2018, 9, 1)
BEFORE, AFTER = dt.date(2017, 9, 1), dt.date(2019, 9, 1)
A, B, C, D, E = range(100001, 100006)


def school(urn: int, number: int | None = None, opened=None, closed=None, **more) -> KnownSchool:
    """A registered school; its establishment number is the URN's last digits unless given."""
    laestab = 8_510_000 + (2000 + urn % 1000 if number is None else number)
    return KnownSchool(
        urn,
        f"School {urn}",
        **{
            "laestab": laestab,
            "open_date": opened,
            "close_date": closed,
            "is_registered": True,
            "is_listed": True,
            "place": Place("register.csv", urn % 1000 + 1),
            **more,
        },
    )


def closed(urn: int, number: int | None = None, on: dt.date = BEFORE) -> KnownSchool:
    return school(urn, number, closed=on - dt.timedelta(days=1))


def link(old: int, new: int, kind: str = "", date: dt.date | None = None, row: int = 2) -> Link:
    return Link(old, new, f"Successor{kind}", date, Place("links.csv", row))


def as_predecessor(given: Link) -> Link:
    """The same link, recorded with the other school."""
    kind = given.link_type.replace("Successor", "Predecessor")
    return replace(given, urn=given.link_urn, link_urn=given.urn, link_type=kind)


def decided(known, links=(), day=DAY, corrections=()) -> dict[int, Decision]:
    return {d.urn: d for d in resolve(known, list(links), day, corrections)}


def kinds(found: dict[int, Decision]) -> dict[int, str]:
    return {urn: d.decision for urn, d in found.items()}


def schools_of(found: dict[int, Decision]) -> set[frozenset[int]]:
    """The partition: which URNs are one school."""
    ids = {d.school_id for d in found.values()}
    return {frozenset(u for u, d in found.items() if d.school_id == i) for i in ids}


# --------------------------------------------------------------------------------------- conversions


def test_a_converter_is_one_school_under_its_urn_on_the_reference_date():
    found = decided([closed(A, 2001), school(B, 2001, BEFORE)], [link(A, B)])
    assert kinds(found) == {A: "converted", B: "as_registered"}
    assert {d.school_id for d in found.values()} == {8512001}
    assert {d.standing_urn for d in found.values()} == {B}
    assert found[A].place == Place("links.csv", 2)
    assert found[A].evidence_date == BEFORE
    assert found[B].evidence.endswith(f"with it count {A}")


@pytest.mark.parametrize("date", [None, dt.date(2017, 6, 30), AFTER])
def test_register_dates_take_precedence_over_link_dates(date):
    found = decided([closed(A, 2001), school(B, 2009, BEFORE)], [link(A, B, date=date)])
    assert (found[A].decision, found[A].evidence_date) == ("re_numbered", BEFORE)
    assert found[A].school_id == found[B].school_id == 8512009


@pytest.mark.parametrize("number", [2001, 2009])
def test_a_later_conversion_keeps_the_number_of_the_reference_date(number):
    found = decided([closed(A, 2001, AFTER), school(B, number, AFTER)], [link(A, B)])
    assert {d.school_id for d in found.values()} == {8512001}
    assert {d.standing_urn for d in found.values()} == {A}
    assert kinds(found) == {
        A: "as_registered",
        B: "converted" if number == 2001 else "re_numbered",
    }


def test_on_the_day_of_conversion_the_new_school_counts():
    found = decided([closed(A, 2001, DAY), school(B, 2001, DAY)], [link(A, B)])
    assert found[A].standing_urn == B


@pytest.mark.parametrize("overlap_days", [0, 20])
@pytest.mark.parametrize("links", [[], [link(A, B)]])
def test_an_overlap_of_a_few_days_at_handover_is_accepted(overlap_days, links):
    old = school(A, 2001, closed=DAY + dt.timedelta(days=overlap_days))
    found = decided([old, school(B, 2001, DAY)], links)
    assert kinds(found) == {A: "converted", B: "as_registered"}
    assert found[A].standing_urn == B


def test_an_unregistered_school_is_found_by_its_link():
    """In an export of open schools only, results under the old URN are still found."""
    old = KnownSchool(A, is_listed=True, place=Place("ks2.csv", 7))
    found = decided([old, school(B, 2001, BEFORE)], [link(A, B)])
    assert found[A].school_id == found[B].school_id == 8512001


def test_a_school_without_a_successor_is_unknown():
    found = decided([KnownSchool(A, is_listed=True), school(B)], [])
    assert (found[A].decision, found[A].school_id, found[A].standing_urn) == ("unknown", None, None)
    assert found[B].decision == "as_registered"


def test_a_school_registered_without_its_number_is_unknown():
    found = decided([school(A, laestab=None)])
    assert found[A].decision == "unknown"
    assert "without an establishment number" in found[A].evidence


def test_links_between_schools_that_no_file_names_are_not_listed():
    assert set(decided([school(A)], [link(B, C), link(D, A)])) == {A, D}


def test_a_chain_is_followed_through_unregistered_schools():
    links = [link(A, B), link(B, C), link(C, D)]
    found = decided([closed(A), closed(B, on=dt.date(2018, 1, 1)), school(D, opened=BEFORE)], links)
    assert {d.school_id for d in found.values()} == {8512004}
    assert found[C].decision == "converted"


def test_a_chain_recorded_twice_is_not_a_split():
    known = [closed(A), closed(B, on=dt.date(2018, 1, 1)), school(C, opened=dt.date(2018, 1, 1))]
    found = decided(known, [link(A, B), link(B, C), link(A, C)])
    assert schools_of(found) == {frozenset({A, B, C})}
    assert "unresolved" not in kinds(found).values()


# ------------------------------------------------------------------------------------------- mergers


@pytest.mark.parametrize("kind", ["", " - merged", " - amalgamated"])
@pytest.mark.parametrize("date", [None, BEFORE])
def test_a_merger_pools_its_parts(kind, date):
    found = decided(
        [closed(A), closed(B), school(C, opened=BEFORE)],
        [link(A, C, kind, date), link(B, C, kind, date)],
    )
    assert kinds(found) == {A: "merged", B: "merged", C: "as_registered"}
    assert schools_of(found) == {frozenset({A, B, C})}


def test_a_school_that_absorbs_another_keeps_its_id_and_pools_results():
    known = [closed(A), school(B, opened=dt.date(2010, 9, 1))]
    found = decided(known, [link(A, B)])
    assert kinds(found) == {A: "merged", B: "as_registered"}
    assert found[A].school_id == found[B].school_id == 8512002


def test_a_merger_after_the_reference_date_keeps_the_parts_separate():
    found = decided(
        [closed(A, on=AFTER), closed(B, on=AFTER), school(C, 2001, opened=AFTER)],
        [link(A, C), link(B, C)],
    )
    assert schools_of(found) == {frozenset({A}), frozenset({B}), frozenset({C})}
    # The merged school has the LAESTAB of the part that holds it on the reference date.
    assert found[A].school_id == 8512001
    assert found[C].school_id == C


def test_results_of_a_school_merged_after_the_reference_date_cannot_be_divided():
    merged = school(C, opened=AFTER, is_needed=True)
    found = decided([closed(A, on=AFTER), closed(B, on=AFTER), merged], [link(A, C), link(B, C)])
    assert (found[C].decision, found[C].candidates) == ("unresolved", (A, B))


def test_a_school_absorbed_after_the_reference_date_is_still_itself():
    """The other school had converted by then, which is not a merger."""
    known = [
        closed(A, 2001, on=dt.date(2014, 11, 1)),
        school(B, 2001, opened=dt.date(2014, 11, 1)),
        closed(C, on=AFTER),
    ]
    found = decided(known, [link(A, B), link(C, B, " - merged", AFTER)])
    assert schools_of(found) == {frozenset({A, B}), frozenset({C})}
    assert kinds(found) == {A: "converted", B: "as_registered", C: "as_registered"}


@pytest.mark.parametrize("kind", ["Result of Amalgamation", "Merged - change in age range"])
def test_an_amalgamation_without_a_direction_leads_to_the_school_that_stayed(kind):
    recorded = Link(B, A, kind, BEFORE, Place("links.csv", 2))
    known = [closed(A), school(B)]
    for given_link in (recorded, replace(recorded, urn=A, link_urn=B)):
        assert kinds(decided(known, [given_link])) == {A: "merged", B: "as_registered"}
    both_open = decided([school(A), school(B)], [recorded])
    assert kinds(both_open) == {A: "as_registered", B: "as_registered"}


# -------------------------------------------------------------------------------------------- splits


def split(*numbers: int) -> dict[int, Decision]:
    known = [closed(A), *(school(u, n, BEFORE) for u, n in zip((B, C), numbers, strict=True))]
    return decided(known, [link(A, B, " - Split School"), link(A, C, " - Split School")])


def test_a_split_continues_in_the_part_that_keeps_the_laestab():
    found = split(2001, 2009)
    assert kinds(found) == {A: "converted", B: "as_registered", C: "split_off"}
    assert schools_of(found) == {frozenset({A, B}), frozenset({C})}


def test_a_split_without_a_successor_names_its_candidates_and_stays_one_school():
    found = split(2008, 2009)
    assert kinds(found) == {A: "unresolved", B: "split_off", C: "split_off"}
    assert found[A].candidates == (B, C)
    assert schools_of(found) == {frozenset({A}), frozenset({B}), frozenset({C})}


@pytest.mark.parametrize("kind", ["", " - Split School"])
def test_two_successors_are_a_split_whatever_the_link_is_called(kind):
    known = [closed(A), school(B, opened=BEFORE), school(C, opened=BEFORE)]
    found = decided(known, [link(A, B, kind), link(A, C, kind)])
    assert found[A].decision == "unresolved"


def test_a_school_that_splits_and_stays_open_is_itself():
    known = [school(A), school(B, opened=BEFORE)]
    found = decided(known, [link(A, B, " - Split School", BEFORE)])
    assert kinds(found) == {A: "as_registered", B: "split_off"}


# --------------------------------------------------------------------------------- ignored links


@pytest.mark.parametrize(
    "kind",
    [
        "Sixth Form Centre Link",
        "Sixth Form Centre School",
        "Expansion",
        "Other",
        "Closure",
    ],
)
def test_links_between_two_schools_that_stay_separate(kind):
    found = decided([closed(A), school(B)], [Link(A, B, kind, BEFORE, Place("links.csv", 2))])
    assert kinds(found) == {A: "as_registered", B: "as_registered"}
    assert len(schools_of(found)) == 2


def test_a_link_to_itself_is_ignored():
    assert kinds(decided([school(A)], [link(A, A)])) == {A: "as_registered"}


def test_a_cycle_of_links_names_the_other_schools():
    found = decided([school(A), school(B), school(C)], [link(A, B), link(B, A)])
    assert kinds(found) == {A: "unresolved", B: "unresolved", C: "as_registered"}
    assert found[A].candidates == (B,)
    assert len(schools_of(found)) == 3


@pytest.mark.parametrize("date", [None, BEFORE])
@pytest.mark.parametrize("kind", ["", " - merged"])
def test_a_link_that_the_register_contradicts_is_unresolved(date, kind):
    found = decided([school(A), school(B)], [link(A, B, kind, date)])
    assert kinds(found) == {A: "unresolved", B: "as_registered"}
    assert found[A].candidates == (B,)
    assert "has 100001 open on the reference date" in found[A].evidence


# ------------------------------------------------------------------------------------------ LAESTABs


def test_a_laestab_that_passes_on_without_a_link_is_one_school():
    found = decided([closed(A, 2001), school(B, 2001, BEFORE)])
    assert kinds(found) == {A: "converted", B: "as_registered"}
    assert schools_of(found) == {frozenset({A, B})}
    assert "without a link" in found[A].evidence


def test_a_laestab_passes_on_over_a_summer_and_after_the_reference_date():
    known = [
        school(A, 2001, closed=dt.date(2019, 7, 20)),
        school(B, 2001, opened=dt.date(2019, 9, 4)),
    ]
    found = decided(known)
    assert kinds(found) == {A: "as_registered", B: "converted"}
    assert {d.standing_urn for d in found.values()} == {A}


def test_a_laestab_used_again_years_later_is_another_school():
    known = [school(A, 2001, closed=dt.date(2009, 8, 31)), school(B, 2001, BEFORE)]
    found = decided(known)
    assert kinds(found) == {A: "laestab_reused", B: "as_registered"}
    # The school open on the reference date keeps the LAESTAB as its id; the other uses its URN.
    assert found[B].school_id == 8512001
    assert found[A].school_id == A


def test_two_open_schools_with_one_laestab_are_unresolved():
    found = decided([school(A, 2001), school(B, 2001)])
    assert kinds(found) == {A: "unresolved", B: "unresolved"}
    assert found[A].candidates == (B,)
    assert found[A].school_id != found[B].school_id


def test_two_schools_with_one_laestab_for_a_year_are_unresolved():
    known = [school(A, 2001, closed=AFTER), school(B, 2001, opened=BEFORE)]
    assert set(kinds(decided(known, day=dt.date(2020, 9, 1))).values()) == {"unresolved"}


@pytest.mark.parametrize(("other_file", "n_schools"), [("ks2_2018.csv", 1), ("ks2_2017.csv", 2)])
def test_without_dates_results_show_whether_both_schools_were_open(other_file, n_schools):
    one, other = (
        KnownSchool(
            urn,
            laestab=8512001,
            is_listed=True,
            outcome_files=frozenset({file}),
            place=Place(file, 2),
        )
        for urn, file in ((A, "ks2_2017.csv"), (B, other_file))
    )
    assert len(schools_of(decided([one, other]))) == n_schools


def test_a_laestab_left_to_another_does_not_undo_a_link():
    known = [closed(A, 2001), school(B, 2002, BEFORE), school(C, 2001, BEFORE)]
    found = decided(known, [link(A, B)])
    assert schools_of(found) == {frozenset({A, B}), frozenset({C})}


# --------------------------------------------------------------------------------------- corrections


def correction(urn: int, school_urn: int | None) -> Correction:
    return Correction(urn, school_urn, "known", "an officer", DAY, Place("corrections.csv", 2))


def test_a_correction_settles_a_split_and_its_predecessors_come_with_it():
    known = [closed(A), school(B, 2008, BEFORE), school(C, 2009, BEFORE)]
    links = [link(A, B), link(A, C), link(D, A, date=dt.date(2010, 9, 1))]
    found = decided(known, links, corrections=[correction(A, C)])
    assert schools_of(found) == {frozenset({A, C, D}), frozenset({B})}
    assert found[A].decision == "correction"
    assert found[A].evidence == "decided by an officer: known"
    assert found[A].place == Place("corrections.csv", 2)


def test_a_correction_separates_a_school_from_links_and_laestab():
    known = [closed(A, 2001), school(B, 2001, BEFORE)]
    for links in ([], [link(A, B)]):
        found = decided(known, links, corrections=[correction(A, None)])
        assert schools_of(found) == {frozenset({A}), frozenset({B})}
        assert kinds(found) == {A: "correction", B: "as_registered"}


# ----------------------------------------------------------------------------------------- any graph

URNS = range(100001, 100009)
DATES = st.sampled_from([None, dt.date(2016, 9, 1), BEFORE, DAY, AFTER])
SCHOOLS = st.tuples(
    *(
        st.builds(
            KnownSchool,
            urn=st.just(urn),
            laestab=st.sampled_from([None, 8512001, 8512002, 8512003, 8512004]),
            open_date=DATES,
            close_date=DATES,
            is_registered=st.booleans(),
            is_needed=st.booleans(),
            is_listed=st.just(True),
            outcome_files=st.frozensets(st.sampled_from(["one", "two"])),
            place=st.just(Place("any.csv", 2)),
        )
        for urn in URNS
    )
)
LINKS = st.lists(
    st.builds(
        link,
        old=st.sampled_from([*URNS, 100009]),
        new=st.sampled_from([*URNS, 100009]),
        kind=st.sampled_from(["", " - merged", " - Split School"]),
        date=DATES,
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=300)
@given(SCHOOLS, LINKS, st.randoms(use_true_random=False))
def test_the_partition_depends_on_neither_row_order_nor_which_school_recorded_a_link(
    known, links, random
):
    expected = decided(known, links)
    assert set(URNS) <= set(expected)
    shuffled = (
        [*known],
        [
            *(
                as_predecessor(given_link) if random.random() < 0.5 else given_link
                for given_link in links
            )
        ],
    )
    for rows in shuffled:
        random.shuffle(rows)
    again = resolve(*shuffled, DAY)
    assert len({d.urn for d in again}) == len(again)
    assert {d.urn: d for d in again} == expected
    both_sides = decided(known, [*links, *map(as_predecessor, links)])
    assert both_sides == expected


@settings(deadline=None, max_examples=300)
@given(SCHOOLS, LINKS)
def test_every_urn_has_one_row_and_every_school_one_id_and_one_current_urn(known, links):
    found = decided(known, links)
    standing = {d.school_id: d.standing_urn for d in found.values() if d.school_id is not None}
    for d in found.values():
        assert (d.decision == "unknown") == (d.school_id is None)
        assert d.evidence
        if d.school_id is not None:
            assert standing[d.school_id] == d.standing_urn
        if d.decision == "unresolved":
            assert d.candidates
    assert len(set(standing.values())) == len(standing)
