"""E-mail leaves by SMTP as it was written, over TLS, and a failing server fails quickly."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.messages.email_text import email_of
from app.messages.mailbox import FileMailbox
from app.messages.port import Failed, Letter, Refused
from app.messages.sms import FileSms
from app.messages.smtp import Server, SmtpMailer, server_of

AT = datetime(2026, 12, 31, 1, 0, tzinfo=UTC)
LETTER = Letter(
    "t0ken", "zhang@example.com", "【登记】待办：审核申请 LY-1", "请登录系统办理。\n", AT
)
FROM = "registry@example.com"
CERTIFICATE = Path(__file__).parent / "localhost.pem"


class Receiver:
    """Keeps what came in; ``answer`` overrides what the server says to a recipient."""

    def __init__(self, answer: str = "") -> None:
        self.answer = answer
        self.came: list[Envelope] = []
        self.secure: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list
    ) -> str:
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.came.append(envelope)
        self.secure.append(session.ssl is not None)
        return "250 taken"

    def signed_in(self, _server, _session, _envelope, _mechanism, given) -> AuthResult:
        self.users.append(given.login.decode())
        return AuthResult(success=given.password == b"secret word", handled=False)


@contextmanager
def serving(receiver: Receiver, **more: object) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(receiver, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def mailer(port: int, timeout: float = 5, **more: object) -> SmtpMailer:
    server = Server("smtp", "127.0.0.1", port, **{"tls": False, **more})
    return SmtpMailer(server, FROM, timeout)


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine, signed by itself, that clients trust by SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_a_mail_arrives_with_its_chinese_subject_and_text():
    receiver = Receiver()
    with serving(receiver) as port:
        mailer(port).send(LETTER)
    [envelope] = receiver.came
    assert envelope.mail_from == FROM
    assert envelope.rcpt_tos == [LETTER.address]
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == LETTER.subject
    assert mail.get_content().splitlines() == LETTER.body.splitlines()
    assert mail["Message-ID"] == "<t0ken@example.com>"
    assert mail["From"].addresses[0].display_name == "全国碳排放权注册登记结算系统"


def test_starttls_and_sign_in_come_before_the_mail(certificate: ssl.SSLContext):
    receiver = Receiver()
    more = {
        "tls_context": certificate,
        "authenticator": receiver.signed_in,
        "require_starttls": True,
    }
    with serving(receiver, auth_required=True, **more) as port:
        mailer(port, tls=True, user="registry", password="secret word").send(LETTER)
        with pytest.raises(Failed, match="535"):
            mailer(port, tls=True, user="registry", password="another").send(LETTER)
    assert receiver.secure == [True]
    assert set(receiver.users) == {"registry"}


def test_nothing_is_sent_in_the_clear_to_a_server_without_tls():
    receiver = Receiver()
    with serving(receiver) as port, pytest.raises(Failed, match="STARTTLS"):
        mailer(port, tls=True).send(LETTER)
    assert receiver.came == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    receiver = Receiver()
    with serving(receiver, tls_context=certificate) as port, pytest.raises(Failed, match="SSL"):
        mailer(port, tls=True).send(LETTER)
    assert receiver.came == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 no such user zhang@example.com", Refused), ("450 come again later", Failed)],
)
def test_a_refused_recipient_is_final_and_a_busy_server_is_not(answer: str, error: type[Failed]):
    with serving(Receiver(answer)) as port, pytest.raises(Failed) as raised:
        mailer(port).send(LETTER)
    assert type(raised.value) is error
    assert "zhang" not in str(raised.value)


def test_a_server_that_does_not_answer_costs_one_timeout_and_then_rests():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tried = mailer(silent.getsockname()[1], timeout=0.2)
        with pytest.raises(Failed, match=r"does not answer|timed out"):
            tried.send(LETTER)
        silent.settimeout(0.2)
        silent.accept()[0].close()
        with pytest.raises(Failed, match="a moment ago"):
            tried.send(LETTER)
        with pytest.raises(TimeoutError):
            silent.accept()


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example\r\nBcc: all@example.com", "a@", "@example.com"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str):
    letter = Letter("t", address, "s", "b", AT)
    with pytest.raises(Refused, match="not an e-mail address"):
        email_of(letter, FROM)
    assert address == "" or address not in repr(letter)


def test_the_same_letter_is_the_same_mail_and_lies_in_a_mailbox_once(tmp_path: Path):
    assert email_of(LETTER, FROM).as_bytes() == email_of(LETTER, FROM).as_bytes()
    mailbox = FileMailbox(tmp_path / "mail", FROM)
    assert not mailbox.holds(LETTER.token)
    for _ in range(2):
        mailbox.send(LETTER)
    [file] = (tmp_path / "mail" / "new").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert mailbox.holds(LETTER.token)
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_written_fails_and_names_no_address(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for port in (FileMailbox(tmp_path / "file", FROM), FileSms(tmp_path / "file")):
        with pytest.raises(Failed, match=re.escape(str(tmp_path))) as raised:
            port.send(LETTER)
        assert "zhang" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtps://me:a%40b@mail.example.com",
            Server("smtps", "mail.example.com", 465, "me", "a@b"),
        ),
        ("smtp://mail.example.com", Server("smtp", "mail.example.com", 587)),
        ("smtp://127.0.0.1:25?tls=off", Server("smtp", "127.0.0.1", 25, tls=False)),
    ],
)
def test_an_address_of_a_mail_server_is_read(url: str, server: Server):
    assert server_of(url) == server
    assert "a@b" not in repr(server_of(url))


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtps://a?tls=off",
        "smtp://me:secret@mail.example.com?tls=off",
    ],
)
def test_an_address_that_would_be_unsafe_or_is_none_is_refused(url: str):
    with pytest.raises(ValueError, match=r"smtp|TLS|SMTP"):
        server_of(url)
