"""The officers' version: actions, all schools in a table, a profile of each, withheld figures.

It names schools and shows small figures, so every page is marked. `tables` runs its SELECTs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from pipelines.document.blocks import (
    Block,
    Bullets,
    Columns,
    Details,
    Document,
    Figure,
    Heading,
    Item,
    Notice,
    Paragraph,
    Section,
    Table,
)
from pipelines.officers import tables
from pipelines.officers.caterpillar import caterpillars
from pipelines.officers.tables import OfficerRow

MARKING = "OFFICIAL-SENSITIVE – for officers of the authority only; not to be published"
_NOT_RETURNED = "not returned"
_HOW_TO_READ = (
    "Rules found what may point at a person. Open the file, read the row. If it may be published, fill in "
    "reviewed_by, reviewed_on and reviewed_text there, and run the study again. The words are not "
    "repeated here."
)


def officers_version(con: duckdb.DuckDBPyConnection) -> Document:
    """The document, from the working store, with nothing withheld."""
    (study,) = tables.rows_of(con, "study")
    programmes = tables.rows_of(con, "programme")
    schools, evidence, figures, visits, texts = (
        tables.rows_of(con, name)
        for name in ("taking_part", "eligibility", "figure", "visit", "text_held")
    )
    titles = {row["programme"]: row["title"] for row in programmes if row["is_evaluated"]}
    return Document(
        title=f"Officers’ version: {study['title']}",
        description="Named schools and small figures. Not to be published.",
        kicker=f"{study['local_authority_name']} · draft",
        marking=MARKING,
        opening=(
            Notice(
                "Nothing here has passed disclosure control. What may be shown to others is the board pack.",
                strong="Named schools, and figures of very few pupils.",
            ),
            Heading(2, "To do"),
            *_to_do(programmes, schools, texts),
        ),
        sections=(
            Section(
                "schools",
                "Schools",
                (
                    tables.every_school(programmes, schools, figures),
                    *_side_by_side(caterpillars(tables.rows_of(con, "latest_result"), titles)),
                ),
            ),
            Section(
                "profiles", "A profile a school", tuple(_profiles(programmes, schools, figures))
            ),
            *_programmes(programmes, evidence, figures),
            Section(
                "visits",
                "Inspections and reviews",
                (
                    tables.table_of(
                        "Inspections and outside reviews of open schools; the outcome year is "
                        f"{study['outcome_year']}",
                        visits,
                        if_empty="The study has no file of inspections or reviews.",
                    ),
                ),
            ),
            Section("texts", "Texts to read", tuple(_texts(texts))),
            Section("withheld", "What is withheld in public", tuple(_withheld(con, study, titles))),
            Section(
                "rows",
                "Rows set aside",
                (tables.table_of("Rows of every file", tables.rows_of(con, "set_aside")),),
            ),
        ),
        closing=(
            Paragraph(
                f"Protocol {study['protocol_sha256'][:12]}, data {study['sources_sha256'][:12]}.",
                look="note",
            ),
        ),
    )


def _side_by_side(figures: Iterator[Figure]) -> Iterator[Columns]:
    cells = tuple((figure,) for figure in figures)
    if cells:
        yield Columns(cells)


def _to_do(
    programmes: Sequence[OfficerRow], schools: Sequence[OfficerRow], texts: Sequence[OfficerRow]
) -> Iterator[Block]:
    items = []
    for programme in programmes:
        own = tables.of_programme(programme["programme"], schools)
        asked = [row for row in own if row["Evaluation form"] is not None]
        missing = [row["School (URN)"] for row in asked if row["Evaluation form"] == _NOT_RETURNED]
        if missing:
            items.append(
                Item(
                    f"{len(asked) - len(missing)} of {len(asked)} returned. To chase: {'; '.join(missing)}.",
                    strong=f"{programme['title']}: evaluation forms.",
                )
            )
        unknown = [
            row["School (URN)"]
            for row in own
            if row["Eligible"] in ("not known", "nothing on file")
        ]
        if unknown:
            items.append(
                Item(
                    f"Evidence is missing for: {'; '.join(unknown)}.",
                    strong=f"{programme['title']}: eligibility.",
                )
            )
    if texts:
        items.append(
            Item(f"{len(texts)} texts wait until a person has read them.", strong="Texts to read.")
        )
    yield Bullets(tuple(items)) if items else Paragraph("Nothing is waiting.")


def _profiles(
    programmes: Sequence[OfficerRow], schools: Sequence[OfficerRow], figures: Sequence[OfficerRow]
) -> Iterator[Block]:
    """Each school's programmes and results by year, folded under its name."""
    titles = {row["programme"]: row["title"] for row in programmes}
    for name in dict.fromkeys(row["School (URN)"] for row in schools):
        in_ = [row for row in schools if row["School (URN)"] == name]
        own = [row for row in figures if row["school"] == name]
        blocks: list[Block] = [
            Bullets(tuple(tables.place_in_programme(row, titles[row["programme"]]) for row in in_))
        ]
        if own:
            blocks.append(tables.results_of_school(name, own))
        yield Details(name, tuple(blocks))


def _programmes(
    programmes: Sequence[OfficerRow], evidence: Sequence[OfficerRow], figures: Sequence[OfficerRow]
) -> Iterator[Section]:
    for programme in programmes:
        of, title = programme["programme"], programme["title"]
        blocks: list[Block] = []
        if programme["is_placebo"]:
            blocks.append(
                Notice("Schools were put on a list by a rule.", strong="No such programme existed.")
            )
        judged = tables.table_of(
            f"{title}: evidence on eligibility", tables.of_programme(of, evidence)
        )
        own: tuple[Table, ...] = tables.figures(title, [r for r in figures if r["programme"] == of])
        blocks += [judged] * bool(judged.rows)
        blocks += own
        if blocks:
            yield Section(f"programme-{of}", title, tuple(blocks))


def _texts(texts: Sequence[OfficerRow]) -> Iterator[Block]:
    if texts:
        yield Paragraph(_HOW_TO_READ)
    yield tables.table_of(
        "Texts to read before they may be published", texts, if_empty="No text is held."
    )


def _withheld(
    con: duckdb.DuckDBPyConnection, study: OfficerRow, titles: dict[str, str]
) -> Iterator[Block]:
    yield Paragraph(
        f"A figure is withheld where it would rest on fewer than {study['minimum_cell']} pupils, or would "
        "give such a figure away. Telling one of these to anyone outside gives it away."
    )
    yield tables.withheld_counts(tables.rows_of(con, "withheld_count"))
    yield tables.withheld(tables.rows_of(con, "withheld"), titles)
