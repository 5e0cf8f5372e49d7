"""Every Portsmouth and Hampshire school of the real register and links is resolved or listed.

The register is that of the 2017-18 performance tables; the links are England's in 2021, and many involve
schools that the register lacks. Expected cases were worked out by hand.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import Counter
from pathlib import Path

import pytest

from pipelines.identity.decision import Decision
from pipelines.identity.evidence import KnownSchool, Link, Place
from pipelines.identity.resolution import resolve

REFERENCE_DATE = dt.date(2018, 9, 1)
PORTSMOUTH, HAMPSHIRE = 851, 850


def _day(text: str) -> dt.date | None:
    """`2018-08-31 00:00:00` in the register, `31-08-2018` in the links."""
    if not text:
        return None
    if text[2] == "-":
        return dt.datetime.strptime(text, "%d-%m-%Y").date()
    return dt.date.fromisoformat(text[:10])


def _rows(file: Path, encoding: str) -> list[tuple[int, dict[str, str]]]:
    with gzip.open(file, "rt", encoding=encoding, newline="") as lines:
        return list(enumerate(csv.DictReader(lines), start=2))


@pytest.fixture(scope="module")
def register(real_data) -> dict[int, KnownSchool]:
    file = real_data / "converted" / "2017-2018_england_spine.csv.gz"
    return {
        int(cells["URN"]): KnownSchool(
            urn=int(cells["URN"]),
            school_name=cells["SCHNAME"],
            laestab=int(cells["LAESTAB"]),
            open_date=_day(cells["OPENDATE"]),
            close_date=_day(cells["CLOSEDATE"]),
            is_registered=True,
            is_listed=True,
            place=Place(file.name, row),
        )
        for row, cells in _rows(file, "utf-8")
    }


@pytest.fixture(scope="module")
def links(real_data) -> list[Link]:
    file = real_data / "hampshire" / "2021_giaslinks.csv.gz"
    return [
        Link(
            int(cells["URN"]),
            int(cells["LinkURN"]),
            cells["LinkType"],
            _day(cells["LinkEstablishedDate"]),
            Place(file.name, row),
        )
        for row, cells in _rows(file, "latin-1")
    ]


@pytest.fixture(scope="module")
def decided(register, links) -> dict[int, Decision]:
    return {d.urn: d for d in resolve(register.values(), links, REFERENCE_DATE)}


def of_authority(register: dict[int, KnownSchool], authority: int) -> list[int]:
    return [urn for urn, school in register.items() if school.laestab // 10_000 == authority]


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        (PORTSMOUTH, {"as_registered": 71, "converted": 10, "re_numbered": 1}),
        (
            HAMPSHIRE,
            {
                "as_registered": 590,
                "converted": 5,
                "merged": 2,
                "re_numbered": 2,
                "unresolved": 1,
            },
        ),
    ],
)
def test_every_school_of_the_register_has_a_row_that_says_what_it_is(
    register, decided, authority, expected
):
    urns = of_authority(register, authority)
    assert Counter(decided[urn].decision for urn in urns) == expected
    for urn in urns:
        assert decided[urn].school_id is not None
        assert decided[urn].evidence
        assert decided[urn].place is not None


def test_schools_that_closed_before_the_register_are_found_by_their_links(register, decided):
    """Their 2015-16 results use URNs that the 2017-18 register no longer has."""
    before = [
        d for d in decided.values() if d.urn not in register and d.school_id
        and d.school_id // 10_000 == PORTSMOUTH
    ]  # fmt: skip
    assert Counter(d.decision for d in before) == {"converted": 34, "merged": 23}
    # Court Lane Junior (closed August 2016) and Springfield (March 2017) became academies.
    assert decided[116185].school_id == decided[143316].school_id == 8512644
    assert decided[116461].school_id == decided[144192].school_id == 8514301


def test_every_urn_has_one_row_and_every_school_one_urn_on_the_day(register, links):
    decisions = resolve(register.values(), links, REFERENCE_DATE)
    assert len({d.urn for d in decisions}) == len(decisions)
    assert {d.urn for d in decisions} >= set(register)
    standing = {d.school_id: d.standing_urn for d in decisions}
    assert all(standing[d.school_id] == d.standing_urn for d in decisions)
    assert len(set(standing.values())) == len(standing)


def test_conversions_worked_out_by_hand(decided):
    # King Richard became Castle View Academy on 1 March 2018, despite the link's date of 1 February.
    assert decided[116462].decision == "converted"
    assert decided[116462].standing_urn == 145372
    assert decided[116462].evidence_date == dt.date(2018, 3, 1)
    # Meon Infant: exactly on the reference date.
    assert decided[116189].standing_urn == 146135
    # Stamshaw Infant: half a year later, so it is still maintained by the authority.
    assert decided[146888].standing_urn == 116211
    # Meredith Infant's conversion has no link; its LAESTAB passed on within a day.
    assert decided[146718].standing_urn == 116186
    assert "LAESTAB 8512645 kept" in decided[146718].evidence
    assert "without a link" in decided[146718].evidence
    # Stamshaw Junior changed trust, URN and LAESTAB in April 2019.
    assert (decided[147176].decision, decided[147176].school_id) == ("re_numbered", 8512009)


def test_mergers_worked_out_by_hand(decided):
    # Copnor Infant and Junior became Copnor Primary in September 2014.
    assert {decided[urn].school_id for urn in (116208, 116214, 141096)} == {8512008}
    assert decided[116208].decision == decided[116214].decision == "merged"
    # A chain: Saxon Shore and Paulsgrove schools, merged undated, then an academy in 2012.
    assert decided[129011].school_id == decided[116257].school_id == decided[139065].school_id
    # Wimborne Infant and Junior merged in 2020, so on the reference date they were two.
    assert decided[116212].school_id != decided[116217].school_id
    # Meredith Infant joined New Horizons (Isambard Brunel Junior) in 2020, also later.
    assert decided[116186].school_id != decided[141530].school_id


def test_a_merger_that_the_register_contradicts_is_listed_with_the_candidate(decided):
    hawley_hurst = decided[116555]
    assert (hawley_hurst.decision, hawley_hurst.candidates) == ("unresolved", (110150,))
    assert "yet the register has 116555 open" in hawley_hurst.evidence


def test_a_register_older_than_the_reference_date_leaves_mergers_unresolved(register, links):
    """In 2021 with a register of 2018: three schools it lists as open have closed according to the links."""
    decisions = resolve(register.values(), links, dt.date(2021, 9, 1))
    ours = set(of_authority(register, PORTSMOUTH))
    unresolved = {
        d.urn: d.candidates for d in decisions if d.urn in ours and d.decision == "unresolved"
    }
    assert unresolved == {116212: (148078,), 116217: (148078,), 146718: (141530,)}
