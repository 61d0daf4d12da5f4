"""A surrender by machine: the same services, checks and errors as the pages."""

from tests.pages.conftest import AUDITOR, EMITTER, PROVINCE, REVIEWER

ALLOWANCE, CCER = "PE2025000118", "CCER2025000031"


def lines(**quantities):
    codes = {"allowance": ALLOWANCE, "ccer": CCER}
    return {"lines": [{"instrument": codes[k], "quantity": v} for k, v in quantities.items()]}


def begun(client, market, form, **more):
    body = {
        "process": "compliance", "subject_id": market.notice_of("QL"), "form": form, "submit": True,
    }  # fmt: skip
    return client(EMITTER).post("/applications", body | more.pop("change", {}), **more)


def test_an_emitter_submits_a_province_approves_and_the_units_move(client, market):
    before = client(EMITTER).get(f"/notices/{market.notice_of('QL')}").json
    answer = begun(client, market, lines(allowance="1000", ccer="100"))
    assert answer.status_code == 201, answer.json
    number = answer.json["application_id"]
    waiting = client(PROVINCE).get("/inbox", query_string={"search": answer.json["number"]}).json
    (task,) = waiting["tasks"]
    assert (task["quantity"], task["ccer_quantity"]) == ("1100", "100")
    shown = client(PROVINCE).get(f"/applications/{number}/tasks/{task['key']}").json
    assert {check["state"] for check in shown["checks"]} == {"ok"}
    done = client(PROVINCE).post(
        f"/applications/{number}/tasks/{task['key']}/decision", {"form": {"verdict": "approve"}}
    )
    assert done.status_code == 200, done.json
    after = client(EMITTER).get(f"/notices/{market.notice_of('QL')}").json
    assert int(after["surrendered"]) == int(before["surrendered"]) + 1100
    assert after["pending"] == before["pending"]
    found = client(AUDITOR).get(f"/applications/{number}").json
    assert found["state"]["zh"] == "履约完成"
    assert [m["kind"] for m in found["movements"]] == ["reserved"] * 2 + ["posted"] * 2
    assert sum(int(m["quantity"]) for m in found["movements"]) == 2200


def test_the_same_key_gives_the_first_answer_and_other_content_is_a_conflict(client, market):
    first = begun(client, market, lines(allowance="7"), key="once")
    again = begun(client, market, lines(allowance="7"), key="once")
    assert first.status_code == again.status_code == 201
    assert first.json["application_id"] == again.json["application_id"]
    assert begun(client, market, lines(allowance="8"), key="once").status_code == 409


def test_all_failing_checks_come_back_at_once_with_their_numbers(client, market):
    answer = begun(client, market, lines(allowance="99999999", ccer="99999"))
    assert answer.status_code == 422
    findings = {f["code"]: f for f in answer.json["findings"]}
    assert {"2004", "3001", "3003"} <= set(findings)
    assert set(findings["3001"]) == {"code", "zh", "en", "facts"}
    assert isinstance(findings["3001"]["facts"]["obligation"], str)


def test_a_form_that_breaks_its_schema_names_the_field(client, market):
    for quantity in ("0", "-1", "1.5", "1,000", "abc", ""):
        answer = begun(client, market, lines(allowance=quantity))
        assert answer.status_code == 422
        assert any(name.startswith("lines/0") for name in answer.json["fields"])


def test_a_draft_is_saved_and_submitted_and_withdrawn(client, market):
    draft = begun(client, market, lines(allowance="20"), change={"submit": False})
    number, key = draft.json["application_id"], draft.json["key"]
    assert client(PROVINCE).get(f"/applications/{number}").status_code == 404
    path = f"/applications/{number}/tasks/{key}"
    saved = client(EMITTER).call("PUT", f"{path}/draft", json={"form": lines(allowance="30")})
    assert saved.status_code == 204
    assert client(EMITTER).get(path).json["draft"] == lines(allowance="30")
    assert (
        client(EMITTER).post(f"{path}/decision", {"form": lines(allowance="30")}).status_code == 200
    )
    assert client(EMITTER).get(f"/applications/{number}").json["events"] == ["withdraw"]
    assert client(EMITTER).post(f"/applications/{number}/events/withdraw").status_code == 200
    assert client(EMITTER).get(f"/applications/{number}").json["state"]["zh"] == "已撤回"


def test_the_second_reviewer_learns_that_somebody_was_first(client, market):
    number = begun(client, market, lines(allowance="5")).json["application_id"]
    key = client(PROVINCE).get(f"/applications/{number}").json["open_tasks"][0]["key"]
    path = f"/applications/{number}/tasks/{key}/decision"
    assert client(PROVINCE).post(path, {"form": {"verdict": "approve"}}).status_code == 200
    second = client(REVIEWER).post(path, {"form": {"verdict": "approve"}})
    assert second.status_code == 409
    assert second.json["code"] == "AlreadyDecided"


def test_holdings_and_ledgers_are_strings_of_whole_tonnes(client, market):
    account = market.account_of("QL")
    found = client(EMITTER).get(f"/accounts/{account}/holdings").json
    row = found["holdings"][0]
    parts = ("registry_available", "registry_frozen", "registry_pending_transfer", "trading_held",
             "trading_pending_transfer")  # fmt: skip
    assert int(row["total"]) == sum(int(row[part]) for part in parts)
    ledger = client(EMITTER).get(f"/accounts/{account}/ledgers/registry").json
    assert ledger["rows"]
    assert all(isinstance(r["quantity"], str) for r in ledger["rows"])
