"""The officers' version: actions, all schools, profiles, marking, and no text is executed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.document import html as document_html
from pipelines.officers import tables
from pipelines.officers.version import MARKING, officers_version
from pipelines.study.paths import PROJECT
from tests.tiny_study import TinyStudy, school
from tests.unit.disclosure.test_released_tables import FORM, STATEMENT

FOLDER = PROJECT / "pipelines" / "officers"
HOSTILE = "<script>alert(1)</script> \u202egnp {{ 7 * 7 }}"


def study(parent: Path) -> TinyStudy:
    tiny = TinyStudy(parent)
    tiny.add(
        "eligibility.csv",
        'kind = "eligibility"',
        [
            {
                "programme": "send",
                "urn": 900001,
                "criterion": HOSTILE,
                "met": "no",
                "evidence": "A letter",
                "judged_on": "2017-10-18",
            }
        ],
    )
    tiny.add(
        "reviews.csv",
        'kind = "reviews"',
        [
            {
                "urn": 900002,
                "review_date": "2018-03-02",
                "review_type": "Peer review",
                "reviewer": HOSTILE,
            }
        ],
    )
    tiny.add("forms.csv", 'kind = "evaluations"', [FORM])
    tiny.add(
        "statements.csv",
        'kind = "statements"',
        [STATEMENT | {"quote": "Zofka Wren, A799200117001, did well."}],
    )
    tiny.tables["register.csv"][2] = school(900002, 2002, f"Birch {HOSTILE}")
    return tiny


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with study(tmp_path_factory.mktemp("officers")).released() as con:
        yield document_html.render(officers_version(con))


@pytest.fixture(scope="module")
def root(html: str) -> ET.Element:
    return ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page


def rows(root: ET.Element, caption: str) -> list[dict[str, str]]:
    """The rows of the table whose caption starts with `caption`, as heading to cell."""
    (scroll,) = [
        div for div in root.iter("div")
        if div.get("class", "").startswith("scroll")
        and "".join(div.find("table/caption").itertext()).startswith(caption)
    ]  # fmt: skip
    headings = [
        "".join(cell.itertext()) for cell in scroll.iter("th") if cell.get("scope") == "col"
    ]
    cells = [["".join(cell.itertext()) for cell in row] for row in scroll.findall(".//tbody/tr")]
    return [dict(zip(headings, row, strict=True)) for row in cells]


def test_it_is_marked_and_says_that_nothing_is_withheld(html, root):
    (marking,) = [e for e in root.iter("aside") if e.get("class") == "marking"]
    assert marking.text == MARKING
    assert root.find("head/title").text.startswith("OFFICIAL-SENSITIVE")
    assert f'@top-center {{ content: "{MARKING}"' in html
    assert "Nothing here has passed disclosure control." in html


def test_what_to_do_comes_first(root):
    items = ["".join(item.itertext()) for item in root.find(".//main").iter("li")]
    assert items[:3] == [
        "SEND in mainstream: evaluation forms. 1 of 2 returned. To chase: Elm School (900005).",
        "SEND in mainstream: eligibility. Evidence is missing for: Elm School (900005).",
        "Texts to read. 1 texts wait until a person has read them.",
    ]


def test_every_school_of_a_programme_is_in_one_table_that_can_be_sorted(root):
    listed = {row["School (URN)"]: row for row in rows(root, "Schools in any programme")}
    assert listed["Elm School (900005)"] == {
        "School (URN)": "Elm School (900005)",
        "Phase": "Primary",
        "Programmes": "SEND in mainstream",
        "Main results, by year": "–",
        "Compared": "Key Stage 2: special school",
        "Eligible": "nothing on file",
        "Evaluation forms": "not returned",
    }
    both = listed["Alder Academy (900011)"]
    assert both["Programmes"] == "SEND in mainstream; Closing the gap"
    assert re.search(r"[▁▂▃▄▅▆▇█]{2} 100% \(2\)", both["Main results, by year"])
    table = next(t for t in root.iter("table") if t.get("data-filtered") is not None)
    assert len(table.findall("tbody/tr")) == len(listed)


def test_each_school_has_a_profile_under_its_name(root):
    names = [details.findtext("summary") for details in root.iter("details")]
    assert "Alder Academy (900011)" in names
    (year,) = rows(root, "Alder Academy (900011): results by year")[:1]
    assert year["2017-18 (provisional)"]
    profile = next(
        d for d in root.iter("details") if d.findtext("summary") == "Elm School (900005)"
    )
    assert "Takes part from: 8 January 2018" in "".join(profile.itertext())


def test_results_of_few_pupils_are_shown_beside_the_comparison_mean(root):
    by_school = {row["School (URN)"]: row for row in rows(root, "Closing the gap: Expected")}
    assert by_school["Alder Academy (900011)"] == {
        "School (URN)": "Alder Academy (900011)",
        "Compared": "compared",
        "2016-17 (final)": "0% (1)",
        "2017-18 (provisional)": "100% (2)",
    }
    assert by_school["Dogwood Primary School (900004)"]["2016-17 (final)"] == "33% (3)"
    assert by_school["All programme schools compared"]["2016-17 (final)"] == "25% (4)"


def test_the_evidence_is_there_word_for_word(root):
    (evidence,) = rows(root, "SEND in mainstream: evidence")
    assert (evidence["Met"], evidence["Evidence"]) == ("no", "A letter")
    assert evidence["Judged on"] == "18 October 2017"
    visits = rows(root, "Inspections and outside")
    birch = next(row for row in visits if "Birch" in row["School (URN)"])
    assert birch["In the outcome year"] == "yes"
    assert birch["Inspections and reviews, newest first"].startswith("2 March 2018: Peer review by")
    assert {row["In the outcome year"] for row in visits if row is not birch} == {"no"}


def test_a_held_text_is_listed_with_its_fingerprint_and_without_its_words(html, root):
    (text,) = rows(root, "Texts to read")
    assert (text["File"], text["Row"]) == ("statements.csv", "2")
    assert re.fullmatch(r"text-[0-9a-f]{12}", text["Fingerprint, for reviewed_text"])
    assert "UPN" in text["May hold"]
    assert "Zofka" not in html


def test_what_is_withheld_in_public_is_counted_and_shown(root):
    counts = {row["Figures"]: row for row in rows(root, "How much is withheld")}
    shown = rows(root, "Averages that are withheld")
    assert len(shown) == int(counts["Averages by year, pupils and schools"]["Withheld"]) > 0
    assert {row["Average"] for row in shown} >= {"0%", "100%"}


def test_rows_set_aside_are_counted_by_file_and_reason(root):
    ks2 = next(row for row in rows(root, "Rows of every file") if row["File"] == "ks2_2018.csv")
    assert ks2 == {
        "File": "ks2_2018.csv",
        "Rows read": "8",
        "Rows used": "7",
        "Rows set aside": "1",
        "Why": "not at the end of the key stage",
    }


def test_hostile_text_is_text(html, root):
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "alert(1)" in "".join(root.find("body").itertext())
    assert "{{ 7 * 7 }}" in html
    assert [e.tag for e in root.iter() if any(name.startswith("on") for name in e.attrib)] == []
    assert "default-src 'none'" in html


def test_no_pupil_s_row_is_read_or_shown(html):
    for select in FOLDER.glob("*.sql"):
        read = re.findall(r"\b(?:FROM|JOIN)\s+([a-z]+\.[a-z_0-9]+)", select.read_text())
        assert {name.split(".")[0] for name in read} <= {
            "protocol", "raw", "mart", "impact", "released",
        }, select.name  # fmt: skip
        assert not {name for name in read if name.endswith("_pupils")}
    for secret in ("Quillfeather", "Marigold", "A799200118001"):
        assert secret not in html


def test_headings_captions_and_language_are_there_for_screen_readers(root):
    assert root.get("lang") == "en-GB"
    levels = [int(e.tag[1]) for e in root.iter() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    captions = ["".join(caption.itertext()) for caption in root.iter("caption")]
    assert len(captions) == len(set(captions)) == len(list(root.iter("table"))) > 5
    assert {cell.get("scope") for cell in root.iter("th")} == {"col", "row"}


def test_a_latest_result_of_an_earlier_year_is_shown_with_its_year():
    def result(year: str, mean: float, *, is_last: bool) -> dict[str, object]:
        return {
            "school": "Castle Hall (900001)", "measure": "ks2_rwm_expected", "label": "Expected standard",
            "is_primary": True, "value_status": "value", "n_pupils": 20, "mean": mean, "unit": "share",
            "decimals": 0, "academic_year": year, "is_last": is_last,
        }  # fmt: skip

    school = {"School (URN)": "Castle Hall (900001)", "Phase": "Primary", "programme": "send"}
    records = dict.fromkeys(("Compared", "Eligible", "Evaluation form"))
    before = [result("2015-16", 0.3, is_last=False), result("2016-17", 0.49, is_last=False)]
    for results, words in (
        (before, "49% (20, 2016-17)"),
        ([*before, result("2017-18", 0.5, is_last=True)], "50% (20)"),
    ):
        table = tables.every_school(
            [{"programme": "send", "title": "SEND"}], [school | records], results
        )
        assert table.rows[0][table.columns.index("Main results, by year")].endswith(words)
