"""G21: where an account asks for two, one representative fills in and another confirms."""

import json

import psycopg2
import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.services.applications import begin
from app.services.drafts import save, take_back
from app.services.withdraw import trigger
from tests.services.market import APPROVE, PE21, lines

FORM = lines(**{PE21: 250})


def test_one_fills_in_and_another_submits(a_market, two_representatives, a_handed_over_draft):
    first, second = two_representatives
    a_market.decide(second, a_handed_over_draft, FORM)
    [(person, initiated_by, document)] = a_market.rows(
        "SELECT person_id, initiated_by, document FROM workflow.decision"
    )
    assert (person, initiated_by) == (second.person_id, first.person_id)
    said = json.loads(bytes(document))
    assert (said["person"], said["initiator"]) == (second.person_hash, first.person_hash)


def test_who_initiates_cannot_submit(a_market, two_representatives, a_handed_over_draft):
    with pytest.raises(Forbidden):
        a_market.decide(two_representatives[0], a_handed_over_draft, FORM)


def test_nobody_confirms_what_they_filled_in(a_market, two_representatives, a_notice):
    """Both hold all rights; it is the person that must differ."""
    a_market.change("UPDATE identity.mandate SET rights = 'both'")
    one = a_market.actor("emitter")
    started = begin(a_market.ctx, one, "compliance", a_notice, FORM, submit=False, ready=True)
    with pytest.raises(Forbidden):
        a_market.decide(one, started.instance_id, FORM)
    a_market.decide(a_market.actor("emitter", 1), started.instance_id, FORM)


def test_who_confirms_cannot_fill_in(a_market, two_representatives, a_notice):
    with pytest.raises(Forbidden):
        begin(a_market.ctx, two_representatives[1], "compliance", a_notice, FORM, submit=False)
    assert a_market.rows("SELECT FROM workflow.instance") == []


def test_a_draft_that_was_not_handed_over_is_not_confirmed(a_market, two_representatives, a_notice):
    first, second = two_representatives
    started = begin(a_market.ctx, first, "compliance", a_notice, FORM, submit=False)
    with pytest.raises(Forbidden):
        a_market.decide(second, started.instance_id, FORM)


def test_only_what_is_complete_is_handed_over(a_market, two_representatives, a_notice):
    with pytest.raises(Invalid):
        begin(
            a_market.ctx,
            two_representatives[0],
            "compliance",
            a_notice,
            {"lines": []},
            submit=False,
            ready=True,
        )


def test_saving_again_takes_it_back(a_market, two_representatives, a_handed_over_draft):
    first, second = two_representatives
    other = lines(**{PE21: 10})
    save(a_market.ctx, first, a_handed_over_draft, a_market.key(a_handed_over_draft), other)
    with pytest.raises(Forbidden):
        a_market.decide(second, a_handed_over_draft, other)


def test_the_confirming_one_gives_it_back(a_market, two_representatives, a_handed_over_draft):
    second = two_representatives[1]
    key = a_market.key(a_handed_over_draft)
    take_back(a_market.ctx, second, a_handed_over_draft, key)
    with pytest.raises(Forbidden):
        a_market.decide(second, a_handed_over_draft, FORM)
    with pytest.raises(NotFound):
        take_back(a_market.ctx, second, a_handed_over_draft, key)


def test_exactly_what_was_handed_over_is_confirmed(
    a_market, two_representatives, a_handed_over_draft
):
    with pytest.raises(Conflict):
        a_market.decide(two_representatives[1], a_handed_over_draft, lines(**{PE21: 251}))


def test_two_people_submit_where_one_started_directly(a_market, two_representatives, a_notice):
    with pytest.raises(Forbidden):
        begin(a_market.ctx, two_representatives[1], "compliance", a_notice, FORM, submit=True)
    assert a_market.rows("SELECT FROM workflow.instance") == []


def test_a_returned_application_needs_both_again(
    a_market, two_representatives, a_handed_over_draft, a_province
):
    first, second = two_representatives
    a_market.decide(second, a_handed_over_draft, FORM)
    a_market.decide(a_province, a_handed_over_draft, {"verdict": "return", "opinion": "请更正"})
    with pytest.raises(Forbidden):
        a_market.decide(second, a_handed_over_draft, FORM)
    key = a_market.key(a_handed_over_draft)
    save(a_market.ctx, first, a_handed_over_draft, key, FORM, ready=True)
    a_market.decide(second, a_handed_over_draft, FORM)
    a_market.decide(a_province, a_handed_over_draft, APPROVE)
    assert a_market.instance(a_handed_over_draft)["outcome"] == "surrendered"


def test_the_confirming_one_withdraws(a_market, two_representatives, a_handed_over_draft):
    first, second = two_representatives
    a_market.decide(second, a_handed_over_draft, FORM)
    with pytest.raises(Forbidden):
        trigger(a_market.ctx, first, a_handed_over_draft, "withdraw")
    trigger(a_market.ctx, second, a_handed_over_draft, "withdraw")


def test_an_account_of_one_representative_goes_on_as_before(a_market, an_emitter, a_notice):
    instance = a_market.begin(an_emitter, a_notice, FORM)
    assert a_market.rows("SELECT initiated_by FROM workflow.decision") == [(None,)]
    assert a_market.instance(instance)["version"] == 1


@pytest.mark.parametrize(
    "initiated_by",
    ["NULL", "%(second)s", "%(first)s"],
    ids=["by nobody", "by the same person", "by one whose draft is not there"],
)
def test_the_database_refuses_a_decision_of_one_alone(
    a_market, two_representatives, a_notice, initiated_by
):
    first, second = two_representatives
    started = begin(a_market.ctx, first, "compliance", a_notice, FORM, submit=False)
    with (
        pytest.raises(psycopg2.Error, match="asks for two people"),
        a_market.ctx.database.transaction() as tx,
    ):
        tx.run(
            f"""INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id,
                    visit, kind, person_id, holder_id, account_id, role, document, leaf,
                    initiated_by, at)
                VALUES (%(i)s, 1, 'h', 'fill_surrender', 1, 'complete', %(second)s, %(holder)s,
                    %(account)s, 'emitter', '', sha256(decode('00', 'hex')),
                    {initiated_by}, now())""",
            {
                "i": started.instance_id,
                "first": first.person_id,
                "second": second.person_id,
                "holder": second.holder_id,
                "account": second.account_id,
            },
        )
