"""Maps the wanted columns to the file's columns.

Wanted columns are declared in the catalogue and in `published_columns.csv`. A `[[source]]` can rename them
(`columns`), give one value for all rows (`assume`), or list columns that the file lacks (`without`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.heading_row import Headings
from pipelines.store.store import sql_text
from pipelines.study.toml_lines import dotted, line_of

if TYPE_CHECKING:
    from pipelines.ingest.tabular import TabularFile
    from pipelines.study.settings import Source, Study

# More would be unreadable; the rest are counted.
NAMES_LISTED = 12
ASSUMED = "(assumed in study.toml)"


@dataclass(frozen=True)
class Wanted:
    """A column to find in a file, with its possible names; the first is the publisher's.

    `can_be_without`: the study may declare it absent. `assumed`: the `assume` entry that can replace it,
    valid if `assumed_if`.
    """

    key: str
    names: tuple[str, ...]
    is_required: bool = True
    can_be_without: bool = True
    assumed: str | None = None
    assumed_if: str = ""


@dataclass(frozen=True)
class Place:
    """Where a wanted column is: a cell of each row, or one value for every row."""

    heading: str
    index: int | None = None
    assumed: str | None = None

    def text(self) -> str:
        """SQL for its text; NULL for white space.

        The text 'NULL' counts as blank, because databases export missing values so. The scan has written
        non-breaking spaces as spaces (`tabular.create_from_scan`).
        """
        if self.index is None:
            return sql_text(self.assumed or "")
        cell = f"c{self.index}"
        # Trimming takes longest, and few cells have a space.
        return (
            f"CASE WHEN contains({cell}, ' ') OR {cell} IN ('', 'NULL') "
            f"THEN nullif(nullif(trim({cell}), ''), 'NULL') ELSE {cell} END"
        )


def looked_for(source: Source, wanted: Sequence[Wanted], *, knows_all: bool = True) -> Headings:
    """The headings that identify a file's heading row: those named by the study and those wanted.

    `knows_all` is false if unwanted headings are read as well.
    """
    given = {*source.assume, *source.without, *(t for ts in source.columns.values() for t in ts)}
    folded = {name.casefold() for name in given}
    usual = [w.names for w in wanted if w.is_required and folded.isdisjoint(_folded(w.names))]
    required = [*((heading,) for heading in source.columns), *usual]
    return Headings.of(required, (n for w in wanted for n in w.names) if knows_all else None)


def _folded(names: Sequence[str]) -> set[str]:
    return {name.casefold() for name in names}


def locate(
    file: TabularFile,
    wanted: Sequence[Wanted],
    study: Study,
    source: Source,
    *,
    not_here: Mapping[str, str] | None = None,
    shows_headings: bool = True,
) -> dict[str, Place]:
    """Find every wanted column that the file holds or the study assumes.

    `not_here`: known names (lower case) that do not belong in this file, with the reason.
    `shows_headings`: false for pupil files, where a missing heading row would reveal the first pupil.
    Raises StudyError with every missing heading and every entry of the study that does not fit.
    """
    search = _Search(
        file, wanted, study, source, not_here=not_here or {}, shows_headings=shows_headings
    )
    return search.places()


def headings_in(source: Source, wanted: Sequence[Wanted]) -> dict[str, str]:
    """The file's heading for each wanted column: the study's name for it, else the publisher's."""
    key_of = {name.casefold(): item.key for item in wanted for name in item.names}
    own = {item.key: item.names[0] for item in wanted}
    for heading, targets in source.columns.items():
        own.update({key_of[t.casefold()]: heading for t in targets if t.casefold() in key_of})
    own.update({key_of[t.casefold()]: ASSUMED for t in source.assume if t.casefold() in key_of})
    return own


def declared_absent(source: Source, wanted: Sequence[Wanted]) -> set[str]:
    """The wanted columns that the study declares absent."""
    without = {name.casefold() for name in source.without}
    return {item.key for item in wanted if without & {name.casefold() for name in item.names}}


class _Search:
    """Matches one file's headings with the wanted columns, and collects every fault."""

    def __init__(
        self,
        file: TabularFile,
        wanted: Sequence[Wanted],
        study: Study,
        source: Source,
        *,
        not_here: Mapping[str, str],
        shows_headings: bool,
    ) -> None:
        self.file, self.wanted, self.study, self.source = file, wanted, study, source
        self.not_here, self.shows_headings = not_here, shows_headings
        self.index_of = {header.casefold(): index for index, header in enumerate(file.headers)}
        self.wanted_of: dict[str, Wanted] = {}
        for item in wanted:
            for name in item.names:
                self.wanted_of.setdefault(name.casefold(), item)
        self.found: dict[str, Place] = {}
        self.faults: list[Fault] = []

    def places(self) -> dict[str, Place]:
        renamed = {heading.casefold() for heading in self.source.columns}
        for heading, targets in self.source.columns.items():
            self._rename(heading, targets)
        for target, text in self.source.assume.items():
            if item := self._target("assume", target, target):
                self._put("assume", target, item, Place(ASSUMED, assumed=text))
        absent = self._absent()
        for item in self.wanted:
            names = [name for name in item.names if name.casefold() not in renamed]
            here = next((n for n in names if n.casefold() in self.index_of), None)
            if item.key in self.found:
                if here is not None:
                    self._contradicted(item, here)
            elif here is not None:
                index = self.index_of[here.casefold()]
                self.found[item.key] = Place(self.file.headers[index], index)
            elif item.is_required and item.key not in absent:
                self.faults.append(self._missing(item))
        if self.faults:
            raise StudyError(self.faults)
        return self.found

    def _rename(self, heading: str, targets: Sequence[str]) -> None:
        index = self.index_of.get(heading.casefold())
        if index is None:
            near = difflib.get_close_matches(heading, [h for h in self.file.headers if h], n=3)
            known = self._near_or_all(near, [h for h in self.file.headers if h])
            self._fault(
                "columns",
                heading,
                f"{self.source.file} has no heading {heading!r}",
                known if self.shows_headings else f"one of its {len(self.file.headers)} headings",
                "write the heading as the file has it",
            )
            return
        for target in targets:
            if item := self._target("columns", heading, target):
                self._put("columns", heading, item, Place(self.file.headers[index], index))

    def _absent(self) -> set[str]:
        absent: set[str] = set()
        for target in self.source.without:
            item = self._target("without", None, target)
            if item is None:
                continue
            absent.add(item.key)
            held = [name for name in item.names if name.casefold() in self.index_of]
            if not item.can_be_without:
                self._fault(
                    "without",
                    None,
                    f"{self.source.file} cannot be read without {target}",
                    f"a column for it: {' or '.join(item.names[:2])}",
                    "name that column in columns = { … }, or what every row has in assume = { … }",
                )
            elif item.key in self.found or held:
                self._fault(
                    "without",
                    None,
                    f"{self.source.file} is listed as without {target}, but has it",
                    "only what the file does not hold",
                    "take it out of without",
                )
        return absent

    def _target(self, setting: str, key: str | None, target: str) -> Wanted | None:
        """The wanted column that an entry names, or None after a fault with suggestions."""
        item = self.wanted_of.get(target.casefold())
        if item is not None:
            return item
        reason = self.not_here.get(target.casefold())
        every = list(dict.fromkeys(name for w in self.wanted for name in w.names))
        near = difflib.get_close_matches(target, every, n=4, cutoff=0.55)
        self._fault(
            setting,
            key,
            f"{target!r} is nothing that is read from {self.source.kind} files"
            if reason is None
            else f"{target!r} is not in such a file: {reason}",
            self._near_or_all(near, every),
            "write the publisher's own heading, or this project's name for it, such as "
            + " or ".join(repr(name) for name in dict.fromkeys((every[0], every[-1])))
            if reason is None
            else "take the entry out, or mend the academic_year of this [[source]]",
        )
        return None

    def _put(self, setting: str, key: str, item: Wanted, place: Place) -> None:
        other = self.found.get(item.key)
        if other is not None:
            self._fault(
                setting,
                key,
                f"{item.names[0]} is given twice: by {other.heading!r} and by {key!r}",
                "one column for each thing",
                "take one of the two out",
            )
        else:
            self.found[item.key] = place

    def _contradicted(self, item: Wanted, here: str) -> None:
        given = self.found[item.key].heading
        setting = "assume" if given == ASSUMED else "columns"
        self._fault(
            setting,
            here if given == ASSUMED else given,
            f"{self.source.file} has a heading {here!r} of its own, and the study gives another place for it",
            "one column for each thing",
            "take the entry out of study.toml, or rename one of the columns",
        )

    def _missing(self, item: Wanted) -> Fault:
        headers = [header for header in self.file.headers if header]
        found = f"{len(self.file.headers)} headings, none of that name"
        is_first = not any(fault.file == self.file.source_id for fault in self.faults)
        if self.shows_headings and is_first:
            # List the headings once per file.
            rest = len(headers) - NAMES_LISTED * 2
            shown = ", ".join(headers[: NAMES_LISTED * 2])
            found = f"headings {shown}" + (f" and {rest} more" if rest > 0 else "")
        assumed = (
            f"; or if {item.assumed_if}, say so: assume = {{ {item.assumed} }}"
            if item.assumed
            else ""
        )
        return Fault(
            file=self.file.source_id,
            row=self.file.heading_row,
            column=item.names[0],
            problem="the column is missing",
            found=found,
            expected=" or ".join(dict.fromkeys(item.names)),
            remedy="export the file with this column; or say in its [[source]] which heading it has: "
            f'columns = {{ "heading in the file" = "{item.names[0]}" }} (a list if it serves several columns)'
            + (f', or that it has none: without = ["{item.names[0]}"]' * item.can_be_without)
            + assumed,
        )

    def _fault(
        self, setting: str, key: str | None, problem: str, expected: str, remedy: str
    ) -> None:
        nth = self.study.source.index(self.source)
        location: tuple[str | int, ...] = ("source", nth, setting)
        location += (key,) if key else ()
        protocol = self.study.protocol_path
        text = protocol.read_text(encoding="utf-8-sig")
        self.faults.append(
            Fault(
                file=protocol.name,
                row=line_of(text, location),
                column=dotted(location),
                problem=problem,
                expected=expected,
                remedy=remedy,
            )
        )

    @staticmethod
    def _near_or_all(near: Sequence[str], every: Sequence[str]) -> str:
        if near:
            return "perhaps " + " or ".join(near)
        rest = len(every) - NAMES_LISTED
        return (
            "one of " + ", ".join(every[:NAMES_LISTED]) + (f" and {rest} more" if rest > 0 else "")
        )
