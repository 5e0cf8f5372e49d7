"""Page one read with a pencil: every printed difference follows from the figures printed beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from tests.evaluated import Evaluated

NUMBER = r"[−+]?[\d,]+(?:\.\d+)?"
# Averages of other schools than those compared, and what page one says of them.
OF_OTHER_SCHOOLS = (
    "schools with results, compared or not",
    "but for those of a few very small schools",
)
LEVEL = rf"({NUMBER})%?"
# Counts are in classes of so many pupils in the example.
CLASS = 6


@dataclass(frozen=True)
class Levels:
    """A programme's schools and the others, last year and this, as printed."""

    before: str
    now: str
    others_before: str
    others_now: str

    @property
    def difference(self) -> float:
        now, before = value(self.now), value(self.before)
        return (now - before) - (value(self.others_now) - value(self.others_before))


def value(printed: str) -> float:
    return float(printed.replace("−", "-").replace(",", ""))


def last_place(printed: str) -> float:
    return 10.0 ** -len(printed.partition(".")[2])


def page_of(evaluated: Evaluated) -> ElementTree.Element:
    """The board's page, which is made here and is XML as well."""
    text = (evaluated.current / "board" / "index.html").read_text("utf-8")
    return ElementTree.fromstring(text)  # noqa: S314 - our own page


def texts(evaluated: Evaluated, css_class: str) -> list[str]:
    return [
        " ".join("".join(found.itertext()).split())
        for found in page_of(evaluated).iter()
        if found.get("class") == css_class
    ]


def outcomes(evaluated: Evaluated) -> dict[str, str]:
    """Each answer's text on page one by its question."""
    return {text.split(" Verdict: ")[0]: text for text in texts(evaluated, "outcome")}


def naive(evaluated: Evaluated) -> dict[str, str]:
    """Each reading of the change since last year by its question."""
    return {text.partition(" Since last year")[0]: text for text in texts(evaluated, "naive")}


def tables(evaluated: Evaluated, caption: str) -> list[list[list[str]]]:
    """Rows of the tables whose caption holds some words."""
    found = []
    for table in page_of(evaluated).iter():
        if table.tag.endswith("table"):
            rows = [
                ["".join(cell.itertext()).strip() for cell in row if cell.tag[-2:] in {"td", "th"}]
                for row in table.iter()
                if row.tag.endswith("tr")
            ]
            (words,) = ["".join(c.itertext()) for c in table if c.tag.endswith("caption")]
            if caption in words:
                found.append(rows)
    return found


@pytest.fixture(scope="module", params=["example", "hampshire"])
def evaluated(request: pytest.FixtureRequest) -> Evaluated:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Evaluated)
    return found


def test_the_change_since_last_year_is_the_difference_of_the_averages_beside_it(
    evaluated: Evaluated,
) -> None:
    readings = naive(evaluated)
    assert readings
    for question, text in readings.items():
        (levels,) = [
            Levels(*found)
            for found in re.findall(
                rf"from {LEVEL} to {LEVEL} in schools [a-z ]+, from {LEVEL} to {LEVEL} in the others",
                text,
            )
        ]
        (up, size), *_ = re.findall(rf"went (up|down) by ({NUMBER})", text)
        change = value(size) if up == "up" else -value(size)
        place = last_place(size)
        assert levels.difference == pytest.approx(change, abs=place / 1000)
        # Page one has the same four.
        said = outcomes(evaluated)[question]
        now, others_now, before, others_before = re.findall(
            rf"in 20\d\d-\d\d, {LEVEL} in schools [a-z ]+ and {LEVEL} in the others \([a-z ]+\); "
            rf"in 20\d\d-\d\d, {LEVEL} and {LEVEL} \(",
            said,
        )[0]
        assert Levels(before, now, others_before, others_now) == levels


def test_who_is_compared_is_whose_averages_are_printed(evaluated: Evaluated) -> None:
    compared = [
        re.findall(
            rf"({NUMBER}) schools? \((?:about )?({NUMBER}) such pupils\) [a-z ]+ are set against ({NUMBER}) "
            rf"schools? \((?:about )?({NUMBER})\)",
            text,
        )
        for text in outcomes(evaluated).values()
        if not any(words in text for words in OF_OTHER_SCHOOLS)
    ]
    pairs = [counts for found in compared for counts in found]
    # In Hampshire averages are of more schools than those compared, and page one says so.
    assert bool(pairs) is evaluated.folder.name.startswith("example")
    by_year = [
        (row[2], row[3], row[4])
        for table in tables(evaluated, "results by year")
        for row in table[1:]
    ]
    for n_schools, n_pupils, n_others, n_their_pupils in pairs:
        assert ("programme schools", n_schools, n_pupils) in by_year
        assert ("other local schools", n_others, n_their_pupils) in by_year


def test_both_ends_on_page_one_are_the_two_methods_answers(evaluated: Evaluated) -> None:
    methods = [{row[0]: row[1] for row in table[1:]} for table in tables(evaluated, "every method")]
    said = [
        (first, first_way, second)
        for text in outcomes(evaluated).values()
        for first, first_way, second in re.findall(
            rf"between ({NUMBER}) if schools were chosen ([a-z ]+) and ({NUMBER})", text
        )
    ]
    assert said
    for first, way, second in said:
        of_results, of_quality = (first, second) if way == "on earlier results" else (second, first)
        assert any(
            table["against schools with the same earlier results"].startswith(f"{of_results} ")
            and table["change since the average of earlier years"].startswith(f"{of_quality} ")
            for table in methods
            if "change since the average of earlier years" in table
        )
