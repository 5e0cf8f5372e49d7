"""The blocking checks: every table against its catalogue entry, and tables against each other.

A check holds counts, names of rules and places, never a value; what was found there is kept for the analyst's
terminal.
"""

import warnings
from collections.abc import Iterable, Iterator

import dagster as dg

from assets.described import STUDIES, key_of
from assets.resources import Studies, Work
from pipelines import fault_list
from pipelines.catalogue import RAW_TABLES, Table
from pipelines.errors import Fault, StudyError
from pipelines.validation.faults import faults_of
from pipelines.validation.relations import (
    RELATIONS,
    Relation,
    count_broken,
    faults_of_relation,
)
from pipelines.validation.rules import rules_of

VALUES_CHECK = "values_are_as_declared"
Told = dict[str, str]  # of a check that failed, as metadata


def values_spec(table: Table) -> dg.AssetCheckSpec:
    """The check of a table against its catalogue entry, part of the step that makes the table."""
    return dg.AssetCheckSpec(
        VALUES_CHECK,
        asset=key_of(table),
        blocking=True,
        description="Codes, ranges, blanks, duplicates and unreadable cells, by Great Expectations.",
    )


def check_values(work: Work, table: Table) -> dg.AssetCheckResult:
    """Judge a table that has just been made."""
    from pipelines.validation.suites import validate  # noqa: PLC0415 - its library takes seconds

    has_source = any(source.kind in table.source_kinds for source in work.study.source)
    rules = tuple(rules_of(table, is_expected=has_source or not table.may_be_empty))
    result = validate(work.con, rules)
    told: Told = {}
    if result.broken:
        faults = [
            fault for rule in result.broken for fault in faults_of(work.con, work.study, rule)
        ]
        told = _keep_and_tell(work, f"{table.schema}.{table.name}.check", faults)
    return dg.AssetCheckResult(
        passed=result.is_success,
        check_name=VALUES_CHECK,
        asset_key=key_of(table),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rules_held": len(result.held),
            "rules_broken": len(result.broken),
            "broken": ", ".join(rule.name for rule in result.broken),
            **told,
        },
    )


def _keep_and_tell(work: Work, part: str, faults: Iterable[Fault]) -> Told:
    """Keep faults for the terminal; what the page may say of them, which is where to look and what to run."""
    error = StudyError(faults)
    fault_list.keep(work.paths, part, error)
    return {
        "study": work.study.name,
        "places": error.shareable(),
        "to_see_what_was_found": f"ssif evaluate {work.study.folder}",
    }


def _relation_checks(table: Table, relations: tuple[Relation, ...]) -> dg.AssetChecksDefinition:
    """The checks of one table against others: one step, a result each."""
    others = {other.name: key_of(other) for other in RAW_TABLES}
    with warnings.catch_warnings():
        # A check a study is what the page needs; Dagster has it in preview.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                relation.name,
                asset=key_of(table),
                description=f"Fails if {relation.rule.problem}.",
                additional_deps=[others[name] for name in relation.rule.needs],
                blocking=True,
                partitions_def=STUDIES,
            )
            for relation in relations
        ]

        @dg.multi_asset_check(name=f"{table.name}_against_others", specs=specs)
        def check(
            context: dg.AssetCheckExecutionContext, studies: Studies
        ) -> Iterator[dg.AssetCheckResult]:
            study = context.op_execution_context.partition_key
            for relation in relations:
                told: Told = {}
                with studies.step(study, relation.name) as work:
                    n_broken = count_broken(work.con, relation)
                    if n_broken:
                        faults = faults_of_relation(work.con, relation)
                        told = _keep_and_tell(work, relation.name, faults)
                yield dg.AssetCheckResult(
                    passed=n_broken == 0,
                    check_name=relation.name,
                    asset_key=key_of(table),
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={"rows_broken": n_broken, **told},
                )

    return check


relation_checks = [
    _relation_checks(table, relations)
    for table in RAW_TABLES
    if (relations := tuple(relation for relation in RELATIONS if relation.table is table))
]
