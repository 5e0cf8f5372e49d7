"""The officers' tables: each SELECT beside this module as a table of text, nothing withheld."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.board import tables as public
from pipelines.board.tables import NONE
from pipelines.document.blocks import Item, Table
from pipelines.free_text.review import publishable_text
from pipelines.released import citations as cited
from pipelines.released import wording

_FOLDER = Path(__file__).parent
OfficerRow = Mapping[str, Any]

_KEY_STAGES = ("Phonics", "Key Stage 1", "Key Stage 2", "Key Stage 4", "Attendance")
# Low to high, for a line of results in a cell.
_STROKES = "▁▂▃▄▅▆▇█"
_NO_FIGURE = {
    "suppressed": "withheld by its publisher",
    "low_coverage": "too few pupils covered",
    "no_entries": "no entries",
    "not_published": "not published",
    "not_applicable": "does not apply",
    "unavailable": "not available",
}


def rows_of(con: duckdb.DuckDBPyConnection, name: str) -> list[OfficerRow]:
    """The rows of one SELECT in this folder."""
    found = con.execute((_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def of_programme(programme: str, rows: Sequence[OfficerRow]) -> list[OfficerRow]:
    """The rows of one programme, without its id."""
    return [
        {name: value for name, value in row.items() if name != "programme"}
        for row in rows
        if row["programme"] == programme
    ]


def table_of(
    caption: str, rows: Sequence[OfficerRow], *, note: str = "", if_empty: str = ""
) -> Table:
    """A table of rows whose column names are its headings; empty columns are left out."""
    columns = [name for name in (rows[0] if rows else ()) if any(r[name] is not None for r in rows)]
    cells = tuple(tuple(_words(row[name]) for name in columns) for row in rows)
    return Table(caption, tuple(columns), cells, note, if_empty)


def figures(title: str, rows: Sequence[OfficerRow]) -> tuple[Table, ...]:
    """A table for each of a programme's measures: results (pupils) by year, pooled means first."""
    return tuple(
        _figures(title, [row for row in rows if row["measure"] == measure])
        for measure in dict.fromkeys(row["measure"] for row in rows)
    )


def every_school(
    programmes: Sequence[OfficerRow], schools: Sequence[OfficerRow], results: Sequence[OfficerRow]
) -> Table:
    """A row for each school in a programme: programmes, main results, and other records."""
    titles = {row["programme"]: row["title"] for row in programmes}
    rows = []
    for name in dict.fromkeys(row["School (URN)"] for row in schools):
        own = [row for row in schools if row["School (URN)"] == name]
        main = [row for row in results if row["school"] == name and row["is_primary"]]
        forms = [row["Evaluation form"] for row in own if row["Evaluation form"] is not None]
        rows.append(
            {
                "School (URN)": name,
                "Phase": own[0]["Phase"],
                "Programmes": "; ".join(titles[row["programme"]] for row in own),
                "Main results, by year": "; ".join(_trend(main)) or None,
                "Compared": "; ".join(dict.fromkeys(_standing(own))) or None,
                "Eligible": "; ".join(row["Eligible"] for row in own if row["Eligible"]) or None,
                "Evaluation forms": "; ".join(forms) or None,
            }
        )
    shown = table_of(
        "Schools in any programme",
        rows,
        note="The strokes are a school's results of each year, low to high, on the scale of its own years. "
        "The latest result stands after them, with its pupils in brackets, and its year if that is not the "
        "outcome year.",
        if_empty="No school is on file.",
    )
    return replace(shown, is_filtered=True)


def _standing(rows: Sequence[OfficerRow]) -> Iterator[str]:
    """ "Key Stage 2: compared", for each key stage that its programme is evaluated on."""
    for row in rows:
        for name in _KEY_STAGES:
            if row.get(name):
                yield f"{name}: {row[name]}"


def _trend(rows: Sequence[OfficerRow]) -> Iterator[str]:
    """ "Reading progress ▂▁▇ −0.5 (11)", for each measure."""
    for measure in dict.fromkeys(row["measure"] for row in rows):
        of = [
            r for r in rows
            if r["measure"] == measure and r["value_status"] == "value" and r["n_pupils"]
        ]  # fmt: skip
        if of:
            last = of[-1]
            value = wording.format_value(last["mean"], last["unit"], last["decimals"])
            pupils = wording.format_count(last["n_pupils"])
            # An earlier year's result is not to be taken for the outcome year's.
            year = "" if last["is_last"] else f", {last['academic_year']}"
            yield f"{last['label']} {_strokes([r['mean'] for r in of])} {value} ({pupils}{year})"


def _strokes(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    if high == low:
        return _STROKES[len(_STROKES) // 2] * len(values)
    top = len(_STROKES) - 1
    return "".join(_STROKES[round((value - low) / (high - low) * top)] for value in values)


def place_in_programme(row: OfficerRow, title: str) -> Item:
    """The records of a school in one programme."""
    said = [
        f"{name}: {_words(value)}"
        for name, value in row.items()
        if name not in ("programme", "School (URN)", "Phase") and value is not None
    ]
    return Item("; ".join(said), strong=f"{title}.")


def results_of_school(name: str, rows: Sequence[OfficerRow]) -> Table:
    """A school's results (pupils) by year, a row for each measure and pupil group."""
    years = sorted({_year(row) for row in rows})
    keys = dict.fromkeys((row["measure"], row["label"], row["pupil_group"]) for row in rows)
    by_key = []
    for measure, label, group in keys:
        of = {_year(r): r for r in rows if (r["measure"], r["pupil_group"]) == (measure, group)}
        by_key.append(
            {
                "Measure": f"{label}, {wording.format_group(group)}",
                **{year: _result([of[year]]) if year in of else None for year in years},
            }
        )
    return table_of(f"{name}: results by year", by_key)


def withheld_counts(rows: Sequence[OfficerRow]) -> Table:
    """How many figures each public table shows and withholds, as in the board pack."""
    shown = public.withheld(
        {"withheld": [cited.Row("withheld", row["released_table"], row) for row in rows]}
    )
    return replace(shown, rows=tuple(tuple(map(cited.plain, row)) for row in shown.rows))


def withheld(rows: Sequence[OfficerRow], titles: Mapping[str, str]) -> Table:
    """The averages that the public tables withhold, with their values."""
    return table_of(
        "Averages that are withheld in public",
        [
            {
                "Measure": row["label"],
                "Programme": titles.get(row["programme"], "all schools, by programme"),
                "Pupils": wording.format_group(row["pupil_group"]),
                "In": wording.format_arm(row["arm"], titles),
                "Year and status": _year(row),
                "Schools": row["n_schools"],
                "Pupils counted": row["n_pupils"],
                "Average": wording.format_value(row["mean"], row["unit"], row["decimals"]),
            }
            for row in rows
        ],
        if_empty="No average is withheld in public.",
    )


def _figures(title: str, rows: Sequence[OfficerRow]) -> Table:
    years = sorted({_year(row) for row in rows})
    others = next((r["mean"] for r in rows if r["is_last"] and r["is_comparison"]), None)
    by_school: dict[str, list[OfficerRow]] = {}
    for row in rows:
        by_school.setdefault(row["school"], []).append(row)
    label, group = rows[0]["label"], rows[0]["pupil_group"]
    return table_of(
        f"{title}: {label}, {wording.format_group(group)}",
        [
            {
                "School (URN)": school,
                "Compared": own[0]["reason"],
                **{year: _result([row for row in own if _year(row) == year]) for year in years},
                "This year against those compared with": _against(own, others),
            }
            for school, own in by_school.items()
        ],
        note="In brackets: pupils. One school’s results move by chance, whatever was done there.",
    )


def _year(row: OfficerRow) -> str:
    return f"{row['academic_year']} ({wording.format_status(row['release_status'])})"


def _result(rows: Sequence[OfficerRow]) -> str | None:
    if not rows:
        return None
    (row,) = rows
    if row["value_status"] != "value":
        return _NO_FIGURE[row["value_status"]]
    if not row["n_pupils"]:
        return None
    value = wording.format_value(row["mean"], row["unit"], row["decimals"])
    return f"{value} ({wording.format_count(row['n_pupils'])})"


def _against(rows: Sequence[OfficerRow], others: float | None) -> str | None:
    """A school's result in the outcome year less the pooled mean of its comparison schools."""
    now = [r for r in rows if r["is_last"] and r["value_status"] == "value" and r["n_pupils"]]
    if not now or others is None or now[0]["is_comparison"]:
        return None
    return wording.format_signed(now[0]["mean"] - others, now[0]["unit"], now[0]["decimals"])


def _words(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, dt.date):
        return wording.format_date(value)
    if isinstance(value, str):
        return publishable_text(value)
    return wording.format_count(float(str(value)))
