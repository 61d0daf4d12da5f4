"""Runs ``python -m usbkey``."""

from usbkey.program import main

main(prog_name="python -m usbkey")
