"""The Department's real census file is read as published: national rows set aside, codes understood."""

import csv
import gzip
from contextlib import closing
from pathlib import Path

from pipelines.catalogue import SCHOOL_CENSUS
from pipelines.ingest.readers import ingest_table
from pipelines.protocol.study_file import load_study
from tests.unit.validation.planted import empty_store

PROTOCOL = """\
[study]
name = "census"
title = "Only a census"
local_authority = 851
local_authority_name = "Portsmouth"
reference_date = 2019-09-01
outcome_year = "2018-19"
baseline_years = ["2017-18"]
data_root = "{root}"

[[programme]]
id = "send"
title = "SEND"
fund = "SSIF"
target_group = "sen_support"

  [[programme.measure]]
  name = "ks2_reading_progress"

[[source]]
kind = "school_census"
file = "ksp/england_census.csv.gz"
academic_year = "2018-19"

[[source]]
kind = "enrolments"
file = "enrolments.csv"
"""


def test_the_real_file_is_read_without_a_fault(real_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "census"
    folder.mkdir()
    (folder / "study.toml").write_text(PROTOCOL.format(root=real_data), encoding="utf-8")
    study = load_study(folder)
    with gzip.open(
        real_data / "ksp" / "england_census.csv.gz", "rt", encoding="utf-8-sig", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    schools = [row for row in rows if row["URN"] != "NAT"]
    with closing(empty_store()) as con:
        assert ingest_table(con, study, SCHOOL_CENSUS) == len(schools) == len(rows) - 3
        assert con.execute("SELECT count(*) FROM raw.unreadable").fetchone() == (0,)
        (kept,) = con.execute(
            "SELECT n_rows_in, n_rows_kept, n_rows_set_aside FROM raw.source"
        ).fetchall()
        for column, heading in (
            ("n_pupils_on_roll", "NOR"),
            ("n_sen_support_pupils", "TSENELK"),
            ("n_ehc_plan_pupils", "TSENELSE"),
            ("n_fsm6_pupils", "NUMFSMEVER"),
        ):
            by_hand = [int(row[heading]) for row in schools if row[heading].isdigit()]
            total = con.execute(
                f"SELECT count({column}), sum({column}) FROM raw.school_census"
            ).fetchone()
            assert total == (len(by_hand), sum(by_hand))
    assert kept == (len(rows), len(schools), 3)
