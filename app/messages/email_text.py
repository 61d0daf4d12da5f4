"""A letter as an e-mail: RFC 5322 with the headers that keep machines from answering it."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.domain.clock import BEIJING
from app.messages.port import Letter, Refused


def email_of(letter: Letter, sender: str) -> EmailMessage:
    """Return the e-mail; the same letter gives the same Message-ID and the same bytes.

    Raises Refused for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{letter.token}@{domain}>"
    message["Date"] = letter.at.astimezone(BEIJING)
    message["From"] = Address("全国碳排放权注册登记结算系统", addr_spec=sender)
    message["To"] = _address(letter.address)
    message["Subject"] = letter.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    message.set_content(letter.body, charset="utf-8", cte="base64")
    return message


def _address(text: str) -> Address:
    try:
        found = Address(addr_spec=text)
    except Exception as error:
        raise Refused("the address is not an e-mail address") from error
    if not found.username or not found.domain or not text.isprintable():
        raise Refused("the address is not an e-mail address")
    return found
