"""The gateway's order of refusals, and tokens."""

import pytest
from fastapi.testclient import TestClient

from parcours.access.errors import GatewayRefused, TokenRefused
from parcours.app import Platform


def test_a_token_is_refused_for_a_wrong_secret(platform: Platform) -> None:
    with pytest.raises(TokenRefused) as refused:
        platform.access.issue_token({"grant_type": "client_credentials", "client_id": "client", "client_secret": "no"})
    assert refused.value.error == "invalid_client"
    assert refused.value.is_unauthorized


def test_the_gateway_refuses_in_the_documented_order(platform: Platform, token: str) -> None:
    headers: dict[str, str] = {}
    expected = [
        ("403010", "authorization", f"Bearer {token}x"),
        ("401013", "authorization", f"Bearer {token}"),
        ("403000", "x-api-key", "other"),
        ("403003", "x-api-key", "client"),
        ("400003", "x-gw-ims-org-id", "OTHER@AdobeOrg"),
        ("403025", "x-gw-ims-org-id", "ACME@AdobeOrg"),
    ]
    for code, header, value in expected:
        with pytest.raises(GatewayRefused) as refused:
            platform.access.admit(headers)
        assert refused.value.code == code
        headers[header] = value
    assert platform.access.admit(headers).sandbox.name == "prod"


def test_an_unknown_path_is_a_problem_document(api: TestClient) -> None:
    answer = api.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
    assert answer.headers["x-request-id"]
