"""The same question in the agent's terminal, for a machine whose browser opens no windows."""

from queue import Queue

import click

from usbkey.agent import shown
from usbkey.agent.agent import Agent
from usbkey.agent.asked import DONE, WAITING, Pairing, Signing, Wish
from usbkey.agent.confirm import allow, refuse, sign
from usbkey.agent.keys import serial_of
from usbkey.agent.problem import problem_of
from usbkey.agent.refusals import Refused, Text
from usbkey.agent.words import Words
from usbkey.errors import UsbkeyError


def converse(agent: Agent, wishes: "Queue[Wish | None]") -> None:
    """Ask about each wish, one after the other, until there is a None."""
    while (wish := wishes.get()) is not None:
        if wish.state != WAITING:
            continue
        words = Words(wish.language)
        if isinstance(wish, Pairing):
            _ask_to_pair(agent, wish, words)
        elif isinstance(wish, Signing):
            _ask_to_sign(agent, wish, words)


def lines_of(signing: Signing, w: Words) -> list[str]:
    """Return all that is about to be signed, as plain text without control characters."""
    lines = ["", f"{w('请求来自', 'Asked by')}: {signing.origin}"]
    count = len(signing.documents)
    for number, document in enumerate(signing.documents, 1):
        lines.append(f"[{number}/{count}] {w.of(document.action)}")
        lines += [f"    {label}: {_inside(text)}" for label, text in _facts(document, w) if text]
    if count > 1:
        lines.append(w("数量合计", "Quantities in total") + ":")
        sums = shown.totals(signing.documents)
        lines += [f"    {code}: {w.tonnes(sum_)} {w('吨', 't')}" for code, sum_ in sums]
    if signing.held:
        whom, serial = signing.held.subject, serial_of(signing.held)
        lines.append(f"{w('证书', 'Certificate')}: {whom.member_no} {whom.holder} ({serial})")
    return lines


def _inside(text: str) -> str:
    """A text whose further lines cannot be taken for lines of the agent's."""
    return text.replace("\n", "\n        | ")


def _facts(document: shown.Shown, w: Words) -> list[tuple[str, str]]:
    facts = [
        (w("会员编号", "Member number"), document.member_no),
        (w("办理账户", "Acting account"), document.account),
        (w("申请编号", "Application"), document.instance),
        (w("转出方", "From"), w.of(document.source)),
        (w("转入方", "To"), "; ".join(w.of(target) for target in document.targets)),
    ]
    for line in document.lines:
        to = f" → {line.to}" if line.to else ""
        facts.append((line.instrument, f"{w.tonnes(line.quantity)} {w('吨', 't')}{to}"))
    return [
        *facts,
        (w("结论", "Verdict"), w.of(document.verdict)),
        (w("意见", "Opinion"), document.opinion),
        ("SHA-256", document.digest),
    ]


def _ask_to_pair(agent: Agent, pairing: Pairing, w: Words) -> None:
    click.echo(f"\n{w('请求配对的网站', 'Website that asks to be paired')}: {pairing.origin}")
    click.echo(f"{w('核对码', 'Code')}: {pairing.code[:3]} {pairing.code[3:]}")
    question = w(
        "网页上的核对码相同，允许？", "Is the code on the page the same, and is it allowed?"
    )
    if click.confirm(question, default=False):
        allow(agent, pairing)
    else:
        refuse(agent, pairing)


def _ask_to_sign(agent: Agent, signing: Signing, w: Words) -> None:
    click.echo("\n".join(lines_of(signing, w)))
    if not click.confirm(
        w("核对无误，签名？", "Is it right, and is it to be signed?"), default=False
    ):
        refuse(agent, signing)
        return
    while signing.state == WAITING and not _attempt(agent, signing, w):
        if not click.confirm(w("再试一次？", "Try again?"), default=False):
            refuse(agent, signing)
            return


def _attempt(agent: Agent, signing: Signing, w: Words) -> bool:
    pin = click.prompt(w("PIN 码", "PIN"), hide_input=True, default="", show_default=False)
    if not pin:
        return False
    try:
        sign(agent, signing, pin)
    except (UsbkeyError, Refused) as error:
        problem = problem_of(error)
        click.echo(w.of(problem.message))
        click.echo(f"{w('下一步', 'Next step')}: {w.of(problem.next_step)}")
        return False
    done = Text(f"已签名 {len(signing.cms)} 项。", f"{len(signing.cms)} signed.")
    gone = Text("请求已失效，没有签名。", "It is no longer asked for; nothing was signed.")
    click.echo(w.of(done if signing.state == DONE else gone))
    return True
