"""Drafts a new study's folder: study.toml to fill in, and a file of headings for each kind of record source.

Settings and columns are explained by their declarations in `study` and `catalogue`. This module only decides
which settings a beginner sees first, and in what order.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from pipelines.catalogue import RAW_TABLES, Column, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.records import read_columns
from pipelines.study.measures import MEASURES
from pipelines.study.settings import (
    A_MEASURE,
    DATED_BY,
    PROTOCOL,
    AuthorityContext,
    Claim,
    NotYetPublished,
    OwnMeasure,
    Programme,
    ProgrammeMeasure,
    Slug,
    Source,
    SourceKind,
    StatedTotal,
    StudySection,
)

# Marks a value to fill in: study.toml does not load while one is left.
BLANK = "‹{}›"
_EXAMPLES = {
    StudySection: {
        "title": "What the programme did for pupils",
        "local_authority": "850",
        "local_authority_name": "Hampshire",
        "reference_date": "2018-09-01",
        "as_at": "2018-10-02",
        "prepared_for": "Education Advisory Board",
        "contact": "Education analysis team, name@example.gov.uk",
        "outcome_year": "2017-18",
        "outcome_years": "2017-18",
        "baseline_years": "2016-17",
        "school_types": '"LA community schools" = "Community school"',
    },
    Programme: {
        "id": "gap",
        "title": "Closing the gap",
        "fund": "Strategic School Improvement Fund (SSIF)",
        "priority": "Closing the gap",
        "funding_gbp": "200000",
        "target_group": "disadvantaged",
        "starts": "2017-09-04",
        "selection_years": "2016-17",
        "expected_schools": "18",
        "eligible_share": "0.7",
    },
    ProgrammeMeasure: {"name": "ks2_rwm_expected", "smallest_effect": "0.05"},
    Source: {
        "academic_year": "2017-18",
        "status": "provisional",
        "sheet": "Sheet1",
        "encoding": "cp1252",
        "columns": '"% meeting expected" = "RWMEXP"',
        "assume": '"PINCL_FLAG" = "201"',
        "without": "KS1GROUP",
        "publisher": "Department for Education",
        "published": "2018-09-04",
        "licence": "Open Government Licence v3.0",
        "sha256": "64 digits, as sha256sum prints them",
    },
    StatedTotal: {
        "fund": "Strategic School Improvement Fund (SSIF)",
        "said": "nearly £0.5 million",
        "gbp": "500000",
        "said_by": "minutes of the board, 3 July 2018",
    },
    Claim: {
        "kind": "every_school_takes_part",
        "said": "every school takes part in one or more programmes",
        "said_by": "minutes of the board, 3 July 2018",
        "but": "1",
    },
    AuthorityContext: {
        "statistical_neighbours": "852, 879",
        "model": "April 2021",
        "years": "2016-17",
    },
    OwnMeasure: {
        "name": "suspensions",
        "label": "Suspensions for each pupil",
        "unit": "points",
        "key_stage": "attendance",
        "low": "0",
        "high": "5",
    },
    NotYetPublished: {
        "measure": "ks4_progress8",
        "academic_year": "2017-18",
        "reason": "It is published in October.",
    },
}
# Optional settings that most studies need.
_SHOWN = {"as_at", "target_group", "starts", "expected_schools", "funding_gbp"}
# What the first measure of most studies should have.
_SWITCHED_ON = {"primary", "adjust_for_prior_attainment"}
# A study of pupil files begins with these kinds; the others are commented out.
_EXPLAINED: SourceKind = "ks2_pupils"
_FIRST_KINDS: tuple[SourceKind, ...] = ("enrolments", "school_register", "ks2_pupils")


def write_new_study(folder: Path) -> Iterator[str]:
    """Write the whole folder or nothing; yields lines that say what to do next.

    Raises StudyError if the folder exists or its name is not valid for a study.
    """
    _refuse(folder)
    files = dict(_files(folder.name))
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, text in files.items():
            (building / name).write_text(text, encoding="utf-8")
        building.chmod(0o755)
        building.rename(folder)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return iter(
        (
            f"Written: {folder}",
            f"1. Write your own in place of each ‹example› in {folder / PROTOCOL}.",
            "2. Put your files beside it; README.md there says what each column is.",
            f"3. make validate STUDY={folder}",
        )
    )


def _refuse(folder: Path) -> None:
    def fault(problem: str, expected: str, remedy: str) -> StudyError:
        return StudyError([Fault(str(folder), problem, remedy, expected=expected)])

    try:
        TypeAdapter(Slug).validate_python(folder.name)
    except ValidationError:
        raise fault(
            "a study cannot have that name",
            "small letters, digits, - and _, at most 60, a letter or digit first",
            "choose another name: make new STUDY=data_raw/<name>",
        ) from None
    if folder.exists() or folder.is_symlink():
        raise fault(
            "there is something of that name already",
            "a folder that is not there yet",
            "choose another name, or move what is there",
        )
    own, elsewhere = Path(__file__).resolve().parents[2], folder.resolve()
    if elsewhere.is_relative_to(own) and not elsewhere.is_relative_to(own / "data_raw"):
        raise fault(
            "there git would keep the study's files, pupils and all",
            "a folder in data_raw/, which git leaves alone, or one outside the project",
            f"make new STUDY=data_raw/{folder.name}",
        )
    if not folder.parent.is_dir():
        raise fault(
            f"there is no folder {folder.parent}",
            "a new folder in one that is there, as data_raw/<name>",
            "mend the path",
        )


def _files(name: str) -> Iterator[tuple[str, str]]:
    yield PROTOCOL, "\n".join(_protocol(name))
    yield "README.md", "\n".join(_readme(name))
    for kind, table in record_tables().items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(_heading(c) for c in read_columns(table))
        yield f"{kind}.csv", text.getvalue()


def record_tables() -> Mapping[SourceKind, Table]:
    """The kinds of source with one record a row, which an analyst may type in, and their tables."""
    return {kind: table for table in RAW_TABLES if not table.is_wide for kind in table.source_kinds}


def _heading(column: Column) -> str:
    return column.headers[0] if column.headers else column.name


# --------------------------------------------------------------------------------------- study.toml


def _protocol(name: str) -> Iterator[str]:
    yield "# The protocol of one evaluation. Write your own in place of each ‹example›. A line that begins"
    yield "# with # is a note, or a setting not in use: take the # away to use it."
    yield ""
    yield from _about(StudySection)
    yield "[study]"
    yield from _settings(StudySection, given={"name": name})
    yield ""
    yield from _about(Programme)
    yield "[[programme]]"
    yield from _settings(Programme, skipped={"measure", "placebo"})
    yield ""
    yield from _about(ProgrammeMeasure, indent="  ")
    yield "  [[programme.measure]]"
    yield from _settings(ProgrammeMeasure, indent="  ")
    yield ""
    yield from _about(Source)
    yield "# What each kind is, column by column: README.md."
    for kind in get_args(SourceKind):
        yield ""
        yield from _source(kind)
    for header, model in (
        ("measure", OwnMeasure),
        ("not_yet_published", NotYetPublished),
        ("stated_total", StatedTotal),
        ("claim", Claim),
        ("authority_context", AuthorityContext),
    ):
        yield ""
        yield from _about(model)
        yield f"# [{header}]" if model is AuthorityContext else f"# [[{header}]]"
        for line in _settings(model):
            yield line if line.startswith("#") else f"# {line}"
    yield ""


def _source(kind: SourceKind) -> Iterator[str]:
    mark = "" if kind in _FIRST_KINDS else "# "
    yield f"{mark}[[source]]"
    yield f'{mark}kind = "{kind}"'
    yield f'{mark}file = "{kind}.csv"'
    for key in DATED_BY.get(kind, ()):
        yield f"{mark}{key} = {_blank(Source, key)}"
    if kind == _EXPLAINED:
        yield "# Other settings that any source may have:"
        required = {key for key, field in Source.model_fields.items() if field.is_required()}
        yield from _settings(Source, skipped={*required, *DATED_BY[kind]})


def _about(model: type[BaseModel], indent: str = "") -> Iterator[str]:
    for line in (model.__doc__ or "").strip().splitlines():
        yield f"{indent}# {line.strip()}".rstrip()


def _settings(
    model: type[BaseModel],
    *,
    given: Mapping[str, str] | None = None,
    skipped: set[str] | None = None,
    indent: str = "",
) -> Iterator[str]:
    """Each setting below its description; settings with a default are commented out."""
    for key, field in model.model_fields.items():
        if key in (skipped or ()):
            continue
        codes = _codes(field.annotation)
        if A_MEASURE in field.metadata:
            codes = tuple(MEASURES)
        about = " ".join(
            [field.description or "", *([f"One of {', '.join(codes)}."] if codes else [])]
        )
        yield from textwrap.wrap(
            about, 100, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
        )
        if given and key in given:
            yield f'{indent}{key} = "{given[key]}"'
        elif field.is_required():
            yield f"{indent}{key} = {_blank(model, key)}"
        elif key in _SWITCHED_ON:
            yield f"{indent}{key} = true"
        elif key in _SHOWN:
            yield f"{indent}{key} = {_blank(model, key)}"
        elif field.default in (None, ()) or field.default_factory:
            yield f"{indent}# {key} = {_blank(model, key)}"
        else:
            yield f"{indent}# {key} = {_default(field.default)}"


def _blank(model: type[BaseModel], key: str) -> str:
    """An example of a setting between the marks; text is quoted."""
    blank = BLANK.format(_EXAMPLES[model][key])
    annotation = model.model_fields[key].annotation
    if get_origin(annotation) is dict:
        return f"{{ {blank} }}"
    if any(isinstance(part, str) or part is str for part in _parts(annotation)):
        blank = f'"{blank}"'
    return f"[{blank}]" if get_origin(annotation) is tuple else blank


def _parts(annotation: object) -> Iterator[object]:
    """The plain types and literal codes of an annotation."""
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _parts(argument)


def _codes(annotation: object) -> tuple[str, ...]:
    """The codes that a setting can have, optional or not; empty if it is not a list of codes."""
    found = [a for a in get_args(annotation) if a is not NoneType]
    if found and all(isinstance(a, str) for a in found):
        return tuple(found)
    return next((codes for a in found if (codes := _codes(a))), ())


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


# ----------------------------------------------------------------------------------------- README.md


def _readme(name: str) -> Iterator[str]:
    yield f"# The study {name}"
    yield ""
    yield "Fill in `study.toml`, put the files beside it, then `make validate STUDY=…` and"
    yield "`make evaluate STUDY=…`. Git ignores this folder: pupils' results stay on this machine."
    yield ""
    yield "Each `.csv` here holds headings only. Fill it in, or replace it with your own export and name that"
    yield "in `study.toml`. Columns may be in any order. Columns not listed here are ignored; a warning names"
    yield "those in lists that you typed yourselves."
    yield "`ks2_schools` and `ks4_schools` are the Department's performance tables. `la_context` is a file of"
    yield "explore education statistics or of the authority interactive tool. Use them as downloaded."
    yield "Published tables are already public, so their averages are not suppressed again; results that"
    yield "schools sent you have status `school_return` and are. `phonics_schools`, `ks1_schools` and"
    yield "`attendance_schools` are tables with one row per school; `columns` of their [[source]] says which"
    yield "heading holds which measure. A file may be CSV (or .csv.gz), XLSX or ODS; titles above the"
    yield "headings and totals below are skipped and counted."
    for kind, table in record_tables().items():
        yield ""
        yield f"## {kind}.csv"
        yield ""
        yield f"A row is {table.grain}."
        yield ""
        yield "| Heading | What it is | Values | Blank? |"
        yield "|---|---|---|---|"
        for column in read_columns(table):
            names = " or ".join(dict.fromkeys((*column.headers, column.name)))
            blank = "may be" if column.is_nullable else "no"
            column_may_be_missing = "" if column.is_required else "; the column may be missing"
            yield f"| {names} | {column.about} | {_values(column)} | {blank}{column_may_be_missing} |"
    yield ""


def _values(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    bounds = [
        *([f"from {column.low:.10g}"] if column.low is not None else []),
        *([f"to {column.high:.10g}"] if column.high is not None else []),
    ]
    kinds = {
        "integer": "whole number",
        "number": "number",
        "flag": "1 or 0",
        "date": "date, as 2018-09-04 or 04/09/2018",
    }
    return " ".join([kinds.get(column.kind, "text"), *bounds])
