"""Files of an application: read by its parties and auditors, by nobody else; kept for ever."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg2
import pytest

from app.domain.errors import Forbidden, Invalid, NotFound
from app.services.application import application
from app.services.attachments.opening import opening_complete, opening_files
from app.services.attachments.reading import own, read
from app.services.attachments.upload import LOOSE, upload
from app.services.drafts import save
from app.services.opening import Opening, PersonOpening, open_holders
from app.services.saved import saved_form
from tests.attachments.files import CSV, HTML, PDF, PNG, TEXT
from tests.services.market import APPROVE, PE21, RETURN, lines, superuser


@pytest.fixture
def an_emitter(a_market):
    return a_market.actor("emitter")


@pytest.fixture
def a_province(a_market):
    return a_market.actor("province")


@pytest.fixture
def a_stranger(a_market):
    return a_market.actor("stranger")


@pytest.fixture
def an_auditor(a_market):
    people = (PersonOpening("李审", rights="read", member_no="13000000001"),)
    a_market.open(Opening("audit", "审计办公室", "auditor", ("office",), people))
    return a_market.actor("audit")


def form(*ids: object, quantity: int = 100) -> dict:
    return {**lines(**{PE21: quantity}), "files": [str(each) for each in ids]}


def begun(market, emitter, *ids: object, submit: bool = True) -> int:
    return market.begin(emitter, market.notice(obligation=400), form(*ids), submit=submit)


def refused(market, actor, name: str, content: bytes) -> str:
    with pytest.raises(Invalid) as error:
        upload(market.ctx, actor, name, content)
    return error.value.message.zh


def test_an_upload_is_seen_by_its_holder_only(a_market, an_emitter, a_province, a_stranger):
    file = upload(a_market.ctx, an_emitter, "报告.pdf", PDF)
    assert read(a_market.ctx, a_market.actor("emitter", 1), file.id) == (file, PDF)
    assert (file.filename, file.size, file.media_type) == ("报告.pdf", len(PDF), "application/pdf")
    for other in (a_province, a_stranger, a_market.actor("neighbour")):
        with pytest.raises(NotFound):
            read(a_market.ctx, other, file.id)


def test_a_submitted_file_is_read_by_the_parties_and_by_auditors(
    a_market, an_emitter, a_province, a_stranger, an_auditor
):
    file = upload(a_market.ctx, an_emitter, "报告.pdf", PDF)
    instance = begun(a_market, an_emitter, file.id)
    for party in (an_emitter, a_province, an_auditor):
        assert read(a_market.ctx, party, file.id)[1] == PDF
        assert application(a_market.ctx, party, instance).attachments == [file]
    for other in (a_stranger, a_market.actor("other_province"), a_market.actor("registry")):
        with pytest.raises(NotFound):
            read(a_market.ctx, other, file.id)


def test_a_file_of_a_draft_is_not_yet_the_provinces(a_market, an_emitter, a_province, an_auditor):
    file = upload(a_market.ctx, an_emitter, "报告.pdf", PDF)
    instance = begun(a_market, an_emitter, file.id, submit=False)
    kept = saved_form(a_market.ctx, an_emitter, instance, a_market.key(instance))
    assert kept.form["files"] == [str(file.id)]
    for other in (a_province, an_auditor):
        with pytest.raises(NotFound):
            read(a_market.ctx, other, file.id)


def test_a_decision_says_what_its_files_contained(a_market, an_emitter):
    file = upload(a_market.ctx, an_emitter, "报告.pdf", PDF)
    instance = begun(a_market, an_emitter, file.id)
    [(document,)] = a_market.rows(
        "SELECT document FROM workflow.decision WHERE instance_id = %(i)s", i=instance
    )
    effects = json.loads(bytes(document))["effects"]
    named = [{"id": str(file.id), "sha256": hashlib.sha256(PDF).hexdigest()}]
    assert {"op": "bind_attachments", "request": {"attachments": named}} in effects


def test_files_of_every_round_and_party_stay_with_the_application(a_market, an_emitter, a_province):
    first = upload(a_market.ctx, an_emitter, "1.pdf", PDF)
    instance = begun(a_market, an_emitter, first.id)
    answer = upload(a_market.ctx, a_province, "意见.txt", TEXT)
    a_market.decide(a_province, instance, {**RETURN, "files": [str(answer.id)]})
    second = upload(a_market.ctx, an_emitter, "2.png", PNG)
    a_market.decide(an_emitter, instance, form(second.id, quantity=90))
    a_market.decide(a_province, instance, APPROVE)
    found = application(a_market.ctx, an_emitter, instance).attachments
    assert found == [first, answer, second]
    assert read(a_market.ctx, an_emitter, answer.id)[1] == TEXT


@pytest.mark.parametrize("submit", [True, False])
def test_a_form_cannot_name_a_file_of_somebody_else(a_market, an_emitter, a_stranger, submit):
    foreign = upload(a_market.ctx, a_stranger, "报告.pdf", PDF)
    for named in (foreign.id, 10**17, "x", "9" * 40, ""):
        before = a_market.rows("SELECT count(*) FROM workflow.instance")
        with pytest.raises(Invalid) as error:
            begun_with(a_market, an_emitter, named, submit)
        assert "files" in error.value.fields
        assert a_market.rows("SELECT count(*) FROM workflow.instance") == before


def begun_with(market, emitter, named, submit):
    notice = market.rows("SELECT id FROM compliance.notice")
    number = notice[0][0] if notice else market.notice(obligation=400)
    return market.begin(emitter, number, form(named), submit=submit)


def test_a_draft_cannot_name_a_file_of_somebody_else(a_market, an_emitter, a_stranger):
    foreign = upload(a_market.ctx, a_stranger, "报告.pdf", PDF)
    instance = begun(a_market, an_emitter, submit=False)
    with pytest.raises(Invalid):
        save(a_market.ctx, an_emitter, instance, a_market.key(instance), form(foreign.id))


def test_the_database_binds_no_file_of_a_stranger(a_market, an_emitter, a_stranger):
    foreign = upload(a_market.ctx, a_stranger, "报告.pdf", PDF)
    mine = upload(a_market.ctx, an_emitter, "报告.pdf", PDF)
    instance = begun(a_market, an_emitter)
    [(decision,)] = a_market.rows("SELECT id FROM workflow.decision")
    wrong_hash = {"id": str(mine.id), "sha256": "00" * 32}
    for named in ({"id": str(foreign.id), "sha256": foreign.sha256}, wrong_hash):
        request = {
            "attachments": [named], "instance_id": instance, "decision_id": decision,
            "account_id": an_emitter.account_id, "at": "2022-03-01T00:00:00Z",
        }  # fmt: skip
        with pytest.raises(psycopg2.Error) as error:
            a_market.rows("SELECT attachments.bind(%(r)s::jsonb)", r=json.dumps(request))
        assert error.value.pgcode == "RG404"


def test_an_application_has_at_most_so_many_files(a_market, an_emitter):
    ctx = replace(a_market.ctx, settings=replace(a_market.ctx.settings, attachments_most=2))
    a_market.ctx = ctx
    files = [upload(ctx, an_emitter, f"{n}.txt", TEXT + bytes([65 + n])) for n in range(3)]
    with pytest.raises(Invalid, match="at most 2 files"):
        begun(a_market, an_emitter, *(file.id for file in files))


def test_a_file_is_limited_in_size(a_market, an_emitter):
    a_market.ctx = replace(a_market.ctx, settings=replace(a_market.ctx.settings, attachment_mib=1))
    exactly = PDF[:-6] + b" " * (1024 * 1024 - len(PDF)) + PDF[-6:]
    assert upload(a_market.ctx, an_emitter, "a.pdf", exactly).size == 1024 * 1024
    assert refused(a_market, an_emitter, "a.pdf", exactly + b" ") == (
        "文件“a.pdf”没有上传：超过 1 MiB。"
    )


def test_a_page_called_a_pdf_is_refused_in_plain_words(a_market, an_emitter):
    assert refused(a_market, an_emitter, "报告.pdf", HTML) == (
        "文件“报告.pdf”没有上传：内容含有网页或脚本代码（如 HTML、SVG），不能上传。"
    )
    assert "后缀" in refused(a_market, an_emitter, "报告.exe", PDF)
    assert a_market.rows("SELECT count(*) FROM attachments.blob") == [(0,)]


def test_the_same_content_is_stored_once(a_market, an_emitter, a_stranger):
    def one(place: int):
        actor = (an_emitter, a_stranger)[place % 2]
        return upload(a_market.ctx, actor, f"{place // 2}.csv", CSV)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(one, range(8)))
    assert len({file.id for file in made}) == 8
    assert a_market.rows("SELECT count(*), sum(size) FROM attachments.blob") == [(1, len(CSV))]


def test_a_file_handed_in_twice_is_the_same_file(a_market, an_emitter):
    def again(_n: int):
        return upload(a_market.ctx, an_emitter, "报告.pdf", PDF)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(again, range(4)))) == 1


def test_who_may_only_read_uploads_nothing(a_market):
    with pytest.raises(Forbidden):
        upload(a_market.ctx, a_market.actor("emitter", 4), "报告.pdf", PDF)


def test_files_that_nobody_submits_have_an_end(a_market, an_emitter):
    first = upload(a_market.ctx, an_emitter, "0.txt", TEXT)
    a_market.change(
        """INSERT INTO attachments.attachment (sha256, filename, holder_id, person_id, account_id,
               purpose, at)
           SELECT a.sha256, n || '.txt', a.holder_id, a.person_id, a.account_id, a.purpose, a.at
           FROM attachments.attachment a, generate_series(2, %(n)s) AS n WHERE a.id = %(id)s""",
        id=first.id,
        n=LOOSE,
    )
    assert f"{LOOSE} 个" in refused(a_market, an_emitter, "x.txt", TEXT)


def test_own_files_are_named_in_the_order_of_the_form(a_market, an_emitter, a_stranger):
    one, two = (upload(a_market.ctx, an_emitter, name, TEXT) for name in ("1.txt", "2.txt"))
    ids = [str(two.id), "x", str(one.id), str(two.id), str(10**17)]
    assert own(a_market.ctx, an_emitter, ids) == [two, one]
    assert own(a_market.ctx, a_stranger, ids) == []


TABLES = ("blob", "attachment", "binding")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {}"])
def test_not_even_the_owner_changes_what_was_handed_in(a_market, an_emitter, table, statement):
    begun(a_market, an_emitter, upload(a_market.ctx, an_emitter, "报告.pdf", PDF).id)
    column = {"blob": "media_type = 'text/html'", "attachment": "filename = 'x'",
              "binding": "at = at"}[table]  # fmt: skip
    name = f"attachments.{table}"
    for url in (a_market.database.owner_url, a_market.database.app_url):
        connection = psycopg2.connect(url)
        with pytest.raises(psycopg2.Error) as error, connection.cursor() as cursor:
            cursor.execute(statement.format(name, column))
        assert error.value.pgcode in {"RG900", "42501"}
        connection.close()


@pytest.mark.database
def test_the_application_binds_only_through_the_function(a_market):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        a_market.rows("INSERT INTO attachments.binding VALUES (1, 1, 1, now()) RETURNING 1")


@pytest.mark.database
def test_a_content_under_a_wrong_hash_is_refused_by_the_database(a_market):
    with superuser(a_market.database) as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(
            "INSERT INTO attachments.blob VALUES (sha256('x'), 1, 'application/pdf', 'y')"
        )


def test_who_was_opened_in_bulk_hands_in_files_before_a_change(a_market, an_auditor):
    opening = Opening(
        "bulk", "批量开户单位", "emitter", ("compliance",), (PersonOpening("甲"),),
        province_id=a_market.holder("province"),
    )  # fmt: skip
    [opened] = open_holders(a_market.ctx, None, [opening], bulk=True)
    a_market.holders["bulk"] = opened
    representative = a_market.actor("bulk")

    def complete(holder: int) -> bool:
        with a_market.ctx.database.transaction() as tx:
            return opening_complete(tx, holder)

    assert complete(a_market.holder("emitter"))
    assert not complete(opened.holder_id)
    upload(a_market.ctx, representative, "随手.pdf", PDF)
    assert not complete(opened.holder_id)
    file = upload(a_market.ctx, representative, "营业执照.pdf", PDF, "opening")
    assert complete(opened.holder_id)
    for reader in (representative, a_market.actor("province"), a_market.actor("registry")):
        assert opening_files(a_market.ctx, reader, opened.holder_id) == [file]
        assert read(a_market.ctx, reader, file.id)[1] == PDF
    assert read(a_market.ctx, an_auditor, file.id)[1] == PDF
    for other in (a_market.actor("emitter"), a_market.actor("other_province")):
        assert opening_files(a_market.ctx, other, opened.holder_id) == []
        with pytest.raises(NotFound):
            read(a_market.ctx, other, file.id)
    assert not complete(10**17)
