"""What a pilot's own registry is handed: chosen, kept, the same for ever (R52); and the bases."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.canonical import canonical
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.services.claims import claim
from app.services.pilots.bases import MOST_ROWS, bases, upload
from app.services.pilots.exporting import export
from app.services.pilots.exports import exported, made
from app.services.pilots.files import file_of, name_of, sidecar
from app.services.pilots.region import designate
from app.services.pilots.waiting import waiting
from tests.postgres import Database
from tests.services.market import Market, market
from tests.services.pilot_market import (
    ACCEPTED,
    AWAY,
    HOME,
    cancel,
    export_all,
    give_base,
    open_pilots,
    pilot_id,
    submit,
)


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    with market(database, open_pilots) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(module_database: Database) -> Iterator[Market]:
    """A market that the tests of bases share."""
    with market(module_database, open_pilots) as opened:
        yield opened


@pytest.fixture
def cancelled(a_market: Market) -> list[int]:
    """Three cancelled surrenders, two of 2021 and one of 2020."""
    found = [
        submit(a_market, **{HOME: 30, AWAY: 10}),
        submit(a_market, by="rival", **{HOME: 7}),
        submit(a_market, year="2020", **{HOME: 5}),
    ]
    for instance in found:
        cancel(a_market, instance)
    return found


def test_what_waits_is_listed_and_narrowed_by_year(a_market, cancelled):
    pilot = a_market.actor("pilot")
    submit(a_market, **{HOME: 1})  # not cancelled yet
    assert [w.instance_id for w in waiting(a_market.ctx, pilot)] == cancelled
    found = waiting(a_market.ctx, pilot, "2021")
    assert [(w.holder_code, w.quantity) for w in found] == [("enterprise", 40), ("rival", 7)]
    assert waiting(a_market.ctx, a_market.actor("other_pilot")) == []


def test_an_export_completes_the_task_of_each_by_its_own_decision(a_market, cancelled):
    done = export_all(a_market, *cancelled[:2])
    assert [w.instance_id for w in waiting(a_market.ctx, a_market.actor("pilot"))] == cancelled[2:]
    decided = a_market.rows(
        """SELECT instance_id, element_id, document FROM workflow.decision
           WHERE element_id = 'export_surrender' ORDER BY instance_id"""
    )
    assert [row[0] for row in decided] == cancelled[:2]
    for row in decided:
        assert json.loads(bytes(row[2]))["form"] == {"export": done.number}
    [one] = made(a_market.ctx, a_market.actor("pilot"))
    assert (one.number, one.applications, one.outcomes) == (done.number, 2, 0)


def test_the_same_export_has_the_same_files_for_ever(a_market, cancelled):
    pilot = a_market.actor("pilot")
    number = export_all(a_market, *cancelled).number
    first = exported(a_market.ctx, pilot, number)
    files = {form: file_of(first, form) for form in ("csv", "xlsx", "json")}
    a_market.decide(pilot, cancelled[0], ACCEPTED)
    a_market.change("UPDATE identity.holder SET name = '改名后的企业' WHERE code = 'enterprise'")
    a_market.clock.set(a_market.clock.now() + timedelta(days=900))
    again = exported(a_market.ctx, a_market.actor("pilot", 1), number)
    assert again.export.sha256 == first.export.sha256
    assert {form: file_of(again, form) for form in files} == files
    assert again.outcomes != first.outcomes


def test_the_checksum_is_of_the_canonical_content_in_every_form(a_market, cancelled):
    number = export_all(a_market, *cancelled).number
    found = exported(a_market.ctx, a_market.actor("pilot"), number)
    assert hashlib.sha256(found.export.content).hexdigest() == found.export.sha256
    read = json.loads(file_of(found, "json"))
    assert read["sha256"] == hashlib.sha256(canonical(read["content"])).hexdigest()
    table = list(csv.DictReader(io.StringIO(file_of(found, "csv").decode("utf-8-sig"))))
    assert {row["内容校验和 SHA-256"] for row in table} == {found.export.sha256}
    sheet = openpyxl.load_workbook(io.BytesIO(file_of(found, "xlsx"))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == len(table) + 1
    assert sum(row[13] for row in rows[1:]) == 52


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_sidecar_is_what_sha256sum_checks(a_market, cancelled, form):
    number = export_all(a_market, cancelled[0]).number
    found = exported(a_market.ctx, a_market.actor("pilot"), number)
    digest, name = sidecar(found, form).decode().split()
    assert name == name_of(found, form) == f"{number}.{form}"
    assert digest == hashlib.sha256(file_of(found, form)).hexdigest()


def test_an_export_says_instruments_quantities_and_serials(a_market, cancelled):
    number = export_all(a_market, cancelled[0]).number
    document = exported(a_market.ctx, a_market.actor("pilot"), number).document
    [one] = document["applications"]
    assert (document["pilot"], one["year"], one["holder_code"]) == ("beijing", "2021", "enterprise")
    assert one["quantity"] == "40"
    assert [(x["instrument"], x["quantity"]) for x in one["lines"]] == [(HOME, "30"), (AWAY, "10")]
    for line in one["lines"]:
        [(first, last)] = line["serials"]
        assert int(last) - int(first) + 1 == int(line["quantity"])


def test_what_moved_on_or_is_claimed_is_left_out_and_named(a_market, cancelled):
    export_all(a_market, cancelled[0])
    colleague = a_market.actor("pilot", 1)
    [(task,)] = a_market.rows(
        "SELECT id FROM workflow.task WHERE instance_id = %(i)s", i=cancelled[1]
    )
    claim(a_market.ctx, colleague, task)
    done = export_all(a_market, *cancelled)
    why = {left.why.zh for left in done.left}
    assert why == {"已不在待导出状态", "已被同事认领"}
    found = exported(a_market.ctx, a_market.actor("pilot"), done.number)
    assert list(found.instances.values()) == cancelled[2:]
    with pytest.raises(Conflict):
        export_all(a_market, cancelled[0])


def test_a_task_is_not_completed_by_a_number_that_does_not_hold_it(a_market, cancelled):
    number = export_all(a_market, cancelled[0]).number
    with pytest.raises(Invalid) as refused:
        a_market.decide(a_market.actor("pilot"), cancelled[1], {"export": number})
    assert set(refused.value.fields) == {"export"}
    with pytest.raises(Invalid):
        a_market.decide(a_market.actor("pilot"), cancelled[1], {"export": "SDDC-2022-9999999"})


def test_nothing_is_kept_when_one_decision_fails(a_market, cancelled):
    officer = a_market.actor("pilot", 1)
    a_market.change(  # the database lets nobody decide who acted for another party
        """INSERT INTO workflow.participant (instance_id, person_id, holder_id, lane)
           VALUES (%(i)s, %(p)s, %(h)s, 'enterprise')""",
        i=cancelled[1],
        p=officer.person_id,
        h=a_market.holder("enterprise"),
    )
    before = a_market.rows("SELECT count(*) FROM workflow.decision")
    with pytest.raises(Forbidden):
        export(a_market.ctx, officer, cancelled)
    assert a_market.rows("SELECT count(*) FROM pilots.export") == [(0,)]
    assert a_market.rows("SELECT count(*) FROM workflow.decision") == before


@pytest.mark.parametrize("who", ["national", "enterprise", "province", "registry"])
def test_nobody_but_a_pilots_authority_exports(a_market, cancelled, who):
    with pytest.raises(Forbidden):
        export(a_market.ctx, a_market.actor(who), cancelled)
    with pytest.raises(Forbidden):
        waiting(a_market.ctx, a_market.actor(who))


def test_another_pilots_export_does_not_exist_for_a_stranger(a_market, cancelled):
    number = export_all(a_market, cancelled[0]).number
    for who in ("other_pilot", "enterprise", "national"):
        with pytest.raises(NotFound):
            exported(a_market.ctx, a_market.actor(who), number)
    with pytest.raises(NotFound):
        export(a_market.ctx, a_market.actor("other_pilot"), cancelled[1:])
    with pytest.raises(NotFound):
        exported(a_market.ctx, a_market.actor("pilot"), "SDDC-2022-0009999")


def test_an_export_is_for_one_pilots_registry(a_market, cancelled):
    designate(a_market.ctx, a_market.actor("national"), pilot_id(a_market, "shanghai"), "pilot")
    other = submit(a_market, pilot="shanghai", **{HOME: 2})
    cancel(a_market, other)
    with pytest.raises(Invalid, match="one pilot region"):
        export_all(a_market, cancelled[0], other)
    with pytest.raises(Invalid):
        export_all(a_market)


# ---- bases --------------------------------------------------------------------------------------


def count(shared: Market) -> int:
    return shared.rows("SELECT count(*) FROM pilots.base")[0][0]


def send(shared: Market, content: bytes, who: str = "pilot", place: int = 0) -> int:
    return upload(shared.ctx, shared.actor(who, place), pilot_id(shared, "beijing"), content)


def test_the_newest_base_counts_and_the_old_one_stays_on_record(shared):
    before = count(shared)
    give_base(shared, 100, year="2019")
    give_base(shared, 250, year="2019")
    assert count(shared) == before + 2
    found = bases(shared.ctx, shared.actor("pilot"), pilot_id(shared, "beijing"), 2019)
    assert [(b.holder_code, b.quantity) for b in found] == [("enterprise", 250)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_a_spreadsheet_is_read_with_its_heading(shared, encoding):
    text = '年度,单位代码,基数（吨）\r\n2018,enterprise,"1,200"\r\n2018,rival,0\r\n\r\n'
    assert send(shared, text.encode(encoding)) == 2


def test_every_bad_line_is_named_and_nothing_is_written(shared):
    before = count(shared)
    text = (
        "年度,单位代码,基数（吨）\n"
        "2021,enterprise,100\n"
        "2021,nobody,5\n"
        "1999,rival,5\n"
        "2021,rival,-5\n"
        "2021,rival\n"
        "2021,enterprise,7\n"
        "2021,rival,1.5\n"
    )
    with pytest.raises(Invalid) as refused:
        send(shared, text.encode())
    assert list(refused.value.fields) == [f"line-{n}" for n in (3, 4, 5, 6, 7, 8)]
    assert "没有单位代码 nobody" in refused.value.fields["line-3"].zh
    assert "与第 2 行重复" in refused.value.fields["line-7"].zh
    assert count(shared) == before


@pytest.mark.parametrize(
    "content",
    [b"", "年度,单位代码,基数（吨）\n".encode(), b"\x00\x01\x02", b"\xff\xfe\x00", b'2021,"e'],
)
def test_what_is_no_table_is_refused(shared, content):
    before = count(shared)
    with pytest.raises(Invalid):
        send(shared, content)
    assert count(shared) == before


def test_too_many_rows_are_refused(shared):
    with pytest.raises(Invalid):
        send(shared, b"2021,enterprise,1\n" * (MOST_ROWS + 1))


def test_only_the_pilots_present_authority_uploads(shared):
    for who in ("national", "enterprise", "registry", "province"):
        with pytest.raises(Forbidden):
            send(shared, b"2021,enterprise,1\n", who)
    with pytest.raises(NotFound):
        send(shared, b"2021,enterprise,1\n", "other_pilot")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore")))
def test_no_file_is_a_fault_and_only_good_ones_write(shared, content):
    before = count(shared)
    try:
        rows = send(shared, content)
    except Invalid:
        assert count(shared) == before
    else:
        assert count(shared) == before + rows


def test_who_ran_a_pilot_sees_its_own_exports_and_none_of_its_successor(a_market, cancelled):
    ctx, old, new = a_market.ctx, a_market.actor("pilot"), a_market.actor("other_pilot")
    before = export_all(a_market, *cancelled).number
    designate(ctx, a_market.actor("national"), pilot_id(a_market, "beijing"), "other_pilot")
    later = submit(a_market, **{HOME: 2})
    cancel(a_market, later, "other_pilot")
    after = export_all(a_market, later, pilot="other_pilot").number
    assert [one.number for one in made(ctx, old)] == [before]
    assert exported(ctx, old, before).export.number == before
    with pytest.raises(NotFound):
        exported(ctx, old, after)
    assert {one.number for one in made(ctx, new)} == {before, after}
    assert exported(ctx, new, before).export.number == before
