"""In a demonstration the server signs what machines send, for nobody with a key of their own."""

from dataclasses import replace

import pytest

from app.domain.clock import local_day
from app.identity.mandates import actor_by_member_no
from app.services.signing.software_people import equip
from tests.keys import Keys
from tests.pages.conftest import EMITTER, OTHER_EMITTER

FORM = {"lines": [{"instrument": "PE2025000118", "quantity": "1"}]}


@pytest.fixture(scope="module")
def keys(market, module_database) -> Keys:
    """The server has a key for everybody; the first emitter's person has one of their own too."""
    made = Keys(module_database, market.ctx)
    settings = replace(market.ctx.settings, signatures=True)
    equip(replace(market.ctx, settings=settings))
    with market.ctx.database.transaction() as tx:
        actor = actor_by_member_no(tx, EMITTER, local_day(market.clock.now()))
    assert actor is not None
    made.of(actor)
    return made


@pytest.mark.parametrize(
    ("member_no", "notice", "code"),
    [
        pytest.param(EMITTER, "QL", "8081", id="asked for their own signature"),
        pytest.param(OTHER_EMITTER, "DP", "3001", id="signed for, and more than is owed"),
    ],
)
def test_the_server_signs_only_for_who_has_no_key_of_their_own(
    client, market, keys, member_no, notice, code
):
    body = {"process": "compliance", "subject_id": market.notice_of(notice), "form": FORM}
    answer = client(member_no).post("/applications", body | {"submit": True})
    assert [finding["code"] for finding in answer.json["findings"]] == [code], answer.json
