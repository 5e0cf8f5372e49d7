"""Checks of every table against its catalogue entry, and of tables against each other.

Severity ERROR stops later steps; WARN is reported at the end. Check results contain counts, rule
names and places, never values; values are stored for the analyst's terminal only.
"""

import warnings
from collections.abc import Iterable, Iterator

import dagster as dg

from assets.described import STUDIES, kept, key_of, row_count
from assets.resources import Studies, Work
from assets.step_failure import stop_if_failed
from pipelines.catalogue import RAW_TABLES, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.freshness.parts import name_of
from pipelines.ingest.registration import rows_read
from pipelines.store import fault_list, store
from pipelines.validation.checks import check_relation, check_table
from pipelines.validation.relations import RELATIONS, Relation
from pipelines.validation.rules import in_words

VALUES_CHECK = "values_are_as_declared"
PLACES = "places"
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
        f"By Great Expectations:\n\n{in_words(table)}",
    )


def make_and_check(studies: Studies, study: str, table: Table) -> Iterator[dg.MaterializeResult]:
    """The step of a table: make it, yield its rows, version and check, and stop if the check failed."""
    with studies.step(study, name_of(table)) as work:
        work.make()
        result = _result_of(work, table)
    yield result
    stop_if_failed(result.check_results or (), PLACES)


def _result_of(work: Work, table: Table) -> dg.MaterializeResult:
    """A table's rows, version and check: of a table just built, or of one that is current."""
    checked = _kept_check(work, table) if work.is_current else _check_values(work, table)
    return dg.MaterializeResult(
        metadata={**row_count(_n_rows(work, table)), **kept(work)},
        data_version=dg.DataVersion(work.made.version_of(work.study, table)),
        check_results=[checked],
    )


def _n_rows(work: Work, table: Table) -> int:
    """Rows of a table; of pupil rows that have been deleted, as noted when they were read."""
    if table.sensitivity == "pupil":
        return rows_read(work.con, table)
    return store.row_count(work.con, table.full_name)


def _kept_check(work: Work, table: Table) -> dg.AssetCheckResult:
    n_rules, _ = work.made.check_noted(table.full_name) or (0, 0)
    return _values_result(table, n_held=n_rules, broken=())


def _check_values(work: Work, table: Table) -> dg.AssetCheckResult:
    checked = check_table(work.con, work.study, table)
    failure: FailureMetadata = {}
    if checked.broken:
        failure = _store_faults(work, f"{table.schema}.{table.name}.check", checked.faults)
    broken = tuple(rule.name for rule in checked.broken)
    return _values_result(table, n_held=len(checked.held), broken=broken, failure=failure)


def _values_result(
    table: Table, *, n_held: int, broken: tuple[str, ...], failure: FailureMetadata | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not broken,
        check_name=VALUES_CHECK,
        asset_key=key_of(table),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rules_held": n_held,
            "rules_broken": len(broken),
            **({"broken": ", ".join(broken)} if broken else {}),
            **(failure or {}),
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
        PLACES: error.with_remedies(),
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
        results = []
        for relation in relations:
            failure: FailureMetadata = {}
            with studies.step(study, relation.name) as work:
                if work.is_current:
                    _, n_broken = work.made.check_noted(relation.name) or (0, 0)
                else:
                    checked = check_relation(work.con, relation)
                    n_broken = checked.n_broken
                    if checked.faults:
                        failure = _store_faults(
                            work, relation.name, checked.faults, is_warning=relation.is_warning
                        )
            result = dg.AssetCheckResult(
                passed=n_broken == 0,
                check_name=relation.name,
                asset_key=key_of(table),
                severity=dg.AssetCheckSeverity.WARN
                if relation.is_warning
                else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_broken": n_broken, **failure},
            )
            results.append(result)
            yield result
        stop_if_failed(results, PLACES)

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
