"""A diagram that forgets to release what it holds never holds twice."""

from dataclasses import replace

import pytest

from app.domain.errors import Conflict
from app.services.deployments import deploy
from app.workflow.bundle import Bundle, read_bundles
from tests.services.market import PE21, RETURN, Market, lines

pytestmark = pytest.mark.database

VOID = """<spiffworkflow:serviceTaskOperator id="ledger/void">
          <spiffworkflow:parameters />"""
TELL = """<spiffworkflow:serviceTaskOperator id="notify">
          <spiffworkflow:parameters>
            <spiffworkflow:parameter id="to" type="list" value="[&quot;emitter&quot;]" />
            <spiffworkflow:parameter id="template" type="str"
                                     value="&quot;surrender_returned&quot;" />
          </spiffworkflow:parameters>"""


def forgetful(market: Market) -> Bundle:
    """The compliance flow, but a return releases nothing."""
    settings = market.ctx.settings
    found = read_bundles(settings.processes, settings.forms)
    bundle = next(bundle for bundle in found if bundle.process_id == "compliance")
    name = next(name for name in bundle.files if name.endswith("compliance.bpmn"))
    kept, _, rest = bundle.files[name].decode().rpartition(VOID)
    assert kept
    return replace(bundle, files=dict(bundle.files) | {name: (kept + TELL + rest).encode()})


def test_units_are_not_held_twice_for_one_application(a_market, an_emitter, a_province):
    deploy(a_market.ctx, [forgetful(a_market)], None)
    instance = a_market.begin(an_emitter, a_market.notice(), lines(**{PE21: 100}))
    a_market.decide(a_province, instance, RETURN)
    with pytest.raises(Conflict):
        a_market.decide(an_emitter, instance, lines(**{PE21: 50}))
    account = a_market.account("emitter", "compliance")
    assert a_market.held(account, "registry_reserved") == 100
