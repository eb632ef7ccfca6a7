"""The notebook of the documentation, run from top to bottom.

python tests/docs/notebook_run.py    writes it anew, with what its cells print
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parents[2] / "docs/union-to-predictions.ipynb"
LONGEST_CELL = 1800  # seconds; on a busy machine the training takes minutes
VARIES = "varies"  # the tag of cells whose figures depend on the machine


def run(notebook: Path, folder: Path) -> NotebookNode:
    """The notebook with the outputs of a run in a folder, without progress, warnings and times.

    Raises:
        CellExecutionError: a cell raises.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = nbformat.read(notebook, as_version=4)
    NotebookClient(
        node,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        coalesce_streams=True,  # on a busy machine one print comes in pieces
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in code_cells(node):
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return node


def code_cells(node: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in node.cells if cell.cell_type == "code"]


def printed(cell: NotebookNode) -> list[str]:
    """The text of each of a cell's outputs."""
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(run(NOTEBOOK, Path(folder)), NOTEBOOK)
