"""Writes the city as a study folder: CSV files, `study.toml` with their checksums, and a README.

The same seed gives the same bytes. `protocol` writes the text of `study.toml`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pandas as pd

from pipelines.example.city import (
    BASELINE_YEARS,
    LATER_YEARS,
    OUTCOME_YEAR,
    SEED,
    TRUE_EFFECTS,
    City,
    outcome_years,
    simulate,
)
from pipelines.example.context import la_context
from pipelines.example.programmes import REFERENCE_DATE
from pipelines.example.protocol import File, programme_entries, source_entry, study_section
from pipelines.example.schools import CITY, LOCAL_AUTHORITY, SCHOOLS

_DECIMALS = {
    "KS1AVERAGEPS": 2,
    "READPROGSCORE_EM_ADJUSTED": 2,
    "WRITPROGSCORE_EM_ADJUSTED": 2,
    "MATPROGSCORE_EM_ADJUSTED": 2,
    "KS2APS": 1,
    "ATT8SCR": 2,
    "P8SCORE": 2,
    "PercentageFSM": 1,
    "PSENELSE": 1,
    "PSENELK": 1,
    "PNUMFSMEVER": 1,
}


_DEPARTMENT = "Department for Education (invented)"
_COUNCIL = f"{CITY} City Council (invented)"


def write_example(folder: Path, seed: int = SEED, *, through: int = 2018) -> None:
    """Write every file of the example study into `folder`, which is created if necessary.

    `through` is the summer of the last results. After 2018 it is a sequel: the same files, and the later
    results; without the claims of 2018, which were about that year.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[str] = []
    city, judged = simulate(seed, through=through), outcome_years(through)
    for file in [*_files(city), *_later_files(city)]:
        content = as_csv(file.table)
        (folder / file.name).write_bytes(content)
        entries.append(source_entry(file, hashlib.sha256(content).hexdigest()))
    protocol = "\n".join(
        [study_section(folder.name, seed, judged), *programme_entries(judged), *entries]
    )
    (folder / "study.toml").write_bytes(protocol.encode())
    readme = _readme(seed) if len(judged) == 1 else _SEQUEL.format(city=CITY, last=judged[-1])
    (folder / "README.md").write_bytes(readme.encode())


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8, `\\n`, minimal quoting, and fixed decimals for each column."""
    text = table.copy()
    for column, decimals in _DECIMALS.items():
        if column in text:
            form = f"%.{decimals}f"
            text[column] = ["" if pd.isna(value) else form % value for value in text[column]]
    return text.to_csv(index=False, lineterminator="\n").encode()


def _files(city: City) -> list[File]:
    department, council = _DEPARTMENT, _COUNCIL
    autumn = dt.date(2018, 9, 14)
    (first, second), last = BASELINE_YEARS, OUTCOME_YEAR
    files = [
        File(f"ks{stage}_{what}_20{year[-2:]}.csv", f"ks{stage}_pupils", results[year], by, day)
        for stage, results, year, what, by, day in (
            (2, city.ks2_pupils, first, "pupils", department, dt.date(2017, 4, 27)),
            (2, city.ks2_pupils, second, "pupils", department, dt.date(2018, 4, 26)),
            (2, city.ks2_pupils, last, "pupils", department, dt.date(2018, 9, 4)),
            (4, city.ks4_pupils, first, "pupils", department, dt.date(2017, 4, 27)),
            (4, city.ks4_pupils, second, "pupils", department, dt.date(2018, 4, 26)),
            (4, city.ks4_pupils, last, "returns", council, dt.date(2018, 8, 23)),
        )
    ]
    statuses = ("final", "final", "provisional", "final", "final", "school_return")
    results = [
        File(file.name, file.kind, file.table, file.publisher, file.published, year, status)
        for file, year, status in zip(files, (first, second, last) * 2, statuses, strict=True)
    ]
    census = File(
        "school_census.csv",
        "school_census",
        city.school_census,
        department,
        dt.date(2018, 6, 28),
        last,
    )
    tables = (
        ("school_register", city.school_register, department, REFERENCE_DATE),
        ("school_links", city.school_links, department, REFERENCE_DATE),
        ("enrolments", city.enrolments, council, autumn),
        ("eligibility", city.eligibility, council, autumn),
        ("inspections", city.inspections, "Inspectorate (invented)", REFERENCE_DATE),
        ("reviews", city.reviews, council, autumn),
        ("evaluations", city.evaluations, council, autumn),
        ("evaluation_questions", city.evaluation_questions, council, autumn),
        ("statements", city.statements, council, dt.date(2018, 9, 21)),
        ("case_studies", city.case_studies, council, autumn),
        ("case_study_support", city.case_study_support, council, autumn),
    )
    listed = [File(f"{kind}.csv", kind, table, by, on) for kind, table, by, on in tables]
    context = File(
        "la_context.csv",
        "la_context",
        la_context(city.ks2_pupils, city.ks4_pupils, BASELINE_YEARS),
        department,
        dt.date(2018, 5, 17),
        status="final",
    )
    return [*results, *listed, census, context]


def _later_files(city: City) -> list[File]:
    """The final results of outcome years before the last, and the first ones of later years."""
    files = []
    for key_stage, final in ((2, city.ks2_final), (4, city.ks4_final)):
        for year, table in final.items():
            summer = 2000 + int(year[-2:])
            name = f"ks{key_stage}_final_{summer}.csv"
            out = dt.date(summer + 1, 4, 25)
            files.append(
                File(name, f"ks{key_stage}_pupils", table, _DEPARTMENT, out, year, "final")
            )
    for year in LATER_YEARS:
        if year in city.ks2_pupils:
            summer = 2000 + int(year[-2:])
            ks2, ks4 = city.ks2_pupils[year], city.ks4_pupils[year]
            files += [
                File(
                    f"ks2_pupils_{summer}.csv",
                    *("ks2_pupils", ks2, _DEPARTMENT, dt.date(summer, 9, 4), year, "provisional"),
                ),
                File(
                    f"ks4_returns_{summer}.csv",
                    *("ks4_pupils", ks4, _COUNCIL, dt.date(summer, 8, 23), year, "school_return"),
                ),
            ]
    return files


_SEQUEL = """\
# The sequel of the example study: {city} up to {last}

**Everything here is invented**, as in `data_raw/example`, which it repeats. Each later year's pupils gain
what those of 2018 gained. The results of earlier outcome years are final, those of the last the first out.
There were no tests in 2019-20 and 2020-21. `ssif example --through` writes it.
"""


def _readme(seed: int) -> str:
    gains = ", ".join(
        f"{points} in {measure.split('_')[1]}" for measure, points in TRUE_EFFECTS["send"].items()
    )
    return f"""\
# The example study: {CITY}

**Everything here is invented.** No pupil, school, trust, officer or place is real. No authority in
England has the code {LOCAL_AUTHORITY}, no school has a URN in the 900000s. The shape of the files is
that of real ones: pupil files in the tables-checking layout, a register like GIAS, an officer's lists.

It is what an analyst might hold on 2 October 2018: two years of final results; key stage 2 of 2018
provisional; key stage 4 of 2018 as schools returned it, without Attainment 8 and Progress 8.

## What is true in this city

Because it is invented, the answer is known:

| Programme | Pupils it is for | What it truly does |
|---|---|---|
| SEND in mainstream | on SEN support | adds to each such pupil's KS2 progress in 2018, in points: {gains} |
| Closing the gap | disadvantaged (FSM6) | nothing |

The scaled scores and the expected standard of those pupils follow from the gain in progress: over many
seeds about 4 in 100 more of them reach the expected standard in reading, writing and maths. Nothing is
planted at key stage 4. The programmes' schools were chosen on the target group's weak result of 2016-17
(KS4 where a school has it, else KS2), mixed with the last inspection grade and with chance: so part of
any improvement since 2016-17 is a return to normal, and a plain comparison with last year flatters.

A gain of {max(TRUE_EFFECTS["send"].values())} points is small beside what about a dozen schools can
show: an honest estimate may well say that it cannot tell.

## What to find in it

- {len(SCHOOLS)} schools; one converted to an academy in December 2017 (new URN, same LAESTAB); an
  infant and a junior school merged in September 2017 (new URN and LAESTAB); enrolments name schools by
  the URN of the day they joined.
- Pupils not at the end of the key stage (202) or removed at their school's request (203: final
  files only); absent pupils; pupils below the level of the test; pupils with no prior attainment.
- A school judged on more than one criterion; criteria that nobody can now evidence; a maintained school
  that nobody visited in 2017-18; two schools in no programme; schools that answered twice or not at all;
  statements and case studies whose givers said no, or changed their mind; two statements, a line of a
  case study and answers on forms that name a pupil or give a telephone number, and so are held until a
  person has read them.
- A case study with figures, and one without, because its figures would reveal another school's.
- Published results of the city's pupils on SEN support and disadvantaged pupils, counted from its pupils,
  beside three invented cities and an invented England; one of the cities has a figure kept back.

## Simplified

Progress is drawn first, on a continuous scale, and scores are rounded down from it; the writing score is
that of the judgement. So a score minus a progress score is not quite the same for all pupils with the
same start, as it would be in a real file.

## How it was made

`pipelines/example/` draws it with seed {seed}, the date on which this city's board meets: not picked
for its answer. `ssif example` writes these files again, byte for byte.
"""
