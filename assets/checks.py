"""Checks of every table against its catalogue entry, and of tables against each other.

Severity ERROR stops later steps; WARN is reported at the end. Check results contain counts, rule
names and places, never values; values are stored for the analyst's terminal only.
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
FailureMetadata = dict[str, str]  # of a failed check


def blocking_check(
    name: str, table: Table, about: str, *, needs: Iterable[dg.AssetKey] = ()
) -> dg.AssetCheckSpec:
    """A check per study, so that runs of other studies do not change this study's result.

    Later steps wait for it; only severity ERROR stops them.
    """
    with warnings.catch_warnings():
        # Partitioned checks are a preview feature of Dagster.
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
    """The check of a table against its catalogue entry, in the step that builds the table."""
    return blocking_check(
        VALUES_CHECK,
        table,
        "Codes, ranges, blanks, duplicates and unreadable cells, by Great Expectations.",
    )


def check_values(work: Work, table: Table) -> dg.AssetCheckResult:
    """Check a table that has just been built."""
    checked = check_table(work.con, work.study, table)
    failure: FailureMetadata = {}
    if checked.broken:
        failure = _store_faults(work, f"{table.schema}.{table.name}.check", checked.faults)
    return dg.AssetCheckResult(
        passed=not checked.broken,
        check_name=VALUES_CHECK,
        asset_key=key_of(table),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rules_held": len(checked.held),
            "rules_broken": len(checked.broken),
            "broken": ", ".join(rule.name for rule in checked.broken),
            **failure,
        },
    )


def _store_faults(
    work: Work, part: str, faults: Iterable[Fault], *, is_warning: bool = False
) -> FailureMetadata:
    """Store faults for the terminal; returns the metadata for the page: places and the command."""
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
    """Checks of one table against others: one step with a result for each."""
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
            failure: FailureMetadata = {}
            with studies.step(study, relation.name) as work:
                checked = check_relation(work.con, relation)
                if checked.faults:
                    failure = _store_faults(
                        work, relation.name, checked.faults, is_warning=relation.is_warning
                    )
            yield dg.AssetCheckResult(
                passed=checked.n_broken == 0,
                check_name=relation.name,
                asset_key=key_of(table),
                severity=dg.AssetCheckSeverity.WARN
                if relation.is_warning
                else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_broken": checked.n_broken, **failure},
            )

    return check


def _steps() -> Iterator[tuple[str, Table, tuple[Relation, ...]]]:
    """One step per table; a warning that needs further tables gets its own step.

    A step waits for all tables it needs, and a fault in one must not hide this table's faults.
    """
    for table in RAW_TABLES:
        mine = [relation for relation in RELATIONS if relation.table is table]
        needed = {name for r in mine if not r.is_warning for name in r.rule.needs}
        together = tuple(r for r in mine if not r.is_warning or needed.issuperset(r.rule.needs))
        if together:
            yield f"{table.name}_against_others", table, together
        for relation in mine:
            if relation not in together:
                yield f"{relation.name}_warning", table, (relation,)


relation_checks = [_relation_checks(*step) for step in _steps()]
