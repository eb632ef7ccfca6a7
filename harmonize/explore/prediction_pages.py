"""The pages of predictions: what they say, where they differ from gold, and the box to predict."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from harmonize.errors import HarmonizeError
from harmonize.explore.answers import Answers
from harmonize.explore.compare import ERRORS, KINDS
from harmonize.explore.pasted import MOST_CHARACTERS, MOST_DOCUMENTS, Answer
from harmonize.explore.predictions import PredictedDocuments
from harmonize.explore.query import Filters, Page
from harmonize.explore.view import gold_of

__all__ = ["MOST_BYTES", "PredictionPages"]

MOST_BYTES = 4 * MOST_CHARACTERS
"""Of what a form sends; a character of a text may take several bytes there."""

_MOST_FIELDS = 10


class PredictionPages:
    """A method for each address."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def predictions(self, request: Request) -> Response:
        filters, of = Filters.of(request.query_params), self._answers.number(request)
        if of is None:
            raise HTTPException(404, "No predictions are open. Start the page with a file of them.")
        opened = self._answers.material.predictions[of]
        found = opened.matching(filters)
        page = Page.of(filters.page, len(found))
        places = found[page.start : page.end]
        content: dict[str, Any] = {"filters": filters, "page": page, "of": of, "labels": opened.labels()}
        if isinstance(opened, PredictedDocuments):
            documents = [opened.documents[place] for place in places]
            return self._answers.shown(
                request, "predicted_documents", documents=documents, opened=opened, **content
            )
        rows = opened.rows(places)
        gold: dict[str, dict[str, Any]] = {}
        if self._answers.material.union is not None and rows:
            known = self._answers.material.union.places_of([row["instance_id"] for row in rows])
            gold = {row["instance_id"]: row for row in self._answers.material.union.rows(known.tolist())}
        return self._answers.shown(request, "predictions", rows=rows, gold=gold, opened=opened, **content)

    def document(self, request: Request) -> Response:
        """A document of a file of predictions."""
        of = self._answers.number(request)
        predictions = None if of is None else self._answers.material.predictions[of]
        view = None if predictions is None else predictions.document(request.query_params.get("id", ""))
        if view is None:
            raise HTTPException(404, "The file has no such document.")
        return self._answers.shown(request, "document", view=view, key=None, of=of, tables=[], rules=())

    def compare(self, request: Request) -> Response:
        of = self._compared(request)
        comparison = self._answers.material.comparison(of)
        return self._answers.shown(
            request,
            "compare",
            of=of,
            tables=self._answers.material.tables(),
            comparison=comparison,
            cells=comparison.cells(),
            total=comparison.total(),
            scored=comparison.scored(),
            kinds=KINDS,
        )

    def errors(self, request: Request) -> Response:
        of, query = self._compared(request), request.query_params
        comparison = self._answers.material.comparison(of)
        wanted = {name: query.get(name, "")[:200] for name in ("kind", "corpus", "pair")}
        found, verdicts = comparison.errors(wanted["kind"], wanted["corpus"], wanted["pair"])
        page = Page.of(Filters.of(query).page, len(found))
        rows = self._answers.union.rows(found[page.start : page.end].tolist())
        said = self._answers.said(of, [row["instance_id"] for row in rows])
        return self._answers.shown(
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
            name=self._answers.material.predictions[of].name,
        )

    def _compared(self, request: Request) -> int:
        _ = self._answers.union
        of = self._answers.number(request)
        if of not in dict(self._answers.material.tables()):
            raise HTTPException(404, "No predictions in Parquet are open that gold could be compared with.")
        assert of is not None
        return of

    def predict(self, request: Request) -> Response:
        return self._asked(request, {}, None, None)

    async def predicted(self, request: Request) -> Response:
        form = _form(await _body(request))
        return await run_in_threadpool(self._answered, request, form)

    def _answered(self, request: Request, form: dict[str, str]) -> Response:
        predictor = self._answers.material.predictor
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
        return self._answers.shown(
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
