"""The PDF itself, read back."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
import segno
from pypdf import PdfReader

from app.certificates.certificates import NUMBER
from app.certificates.code import draw_code
from app.certificates.content import Content, Line
from app.certificates.fonts import FontMissing, font_files
from app.certificates.paper import print_certificate
from app.domain.label import Label
from app.web.errors import status_of

ISSUED = datetime(2022, 2, 28, 16, 30, tzinfo=UTC)  # 1 March in Beijing
PE21 = Line(
    "PE2021000025",
    Label("2021年5月17日增持的配额", "Allowances of 17 May 2021"),
    "allowance",
    1200,
    ((1_000_000_001, 1_000_000_900), (1_000_001_001, 1_000_001_300)),
)
CCER = Line(
    "CCER2020001", Label("某风电项目", "某风电项目"), "ccer", 60, ((5_000_000_001, 5_000_000_060),)
)
A_CERTIFICATE = Content(
    number="ZXZS-2022-0000001",
    holder=Label("青岚热电有限公司", "Qinglan Heat and Power"),
    beneficiary="低碳运动会组委会",
    purpose="赛事碳中和",
    application="ZX-2022-0000123",
    issued_at=ISSUED,
    lines=(PE21, CCER),
    address="https://registry.example.org/certificates/ZXZS-2022-0000001",
)


@cache
def printed(content: Content) -> bytes:
    """Reading the font takes a second: one content is printed once for all who read it."""
    return print_certificate(content)


def pages_of(content: Content) -> list[str]:
    reader = PdfReader(BytesIO(printed(content)))
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


def test_a_certificate_says_everything_in_both_languages():
    [page] = pages_of(A_CERTIFICATE)
    for words in (
        "自愿注销证书",
        "Certificate of Voluntary Cancellation",
        "ZXZS-2022-0000001",
        "青岚热电有限公司",
        "Qinglan Heat and Power",
        "低碳运动会组委会",
        "赛事碳中和",
        "ZX-2022-0000123",
        "1,260 吨二氧化碳当量",
        "1,260 tonnes of CO2 equivalent",
        "PE2021000025",
        "2021年5月17日增持的配额",
        "1,200",
        "1000000001 – 1000000900",
        "1000001001 – 1000001300",
        "CCER2020001",
        "5000000001 – 5000000060",
        "2022 年 3 月 1 日",
        "2022-03-01",
        "https://registry.example.org/certificates/ZXZS-2022-0000001",
    ):
        assert words in page
    assert "撤销，本证书失效" not in page


def test_beneficiary_and_purpose_are_left_out_when_they_were_not_given():
    [page] = pages_of(replace(A_CERTIFICATE, beneficiary="", purpose=" "))
    assert "受益人" not in page
    assert "用途" not in page


def test_the_same_rows_give_the_same_bytes():
    assert print_certificate(A_CERTIFICATE) == printed(A_CERTIFICATE)
    made = PdfReader(BytesIO(printed(A_CERTIFICATE))).metadata
    assert made is not None
    assert made.creation_date == ISSUED
    assert made.title == "自愿注销证书 ZXZS-2022-0000001"


def test_a_certificate_carries_its_font():
    page = PdfReader(BytesIO(printed(A_CERTIFICATE))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert len(fonts) == 2
    for font in fonts:
        [inner] = font["/DescendantFonts"]
        assert "/FontFile2" in inner.get_object()["/FontDescriptor"]


def test_a_certificate_printed_after_a_reversal_says_that_it_is_no_longer_valid():
    [page] = pages_of(replace(A_CERTIFICATE, reversed_at=datetime(2022, 3, 3, 2, tzinfo=UTC)))
    assert "注销已于 2022-03-03 被撤销，本证书失效" in page
    assert "Reversed on 2022-03-03" in page


def test_many_ranges_run_over_several_pages_and_none_is_lost():
    ranges = tuple((10 * n + 1_000_000_000, 10 * n + 1_000_000_004) for n in range(300))
    pages = pages_of(replace(A_CERTIFICATE, lines=(replace(PE21, ranges=ranges), CCER)))
    assert len(pages) > 2
    said = " ".join(pages)
    assert [r for r in ranges if f"{r[0]} – {r[1]}" not in said] == []
    assert all("ZXZS-2022-0000001" in page for page in pages)
    assert pages[-1].rstrip().endswith(f"{len(pages)} / {len(pages)}")


def test_a_long_purpose_and_signs_outside_the_font_are_printed_all_the_same():
    purpose = "为公益活动实现碳中和。" * 40 + "😀 \u0001"
    pages = pages_of(replace(A_CERTIFICATE, purpose=purpose))
    assert "5000000001 – 5000000060" in " ".join(pages)


def test_a_missing_font_is_said_with_what_to_do(tmp_path: Path):
    with pytest.raises(FontMissing) as refused:
        font_files(tmp_path)
    assert "make setup" in refused.value.message.zh
    assert "make setup" in refused.value.message.en
    assert status_of(refused.value) == 503


def test_the_code_is_drawn_module_by_module():
    drawn: list[tuple[float, ...]] = []

    class Pen:
        def set_fill_color(self, *_: int) -> None: ...

        def rect(self, *place: float, style: str) -> None:  # noqa: ARG002 - as it is called
            drawn.append(place)

    draw_code(Pen(), A_CERTIFICATE.address, (0, 0), 29)  # type: ignore[arg-type]
    matrix = segno.make_qr(A_CERTIFICATE.address, error="m").matrix
    module = 29 / len(matrix)
    seen = {
        (round(x / module) + n, round(y / module))
        for x, y, width, _ in drawn
        for n in range(round(width / module))
    }
    assert seen == {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


@pytest.mark.parametrize("number", ["ZXZS-2022-0000001", "ZXZS-2031-123456789"])
def test_a_number_is_recognised(number: str):
    assert NUMBER.fullmatch(number)


@pytest.mark.parametrize(
    "number", ["ZXZS-2022-1", "ZXZS-2022-٠٠٠٠٠٠١", "x' OR 1=1", "ZXZS-2022-0000001\n"]
)
def test_what_is_no_number_is_not_looked_up(number: str):
    assert not NUMBER.fullmatch(number)
