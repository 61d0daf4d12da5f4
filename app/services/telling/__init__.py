"""Telling people outside the pages what waits for them: e-mail and SMS (M2, G31).

A step writes one line into the outbox; the worker plans from it one message a person and channel
(``plan``), or holds it for a summary (``digest``), and sends each by a line of its own (``send``).
"""
