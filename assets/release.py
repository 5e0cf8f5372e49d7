"""Assets for released tables and publishing. What is made of the tables is in `charts` and `board`."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from assets.board import board_assets
from assets.checks import blocking_check
from assets.described import (
    OWNERS,
    STUDIES,
    kept,
    key_of,
    keys_of,
    row_count,
    shown_of,
)
from assets.published_files import links
from assets.resources import Studies
from assets.step_failure import StepFailedError
from pipelines.catalogue import (
    RELEASED_TABLES,
    checked_tables,
)
from pipelines.disclosure import gate
from pipelines.errors.fault import Fault, StudyError
from pipelines.freshness.parts import DOCUMENTS, PARTS, RELEASED_PART, tables_in
from pipelines.publishing import retention
from pipelines.publishing.runs import publish as publish_run
from pipelines.released import making
from pipelines.store import fault_list, store
from pipelines.validation.relations import RELATIONS

NO_SMALL_NUMBERS = "no_small_numbers"
COUNTS_ARE_ROUNDED = "counts_are_rounded"
STATUS_IS_TRUE = "status_is_true"


_CHECKS = {
    NO_SMALL_NUMBERS: "No figure that rests on fewer pupils than the study's minimum_cell.",
    COUNTS_ARE_ROUNDED: "Every count of pupils is the middle of its class, unless it is public already.",
    STATUS_IS_TRUE: "A row's figure_status is `shown` exactly if it has its headline figure.",
}


@dg.multi_asset(
    name="release",
    partitions_def=STUDIES,
    group_name="released",
    specs=[
        dg.AssetSpec(
            key_of(table),
            deps=keys_of(tables_in(making.select_of(table.name))),
            **shown_of(table, RELEASED_PART),
        )
        for table in RELEASED_TABLES
    ],
    check_specs=[
        blocking_check(name, table, about)
        for table in RELEASED_TABLES
        if table.pupil_counts
        for name, about in _CHECKS.items()
    ],
)
def release(context: dg.AssetExecutionContext, studies: Studies) -> Iterator[dg.MaterializeResult]:
    """Apply the disclosure gate, the only path from marts to published tables."""
    with studies.step(context.partition_key, RELEASED_PART) as work:
        minimum_cell = work.study.study.minimum_cell
        left_open: StudyError | None = None
        work.make()
        gate.create_rules(work.con)
        withheld = gate.count_withheld(work.con)
        # Asked every time, also of tables that are kept: nothing else stands between them and a reader.
        found = {
            check: {name: count(work.con, name) for name in withheld}
            for check, count in (
                (NO_SMALL_NUMBERS, gate.count_small),
                (COUNTS_ARE_ROUNDED, gate.count_unrounded),
                (STATUS_IS_TRUE, gate.count_misstated),
            )
        }
        if any(n for by_table in found.values() for n in by_table.values()):
            work.made.forget(PARTS[RELEASED_PART])
            left_open = _left_open(found, minimum_cell)
            fault_list.keep(work.paths, RELEASED_PART, left_open)
        rows = {table: store.row_count(work.con, table.full_name) for table in RELEASED_TABLES}
        versions = {table: work.made.hash_of(table) for table in RELEASED_TABLES}
    for table in RELEASED_TABLES:
        metadata = {**row_count(rows[table]), **kept(work)}
        checks = []
        if table.pupil_counts:
            metadata["rows_withheld"] = withheld[table.name]
            checks = [
                dg.AssetCheckResult(
                    passed=by_table[table.name] == 0,
                    check_name=name,
                    asset_key=key_of(table),
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={"figures": by_table[table.name]},
                )
                for name, by_table in found.items()
            ]
        yield dg.MaterializeResult(
            asset_key=key_of(table),
            metadata=metadata,
            data_version=dg.DataVersion(versions[table]),
            check_results=checks,
        )
    if left_open:
        raise StepFailedError(left_open.with_remedies())


def _left_open(found: dict[str, dict[str, int]], minimum_cell: int) -> StudyError:
    """Fault for small, exact or inconsistent numbers that passed the disclosure gate."""
    problems = {
        NO_SMALL_NUMBERS: f"rows rest on fewer than {minimum_cell} pupils and are not withheld",
        COUNTS_ARE_ROUNDED: "rows have an exact count of pupils",
        STATUS_IS_TRUE: "rows have a figure_status that their figures contradict",
    }
    return StudyError(
        Fault(
            file=f"released.{name}",
            problem=f"{n} {problems[check]}",
            remedy="this is a fault of the pipeline: please report it with the command you ran",
        )
        for check, by_table in found.items()
        for name, n in by_table.items()
        if n
    )


class PublishConfig(dg.Config):
    """Options of a run."""

    keep_pupils: bool = Field(False, description="Keep the pupil rows in the working store.")
    officers: bool = Field(
        False,
        description="Make the officers' version too: named schools and small figures, in the folder "
        "`restricted`, which only its owner can open. Not to be published.",
    )


@dg.asset(
    partitions_def=STUDIES,
    group_name="board",
    owners=OWNERS,
    kinds={"python"},
    deps=board_assets,
    description="Builds the run's folder from parts of one protocol and one set of files, makes it "
    "`current` in one step, and deletes the pupil rows.",
)
def publish(
    context: dg.AssetExecutionContext, studies: Studies, config: PublishConfig
) -> dg.MaterializeResult:
    """Publish this run."""
    with studies.step(context.partition_key, "publish") as work:
        published = publish_run(
            work.con,
            work.study,
            work.paths,
            parts=PARTS.values(),
            n_checks=N_CHECKS,
            has_officers_page=config.officers,
        )
        paths = work.paths
        if config.keep_pupils:
            paths.pupils_kept.touch()
        else:
            store.forget_pupils(work.con, paths)
    run = published.folder
    if published.n_withdrawn:
        context.log.warning(retention.in_words(published.n_withdrawn))
    return dg.MaterializeResult(
        metadata={
            **row_count(len(RELEASED_TABLES)),
            "run": run.name,
            "folder": dg.MetadataValue.path(paths.current),
            "to_read": links(context.partition_key, *DOCUMENTS),
            "older_runs_withdrawn": published.n_withdrawn,
        }
    )


release_assets = [release, publish]

# Number of blocking checks in the graph; a run that reaches `publish` has passed all of them.
N_CHECKS = (
    len(list(checked_tables()))
    + len(RELATIONS)
    + len(_CHECKS) * sum(bool(table.pupil_counts) for table in RELEASED_TABLES)
)
