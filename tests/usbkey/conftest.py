"""Tokens of SoftHSM for this pytest process, and an authority out of a seed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.softhsm import Plugged, SoftHsm, softhsm_in
from usbkey.authority import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.derive(b"a seed of tests alone, 32 bytes!")


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    with softhsm_in(tmp_path_factory.mktemp("softhsm")) as room:
        yield room


@pytest.fixture(scope="session")
def a_p256_token(softhsm: SoftHsm, authority: Authority) -> Plugged:
    return softhsm.plugged("33000000001", authority, "ES256")


@pytest.fixture(scope="session")
def an_rsa_token(softhsm: SoftHsm, authority: Authority) -> Plugged:
    return softhsm.plugged("33000000002", authority, "RS256")


@pytest.fixture(params=["ES256", "RS256"])
def a_token(request: pytest.FixtureRequest, softhsm: SoftHsm) -> Plugged:
    return request.getfixturevalue(
        {"ES256": "a_p256_token", "RS256": "an_rsa_token"}[request.param]
    )
