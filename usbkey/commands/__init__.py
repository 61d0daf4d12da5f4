"""The commands of ``python -m usbkey``, one module for each group of them."""
