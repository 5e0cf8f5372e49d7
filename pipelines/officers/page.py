"""The officers' page: their tables put into one self-contained HTML text, marked on every screen and sheet.

The tables are `tables`; the look is the board's with `officers.css` on top. Everything that is not our own
markup is escaped by the template engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from markupsafe import Markup

from pipelines.board.page import CSS, template_environment, with_whole_years
from pipelines.board.tables import Table
from pipelines.officers import tables
from pipelines.officers.tables import Row

MARKING = "OFFICIAL-SENSITIVE – for officers of the authority only; not to be published"
_HERE = Path(__file__).parent
_NOT_RETURNED = "not returned"


@dataclass(frozen=True)
class Programme:
    """One programme's schools by name, with what is on file of each."""

    id: str
    title: str
    is_placebo: bool
    to_chase: str
    schools: Table
    eligibility: Table
    figures: tuple[Table, ...]


def render(con: duckdb.DuckDBPyConnection) -> str:
    """The whole page as HTML, from the working store: no script, no outside file, well-formed as XML too."""
    environment = template_environment(_HERE)
    (study,) = tables.rows_of(con, "study")
    listed = tables.rows_of(con, "programme")
    titles = {row["programme"]: row["title"] for row in listed if row["is_evaluated"]}
    html = environment.get_template("index.html.j2").render(
        # Our own files, kept beside the template: not data.
        css=Markup("".join(f.read_text(encoding="utf-8") for f in (CSS, _HERE / "officers.css"))),  # noqa: S704
        marking=MARKING,
        study=study,
        programmes=_programmes(con, listed),
        visits=tables.table_of(
            f"Inspections and outside reviews of open schools; the outcome year is {study['outcome_year']}",
            tables.rows_of(con, "visit"),
            if_empty="The study has no file of inspections or reviews.",
        ),
        texts_held=tables.table_of(
            "Texts to read before they may be published",
            tables.rows_of(con, "text_held"),
            if_empty="No text is held.",
        ),
        withheld_counts=tables.withheld_counts(tables.rows_of(con, "withheld_count")),
        withheld=tables.withheld(tables.rows_of(con, "withheld"), titles),
        set_aside=tables.table_of("Rows of every file", tables.rows_of(con, "set_aside")),
    )
    return with_whole_years(html)


def _programmes(con: duckdb.DuckDBPyConnection, listed: Sequence[Row]) -> tuple[Programme, ...]:
    schools, evidence, results = (
        tables.rows_of(con, name) for name in ("taking_part", "eligibility", "figure")
    )
    programmes = []
    for row in listed:
        of, title = row["programme"], row["title"]
        own = tables.of_programme(of, schools)
        programmes.append(
            Programme(
                id=of,
                title=title,
                is_placebo=row["is_placebo"],
                to_chase=_to_chase(own),
                schools=tables.table_of(
                    f"{title}: its schools", own, if_empty="No school is on file."
                ),
                eligibility=tables.table_of(
                    f"{title}: evidence on eligibility", tables.of_programme(of, evidence)
                ),
                figures=tables.figures(title, [r for r in results if r["programme"] == of]),
            )
        )
    return tuple(programmes)


def _to_chase(schools: Sequence[Row]) -> str:
    """Whose evaluation form is missing, in a sentence; "" where no form was asked for."""
    asked = [row for row in schools if row["Evaluation form"] is not None]
    if not asked:
        return ""
    missing = [row["School (URN)"] for row in asked if row["Evaluation form"] == _NOT_RETURNED]
    returned = f"Evaluation forms returned: {len(asked) - len(missing)} of {len(asked)}."
    return f"{returned} To chase: {'; '.join(missing)}." if missing else returned
