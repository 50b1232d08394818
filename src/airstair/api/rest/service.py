"""The interface as a whole: its operations, its refusals, and the document that describes it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from airstair.api.rest import changing, problems, reading, webhooks
from airstair.kernel.errors import AirstairError

__all__ = ["api", "changing", "webhooks"]  # importing the other operations puts them beside the reading ones

_ABOUT = """The schedule of record of one operator, whose key you send: `Authorization: Bearer askey_…`.

All times are UTC. Lists come in pages; ask with `changed_since` for what has changed, and nothing is missed or told
twice. Writes take an `Idempotency-Key`. Whatever is refused is told as a problem document (RFC 9457).
"""


class Service(NinjaAPI):
    """Ninja's, whose description says of refusals what they are."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        described = super().get_openapi_schema(**given)
        for operations in described["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["content"] = {problems.MEDIA: response["content"].pop("application/json")}
        return described


api = Service(
    title="Airstair", version="1", description=_ABOUT, urls_namespace="api-v1", docs_url=None,
    openapi_url="/openapi.json",
)  # fmt: skip
api.add_router("", reading.router)


@api.exception_handler(AirstairError)
def _refused(request: HttpRequest, error: AirstairError) -> HttpResponse:
    return problems.sent(problems.of_error(error))


@api.exception_handler(ValidationError)
def _unfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.sent(problems.of_validation(error))


@api.exception_handler(problems.MissingResource)
def _closed(request: HttpRequest, error: problems.MissingResource) -> HttpResponse:
    return problems.sent(problems.of_missing(error))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.sent(problems.of_http(error))
