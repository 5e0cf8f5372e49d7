"""England's key stage 4 results of 2018-19, provisional against final: changes in Portsmouth.

Values are read directly from the files, not through a study's tables.
"""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.released.revision import could_be_same_value
from pipelines.study.paths import PROJECT

REAL = PROJECT.parent / "shared" / "data" / "real"
PROVISIONAL = REAL / "ksp" / "england_ks4provisional.csv"
FINAL = REAL / "waiky8-eng-schools" / "england_ks4final.csv.gz"
BY_AUTHORITY = (
    REAL / "converted" / "201819_LA_characteristics_data_including_sen_description.csv.gz"
)
PORTSMOUTH = "851"
MAYFIELD, ST_EDMUNDS, ARK_CHARTER = "116463", "116505", "135965"
pytestmark = pytest.mark.skipif(
    not all(file.exists() for file in (PROVISIONAL, FINAL, BY_AUTHORITY)),
    reason="the published files are not part of this repository",
)


class Published(NamedTuple):
    """A published value, and half its rounding step."""

    value: float
    half_width: float


def published(text: str) -> Published | None:
    """A number of points or a percentage; None for a code."""
    number = text.strip().removesuffix("%")
    try:
        value = float(number)
    except ValueError:
        return None
    n_decimals = len(number.partition(".")[2])
    return Published(value, 0.5 / 10**n_decimals)


def rows_of(file: Path) -> list[dict[str, str]]:
    content = file.read_bytes()
    text = gzip.decompress(content) if file.suffix == ".gz" else content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def provisional() -> list[dict[str, str]]:
    return rows_of(PROVISIONAL)


@pytest.fixture(scope="module")
def final() -> dict[str, dict[str, str]]:
    return {row["URN"]: row for row in rows_of(FINAL)}


@pytest.mark.parametrize(
    ("urn", "before", "after"),
    [(MAYFIELD, 41.2, 41.3), (ST_EDMUNDS, 50.6, 50.8), (ARK_CHARTER, 40.5, 40.8)],
)
def test_attainment_8_of_three_schools_was_revised(provisional, final, urn, before, after):
    (row,) = [row for row in provisional if row["URN"] == urn]
    was, now = published(row["ATT8SCR"]), published(final[urn]["ATT8SCR"])
    assert (was.value, now.value) == (before, after)
    assert not could_be_same_value(*was, *now)


def test_the_authority_was_revised_on_both_measures(provisional):
    (was,) = [row for row in provisional if row["RECTYPE"] == "4" and row["LEA"] == PORTSMOUTH]
    whole = {"gender", "ethnic_major", "free_school_meals", "sen_status", "sen_description"}
    (now,) = [
        row
        for row in rows_of(BY_AUTHORITY)
        if row["old_la_code"] == PORTSMOUTH
        and row["school_characteristic"] == "State-funded schools (LA)"
        and row["breakdown"] == row["disadvantage"] == row["first_language"] == "Total"
        and all(row[name] == "Total" for name in whole)
    ]
    assert (was["TPUP"], now["t_pupils"]) == ("1647", "1647")
    for heading, later, expected in (
        ("ATT8SCR", "avg_att8", (40.7, 40.8)),
        ("P8MEA", "avg_p8score", (-0.41, -0.42)),
    ):
        before, after = published(was[heading]), published(now[later])
        assert (before.value, after.value) == expected
        assert not could_be_same_value(*before, *after)


def test_a_decimal_lost_is_told_from_a_revision_in_every_school(provisional, final):
    """Another copy of the final table has percentages without decimals: most changes are rounding."""
    pairs = [
        (was, now)
        for row in provisional
        if row["LEA"] == PORTSMOUTH and row["URN"] in final
        if (was := published(row["PTL2BASICS_95"]))
        and (now := published(final[row["URN"]]["PTL2BASICS_95"]))
    ]
    revised = [pair for pair in pairs if not could_be_same_value(*pair[0], *pair[1])]
    only_rounded = [
        pair for pair in pairs if pair not in revised and pair[0].value != pair[1].value
    ]
    assert {now.half_width for _, now in pairs} == {0.5}
    assert (len(pairs), len(only_rounded), len(revised)) == (13, 7, 3)
    assert [(was.value, now.value) for was, now in revised] == [(28, 29), (53.4, 54), (37.5, 39)]
