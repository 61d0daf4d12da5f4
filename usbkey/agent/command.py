"""`python -m usbkey agent`: starts the agent, shows and revokes pairings."""

import signal
import threading
from pathlib import Path
from queue import Queue
from types import FrameType

import click
from werkzeug.serving import BaseWSGIServer

from usbkey.agent.agent import Agent
from usbkey.agent.app import application
from usbkey.agent.asked import Wish
from usbkey.agent.keys import Keys, PluggedIn
from usbkey.agent.origins import OriginError, Origins, parsed
from usbkey.agent.pairings import PairingFileError, Pairings
from usbkey.agent.server import announce, bound
from usbkey.agent.terminal import converse
from usbkey.errors import UsbkeyError
from usbkey.software_token import SoftwareToken

PORT = 17951
PAIRINGS = "carbon-registry-usbkey"


def pairing_file() -> Path:
    """Return where pairings are kept when no file is named."""
    return Path(click.get_app_dir(PAIRINGS)) / "pairings.json"


@click.command("agent")
@click.option("--origin", "origins", multiple=True, help="Address of the registry; repeatable.")
@click.option("--module", type=click.Path(path_type=Path), help="PKCS#11 module of the USBKey.")
@click.option(
    "--software",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a software token, for demonstrations.",
)
@click.option("--port", default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--window", type=click.Choice(["browser", "terminal"]), default="browser")
@click.option("--pairings", type=click.Path(path_type=Path), help="File of pairings.")
@click.option("--ready-file", type=click.Path(path_type=Path), help="Told when it listens.")
@click.option("--forget", metavar="ORIGIN", help="Revoke the pairings of a website, and end.")
@click.option("--list-pairings", is_flag=True, help="Show the paired websites, and end.")
def agent(
    origins: tuple[str, ...],
    module: Path | None,
    folder: Path | None,
    port: int,
    window: str,
    pairings: Path | None,
    ready_file: Path | None,
    forget: str | None,
    *,
    list_pairings: bool,
) -> None:
    """Show what the registry's page wants signed, ask for the PIN here, and sign.

    在本机显示注册登记系统请求签名的内容，在此输入 PIN 码并签名。
    """
    kept = Pairings(pairings or pairing_file())
    try:
        if forget is not None or list_pairings:
            _pairings(kept, forget)
            return
        allowed = Origins(origins)
        keys = _keys(module, folder)
    except (OriginError, PairingFileError) as error:
        raise click.ClickException(str(error)) from error
    except UsbkeyError as error:
        raise click.ClickException(f"{error.zh} {error.next_step.zh}\n{error}") from error
    _run(allowed, kept, keys, port, ready_file, in_terminal=window == "terminal")


def _pairings(kept: Pairings, forget: str | None) -> None:
    if forget is not None:
        count = kept.forget(parsed(forget))
        click.echo(f"已撤销 {count} 个配对。{count} pairing(s) revoked.")
    for origin, since in kept.origins():
        click.echo(f"{origin}  {since}")


def _keys(module: Path | None, folder: Path | None) -> Keys:
    if module is not None and folder is None:
        return PluggedIn(module)
    if folder is not None and module is None:
        return SoftwareToken(folder)
    raise click.UsageError("name the USBKey's driver (--module) or a software token (--software)")


def _run(
    allowed: Origins,
    kept: Pairings,
    keys: Keys,
    port: int,
    ready_file: Path | None,
    *,
    in_terminal: bool,
) -> None:
    wishes: Queue[Wish | None] | None = Queue() if in_terminal else None
    made = Agent(allowed, kept, keys, port, terminal=wishes)
    try:
        server = bound(application(made), port)
    except OSError as error:
        text = (
            f"端口 {port} 已被占用：签名助手可能已在运行。The port is taken: is it running already?"
        )
        raise click.ClickException(text) from error
    made.port = server.server_port
    if ready_file is not None:
        announce(ready_file, made.port)
    click.echo(f"USBKey 签名助手已启动 The agent listens: {made.address}")
    click.echo(f"允许的网站 Allowed: {', '.join(sorted(allowed.allowed))}")
    _serve(made, server, wishes)


def _serve(made: Agent, server: BaseWSGIServer, wishes: "Queue[Wish | None] | None") -> None:
    """Serve until interrupted; the terminal's questions are asked by the main thread."""
    signal.signal(signal.SIGTERM, _interrupt)
    thread = threading.Thread(target=server.serve_forever, name="usbkey-agent", daemon=True)
    thread.start()
    try:
        if wishes is None:
            thread.join()
        else:
            converse(made, wishes)
    except (KeyboardInterrupt, click.Abort):
        click.echo("已停止 Stopped")
    finally:
        server.shutdown()
        server.server_close()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
