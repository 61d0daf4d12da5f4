"""Structured logs of every process: one JSON line each, without personal data and secrets."""

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import ExcInfo

# What stood in the variables is never written: keys, passwords, names of people.
_tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=40)


def without_values(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return the traceback without variables and without the rows a database error quotes."""
    errors = _tracebacks(exc_info)
    for error in errors:
        error["exc_value"] = str(error["exc_value"]).partition("\n")[0]
    return errors


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to the standard error of the moment, which a test or a server may replace."""

    @property
    def stream(self) -> TextIO:
        """Return the stream to write to now."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Keep to standard error."""


def set_up_logs(level: str) -> None:
    """Write JSON lines to standard error; the libraries' own messages too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.ExceptionRenderer(without_values),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(without_values),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not isinstance(h, StandardError)] + [handler]
    root.setLevel(level)
