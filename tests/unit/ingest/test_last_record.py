"""A truncated copy is refused; a complete file without a final line end is not."""

from __future__ import annotations

import pytest

from tests.unit.ingest.reading import faults_of, read, write

WHOLE = 'a,b,c,d\n1,2,3,4\n5,"6, or\nseven",7,8\n9,10,11,12'


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_cut_in_its_last_record_is_refused(tmp_path, name, encoding, delimiter):
    text = WHOLE.replace(",", delimiter)
    for n_cells in (1, 2, 3):
        last = delimiter.join(["9", "10", "11"][:n_cells])
        cut = text[: text.rindex("9")] + last
        (fault,) = faults_of(write(tmp_path, cut.encode(encoding), name))
        assert fault.row == 5 - 1
        assert f"it has {n_cells} of 4 cells" in fault.problem
        assert "fetch or export the file again" in fault.remedy


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_whole_last_record_needs_no_line_end(tmp_path, end):
    text = WHOLE.replace("\n", "\r\n") if end == "\r\n" else WHOLE
    assert len(read(write(tmp_path, text + end)).rows) == 3


def test_an_open_quotation_mark_at_the_end_is_a_fault_of_its_row(tmp_path):
    (fault,) = faults_of(write(tmp_path, WHOLE[: WHOLE.index("seven")]))
    assert (fault.row, "quotation mark" in fault.problem) == (3, True)


@pytest.mark.parametrize(
    "text",
    [
        # Programs omit blank cells at row ends, so other rows may be as short.
        "a,b,c\n1,2,3\n4,5\n6,7",
        # A line end closes the record.
        "a,b,c\n1,2,3\n4,5\n",
        # Not a record.
        "a,b,c\n1,2,3\nSource: the Department",
        "a,b,c\n1,2,3\nTotal",
    ],
)
def test_records_that_are_short_for_other_reasons_are_read(tmp_path, text):
    assert read(write(tmp_path, text)).rows


def test_one_record_is_measured_against_the_heading(tmp_path):
    (fault,) = faults_of(write(tmp_path, "a,b,c\n1,2"))
    assert (fault.row, "2 of 3 cells" in fault.problem) == (2, True)
