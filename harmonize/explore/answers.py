"""What every page has, and how the predictions that it shows are chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from harmonize import __version__
from harmonize.explore.instances import UnionRows
from harmonize.explore.material import Material
from harmonize.explore.pages import rendered
from harmonize.explore.predictions import PredictionTable
from harmonize.explore.view import Prediction

__all__ = ["Answers"]


class Answers:
    """The material and the manner of pages about it."""

    def __init__(self, material: Material) -> None:
        self.material = material

    def shown(self, request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
        """A page of a template."""
        common = {
            "material": self.material,
            "tabs": self.material.tabs(),
            "path": request.url.path,
            "version": __version__,
        }
        return HTMLResponse(rendered(template, **common, **content), status_code=status)

    @property
    def union(self) -> UnionRows:
        """The set.

        Raises:
            HTTPException: there is none.
        """
        if self.material.union is None:
            raise HTTPException(404, "No union set is open. Start the page with the folder of one.")
        return self.material.union

    def number(self, request: Request) -> int | None:
        """Which predictions are asked for: the first table unless one is named."""
        given = request.query_params.get("of", "")
        known = [str(number) for number in range(len(self.material.predictions))]
        if given in known:
            return int(given)
        return next((number for number, _ in self.material.tables()), 0 if known else None)

    def said(self, of: int | None, instance_ids: Iterable[str]) -> dict[str, Prediction]:
        """What the predictions of a number say of some instances."""
        table = None if of is None else self.material.predictions[of]
        return table.of_instances(list(instance_ids)) if isinstance(table, PredictionTable) else {}
