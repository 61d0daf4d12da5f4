"""Comments among colleagues: read by their own organisation alone, never edited (W2)."""

import psycopg2
import pytest

from app.domain.errors import Forbidden, Invalid, NotFound
from app.services.comments import LONGEST, comments, say
from app.services.inbox import Filters, page
from tests.services.market import PE21, lines


@pytest.fixture
def an_auditor(a_market):
    from app.services.opening import Opening, PersonOpening

    people = (PersonOpening("审计员", "Auditor", "both", "60000000001"),)
    a_market.open(Opening("audit", "审计机构", "auditor", ("office",), people))
    return a_market.actor("audit")


def said(market, actor, instance) -> list[tuple[str, str]] | None:
    found = comments(market.ctx, actor, instance)
    return None if found is None else [(c.person, c.text) for c in found]


def test_colleagues_read_one_another_and_no_other_party_does(
    a_market, two_officers, an_emitter, a_colleague, a_submitted_application
):
    first, second = two_officers
    say(a_market.ctx, first, a_submitted_application, " 请核对核查报告。 ")
    say(a_market.ctx, second, a_submitted_application, "已核对。")
    say(a_market.ctx, a_colleague, a_submitted_application, "等省里。")
    theirs = [(second.person_name, "已核对。"), (first.person_name, "请核对核查报告。")]
    assert said(a_market, first, a_submitted_application) == theirs
    assert said(a_market, second, a_submitted_application) == theirs
    assert said(a_market, an_emitter, a_submitted_application) == [
        (a_colleague.person_name, "等省里。")
    ]


def test_an_auditor_reads_no_comments_and_writes_none(
    a_market, two_officers, an_auditor, a_submitted_application
):
    say(a_market.ctx, two_officers[0], a_submitted_application, "仅供内部参考")
    assert said(a_market, an_auditor, a_submitted_application) is None
    with pytest.raises(NotFound):
        say(a_market.ctx, an_auditor, a_submitted_application, "可见吗")


def test_a_stranger_neither_reads_nor_writes(a_market, another_province, a_submitted_application):
    assert said(a_market, another_province, a_submitted_application) is None
    with pytest.raises(NotFound):
        say(a_market.ctx, another_province, a_submitted_application, "路过")


def test_a_province_says_nothing_about_a_draft_it_cannot_see(
    a_market, an_emitter, a_province, a_notice
):
    draft = a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}), submit=False)
    with pytest.raises(NotFound):
        say(a_market.ctx, a_province, draft, "看不到")
    say(a_market.ctx, an_emitter, draft, "先存着")
    assert said(a_market, an_emitter, draft) == [(an_emitter.person_name, "先存着")]


def test_who_only_reads_writes_nothing(a_market, a_submitted_application):
    with pytest.raises(Forbidden):
        say(a_market.ctx, a_market.actor("province", 3), a_submitted_application, "只读")


@pytest.mark.parametrize("text", ["", "  \n ", "字" * (LONGEST + 1)])
def test_an_empty_or_endless_comment_is_refused(
    a_market, a_province, a_submitted_application, text
):
    with pytest.raises(Invalid):
        say(a_market.ctx, a_province, a_submitted_application, text)


def test_a_comment_pressed_twice_stands_once(a_market, a_province, a_submitted_application):
    for _ in range(2):
        say(a_market.ctx, a_province, a_submitted_application, "一次", "key")
    assert len(said(a_market, a_province, a_submitted_application) or ()) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE workflow.comment SET text = 'x'", "DELETE FROM workflow.comment"]
)
def test_a_comment_is_never_edited_nor_deleted(
    a_market, a_province, a_submitted_application, statement
):
    say(a_market.ctx, a_province, a_submitted_application, "留着")
    with pytest.raises(psycopg2.Error, match="append-only"):
        a_market.change(statement)


def test_the_inbox_counts_the_comments_of_one_s_own(
    a_market, a_province, a_colleague, a_submitted_application
):
    say(a_market.ctx, a_colleague, a_submitted_application, "别人的")
    for text in ("一", "二"):
        say(a_market.ctx, a_province, a_submitted_application, text)
    [entry] = page(a_market.ctx, a_province, Filters()).entries
    assert entry.comments == 2
