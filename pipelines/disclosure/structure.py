"""How released counts of pupils hang together: each as a sum over the smallest sets that they tell apart.

The catalogue declares whom a count adds up, `restricted/counted.sql` lists the pupils; here both become
blocks of sums for `inference` to judge. Three things more are known to whoever reads a release: what
the study released before (`releases`), totals of the authority, which others publish, and that the pupils
of a school are the same whether they are parted by disadvantage or by special need.

Counts of one key stage, year and group are nearly the same pupils on every measure and in every release
status: whoever finds a small one withheld here and shown there has it. So what an earlier release showed or
withheld is taken as known, or to be protected, though the figures have been revised since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import numpy as np

from pipelines.catalogue import PupilCount, Table
from pipelines.disclosure.inference import Block, FloatArray, Sum, Truth

# Groups that make up all pupils of a school with those of whom nothing is known; some may not be released.
PARTITIONS = (
    ("disadvantaged", "not_disadvantaged"),
    ("sen_support", "ehc_plan", "no_sen"),
    ("high_prior",),
)
# A school's own decision makes these groups, and a handful of pupils each: never public by school.
GROUPS_NEVER_BY_SCHOOL = ("sen_support", "ehc_plan", "no_sen")

_SELECT = Path(__file__).parent / "restricted" / "counted.sql"
_PUBLISHED = _SELECT.with_name("published_total.sql")

Standing = Literal["current", "known", "was_withheld"]


class Cell(NamedTuple):
    """The pupils of a school and group, with a result on a measure, in one release of a year."""

    school_id: int
    key_stage: str
    academic_year: str
    release_status: str
    measure: str
    pupil_group: str


@dataclass(frozen=True)
class Count:
    """A count of pupils and the cells it adds up.

    `row` is DuckDB's number of the row, which holds while nothing is deleted. `is_explained` where the
    cells have as many pupils as it says: else nothing can be said about what it gives away. `is_public`
    where it is made of results that are public by school: it is never withheld, and others know it.
    """

    table: str
    column: str
    row: int
    is_shown: bool
    n_pupils: float = 0.0
    cells: tuple[Cell, ...] = ()
    has_meeting: bool = False
    is_explained: bool = True
    is_public: bool = False
    loss: float = 1.0
    slack: tuple[float, float] = (0.0, 0.0)
    standing: Standing = "current"


@dataclass(frozen=True)
class Structure:
    """Every count of the released tables, and the blocks they fall into, which number them in this order.

    A count that adds up no cell is in no block: nobody, or pupils in no other figure. Nor is a public one.
    """

    counts: tuple[Count, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class _Pupils:
    """Pupils of every cell, and those who met the standard; the release in use; shares of pupils."""

    by_cell: Mapping[Cell, tuple[float, float]]
    in_use: Mapping[tuple[str, str], str]
    local_mainstream: frozenset[int]
    shares: frozenset[str]


def read(
    con: duckdb.DuckDBPyConnection, tables: Iterable[Table], earlier: Sequence[Count] = ()
) -> Structure:
    """The structure of the released tables as they stand, whatever of them is withheld.

    `earlier` are the counts of earlier releases, as `releases.read` gives them. Raises duckdb.Error if a
    condition of the catalogue does not fit its table.
    """
    select = _SELECT.read_text(encoding="utf-8")
    con.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {select}")
    try:
        counts = [
            count
            for table in tables
            for declared in table.pupil_counts
            for count in _counts(con, table, declared)
        ]
        pupils = _pupils(con)
    finally:
        con.execute("DROP TABLE temp.counted")
    # Of whatever status: the pupils are nearly those of the release in use now.
    known = [
        replace(
            count,
            cells=tuple(
                cell._replace(release_status=pupils.in_use[cell.key_stage, cell.academic_year])
                for cell in count.cells
                if (cell.key_stage, cell.academic_year) in pupils.in_use
            ),
            standing="known" if count.is_shown else "was_withheld",
        )
        for count in earlier
    ]
    published = con.execute(_PUBLISHED.read_text(encoding="utf-8")).fetchall()
    known += _totals(counts, pupils, frozenset(published))
    return Structure(tuple(counts), tuple(_blocks(counts, known, pupils)))


def is_public(table: Table, row: str) -> str:
    """SQL: whether a row is made of public results alone. What a named school got is shown by choice."""
    has_measure = any(column.name == "measure" for column in table.columns)
    return (
        f"is_public({row}.measure)"
        if has_measure and not table.is_about_single_schools
        else "false"
    )


def _counts(con: duckdb.DuckDBPyConnection, table: Table, declared: PupilCount) -> Iterator[Count]:
    """One count a row of the table."""
    columns = ", ".join(f"counted.{name}" for name in Cell._fields)
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row, *values in con.execute(
        f"SELECT shown.rowid, shown.{declared.column}, {declared.loss}, {is_public(table, 'shown')}, "
        f"counted.n_pupils, counted.n_meeting IS NOT NULL, {columns} FROM {table.full_name} AS shown "
        f"LEFT JOIN temp.counted AS counted ON {declared.adds_up or 'false'} ORDER BY ALL"
    ).fetchall():
        rows[row].append(tuple(values))
    for row, found in rows.items():
        n_shown, loss, is_public_row, *_ = found[0]
        cells = [Cell(*values[5:]) for values in found if values[5] is not None]
        n_pupils = sum(float(values[3] or 0) for values in found)
        half = declared.rounded_to / 2
        is_shown = n_shown is not None
        printed = float(n_shown) if is_shown else n_pupils
        yield Count(
            table.name,
            declared.column,
            row,
            is_shown,
            printed,
            tuple(cells),
            has_meeting=declared.mean is not None and all(bool(values[4]) for values in found),
            is_explained=declared.adds_up is None
            or abs(printed - n_pupils) < max(half, 0.5) + 1e-9,
            is_public=bool(is_public_row),
            loss=float(loss),
            # Whom a share is of is told by it nearly to the pupil.
            slack=(0.0, 0.0)
            if declared.rounded_to == 1 or declared.mean is not None
            else (printed - half - n_pupils, printed + half - n_pupils),
        )


def _pupils(con: duckdb.DuckDBPyConnection) -> _Pupils:
    cells = con.execute(
        f"SELECT {', '.join(Cell._fields)}, n_pupils, coalesce(n_meeting, 0), is_in_use, "
        "arm IS NOT NULL AND is_compared_kind FROM counted WHERE programme = 'all' ORDER BY ALL"
    ).fetchall()
    shares = con.execute("SELECT measure FROM protocol.measure WHERE counts_pupils").fetchall()
    return _Pupils(
        by_cell={Cell(*cell): (float(n), float(met)) for *cell, n, met, _, _ in cells},
        in_use={(cell[1], cell[2]): cell[3] for *cell, _, _, is_in_use, _ in cells if is_in_use},
        local_mainstream=frozenset(cell[0] for *cell, _, _, _, is_local in cells if is_local),
        shares=frozenset(name for (name,) in shares),
    )


def _totals(
    counts: Sequence[Count], pupils: _Pupils, published: Container[tuple[str, ...]]
) -> list[Count]:
    """The authority's mainstream schools together, of all that is counted of some of them or `published`.

    As exact, which is safer: what is published (key stage, year, measure, group) is whole percentages.
    """
    asked = {cell[1:] for count in counts for cell in count.cells}
    asked |= {
        cell[1:]
        for cell in pupils.by_cell
        if (cell.key_stage, cell.academic_year, cell.measure, cell.pupil_group) in published
        and cell.release_status == pupils.in_use.get((cell.key_stage, cell.academic_year))
    }
    totals: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in pupils.by_cell:
        if cell[1:] in asked and cell.school_id in pupils.local_mainstream:
            totals[cell[1:]].append(cell)
    return [
        Count(
            "authority",
            "total",
            row,
            True,
            cells=tuple(cells),
            has_meeting=cells[0].measure in pupils.shares,
            standing="known",
        )
        for row, (_, cells) in enumerate(sorted(totals.items()))
    ]


def _blocks(counts: Sequence[Count], known: Sequence[Count], pupils: _Pupils) -> Iterator[Block]:
    """Blocks of the counts that share a key stage and, through sums over years, years."""
    numbered = [(place, count) for place, count in enumerate(counts) if count.cells]
    numbered = [(place, c) for place, c in numbered if c.is_explained and not c.is_public]
    component: dict[tuple[str, str], tuple[str, str]] = {}
    for _, count in numbered:
        own = {(cell.key_stage, cell.academic_year) for cell in count.cells}
        joined = {component.get(year, year) for year in own}
        first = min(joined)
        component |= {year: first for year, c in component.items() if c in joined}
        component |= dict.fromkeys(own, first)
    for name in sorted(set(component.values())):
        years = {year for year, c in component.items() if c == name}
        yield _block(
            [
                *((place, count) for place, count in numbered if _is_in(count, years)),
                *((None, count) for count in known if count.cells and _is_in(count, years)),
            ],
            pupils,
        )


def _is_in(count: Count, years: set[tuple[str, str]]) -> bool:
    return any((cell.key_stage, cell.academic_year) in years for cell in count.cells)


class _Atom(NamedTuple):
    """Schools that every sum takes together, and pupils that none parts, in one year."""

    school_class: int
    part: str
    academic_year: str


@dataclass(frozen=True)
class _Atoms:
    """The atoms of a block by position; each group as the parts it is made of."""

    position: Mapping[_Atom, int]
    class_of: Mapping[int, int]
    schools_of: Mapping[int, tuple[int, ...]]
    parts: Mapping[str, tuple[tuple[str, ...], ...]]

    def of(self, cells: Iterable[Cell]) -> FloatArray:
        """Ones for the atoms that the cells are made of."""
        of = np.zeros(len(self.position))
        for school_class, group, year in {
            (self.class_of[c.school_id], c.pupil_group, c.academic_year) for c in cells
        }:
            for part in self.parts[group][0]:
                of[self.position[_Atom(school_class, part, year)]] = 1.0
        return of

    def links(self) -> FloatArray:
        """All pupils of a class of schools in one partition are those of another."""
        first, *others = self.parts.get("all", ((),))
        links = []
        for school_class, year in sorted(
            {(a.school_class, a.academic_year) for a in self.position}
        ):
            for other in others:
                link = np.zeros(len(self.position))
                for sign, partition in ((1.0, first), (-1.0, other)):
                    for part in partition:
                        link[self.position[_Atom(school_class, part, year)]] = sign
                links.append(link)
        return np.array(links).reshape(-1, len(self.position))


def _atoms(counts: Sequence[Count]) -> _Atoms:
    parts = _parts({cell.pupil_group for count in counts for cell in count.cells})
    sums_of: dict[int, set[int]] = defaultdict(set)
    years = set()
    for number, count in enumerate(counts):
        for cell in count.cells:
            sums_of[cell.school_id].add(number)
            years.add(cell.academic_year)
    signatures = {school: tuple(sorted(sums)) for school, sums in sums_of.items()}
    number_of = {signature: n for n, signature in enumerate(sorted(set(signatures.values())))}
    atoms = sorted(
        {
            _Atom(school_class, part, year)
            for school_class in number_of.values()
            for partitions in parts.values()
            for partition in partitions
            for part in partition
            for year in years
        }
    )
    class_of = {school: number_of[signature] for school, signature in signatures.items()}
    return _Atoms(
        {atom: j for j, atom in enumerate(atoms)},
        class_of,
        {n: tuple(s for s, c in class_of.items() if c == n) for n in number_of.values()},
        parts,
    )


def _parts(groups: set[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Each released group as parts that do not overlap; `all` once for each partition that is released.

    What of all pupils is in none of a partition's released groups is a part of its own.
    """
    parts: dict[str, tuple[tuple[str, ...], ...]] = {group: ((group,),) for group in groups}
    partitions = [tuple(g for g in partition if g in groups) for partition in PARTITIONS]
    if "all" in groups and any(partitions):
        parts["all"] = tuple((*p, _rest_of(p)) for p in partitions if p)
    return parts


_REST = "all but "


def _rest_of(partition: tuple[str, ...]) -> str:
    return _REST + " ".join(partition)


def _groups_in(part: str) -> tuple[str, ...]:
    """The group a part is; or all pupils, and the groups that are taken off them."""
    return ("all", *part.removeprefix(_REST).split(" ")) if part.startswith(_REST) else (part,)


def _block(numbered: Sequence[tuple[int | None, Count]], pupils: _Pupils) -> Block:
    atoms = _atoms([count for _, count in numbered])
    truth_of: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
    sums: dict[tuple[object, ...], Sum] = {}
    stage = numbered[0][1].cells[0].key_stage
    in_use = {year: status for (s, year), status in pupils.in_use.items() if s == stage}
    for place, count in numbered:
        statuses = in_use | {cell.academic_year: cell.release_status for cell in count.cells}
        key = (count.cells[0].measure, tuple(sorted(statuses.items())))
        one = Sum(
            of=atoms.of(count.cells),
            truth=truth_of.setdefault(key, len(truth_of)),
            has_meeting=count.has_meeting,
            loss=count.loss,
            slack=count.slack,
            is_known=count.standing == "known",
            was_withheld=count.standing == "was_withheld",
            is_shown=count.is_shown,
            places=() if place is None else (place,),
        )
        # Counts that say the same are withheld together.
        same = (one.of.tobytes(), one.truth, one.has_meeting, one.slack, count.standing)
        other = sums.get(same)
        sums[same] = (
            replace(
                other,
                loss=other.loss + one.loss,
                is_shown=other.is_shown or one.is_shown,
                places=(*other.places, *one.places),
            )
            if other
            else one
        )
    return Block(
        sums=tuple(sums.values()),
        truths=tuple(
            _truth(atoms, stage, measure, dict(statuses), pupils) for measure, statuses in truth_of
        ),
        school_class=np.array([atom.school_class for atom in atoms.position], dtype=np.int64),
        is_special_need=np.array(
            [atom.part in GROUPS_NEVER_BY_SCHOOL for atom in atoms.position], dtype=bool
        ),
        links=atoms.links(),
    )


def _truth(
    atoms: _Atoms, stage: str, measure: str, statuses: Mapping[str, str], pupils: _Pupils
) -> Truth:
    """Pupils, those who met the standard, and schools with a pupil, by atom, on one measure and release."""
    table = np.zeros((len(atoms.position), 3))
    for atom, j in atoms.position.items():
        status = statuses[atom.academic_year]
        for school in atoms.schools_of[atom.school_class]:
            whole, *taken = (
                pupils.by_cell.get(
                    Cell(school, stage, atom.academic_year, status, measure, group), (0.0, 0.0)
                )
                for group in _groups_in(atom.part)
            )
            n_pupils, n_meeting = (
                max(0.0, whole[k] - sum(figures[k] for figures in taken)) for k in (0, 1)
            )
            if n_pupils > 0:
                table[j] += (n_pupils, n_meeting, 1.0)
    return Truth(
        measure=measure,
        n_pupils=table[:, 0],
        n_schools=table[:, 2].astype(np.int64),
        n_meeting=table[:, 1] if measure in pupils.shares else None,
    )
