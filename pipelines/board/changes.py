"""Changes since earlier results: the release used, verdicts that changed, figures that moved.

`answers` explains what the figures mean; here each is only compared with its earlier value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.board.tables import table_of, withheld_or
from pipelines.document.blocks import Table
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, sentence, where
from pipelines.released.questions import (
    in_sentence,
    is_anything_rounded,
    key_stage_name,
    key_stage_of,
    measure_label,
    programme_title,
    rows_about,
)
from pipelines.study.settings import key_stage_of as stage_of_kind

NOTHING = (
    "There is nothing to set these results against: the study holds one release of each year’s "
    "results, and no earlier answer of it is on record as published."
)


@dataclass(frozen=True)
class Changes:
    """Sentences on the releases used and the verdicts, then the figures that moved."""

    sentences: tuple[str, ...]
    figures: Table


def changes(tables: Tables) -> Changes:
    """The section's sentences and table; a sentence says so if nothing changed."""
    said = (*_used(tables), *_as_years_came(tables), *_verdicts(tables), *_unmoved(tables))
    return Changes(said or (NOTHING,), _figures(tables))


def _used(tables: Tables) -> Iterator[str]:
    """The release that is used, for each year and key stage that has several."""
    releases: dict[tuple[str, str], dict[str, bool]] = {}
    for row in tables["source"]:
        if not wording.is_missing(row["is_used"]):
            of_year = releases.setdefault((stage_of_kind(row["kind"]), row["academic_year"]), {})
            of_year[row["release_status"]] = bool(row["is_used"])
    for (key_stage, year), of_year in sorted(releases.items()):
        if len(of_year) < 2:
            continue
        used = next(status for status, is_used in of_year.items() if is_used)
        others = [wording.format_status(s) for s, is_used in of_year.items() if not is_used]
        latest = max(of_year, key=wording.STATUS_ORDER.index)
        why = "the latest there are" if used == latest else "as the study’s protocol says"
        yield (
            f"Of {year}, {key_stage_name(key_stage)}, every number on this page rests on the "
            f"{wording.format_status(used)} results, {why}. The {wording.join_words(others)} ones are "
            "kept beside them."
        )


def still_to_revise(tables: Tables, *statuses: str) -> list[str]:
    """Key stages, by name, whose headlines rest on these statuses with no later release on file."""
    waiting = []
    for row in where(tables["impact"], role="headline"):
        if row["release_status"] not in statuses:
            continue
        on_file = [
            wording.STATUS_ORDER.index(source["release_status"])
            for source in where(tables["source"], academic_year=row["academic_year"])
            if not wording.is_missing(source["is_used"])
            and stage_of_kind(source["kind"]) == row.measure.key_stage
        ]
        if max(on_file, default=-1) <= wording.STATUS_ORDER.index(row["release_status"]):
            waiting.append(row)
    waiting.sort(key=lambda row: row.measure.stage_order)
    return list(dict.fromkeys(key_stage_of(row) for row in waiting))


def _as_years_came(tables: Tables) -> Iterator[str]:
    """How each verdict moved as outcome years came in, by the same rules and on today's releases."""
    for headline in where(tables["impact"], role="headline"):
        rows = [
            row
            for row in rows_about(headline, tables["answer_by_year"])
            if not wording.is_missing(row["verdict_so_far"])
        ]
        if rows:
            said = "; ".join(
                f"{row['academic_year']}: {wording.format_verdict(row['verdict_so_far'])}"
                for row in rows
            )
            yield f"{_about(headline, tables)}, the verdict as years came in: {said}."


def _about(row: Row, tables: Tables) -> str:
    return (
        f"{programme_title(row, tables)}, {in_sentence(measure_label(row['measure'], tables))} of "
        f"{wording.format_group(row['pupil_group'])} ({key_stage_of(row)})"
    )


def _verdicts(tables: Tables) -> Iterator[str]:
    for row in tables["verdict_change"]:
        about = _about(row, tables)
        now, before = (
            f"{wording.format_status(row[status])} results"
            if row[status] != "school_return"
            else wording.format_status(row[status])
            for status in ("to_status", "from_status")
        )
        if row["compared_with"] == "last_publication":
            of_year = f" of {row['from_year']}" * (row["from_year"] != row["academic_year"])
            before = f"{cite(row, 'date', 'published_on')}, on {before}{of_year}"
            yield f"{about}: {_verdict_words(row, f'as published on {before}', f'now, on {now}')}"
        else:
            yield f"{about}: {_verdict_words(row, f'on {before}', f'on {now}')}"


def _verdict_words(row: Row, before: str, after: str) -> str:
    if wording.is_missing(row["is_changed"]):
        why = (
            "a figure behind one of them is withheld"
            if wording.is_missing(row["reason"])
            else cite(row, "text", "reason")
        )
        return sentence(f"no verdict can be set against another, {before} and {after}: {why}")
    was, now = (wording.format_verdict(row[f"verdict_{when}"]) for when in ("before", "after"))
    if row["is_changed"]:
        return sentence(f"the verdict changed. It was “{was}” {before}; it is “{now}” {after}")
    return sentence(f"the verdict did not change. It is “{now}” {after}, as it was {before}")


def _unmoved(tables: Tables) -> Iterator[str]:
    still = [row for row in tables["revisions"] if _is_still(row)]
    if still:
        yield (
            f"{cite(still, 'rows')} of {cite(tables['revisions'], 'rows')} figures read the same in both "
            "releases; they are left out below."
        )


def _is_still(row: Row) -> bool:
    return wording.is_shown(row) and row["difference"] == 0


def _figures(tables: Tables) -> Table:
    return table_of(
        "What moved between releases",
        [row for row in tables["revisions"] if not _is_still(row)],
        {
            "Measure": lambda row: measure_label(row["measure"], tables),
            "Pupils": lambda row: wording.format_group(row["pupil_group"]),
            "In": lambda row: _schools(row, tables),
            "Year": lambda row: str(row["academic_year"]),
            "Before": lambda row: _level(row, "before", "from_status"),
            "After": lambda row: _level(row, "after", "to_status"),
            "Moved": _moved,
            "Pupils, rounded" if is_anything_rounded(tables) else "Pupils": _pupils,
            "Verdict": _verdict,
        },
        note="Rounding: the same pupils, and the two figures could be one, rounded twice."
        + (
            " Numbers of pupils are rounded, so that the few who came in or went out are not known by what "
            "they reached."
            if is_anything_rounded(tables)
            else ""
        ),
    )


def _schools(row: Row, tables: Tables) -> str:
    if row["level"] == "authority":
        return "all local mainstream schools"
    title = programme_title(row, tables)
    return title if row["level"] == "programme" else f"other local schools than {title}"


def _level(row: Row, value: str, status: str) -> str:
    return f"{withheld_or(row, 'value', value)} ({wording.format_status(row[status])})"


def _moved(row: Row) -> str:
    if wording.is_suppressed(row):
        return wording.WITHHELD
    kind = "rounding" if row["is_rounding"] else "revised"
    return f"{cite(row, 'effect', 'difference')} ({kind})"


def _pupils(row: Row) -> str:
    before, after = (withheld_or(row, "count", f"n_pupils_{when}") for when in ("before", "after"))
    return f"{before}, then {after}"


def _verdict(row: Row) -> str:
    if wording.is_missing(row["verdict_before"]) or wording.is_missing(row["verdict_after"]):
        return "–"
    return "changed" if row["verdict_before"] != row["verdict_after"] else "the same"
