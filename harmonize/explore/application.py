"""The addresses of the page: what is asked for -> a page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from harmonize import __version__
from harmonize.errors import HarmonizeError
from harmonize.explore.compare import ERRORS, KINDS, Comparison, compared, labels_of
from harmonize.explore.documents import texts_of
from harmonize.explore.guard import Guard
from harmonize.explore.instances import UnionRows
from harmonize.explore.pages import asset, rendered
from harmonize.explore.pasted import MOST_CHARACTERS, MOST_DOCUMENTS, Answer, Predictor
from harmonize.explore.predictions import PredictedDocuments, Predictions, PredictionTable
from harmonize.explore.query import Filters, Page
from harmonize.explore.steps import steps
from harmonize.explore.view import DocumentView, Prediction, gold_of, view_of_rows
from harmonize.rules.meanings import MEANINGS, ORDER
from harmonize.union.manifest import split_counts

__all__ = ["MOST_BYTES", "Material", "application"]

MOST_BYTES = 4 * MOST_CHARACTERS
"""Of what a form sends; a character of a text may take several bytes there."""

_ASSETS = {
    "explore.css": "text/css",
    "explore.js": "text/javascript",
    "explore.svg": "image/svg+xml",
}
_MOST_FIELDS = 10


class _Tab(NamedTuple):
    """A page that the header links to."""

    path: str
    name: str


@dataclass(eq=False)
class Material:
    """What is looked at.

    Attributes:
        name: what to call it.
        union: a set; None without one.
        predictions: any number of them.
        predictor: None without a run to predict with.
    """

    name: str
    union: UnionRows | None = None
    predictions: tuple[Predictions, ...] = ()
    predictor: Predictor | None = None
    _comparisons: dict[int, Comparison] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tables(self) -> list[tuple[int, PredictionTable]]:
        """The predictions that can be compared with a set, by their number."""
        numbered = enumerate(self.predictions)
        return [(place, each) for place, each in numbered if isinstance(each, PredictionTable)]

    def tabs(self) -> list[_Tab]:
        """The pages that there is something for."""
        found = []
        if self.union is not None:
            found += [_Tab("/", "Overview"), _Tab("/instances", "Instances"), _Tab("/documents", "Documents")]
        if self.predictions:
            found.append(_Tab("/predictions", "Predictions"))
        if self.union is not None and self.tables():
            found.append(_Tab("/compare", "Errors"))
        return [*found, _Tab("/rules", "Rules"), _Tab("/predict", "Predict")]

    def comparison(self, number: int) -> Comparison:
        """Gold beside the predictions of a number, made when it is first asked for.

        Raises:
            HarmonizeError: they belong to another set.
        """
        table = self.predictions[number]
        assert self.union is not None
        assert isinstance(table, PredictionTable)
        with self._lock:
            if number not in self._comparisons:
                self._comparisons[number] = compared(self.union, table)
            return self._comparisons[number]


def application(material: Material, hosts: Iterable[str]) -> Starlette:
    """The page as an ASGI application.

    Args:
        hosts: the names, with port, by which it may be asked; see harmonize.explore.guard.
    """
    pages = _Pages(material)
    routes = [
        Route("/", pages.start),
        Route("/instances", pages.instances),
        Route("/instance", pages.instance),
        Route("/documents", pages.documents),
        Route("/document", pages.document),
        Route("/predictions", pages.predictions),
        Route("/compare", pages.compare),
        Route("/errors", pages.errors),
        Route("/rules", pages.rules),
        Route("/predict", pages.predict),
        Route("/predict", pages.predicted, methods=["POST"]),
        Route("/static/{name}", _static),
    ]
    faults: Mapping[Any, Callable[..., Response]] = {
        HTTPException: pages.http_fault,
        HarmonizeError: pages.fault,
    }
    return Starlette(
        routes=routes, middleware=[Middleware(Guard, hosts=hosts)], exception_handlers=dict(faults)
    )


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise HTTPException(404, "There is no such file.")
    return Response(asset(name), media_type=_ASSETS[name])


class _Pages:
    """A method for each address."""

    def __init__(self, material: Material) -> None:
        self._material = material

    def _shown(self, request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
        common = {
            "material": self._material,
            "tabs": self._material.tabs(),
            "path": request.url.path,
            "version": __version__,
        }
        return HTMLResponse(rendered(template, **common, **content), status_code=status)

    @property
    def _union(self) -> UnionRows:
        if self._material.union is None:
            raise HTTPException(404, "No union set is open. Start the page with the folder of one.")
        return self._material.union

    def http_fault(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._shown(request, "fault", error.status_code, message=error.detail)

    def fault(self, request: Request, error: Exception) -> Response:
        return self._shown(request, "fault", 422, message=str(error))

    def start(self, request: Request) -> Response:
        if self._material.union is None:
            return self.predictions(request) if self._material.predictions else self.predict(request)
        return self._shown(
            request,
            "overview",
            counted=[part for part in split_counts(self._union.manifest) if part.instances],
            corpora=self._union.manifest["corpora"],
            facets=self._union.facets(),
        )

    def rules(self, request: Request) -> Response:
        union = self._material.union
        corpora = {} if union is None else {name: union.rules_of(name) for name in union.manifest["corpora"]}
        ordered = sorted(MEANINGS.items(), key=lambda item: (ORDER.index(item[0][0]), item[0]))
        return self._shown(request, "rules", meanings=ordered, corpora=corpora)

    # The set

    def instances(self, request: Request) -> Response:
        filters = Filters.of(request.query_params)
        found = self._union.matching(filters)
        page = Page.of(filters.page, len(found))
        rows = self._union.rows(found[page.start : page.end].tolist())
        return self._shown(
            request, "instances", filters=filters, page=page, rows=rows, facets=self._union.facets()
        )

    def instance(self, request: Request) -> Response:
        found = self._union.of_instance(request.query_params.get("id", ""))
        if not len(found):
            raise HTTPException(404, "The set has no instance of this id.")
        row = self._union.rows(found.tolist())[0]
        said = [
            (table.name, one)
            for _, table in self._material.tables()
            for one in table.of_instances([row["instance_id"]]).values()
        ]
        return self._shown(request, "instance", row=row, steps=steps(row), said=said)

    def documents(self, request: Request) -> Response:
        filters = Filters.of(request.query_params)
        listed = self._union.documents(self._union.matching(filters))
        page = Page.of(filters.page, len(listed))
        shown = listed[page.start : page.end]
        texts = texts_of(self._union.folder, (one.key for one in shown))
        return self._shown(
            request,
            "documents",
            filters=filters,
            page=page,
            shown=[(one, texts.get(one.key)) for one in shown],
            facets=self._union.facets(),
        )

    def document(self, request: Request) -> Response:
        query = request.query_params
        of = self._number(request)
        if self._material.union is None or "corpus" not in query:
            return self._predicted_document(request, of)
        key = (query.get("corpus", ""), query.get("split", ""), query.get("id", ""))
        found = self._union.of_document(*key)
        if not len(found):
            raise HTTPException(404, "The set has no pair of such a document.")
        rows = self._union.rows(found.tolist())
        stored = texts_of(self._union.folder, [key]).get(key)
        view = view_of_rows(
            rows,
            self._said(of, [row["instance_id"] for row in rows]),
            own_types=self._has_own_types(of),
            document_id=key[2],
            pmid=rows[0]["pmid"],
            text=None if stored is None else stored.text,
            passages=() if stored is None else stored.passages,
            about={name: rows[0][name] for name in ("corpus", "split", "level", "licence")}
            | {"repeated in": ", ".join(rows[0]["leaks_into"])},
        )
        return self._shown(
            request,
            "document",
            view=view,
            key=key,
            of=of,
            tables=self._material.tables(),
            rules=rows[0]["rules"],
        )

    # Predictions

    def _number(self, request: Request) -> int | None:
        """Which predictions are asked for: the first table unless one is named."""
        given = request.query_params.get("of", "")
        known = [str(number) for number in range(len(self._material.predictions))]
        if given in known:
            return int(given)
        return next((number for number, _ in self._material.tables()), 0 if known else None)

    def _said(self, of: int | None, instance_ids: list[str]) -> dict[str, Prediction]:
        table = None if of is None else self._material.predictions[of]
        return table.of_instances(instance_ids) if isinstance(table, PredictionTable) else {}

    def _has_own_types(self, of: int | None) -> bool:
        table = None if of is None else self._material.predictions[of]
        return isinstance(table, PredictionTable) and labels_of(table) == "source"

    def _predicted_document(self, request: Request, of: int | None) -> Response:
        identifier = request.query_params.get("id", "")
        view: DocumentView | None = None
        if of is not None:
            view = self._material.predictions[of].document(identifier)
        if view is None:
            raise HTTPException(404, "The file has no such document.")
        return self._shown(request, "document", view=view, key=None, of=of, tables=[], rules=())

    def predictions(self, request: Request) -> Response:
        filters, of = Filters.of(request.query_params), self._number(request)
        if of is None:
            raise HTTPException(404, "No predictions are open. Start the page with a file of them.")
        opened = self._material.predictions[of]
        found = opened.matching(filters)
        page = Page.of(filters.page, len(found))
        places = found[page.start : page.end]
        content: dict[str, Any] = {"filters": filters, "page": page, "of": of, "labels": opened.labels()}
        if isinstance(opened, PredictedDocuments):
            documents = [opened.documents[place] for place in places]
            return self._shown(request, "predicted_documents", documents=documents, opened=opened, **content)
        rows = opened.rows(places)
        gold: dict[str, dict[str, Any]] = {}
        if self._material.union is not None and rows:
            known = self._material.union.places_of([row["instance_id"] for row in rows])
            gold = {row["instance_id"]: row for row in self._material.union.rows(known.tolist())}
        return self._shown(request, "predictions", rows=rows, gold=gold, opened=opened, **content)

    def compare(self, request: Request) -> Response:
        of = self._compared(request)
        comparison = self._material.comparison(of)
        return self._shown(
            request,
            "compare",
            of=of,
            tables=self._material.tables(),
            comparison=comparison,
            cells=comparison.cells(),
            total=comparison.total(),
            scored=comparison.scored(),
            kinds=KINDS,
        )

    def errors(self, request: Request) -> Response:
        of, query = self._compared(request), request.query_params
        comparison = self._material.comparison(of)
        wanted = {name: query.get(name, "")[:200] for name in ("kind", "corpus", "pair")}
        found, verdicts = comparison.errors(wanted["kind"], wanted["corpus"], wanted["pair"])
        page = Page.of(Filters.of(query).page, len(found))
        rows = self._union.rows(found[page.start : page.end].tolist())
        said = self._said(of, [row["instance_id"] for row in rows])
        return self._shown(
            request,
            "errors",
            of=of,
            wanted=wanted,
            page=page,
            rows=rows,
            said=said,
            verdicts=verdicts[page.start : page.end],
            gold_of=partial(gold_of, own_types=comparison.labels == "source"),
            comparison=comparison,
            known_kinds=(*ERRORS, "right", "no relation"),
            name=self._material.predictions[of].name,
        )

    def _compared(self, request: Request) -> int:
        _ = self._union
        of = self._number(request)
        if of not in dict(self._material.tables()):
            raise HTTPException(404, "No predictions in Parquet are open that gold could be compared with.")
        assert of is not None
        return of

    # The box

    def predict(self, request: Request) -> Response:
        return self._asked(request, {}, None, None)

    async def predicted(self, request: Request) -> Response:
        form = _form(await _body(request))
        return await run_in_threadpool(self._answered, request, form)

    def _answered(self, request: Request, form: dict[str, str]) -> Response:
        predictor = self._material.predictor
        if predictor is None:
            return self._asked(request, form, None, "No run is open to predict with.")
        try:
            is_list = form.get("what") == "pmids"
            answer = (
                predictor.of_pmids(form.get("pmids", ""))
                if is_list
                else predictor.of_text(form.get("text", ""))
            )
        except HarmonizeError as error:
            return self._asked(request, form, None, str(error))
        return self._asked(request, form, answer, None)

    def _asked(
        self, request: Request, form: dict[str, str], answer: Answer | None, fault: str | None
    ) -> Response:
        return self._shown(
            request,
            "predict",
            200 if fault is None else 422,
            form=form,
            answer=answer,
            fault=fault,
            limits=(MOST_CHARACTERS, MOST_DOCUMENTS),
        )


async def _body(request: Request) -> bytes:
    """What a form sends.

    Raises:
        HTTPException: more than MOST_BYTES.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise HTTPException(413, f"The form may hold at most {MOST_BYTES:,} bytes.")
    return bytes(content)


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name.

    Raises:
        HTTPException: no form.
    """
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS, keep_blank_values=True)
    except ValueError:
        raise HTTPException(400, "That is no form of this page.") from None
    return {name: values[0].replace("\r\n", "\n") for name, values in fields.items()}
