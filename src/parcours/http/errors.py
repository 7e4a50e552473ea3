"""The one table that turns a typed error into a status and the body the service's clients expect."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from parcours import __version__
from parcours.access.errors import (
    GatewayRefused,
    LinkStale,
    OidcFailed,
    PermissionDenied,
    SandboxExists,
    SandboxInvalid,
    SandboxNotFound,
    SignInNeeded,
    SignInRefused,
    TokenRefused,
    TooManyAttempts,
)
from parcours.access.routing import BodyInvalid
from parcours.actions.errors import (
    ActionExists,
    ActionInUse,
    ActionInvalid,
    ActionNotFound,
    ActionParameterInvalid,
    CertificateInvalid,
    CertificateNotFound,
)
from parcours.alerts.errors import AlertNotFound, SubscriptionInvalid, SubscriptionNotFound
from parcours.approvals.errors import (
    ApprovalNeeded,
    ApprovalPolicyExists,
    ApprovalPolicyInvalid,
    ApprovalPolicyNotFound,
    NobodyApproves,
)
from parcours.ascode.errors import ExportFailed, ImportInvalid
from parcours.audiences.errors import (
    AudienceExists,
    AudienceInUse,
    AudienceInvalid,
    AudienceNotFound,
    TooManyAudiences,
    UploadInvalid,
    UploadNotFound,
    UploadStateConflict,
)
from parcours.audit import CALL
from parcours.catalog.errors import (
    CatalogInvalid,
    CatalogNotFound,
    CatalogVersionMismatch,
    DataSetInUse,
    DataSetRefused,
    ExportFileNotFound,
)
from parcours.channels.errors import (
    ConfigurationExists,
    ConfigurationInUse,
    ConfigurationInvalid,
    ConfigurationNotFound,
    FeedbackRefused,
    MessageInvalid,
    MessageNotFound,
    MessageStateConflict,
)
from parcours.dataprep.errors import MappingSetInUse, MappingSetInvalid, MappingSetNotFound
from parcours.datasources.errors import (
    BuiltInSourceKept,
    DataSourceExists,
    DataSourceInUse,
    DataSourceInvalid,
    DataSourceNotFound,
    FieldGroupNotFound,
)
from parcours.events.errors import (
    EventExists,
    EventInUse,
    EventInvalid,
    EventNotFound,
    RelatedFieldRefused,
    TooManyEvents,
    TrialInvalid,
    TrialsDisabled,
)
from parcours.flows.errors import FlowRefused, title_of
from parcours.governance.errors import GovernanceInUse, GovernanceInvalid, GovernanceNotFound, UsagePolicyExists
from parcours.identity.errors import (
    GraphRequestInvalid,
    IdentityInvalid,
    NamespaceExists,
    NamespaceInvalid,
    NamespaceNotFound,
)
from parcours.journeys.errors import (
    DecisionRuleExists,
    DecisionRuleInUse,
    DecisionRuleInvalid,
    DecisionRuleNotFound,
    FragmentExists,
    FragmentNotFound,
    FragmentStateConflict,
    JourneyInvalid,
    JourneyNotFound,
    JourneyStateConflict,
    JourneyTooLarge,
)
from parcours.journeys.journey_filter import JourneyQueryInvalid
from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError, Unavailable, VersionMismatch
from parcours.kit.ids import new_uuid
from parcours.limits.errors import LimitRefused
from parcours.lookups.errors import LookupInvalid, LookupNotEnabled, LookupTooLarge
from parcours.profile.errors import (
    JobInvalid,
    JobNotFound,
    MergePolicyInvalid,
    MergePolicyNeeded,
    MergePolicyNotFound,
    ProfileNotFound,
    ProfileQueryInvalid,
    TooManyIdentities,
)
from parcours.reports.errors import ReportQueryInvalid
from parcours.rulesets.errors import (
    RuleSetExists,
    RuleSetInUse,
    RuleSetInvalid,
    RuleSetNotFound,
    RuleSetStateConflict,
)
from parcours.templates.errors import RenderFailed, TemplateExists, TemplateInUse, TemplateInvalid, TemplateNotFound
from parcours.xdm.errors import AcceptRefused, ChangeBreaking, XdmInvalid, XdmNotFound

Shape = Callable[[int, Any, Request], dict[str, Any]]
"""(status, error, request) → body."""


def gateway(status: int, error: GatewayRefused, request: Request) -> dict[str, Any]:
    """The flat two-key body of platform-apis §0.3."""
    return {"error_code": error.code, "message": str(error)}


def token_service(status: int, error: TokenRefused, request: Request) -> dict[str, Any]:
    """RFC 6749 §5.2."""
    return {"error": error.error, "error_description": str(error)}


def problem(prefix: str, number: str) -> Shape:
    """Problem details with `type` …/aep/errors/{prefix}-{number}-{status} (platform-apis §0.4, form 1)."""

    def shape(status: int, error: Exception, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"http://ns.adobe.com/aep/errors/{prefix}-{getattr(error, 'number', number)}-{status}",
            "title": getattr(error, "title", None) or type(error).__name__,
            "status": status,
            "report": {
                "registryRequestId": new_uuid(),
                "timestamp": time.strftime("%m-%d-%Y %H:%M:%S", time.gmtime()),
                "detailed-message": str(error),
                "sub-errors": [],
            },
            "detail": str(error),
        }
        path = getattr(error, "path", None)
        if path is not None:
            body["report"]["path"] = path
        return body

    return shape


def session_problem(status: int, error: SignInNeeded, request: Request) -> dict[str, Any]:
    """Problem details, and what a page shows instead."""
    return {**problem("PARC", "1401")(status, error, request), "setupNeeded": error.setup_needed, "oidc": error.oidc}


def authoring_problem(number: str) -> Shape:
    """Problem details with the place inside an expression, or every fault of a journey, in the report."""
    base = problem("PARC", number)

    def shape(status: int, error: Any, request: Request) -> dict[str, Any]:
        body = base(status, error, request)
        report = body["report"]
        report["sub-errors"] = [fault.to_json() for fault in getattr(error, "faults", ())]
        for name in ("line", "column"):
            if getattr(error, name, None) is not None:
                report[name] = getattr(error, name)
        return body

    return shape


def flow_problem(status: int, error: FlowRefused | PermissionDenied, request: Request) -> dict[str, Any]:
    """The envelope of Flow Service, as it is published with its access labels; `detail` and `errorCode` are added."""
    text = str(error)
    call = CALL.get()
    report = {"detailed-message": text, "request-id": call.request_id if call is not None else ""}
    if error.path:
        report["path"] = error.path
    return {
        "type": f"https://ns.adobe.com/aep/errors/FLOW-{error.code}",
        "title": title_of(error.code),
        "status": status,
        "report": {**report, **getattr(error, "about", {})},
        "detail": text,
        "errorCode": error.code,
        "errorMessage": text,
        "errorDetails": text,
    }


def namespace_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """The envelope of the namespace service (platform-apis §7.1)."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "timestamp": now,
        "type": "http://ns.adobe.com/adobecloud/problem/namespacevalidation",
        "status": status,
        "title": error.title,
        "error": error.title,
        "description": str(error),
        "report": {"code": error.report_code, "message": str(error)},
    }


def identity_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """The envelope of the identity service (platform-apis §7.2)."""
    return {"title": error.title, "status": status, "detail": str(error)}


def graph_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """What the graph call says of a request it can't read (platform-apis §7.2)."""
    return {"reason": f"Validation error at {error.path}", "message": str(error), "status": status}


def profile_access_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """The flat body of profile access, whose values are texts (platform-apis §7.4), and status and title besides."""
    body = {
        "message": f"{error.code}: {error.title}",
        "cause": str(error),
        "statusCode": str(status),
        "status": status,
        "title": error.title,
    }
    path = getattr(error, "path", None)
    return body if path is None else {**body, "path": path}


def ups_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """The envelope of profile and segmentation definitions (platform-apis §0.4, form 3)."""
    code = f"UPAPI-{error.number}-{status}"
    return {
        "requestId": request.headers.get("x-request-id") or new_uuid(),
        "errors": {str(status): [{"code": code, "message": str(error)}]},
        "type": f"https://ns.adobe.com/aep/errors/{code}",
        "title": error.title,
        "status": status,
    }


def limit_problem(status: int, error: Any, request: Request) -> dict[str, Any]:
    """The envelope of capping and throttling: a JSON document inside a text (journeys §14.3)."""
    request_id = request.headers.get("x-request-id") or new_uuid()
    inner = {
        "code": error.code,
        "family": error.family,
        "message": str(error),
        "service": "parcours",
        "version": __version__,
        "context": f"{request.method} {request.url.path[:200]}",
        "schema": error.schema,
    }
    return {"status": status, "error": orjson.dumps(inner).decode(), "requestId": request_id}


def denied(status: int, error: PermissionDenied, request: Request) -> dict[str, Any]:
    """A missing permission, in the envelope of the service that was called."""
    path = request.url.path
    if path.startswith("/data/foundation/flowservice/"):
        return flow_problem(status, error, request)
    if path.startswith("/data/core/ups/"):
        return ups_problem(status, error, request)
    return problem("PARC", error.number)(status, error, request)


STATUS: dict[type[Exception], tuple[int | Callable[[Any], int], Shape]] = {
    GatewayRefused: (lambda error: int(error.code[:3]), gateway),
    PermissionDenied: (403, denied),
    SignInNeeded: (401, session_problem),
    SignInRefused: (401, problem("PARC", "1402")),
    TooManyAttempts: (429, problem("PARC", "1429")),
    LinkStale: (410, problem("PARC", "1410")),
    OidcFailed: (403, problem("PARC", "1404")),
    TokenRefused: (lambda error: 401 if error.is_unauthorized else 400, token_service),
    SandboxNotFound: (404, problem("SMS", "2100")),
    SandboxExists: (409, problem("SMS", "1100")),
    SandboxInvalid: (400, problem("SMS", "1000")),
    NamespaceNotFound: (404, namespace_problem),
    NamespaceExists: (409, namespace_problem),
    NamespaceInvalid: (400, namespace_problem),
    IdentityInvalid: (400, identity_problem),
    GraphRequestInvalid: (400, graph_problem),
    ProfileNotFound: (404, profile_access_problem),
    ProfileQueryInvalid: (400, profile_access_problem),
    TooManyIdentities: (422, profile_access_problem),
    MergePolicyNotFound: (404, ups_problem),
    MergePolicyInvalid: (400, ups_problem),
    MergePolicyNeeded: (422, ups_problem),
    JobNotFound: (404, ups_problem),
    JobInvalid: (400, ups_problem),
    AudienceNotFound: (404, ups_problem),
    AudienceInvalid: (400, ups_problem),
    TooManyAudiences: (400, ups_problem),
    AudienceExists: (422, ups_problem),
    AudienceInUse: (403, ups_problem),
    UploadNotFound: (404, ups_problem),
    UploadInvalid: (400, ups_problem),
    UploadStateConflict: (409, ups_problem),
    LimitRefused: (lambda error: int(error.status), limit_problem),
    LookupInvalid: (400, problem("PARC", "8001")),
    LookupTooLarge: (422, problem("PARC", "8022")),
    LookupNotEnabled: (404, problem("PARC", "8004")),
    CertificateNotFound: (404, problem("PARC", "6104")),
    CertificateInvalid: (400, problem("PARC", "6101")),
    ActionNotFound: (404, problem("PARC", "6004")),
    ActionExists: (409, problem("PARC", "6009")),
    ActionInUse: (409, problem("PARC", "6010")),
    ActionInvalid: (400, problem("PARC", "6001")),
    ActionParameterInvalid: (400, problem("PARC", "6002")),
    DataSourceNotFound: (404, problem("PARC", "6104")),
    FieldGroupNotFound: (404, problem("PARC", "6105")),
    DataSourceExists: (409, problem("PARC", "6109")),
    DataSourceInUse: (409, problem("PARC", "6110")),
    BuiltInSourceKept: (409, problem("PARC", "6111")),
    DataSourceInvalid: (400, problem("PARC", "6101")),
    EventNotFound: (404, problem("PARC", "5004")),
    EventExists: (409, problem("PARC", "5009")),
    EventInUse: (409, problem("PARC", "5010")),
    EventInvalid: (400, authoring_problem("5001")),
    RelatedFieldRefused: (400, authoring_problem("5013")),
    TooManyEvents: (409, problem("PARC", "5011")),
    TrialInvalid: (400, authoring_problem("5002")),
    TrialsDisabled: (409, problem("PARC", "5012")),
    JourneyNotFound: (404, problem("PARC", "7004")),
    JourneyStateConflict: (409, problem("PARC", "7009")),
    JourneyTooLarge: (413, authoring_problem("7013")),
    JourneyInvalid: (400, authoring_problem("7001")),
    FragmentNotFound: (404, problem("PARC", "7404")),
    FragmentExists: (409, problem("PARC", "7409")),
    FragmentStateConflict: (409, problem("PARC", "7411")),
    DecisionRuleNotFound: (404, problem("PARC", "7804")),
    DecisionRuleExists: (409, problem("PARC", "7809")),
    DecisionRuleInUse: (409, problem("PARC", "7810")),
    DecisionRuleInvalid: (400, authoring_problem("7801")),
    JourneyQueryInvalid: (400, problem("PARC", "7002")),
    ReportQueryInvalid: (400, problem("PARC", "7101")),
    GovernanceNotFound: (404, problem("PARC", "7804")),
    UsagePolicyExists: (409, problem("PARC", "7809")),
    GovernanceInUse: (409, problem("PARC", "7810")),
    GovernanceInvalid: (400, problem("PARC", "7801")),
    RuleSetNotFound: (404, problem("PARC", "7304")),
    RuleSetExists: (409, problem("PARC", "7309")),
    RuleSetInUse: (409, problem("PARC", "7310")),
    RuleSetStateConflict: (409, problem("PARC", "7311")),
    RuleSetInvalid: (400, problem("PARC", "7301")),
    AlertNotFound: (404, problem("PARC", "7204")),
    SubscriptionNotFound: (404, problem("PARC", "7205")),
    SubscriptionInvalid: (400, problem("PARC", "7201")),
    ApprovalPolicyNotFound: (404, problem("PARC", "7404")),
    ApprovalPolicyExists: (409, problem("PARC", "7409")),
    ApprovalPolicyInvalid: (400, problem("PARC", "7401")),
    ApprovalNeeded: (409, problem("PARC", "7410")),
    NobodyApproves: (409, problem("PARC", "7411")),
    TemplateNotFound: (404, problem("PARC", "7604")),
    TemplateExists: (409, problem("PARC", "7609")),
    TemplateInUse: (409, problem("PARC", "7610")),
    TemplateInvalid: (400, problem("PARC", "7601")),
    RenderFailed: (422, problem("PARC", "7622")),
    ConfigurationNotFound: (404, problem("PARC", "7704")),
    ConfigurationExists: (409, problem("PARC", "7709")),
    ConfigurationInUse: (409, problem("PARC", "7711")),
    ConfigurationInvalid: (400, problem("PARC", "7701")),
    MessageStateConflict: (409, problem("PARC", "7710")),
    FeedbackRefused: (401, problem("PARC", "7721")),
    MessageNotFound: (404, problem("PARC", "7714")),
    MessageInvalid: (400, problem("PARC", "7711")),
    ExportFailed: (500, authoring_problem("7500")),
    ImportInvalid: (400, authoring_problem("7002")),
    CatalogNotFound: (404, problem("CTLG", "1004")),
    ExportFileNotFound: (404, problem("DALE", "1004")),
    DataSetRefused: (422, problem("CTLG", "1022")),
    DataSetInUse: (409, problem("CTLG", "1009")),
    CatalogVersionMismatch: (412, problem("CTLG", "1012")),
    CatalogInvalid: (400, problem("CTLG", "1001")),
    FlowRefused: (lambda error: int(error.code[-3:]), flow_problem),
    MappingSetNotFound: (404, problem("MAPPER", "1004")),
    MappingSetInUse: (409, problem("MAPPER", "1009")),
    MappingSetInvalid: (400, problem("MAPPER", "1001")),
    BodyInvalid: (400, problem("PARC", "1000")),
    XdmNotFound: (404, problem("XDM", "1012")),
    AcceptRefused: (406, problem("XDM", "1005")),
    ChangeBreaking: (422, problem("XDM", "1406")),
    XdmInvalid: (400, problem("XDM", "1001")),
    NotFound: (404, problem("PARC", "1004")),
    Conflict: (409, problem("PARC", "1009")),
    VersionMismatch: (412, problem("PARC", "1012")),
    Invalid: (400, problem("PARC", "1001")),
    Unavailable: (503, problem("PARC", "1503")),
    ParcoursError: (500, problem("PARC", "1500")),
}
"""Looked up along the error's bases, nearest first. A room's errors have their lines here and nowhere else."""


def to_response(error: Exception, request: Request) -> Response:
    """The answer for a typed error."""
    status, shape = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    code = status if isinstance(status, int) else status(error)
    retry_after = getattr(error, "retry_after_s", 1 if code == 503 else None)
    headers = None if retry_after is None else {"Retry-After": str(retry_after)}
    return json_response(code, shape(code, error, request), headers)


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def from_framework(error: Exception, request: Request) -> Response:
    """The answer for what FastAPI itself refuses: an unknown path, a method, a parameter."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return to_response(Invalid(f"{where}: {first['msg']}", f"$.{where}"), request)
    assert isinstance(error, HTTPException)
    title = {404: "Not Found", 405: "Method Not Allowed"}.get(error.status_code, "Request refused")
    body = {
        "type": f"http://ns.adobe.com/aep/errors/PARC-1000-{error.status_code}",
        "title": title,
        "status": error.status_code,
        "detail": f"{request.method} {request.url.path[:200]}: {error.detail}",
    }
    return json_response(error.status_code, body, _allowed(request) if error.status_code == 405 else error.headers)


def _allowed(request: Request) -> dict[str, str]:
    """`Allow` with the methods of every route at this path: each method is a route of its own."""
    allowed = []
    for method in ("DELETE", "GET", "PATCH", "POST", "PUT"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            allowed += ["GET", "HEAD"] if method == "GET" else [method]
    return {"Allow": ", ".join(allowed)}
