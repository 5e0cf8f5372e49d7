"""An extremely wide file is refused quickly, in any format."""

from __future__ import annotations

import time

import pytest

from pipelines.ingest.tabular import MOST_COLUMNS
from tests.unit.ingest.reading import faults_of, read, write


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_hundred_thousand_columns_are_refused(tmp_path, ending):
    heading = "a,b," + ",".join(f"c{nth}" for nth in range(100_000))
    began = time.process_time()
    (fault,) = faults_of(write(tmp_path, f"{heading}\n1,2\n", f"file.csv{ending}"))
    assert time.process_time() - began < 10
    assert (fault.row, fault.problem) == (
        1,
        "the heading row has 100,002 cells, more than any table of results",
    )
    assert fault.expected == "at most 2,000 columns"


def test_the_maximum_number_of_columns_is_read(tmp_path):
    heading = ",".join(["a", "b", *(f"c{nth}" for nth in range(MOST_COLUMNS - 2))])
    got = read(write(tmp_path, f"{heading}\n1,2\n"))
    assert got.rows[0][:3] == (2, "1", "2")
