"""The addresses of the page: what is asked for -> a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from harmonize.errors import HarmonizeError
from harmonize.explore.answers import Answers
from harmonize.explore.guard import Guard
from harmonize.explore.material import Material
from harmonize.explore.pages import asset
from harmonize.explore.prediction_pages import PredictionPages
from harmonize.explore.set_pages import SetPages

__all__ = ["application"]

_ASSETS = {
    "explore.css": "text/css",
    "explore.js": "text/javascript",
    "explore.svg": "image/svg+xml",
}


def application(material: Material, hosts: Iterable[str]) -> Starlette:
    """The page as an ASGI application.

    Args:
        hosts: the names, with port, by which it may be asked; see harmonize.explore.guard.
    """
    answers = Answers(material)
    return Starlette(
        routes=_routes(answers),
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers=dict(_faults(answers)),
    )


def _routes(answers: Answers) -> list[Route]:
    of_set, of_predictions = SetPages(answers), PredictionPages(answers)
    material = answers.material

    def start(request: Request) -> Response:
        if material.union is not None:
            return of_set.overview(request)
        return (
            of_predictions.predictions(request) if material.predictions else of_predictions.predict(request)
        )

    def document(request: Request) -> Response:
        is_of_set = material.union is not None and "corpus" in request.query_params
        return of_set.document(request) if is_of_set else of_predictions.document(request)

    return [
        Route("/", start),
        Route("/instances", of_set.instances),
        Route("/instance", of_set.instance),
        Route("/documents", of_set.documents),
        Route("/document", document),
        Route("/rules", of_set.rules),
        Route("/predictions", of_predictions.predictions),
        Route("/compare", of_predictions.compare),
        Route("/errors", of_predictions.errors),
        Route("/predict", of_predictions.predict),
        Route("/predict", of_predictions.predicted, methods=["POST"]),
        Route("/static/{name}", _static),
    ]


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise HTTPException(404, "There is no such file.")
    return Response(asset(name), media_type=_ASSETS[name])


def _faults(answers: Answers) -> Mapping[Any, Callable[[Request, Exception], Response]]:
    """Pages that say in a line what went wrong."""

    def of_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answers.shown(request, "fault", error.status_code, message=error.detail)

    def of_files(request: Request, error: Exception) -> Response:
        return answers.shown(request, "fault", 422, message=str(error))

    return {HTTPException: of_request, HarmonizeError: of_files}
