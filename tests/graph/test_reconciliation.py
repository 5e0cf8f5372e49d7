"""Every printed difference on page one and in the report follows from figures printed beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from tests.evaluated import Evaluated, parsed, text_of
from tests.graph.test_pack import columns_of_page_one

NUMBER = r"[−+]?[\d,]+(?:\.\d+)?"
# Notes in the report and on page one where averages cover other schools than those compared.
OF_OTHER_SCHOOLS = {
    "schools with results, compared or not": "compared or not",
    "but for those of a few very small schools": "without a few tiny schools",
}
YEAR_GROUPS = {"Key Stage 2": "Year 6", "Key Stage 4": "Year 11"}
LEVEL = rf"({NUMBER})%?"
COMPARED = (
    rf"({NUMBER}) schools? \((?:about )?({NUMBER}) [A-Za-z ]*pupils[A-Za-z ]* with results\) "
    rf"[a-z ]+ are set against ({NUMBER}) schools? \((?:about )?({NUMBER})\)"
)
ON_RESULTS, FOR_A_NEED = "on last year’s results", "for a lasting need"


@dataclass(frozen=True)
class Levels:
    """Levels of a programme's schools and the others, last year and this year, as printed."""

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


def blocks_by_heading(section: ElementTree.Element, level: str) -> dict[str, list[str]]:
    """Texts of a section's blocks by heading of the given level."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for part in section:
        if part.tag in {"h2", "h3", "h4"} and part.tag <= level:
            own = found.setdefault(text_of(part), []) if part.tag == level else []
        else:
            own.append(text_of(part))
    return found


def section_of(page: ElementTree.Element, id_: str) -> ElementTree.Element:
    found = page.find(f".//section[@id='{id_}']")
    assert found is not None, id_
    return found


def answers(evaluated: Evaluated) -> dict[str, str]:
    """Each question's answer in the report, by its programme and question."""
    found = blocks_by_heading(section_of(parsed(evaluated.page("report")), "answers"), "h3")
    return {heading: " ".join(blocks) for heading, blocks in found.items()}


def on_page_one(evaluated: Evaluated) -> dict[str, str]:
    """What page one says about each question answered in the report."""
    columns = columns_of_page_one(evaluated.page("pack"))
    return {heading: _of_question(heading, columns) for heading in answers(evaluated)}


def _of_question(heading: str, columns: dict[str, ElementTree.Element]) -> str:
    """Paragraphs from one question to the next. A programme has at most one question per key stage."""
    (column,) = [cell for title, cell in columns.items() if heading.startswith(title)]
    (pupils,) = [pupils for stage, pupils in YEAR_GROUPS.items() if f" {stage}: " in heading]
    said, is_own = [], False
    for part in column:
        strong = part.find("strong")
        if strong is not None:
            is_own = text_of(strong).endswith(f" ({pupils}).")
        if is_own:
            said.append(text_of(part))
    assert said, heading
    return " ".join(said)


def tables(evaluated: Evaluated, caption: str) -> list[list[list[str]]]:
    """Rows of the report's tables whose caption contains a text."""
    found = []
    for table in parsed(evaluated.page("report")).iter("table"):
        rows = [
            [text_of(cell) for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")
        ]
        if caption in text_of(next(table.iter("caption"))):
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
    readings = {
        question: text
        for question, text in answers(evaluated).items()
        if "Since last year, " in text
    }
    assert readings
    for question, text in readings.items():
        reading = text.partition("Since last year, ")[2]
        (levels,) = [
            Levels(*found)
            for found in re.findall(
                rf"from {LEVEL} to {LEVEL} in schools [a-z ]+, from {LEVEL} to {LEVEL} in the others",
                reading,
            )
        ]
        (up, size), *_ = re.findall(rf"went (up|down) by ({NUMBER})", reading)
        change = value(size) if up == "up" else -value(size)
        place = last_place(size)
        assert levels.difference == pytest.approx(change, abs=place / 1000)
        # The report's account of what happened has the same four figures.
        now, others_now, before, others_before = re.findall(
            rf"in 20\d\d-\d\d, {LEVEL} in schools [a-z ]+ and {LEVEL} in the others \([a-z ]+\); "
            rf"in 20\d\d-\d\d, {LEVEL} and {LEVEL} \(",
            text,
        )[0]
        assert Levels(before, now, others_before, others_now) == levels
        # Page one shows them too, with the same change.
        said = on_page_one(evaluated)[question]
        (printed,) = re.findall(
            rf"in 20\d\d-\d\d, {LEVEL} and {LEVEL}; in 20\d\d-\d\d, {LEVEL} and {LEVEL}\.", said
        )
        assert Levels(printed[0], printed[2], printed[1], printed[3]) == levels
        ((looks, same_size),) = re.findall(rf"looks like a (gain|loss) of ({NUMBER})", said)
        # Higher is better on each of these measures.
        assert (looks, same_size) == ("gain" if change > 0 else "loss", size)


def test_who_is_compared_is_whose_averages_are_printed(evaluated: Evaluated) -> None:
    pairs = []
    for question, text in answers(evaluated).items():
        is_other = {words: words in text for words in OF_OTHER_SCHOOLS}
        said = on_page_one(evaluated)[question]
        for words, short in OF_OTHER_SCHOOLS.items():
            if "Averages of" in said:
                assert is_other[words] == (short in said), question
        found = re.findall(COMPARED, text)
        for counts in found:
            assert f"{counts[0]} school" in said
        pairs += [] if any(is_other.values()) else found
    # In Hampshire averages cover more schools than those compared, and page one says so.
    assert bool(pairs) is evaluated.folder.name.startswith("example")
    by_year = [
        (row[2], row[3], row[4])
        for table in tables(evaluated, "results by year")
        for row in table[1:]
    ]
    for n_schools, n_pupils, n_others, n_their_pupils in pairs:
        assert ("programme schools", n_schools, n_pupils) in by_year
        assert ("other local schools", n_others, n_their_pupils) in by_year


def test_the_programmes_page_compares_the_same_schools_as_the_report(evaluated: Evaluated) -> None:
    pack = parsed(evaluated.page("pack"))
    said = " ".join(
        text_of(section) for section in pack.iter("section")
        if section.get("id", "").startswith("programme-")
    )  # fmt: skip
    in_report = [
        found for text in answers(evaluated).values() for found in re.findall(COMPARED, text)
    ]
    assert in_report
    assert re.findall(COMPARED, said) == in_report


def ends(evaluated: Evaluated) -> Iterator[tuple[str, str, str]]:
    """Question and both ends as printed, ANCOVA first: from the report, then from page one."""
    for said in (answers(evaluated), on_page_one(evaluated)):
        for question, text in said.items():
            for first, way, second in re.findall(
                rf"({NUMBER}) if (?:schools were )?picked ({ON_RESULTS}|{FOR_A_NEED})(?: and|,) ({NUMBER})",
                text,
            ):
                yield question, *((first, second) if way == ON_RESULTS else (second, first))


def test_both_ends_on_page_one_are_the_two_methods_answers(evaluated: Evaluated) -> None:
    methods = [{row[0]: row[1] for row in table[1:]} for table in tables(evaluated, "every method")]
    said = list(ends(evaluated))
    assert len(said) == 2 * len({question for question, _, _ in said}) > 0
    for _, of_results, of_quality in said:
        assert any(
            table["against schools with the same earlier results"].startswith(f"{of_results} ")
            and table["change since the average of earlier years"].startswith(f"{of_quality} ")
            for table in methods
            if "change since the average of earlier years" in table
        )
