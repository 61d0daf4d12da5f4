"""Through the API, too, a recipient of a return learns nothing of another (M22)."""

import json

import pytest

NANYU, WANGHAI = "21042300207", "21042300210"
NAMES = {NANYU: ("南屿", "Nanyu"), WANGHAI: ("望海", "Wanghai")}
QUANTITY = {NANYU: "2000", WANGHAI: "1500"}


@pytest.mark.parametrize(("member", "other"), [(NANYU, WANGHAI), (WANGHAI, NANYU)])
def test_an_answer_holds_ones_own_part_only(market, client, member, other):
    instance = market.one(
        """SELECT id FROM workflow.instance WHERE process_id = 'custody_return'
           AND status = 'open' LIMIT 1"""
    )
    machine = client(member)
    answer = machine.get(f"/applications/{instance}")
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert [item["quantity"] for item in found["items"]] == [QUANTITY[member]]
    assert found["quantity"] == QUANTITY[member]
    texts = [json.dumps(found, ensure_ascii=False)]
    for path in ("/inbox", "/applications"):
        answer = machine.get(path)
        assert answer.status_code == 200, answer.text
        texts.append(json.dumps(answer.get_json(), ensure_ascii=False))
    for key in market.rows("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=instance):
        answer = machine.get(f"/applications/{instance}/tasks/{key[0]}")
        assert answer.status_code in {200, 404}
        texts.append(json.dumps(answer.get_json(), ensure_ascii=False))
    secrets = (*NAMES[other], f'"{QUANTITY[other]}"', '"3500"', "3,500")
    assert [s for s in secrets for text in texts if s in text] == []
