"""A certificate as a PDF: A4, Chinese and English, made of the database's rows alone.

The same rows and address give the same bytes: the creation date is the instant of issue, and
nothing asks the machine for the time.
"""

from collections.abc import Iterator
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, VAlign, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from app.certificates.code import draw_code
from app.certificates.content import Content, Line
from app.certificates.fonts import font_files
from app.certificates.guilloche import rosette
from app.domain.clock import local_day
from app.domain.label import Label

Colour = tuple[int, int, int]
NAVY, TEAL, INK, GREY = (18, 52, 74), (11, 97, 112), (27, 39, 51), (70, 86, 100)
PALE, RED, WHITE = (226, 240, 242), (163, 32, 26), (255, 255, 255)
# Millimetres; the foot of the first page is kept free for date, code and address.
WIDTH, HEIGHT, MARGIN, FOOT, CODE = 210, 297, 24, 70, 30
INSIDE = WIDTH - 2 * MARGIN
RANGES_A_ROW = 6  # a row may not be higher than a page

REGISTRY = Label("全国碳排放权注册登记结算系统", "National Carbon Registry and Settlement System")
TITLE = Label("自愿注销证书", "Certificate of Voluntary Cancellation")
STATEMENT = Label(
    "兹证明下列持有人已将所持排放配额或减排量自愿注销。所注销的单位已转入自愿注销账户，"
    "永久退出流通，不得再用于清缴、抵销、交易或转让。",
    "This is to certify that the holder named below has voluntarily cancelled the units listed."
    " They lie in the voluntary cancellation account, out of circulation for good, and can no"
    " longer be surrendered, used as offsets, traded or transferred.",
)
CONFIRM = Label(
    "扫描二维码或访问下列网址，可核验本证书及所注销的单位是否已被撤销注销。",
    "Scan the code or open the address to confirm this certificate and to see whether the"
    " cancellation was later reversed.",
)
COLUMNS = ("标的 Instrument", "类型 Type", "数量（吨）Tonnes", "序列号 Serial numbers")
UNIT_TYPES = {"allowance": "配额 Allowance", "ccer": "减排量 CCER"}


def print_certificate(content: Content) -> bytes:
    """Return the PDF; raises FontMissing where the font is not installed."""
    paper = _Paper(content)
    paper.add_page()
    paper.write_title()
    paper.write_statement()
    paper.write_fields()
    paper.write_lines()
    return bytes(paper.output())


class _Paper(FPDF):
    """One certificate; further pages carry on the table of instruments."""

    def __init__(self, content: Content) -> None:
        super().__init__(format="A4", unit="mm")
        self.content = content
        self.set_creation_date(content.issued_at)
        self.set_title(f"{TITLE.zh} {content.number}")
        self.set_subject(f"{TITLE.en} {content.number}")
        self.set_author(REGISTRY.zh)
        self.set_lang("zh-CN")
        for style, path in font_files().items():
            self.add_font("noto", style, path)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, margin=FOOT)

    def header(self) -> None:
        """Draw the frame; a page after the first names the certificate and is filled further."""
        self.set_draw_color(*TEAL)
        for inset, width in ((10, 0.9), (12, 0.25), (13.2, 0.25)):
            self.set_line_width(width)
            self.rect(inset, inset, WIDTH - 2 * inset, HEIGHT - 2 * inset)
        if self.page_no() == 1:
            self._rosette()
        else:
            self.set_auto_page_break(True, margin=MARGIN + 6)
            self._text(f"{TITLE.zh} {TITLE.en}　{self.content.number}", 9, colour=GREY)
            self.ln(3)

    def footer(self) -> None:
        """Close the first page with date and code; say on each how many pages there are."""
        if self.page_no() == 1:
            self._closing()
        self.set_y(HEIGHT - 20)
        self._text(f"{self.page_no()} / {{nb}}", 7.5, colour=GREY, align=Align.C)

    def write_title(self) -> None:
        """Write whose certificate it is, what it is, and its number."""
        content = self.content
        self.set_y(27)
        self._text(REGISTRY.zh, 12, bold=True, colour=NAVY, align=Align.C, height=6)
        self._text(REGISTRY.en, 8.5, colour=GREY, align=Align.C)
        self.ln(4)
        self._text(TITLE.zh, 31, bold=True, colour=TEAL, align=Align.C, height=15)
        self._text(TITLE.en, 14, colour=TEAL, align=Align.C, height=8)
        self.ln(1.5)
        self._text(f"证书编号 Certificate No.　{content.number}", 10, align=Align.C)
        if content.reversed_at:
            self._write_reversal(content.reversed_at)

    def _write_reversal(self, at: datetime) -> None:
        """Say that the cancellation was undone: printed anew, it must not look valid."""
        day = local_day(at)
        words = f"注销已于 {day} 被撤销，本证书失效　Reversed on {day}, no longer valid"
        self.ln(1)
        self._text(words, 11, bold=True, colour=RED, align=Align.C, height=6)

    def write_statement(self) -> None:
        """Write what is certified, and of how many tonnes."""
        self.ln(3)
        self._text(STATEMENT.zh, 10.5, height=6.2, wrap=WrapMode.CHAR)
        self._text(STATEMENT.en, 8.5, colour=GREY, height=4.6)
        self.ln(2)
        top, total = self.get_y(), f"{self.content.total:,}"
        self.set_fill_color(*PALE)
        self.rect(MARGIN, top, INSIDE, 16, style="F")
        self.set_y(top + 2)
        words = f"{total} 吨二氧化碳当量"
        self._text(words, 17, bold=True, colour=NAVY, align=Align.C, height=7.5)
        words = f"{total} tonnes of CO2 equivalent"
        self._text(words, 8.5, colour=GREY, align=Align.C)
        self.set_y(top + 20)

    def write_fields(self) -> None:
        """Write the holder, and beneficiary and purpose where they were given."""
        content, holder = self.content, self.content.holder
        names = holder.zh if holder.en == holder.zh else f"{holder.zh}\n{holder.en}"
        self._field("持有人 Holder", names)
        if content.beneficiary.strip():
            self._field("受益人 Beneficiary", content.beneficiary)
        if content.purpose.strip():
            self._field("用途 Purpose", content.purpose)
        self._field("申请编号 Application", content.application)
        self.ln(2)

    def _field(self, label: str, text: str) -> None:
        top, page = self.get_y(), self.page
        self.set_x(MARGIN + 44)
        self._text(text, 10.5, width=INSIDE - 44, height=5.8, wrap=_wrap(text))
        end, last = self.get_y(), self.page
        if last == page:
            self.set_xy(MARGIN, top)
            self._text(label, 9, bold=True, colour=TEAL, width=44, height=5.8)
        self.set_xy(MARGIN, end + 1)

    def write_lines(self) -> None:
        """Write the table of instruments, quantities and serial ranges."""
        self.set_font("noto", size=8.5)
        self.set_text_color(*INK)
        self.set_draw_color(*TEAL)
        self.set_line_width(0.2)
        self.set_fill_color(*WHITE)
        with self.table(
            col_widths=(57, 27, 31, 47),
            text_align=(Align.L, Align.L, Align.R, Align.R),
            v_align=VAlign.T,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", color=WHITE, fill_color=TEAL),
            line_height=4.8,
            padding=1.2,
            width=INSIDE,
        ) as table:
            table.row(COLUMNS)
            for line in self.content.lines:
                for cells in _rows(line):
                    table.row(cells)

    def _rosette(self) -> None:
        self.set_draw_color(*PALE)
        self.set_line_width(0.15)
        for radius in (64, 47, 30):
            for curve in rosette((WIDTH / 2, 152), radius):
                self.polyline(curve)

    def _closing(self) -> None:
        """Write the date on the left, and the code that confirms it on the right."""
        day, top = local_day(self.content.issued_at), HEIGHT - FOOT + 8
        width = INSIDE - CODE - 8
        self.set_draw_color(*TEAL)
        self.set_line_width(0.2)
        self.line(MARGIN, top - 5, WIDTH - MARGIN, top - 5)
        draw_code(self, self.content.address, (WIDTH - MARGIN - CODE, top), CODE)
        self.set_xy(MARGIN, top)
        self._text("签发日期 Date of issue", 8.5, colour=GREY, width=width)
        words = f"{day.year} 年 {day.month} 月 {day.day} 日　{day.isoformat()}"
        self._text(words, 12, bold=True, width=width, height=7)
        self.ln(2)
        self._text(CONFIRM.zh, 8, width=width, wrap=WrapMode.CHAR)
        self._text(CONFIRM.en, 7.5, colour=GREY, width=width, height=4)
        self._text(self.content.address, 8, colour=TEAL, width=width, wrap=WrapMode.CHAR)

    def _text(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        align: Align = Align.L,
        width: float = 0,
        height: float = 5,
        wrap: WrapMode = WrapMode.WORD,
    ) -> None:
        """Write a paragraph from where the pen is; the next begins below it."""
        self.set_font("noto", "B" if bold else "", size)
        self.set_text_color(*colour)
        below = XPos.START if width else XPos.LMARGIN
        self.multi_cell(
            width, height, text, align=align, wrapmode=wrap, new_x=below, new_y=YPos.NEXT
        )


def _rows(line: Line) -> Iterator[tuple[str, str, str, str]]:
    """Return the table rows of an instrument; many ranges take several."""
    names = [line.name.zh, *([line.name.en] if line.name.en != line.name.zh else []), line.code]
    ranges = [f"{first:010} – {last:010}" for first, last in line.ranges]
    for start in range(0, max(len(ranges), 1), RANGES_A_ROW):
        serials = "\n".join(ranges[start : start + RANGES_A_ROW])
        if start == 0:
            kind = UNIT_TYPES.get(line.unit_type, line.unit_type)
            yield "\n".join(names), kind, f"{line.quantity:,}", serials
        else:
            yield f"{line.code}（续 continued）", "", "", serials


def _wrap(text: str) -> WrapMode:
    """Chinese breaks between any two characters, other texts between words."""
    chinese = any("\u2e80" <= character <= "\u9fff" for character in text)
    return WrapMode.CHAR if chinese else WrapMode.WORD
