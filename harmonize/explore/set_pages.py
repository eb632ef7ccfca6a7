"""The pages of a set: overview, rules, instances and documents."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from harmonize.explore.answers import Answers
from harmonize.explore.compare import labels_of
from harmonize.explore.documents import texts_of
from harmonize.explore.predictions import PredictionTable
from harmonize.explore.query import Filters, Page
from harmonize.explore.steps import steps
from harmonize.explore.view import view_of_rows
from harmonize.rules.meanings import MEANINGS, ORDER
from harmonize.union.manifest import split_counts

__all__ = ["SetPages"]


class SetPages:
    """A method for each address."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def overview(self, request: Request) -> Response:
        return self._answers.shown(
            request,
            "overview",
            counted=[part for part in split_counts(self._answers.union.manifest) if part.instances],
            corpora=self._answers.union.manifest["corpora"],
            facets=self._answers.union.facets(),
        )

    def rules(self, request: Request) -> Response:
        union = self._answers.material.union
        corpora = {} if union is None else {name: union.rules_of(name) for name in union.manifest["corpora"]}
        ordered = sorted(MEANINGS.items(), key=lambda item: (ORDER.index(item[0][0]), item[0]))
        return self._answers.shown(request, "rules", meanings=ordered, corpora=corpora)

    def instances(self, request: Request) -> Response:
        filters = Filters.of(request.query_params)
        found = self._answers.union.matching(filters)
        page = Page.of(filters.page, len(found))
        rows = self._answers.union.rows(found[page.start : page.end].tolist())
        return self._answers.shown(
            request, "instances", filters=filters, page=page, rows=rows, facets=self._answers.union.facets()
        )

    def instance(self, request: Request) -> Response:
        found = self._answers.union.of_instance(request.query_params.get("id", ""))
        if not len(found):
            raise HTTPException(404, "The set has no instance of this id.")
        row = self._answers.union.rows(found.tolist())[0]
        said = [
            (table.name, one)
            for _, table in self._answers.material.tables()
            for one in table.of_instances([row["instance_id"]]).values()
        ]
        return self._answers.shown(request, "instance", row=row, steps=steps(row), said=said)

    def documents(self, request: Request) -> Response:
        filters = Filters.of(request.query_params)
        listed = self._answers.union.documents(self._answers.union.matching(filters))
        page = Page.of(filters.page, len(listed))
        shown = listed[page.start : page.end]
        texts = texts_of(self._answers.union.folder, (one.key for one in shown))
        return self._answers.shown(
            request,
            "documents",
            filters=filters,
            page=page,
            shown=[(one, texts.get(one.key)) for one in shown],
            facets=self._answers.union.facets(),
        )

    def document(self, request: Request) -> Response:
        query, of = request.query_params, self._answers.number(request)
        key = (query.get("corpus", ""), query.get("split", ""), query.get("id", ""))
        found = self._answers.union.of_document(*key)
        if not len(found):
            raise HTTPException(404, "The set has no pair of such a document.")
        rows = self._answers.union.rows(found.tolist())
        view = view_of_rows(
            rows,
            self._answers.said(of, (row["instance_id"] for row in rows)),
            texts_of(self._answers.union.folder, [key]).get(key),
            own_types=self._has_own_types(of),
        )
        tables = self._answers.material.tables()
        return self._answers.shown(
            request, "document", view=view, key=key, of=of, tables=tables, rules=rows[0]["rules"]
        )

    def _has_own_types(self, of: int | None) -> bool:
        table = None if of is None else self._answers.material.predictions[of]
        return isinstance(table, PredictionTable) and labels_of(table) == "source"
