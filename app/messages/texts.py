"""What messages say: Chinese first, then the same in English (M2, G31).

A message says what waits and where; quantities and forms stay behind the sign-in, and an SMS
says no more than that there is something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.clock import BEIJING
from app.domain.label import Label

SHOWN = 20  # lines of a summary; the rest is a number
SIGNATURE = Label("【全国碳排放权注册登记结算系统】", "[National carbon registry]")


@dataclass(frozen=True, slots=True)
class TaskNews:
    """A task that opened."""

    name: Label
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What happened in one application, for one organisation."""

    number: str
    process: Label
    applicant: Label
    holder: Label
    tasks: tuple[TaskNews, ...] = ()
    notices: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message in words."""

    subject: str
    body: str


def email(news: News, url: str) -> Written:
    """Return the e-mail about one application."""
    first = news.tasks[0].name if news.tasks else Label("新消息", "New message")
    kind = "待办" if news.tasks else "消息"
    page = f"{url}/inbox" if news.tasks else f"{url}/messages"
    zh = [
        f"{news.holder.zh}：",
        "",
        "有新的待办，请登录系统办理。" if news.tasks else "有一条新消息，请登录系统查看。",
        "",
        *_facts(news, "zh"),
        "",
        f"登录办理：{page}",
    ]
    en = [
        f"{news.holder.en}:",
        "",
        "A new task waits for you. Please sign in."
        if news.tasks
        else "There is a new message. Please sign in to read it.",
        "",
        *_facts(news, "en"),
        "",
        f"Sign in: {page}",
    ]
    return _whole(f"{kind}：{first.zh} {news.number}", zh, en, url)


def _facts(news: News, language: str) -> list[str]:
    zh = language == "zh"
    lines = [
        f"申请编号：{news.number}" if zh else f"Application: {news.number}",
        f"业务：{news.process.zh}" if zh else f"Process: {news.process.en}",
        f"申请单位：{news.applicant.zh}" if zh else f"Applicant: {news.applicant.en}",
    ]
    for task in news.tasks:
        lines.append(f"待办：{task.name.zh}" if zh else f"Task: {task.name.en}")
        if task.due_at is not None:
            due = task.due_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
            lines.append(f"办理时限：{due}（北京时间）" if zh else f"Due: {due} (Beijing time)")
    for notice in news.notices:
        lines += ["", notice.text(language)]
    return lines


def sms(news: News) -> Written:
    """Return the short message about one application; one language, so that it stays short."""
    what = f"待办“{news.tasks[0].name.zh}”" if news.tasks else "新消息"
    return Written("", f"{SIGNATURE.zh}申请 {news.number} 有{what}，请登录系统查看。")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a summary: an application and what waits in it."""

    number: str
    what: Label


def digest_email(tasks: int, notices: int, lines: Sequence[Line], url: str) -> Written:
    """Return the summary of what came within a few minutes."""
    more = tasks + notices - len(lines)
    zh = [f"最近有 {tasks} 项新待办、{notices} 条新消息，请登录系统办理。", ""]
    en = [f"{tasks} new tasks and {notices} new messages wait for you. Please sign in.", ""]
    zh += [f"{line.number} {line.what.zh}" for line in lines]
    en += [f"{line.number} {line.what.en}" for line in lines]
    if more > 0:
        zh.append(f"另有 {more} 项，登录后可见。")
        en.append(f"and {more} more")
    zh += ["", f"登录办理：{url}/inbox"]
    en += ["", f"Sign in: {url}/inbox"]
    return _whole(f"汇总：{tasks} 项新待办、{notices} 条新消息", zh, en, url)


def digest_sms(tasks: int, notices: int) -> Written:
    """Return the summary as a short message."""
    text = f"{SIGNATURE.zh}有 {tasks} 项新待办、{notices} 条新消息，请登录系统查看。"
    return Written("", text)


def _whole(subject: str, zh: list[str], en: list[str], url: str) -> Written:
    page = f"{url}/account/notifications"
    zh += ["", f"本邮件由系统自动发送，请勿回复。通知设置：{page}"]
    en += ["", f"This is an automatic message; please do not reply. Settings: {page}"]
    body = "\n".join([*zh, "", "-" * 40, "", *en]) + "\n"
    return Written(f"{SIGNATURE.zh}{subject}", body)
