"""The agent in a terminal, and its command line."""

import json
import socket
from queue import Queue

import click
import pytest
from click.testing import CliRunner

from tests.usbkey.agent_site import PIN, REGISTRY, Site, decision, running
from usbkey.agent.asked import Wish
from usbkey.agent.command import agent as command
from usbkey.agent.pairings import Pairings
from usbkey.agent.terminal import converse


@pytest.fixture
def page(tmp_path):
    wishes: Queue[Wish | None] = Queue()
    with running(tmp_path, terminal=wishes) as site:
        yield site.pair()


def answered(page: Site, *typed: str) -> str:
    """What the terminal showed to a person who typed these lines."""
    wishes = page.agent.terminal
    assert wishes is not None
    wishes.put(None)
    talk = click.Command("talk", callback=lambda: converse(page.agent, wishes))
    done = CliRunner().invoke(talk, input="".join(f"{line}\n" for line in typed))
    assert done.exception is None, done.output
    return done.output


def test_the_page_is_told_that_there_is_no_window(page):
    assert page.call("GET", "/v1/hello").json["window"] == "terminal"
    assert page.ask(decision()).json["window"] is None


def test_what_is_to_be_signed_stands_in_the_terminal_and_the_pin_is_asked_there(page):
    asked = page.ask(decision(), decision(instance="LY-2026-0000002")).json
    shown = answered(page, "y", PIN)
    for text in (REGISTRY, "[2/2]", "LY-2026-0000002", "云溪发电", "199,050", "398,100", "通过"):
        assert text in shown
    assert PIN not in shown
    assert page.state(asked["id"])["state"] == "done"


def test_no_signs_nothing(page):
    asked = page.ask(decision()).json
    answered(page, "n")
    assert (page.state(asked["id"])["state"], page.drawer.unlocks) == ("refused", 0)


def test_a_wrong_pin_may_be_tried_again(page):
    asked = page.ask(decision()).json
    shown = answered(page, "y", "999999", "y", PIN)
    assert "还可以再试 2 次" in shown
    assert "下一步" in shown
    assert page.state(asked["id"])["state"] == "done"


def test_after_a_wrong_pin_one_may_give_up(page):
    asked = page.ask(decision()).json
    answered(page, "y", "999999", "n")
    assert page.state(asked["id"])["state"] == "refused"


def test_a_text_cannot_draw_lines_of_the_agents_or_control_the_terminal(page):
    page.ask(decision(opinion="同意\n    结论: 退回\x1b[2J\u202e"))
    shown = answered(page, "n")
    assert "\n        |     结论: 退回\ufffd[2J\ufffd" in shown
    assert "\x1b" not in shown


def test_a_website_is_paired_in_the_terminal(page):
    page.secret = ""
    wish = page.call("POST", "/v1/pair", {"language": "en"}).json
    shown = answered(page, "y")
    assert REGISTRY in shown
    assert f"{wish['code'][:3]} {wish['code'][3:]}" in shown
    page.secret = wish["secret"]
    assert page.call("GET", "/v1/certificates").status == 200


def run(*arguments: object):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def test_pairings_are_listed_and_forgotten(tmp_path):
    path = tmp_path / "pairings.json"
    Pairings(path).add(REGISTRY, "secret")
    assert REGISTRY in run("--pairings", path, "--list-pairings").output
    assert "1" in run("--pairings", path, "--forget", REGISTRY + "/").output
    assert not Pairings(path).holds(REGISTRY, "secret")
    assert json.loads(path.read_text())["pairings"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--origin", "https://*.example"), "wildcard"),
        (("--origin", "http://registry.example"), "https"),
        ((), "--origin"),
        (("--origin", REGISTRY), "--module"),
        (("--origin", REGISTRY, "--module", "/no/such/driver.so"), "--module"),
        (("--origin", REGISTRY, "--module", __file__), "PKCS#11"),
        (("--forget", "registry"), "https://host"),
    ],
)
def test_what_cannot_start_says_what_to_write(tmp_path, arguments, said):
    done = run("--pairings", tmp_path / "pairings.json", *arguments)
    assert done.exit_code != 0
    assert said in done.output


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--origin", REGISTRY, "--software", tmp_path, "--port", port)
    assert done.exit_code != 0
    assert str(port) in done.output
