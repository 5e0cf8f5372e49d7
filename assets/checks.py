"""The checks: every table against its catalogue entry, and tables against each other.

Severity ERROR stops what comes after; WARN is told at the end and stops nothing. A check holds counts, names
of rules and places, never a value; what was found there is kept for the analyst's terminal.
"""

import warnings
from collections.abc import Iterable, Iterator

import dagster as dg

from assets.described import STUDIES, key_of
from assets.resources import Studies, Work
from pipelines.catalogue import RAW_TABLES, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.store import fault_list
from pipelines.validation.checks import check_relation, check_table
from pipelines.validation.relations import RELATIONS, Relation

VALUES_CHECK = "values_are_as_declared"
Told = dict[str, str]  # of a check that failed, as metadata


def blocking_check(
    name: str, table: Table, about: str, *, needs: Iterable[dg.AssetKey] = ()
) -> dg.AssetCheckSpec:
    """A check of one study at a time: another study's run leaves this study's result as it is.

    What comes after waits for it; only severity ERROR stops it.
    """
    with warnings.catch_warnings():
        # Dagster has checks of partitions in preview.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name,
            asset=key_of(table),
            description=about,
            additional_deps=needs,
            blocking=True,
            partitions_def=STUDIES,
        )


def values_spec(table: Table) -> dg.AssetCheckSpec:
    """The check of a table against its catalogue entry, part of the step that makes the table."""
    return blocking_check(
        VALUES_CHECK,
        table,
        "Codes, ranges, blanks, duplicates and unreadable cells, by Great Expectations.",
    )


def check_values(work: Work, table: Table) -> dg.AssetCheckResult:
    """Judge a table that has just been made."""
    checked = check_table(work.con, work.study, table)
    told: Told = {}
    if checked.broken:
        told = _keep_and_tell(work, f"{table.schema}.{table.name}.check", checked.faults)
    return dg.AssetCheckResult(
        passed=not checked.broken,
        check_name=VALUES_CHECK,
        asset_key=key_of(table),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rules_held": len(checked.held),
            "rules_broken": len(checked.broken),
            "broken": ", ".join(rule.name for rule in checked.broken),
            **told,
        },
    )


def _keep_and_tell(
    work: Work, part: str, faults: Iterable[Fault], *, is_warning: bool = False
) -> Told:
    """Keep faults for the terminal; what the page may say of them, which is where to look and what to run."""
    error = StudyError(faults)
    keep = fault_list.keep_warnings if is_warning else fault_list.keep
    keep(work.paths, part, error)
    return {
        "study": work.study.name,
        "places": error.shareable(),
        "to_see_what_was_found": f"ssif validate {work.study.folder}",
    }


def _relation_checks(
    name: str, table: Table, relations: tuple[Relation, ...]
) -> dg.AssetChecksDefinition:
    """Checks of one table against others: one step, a result each."""
    others = {other.name: key_of(other) for other in RAW_TABLES}
    specs = [
        blocking_check(
            relation.name,
            table,
            f"{'Warns' if relation.is_warning else 'Fails'} if {relation.rule.problem}.",
            needs=[others[name] for name in relation.rule.needs],
        )
        for relation in relations
    ]

    @dg.multi_asset_check(name=name, specs=specs)
    def check(
        context: dg.AssetCheckExecutionContext, studies: Studies
    ) -> Iterator[dg.AssetCheckResult]:
        study = context.op_execution_context.partition_key
        for relation in relations:
            told: Told = {}
            with studies.step(study, relation.name) as work:
                checked = check_relation(work.con, relation)
                if checked.faults:
                    told = _keep_and_tell(
                        work, relation.name, checked.faults, is_warning=relation.is_warning
                    )
            yield dg.AssetCheckResult(
                passed=checked.n_broken == 0,
                check_name=relation.name,
                asset_key=key_of(table),
                severity=dg.AssetCheckSeverity.WARN
                if relation.is_warning
                else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_broken": checked.n_broken, **told},
            )

    return check


def _steps() -> Iterator[tuple[str, Table, tuple[Relation, ...]]]:
    """One step a table; a warning that needs more tables than its faults do has a step of its own.

    A step waits for every table it needs: a fault in one of them must not hide those of this table.
    """
    for table in RAW_TABLES:
        mine = [relation for relation in RELATIONS if relation.table is table]
        needed = {name for r in mine if not r.is_warning for name in r.rule.needs}
        together = tuple(r for r in mine if not r.is_warning or needed.issuperset(r.rule.needs))
        if together:
            yield f"{table.name}_against_others", table, together
        for relation in mine:
            if relation not in together:
                yield f"{relation.name}_looked_at", table, (relation,)


relation_checks = [_relation_checks(*step) for step in _steps()]
