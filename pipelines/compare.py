"""harmonize compare: a grid of recipes in, one table of results out.

    OUT/runs/SYSTEM/seed-0/fold-0/    the runs, as `harmonize train` makes them
    OUT/runs/.../tested.parquet       what each says of the rows that it is tested on
    OUT/results.md, .json, .svg       F of each system, tested against one of them

The same command goes on where it was stopped. Several processes of it share the work: each takes the
trainings that no other has in hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize.relation.grid import Cell, Grid, load_grid
from harmonize.writing.replace import begins, check_replaceable_file

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.evaluation.standings import Standings

__all__ = ["Compared", "compared"]

RUNS, TESTED = "runs", "tested.parquet"
RESULTS = "results"
_BEGINNINGS = {".json": r'\{\s*"against"', ".md": "# Systems: ", ".svg": r"<\?xml"}


@dataclass(frozen=True)
class Compared:
    """What a grid has come to.

    Attributes:
        markdown: the table of the systems that are complete; None where fewer than one and the one that all
            are tested against are.
        missing: system -> trainings that are not done.
    """

    markdown: str | None
    missing: dict[str, int]


def compared(
    grid_file: Path, union: Path, out: Path, device: str, tell: Callable[[str], None] = lambda _: None
) -> Compared:
    """Train what is missing of a grid, and score what is complete.

    Args:
        tell: is told of each training that is done.

    Raises:
        HarmonizeError: a grid or recipe that cannot be, or other files in the place of results; see
            harmonize.relation.train.training.train.
    """
    grid = load_grid(grid_file)
    for suffix, pattern in _BEGINNINGS.items():
        check_replaceable_file(out / f"{RESULTS}{suffix}", "earlier results", begins(pattern))
    for number, cell in enumerate(grid.cells, start=1):
        if _train(cell, union, out / RUNS / cell.folder, device):
            tell(f"{number} of {len(grid.cells)}: {cell.folder}")
    return _results(grid, union, out)


def _train(cell: Cell, union: Path, run: Path, device: str) -> bool:
    """Train and test one recipe; False where another process is at it."""
    from harmonize.relation.model.load import load_classifier
    from harmonize.relation.predictions import predicted_rows
    from harmonize.relation.train.training import train
    from harmonize.relation.train.work_folder import is_done
    from harmonize.writing.alone import AtWork
    from harmonize.writing.parquet import write_parquet
    from harmonize.writing.replace import new_path

    if (run / TESTED).is_file() and is_done(run, union, cell.recipe):
        return True
    try:
        train(union, cell.recipe, run, device=device, replace=True)
    except AtWork:
        return False
    predictions = predicted_rows(load_classifier(run, device), _gold(union, cell))
    with new_path(run / TESTED) as path:
        write_parquet(predictions, path)
    return True


def _gold(union: Path, cell: Cell) -> pa.Table:
    from harmonize.relation.select.rows import rows_to_test

    return rows_to_test(union, cell.recipe.evaluate_on, cell.recipe.folds, cell.fold)


def _results(grid: Grid, union: Path, out: Path) -> Compared:
    import pyarrow as pa

    from harmonize.evaluation.standings import standings
    from harmonize.relation.predictions import read_predictions

    missing: dict[str, int] = {}
    systems: dict[str, list[pa.Table]] = {}
    for name in grid.systems:
        by_seed = grid.of(name)
        absent = sum(
            not (out / RUNS / cell.folder / TESTED).is_file() for cells in by_seed.values() for cell in cells
        )
        if absent:
            missing[name] = absent
            continue
        systems[name] = [
            pa.concat_tables([read_predictions(out / RUNS / cell.folder / TESTED) for cell in cells])
            for cells in by_seed.values()
        ]
    if grid.against not in systems:
        return Compared(None, missing)
    own = next(iter(grid.of(grid.against).values()))
    gold = pa.concat_tables([_gold(union, cell) for cell in own])
    found = standings(gold, systems, grid.against, labels=own[0].recipe.labels, rank_by=grid.rank_by)
    return Compared(_write(out, found, missing, grid), missing)


def _write(out: Path, found: Standings, missing: dict[str, int], grid: Grid) -> str:
    from harmonize.evaluation.figures import save, standings_figure
    from harmonize.evaluation.markdown import standings_markdown
    from harmonize.writing.json_files import replace_json
    from harmonize.writing.replace import new_file, new_path

    text = standings_markdown(found)
    if missing:
        listed = ", ".join(f"{name} ({count})" for name, count in missing.items())
        text += f"\nNot complete, and so not in the table (trainings missing): {listed}.\n"
    record: dict[str, Any] = {
        **found.as_dict(),
        "missing": missing,
        "recipes": {cell.system: cell.recipe.model_dump(mode="json") for cell in reversed(grid.cells)},
    }
    replace_json(out / f"{RESULTS}.json", record, escaped=True)
    with new_file(out / f"{RESULTS}.md") as file:
        file.write(text)
    with new_path(out / f"{RESULTS}.svg") as path:
        save(standings_figure(found), path)
    return text
