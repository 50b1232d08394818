"""How log lines look: JSON for machines, readable for people, each with what the running code is about.

Everything is logged with Python's own `logging`; this is set once, in the settings. An exception is shown by its type
and where it happened. Its words are left out unless they cannot hold what people typed or partners sent, and no line
holds a variable's value.
"""

from __future__ import annotations

import copy
import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

from airstair.kernel.about import about_now

JSON, TEXT = "json", "text"
# Their words name files, addresses, modules, attributes, types. All others may quote what was to be read or written.
_WORDS_ARE_OURS = (OSError, ImportError, NameError, AttributeError, TypeError, NotImplementedError)
# The database is away or refuses to serve: PostgreSQL's words about itself. Known by name, as Django has its own.
_OF_THE_DATABASE = {"OperationalError", "InterfaceError", "ConnectorException", "PoolTimeout"}
_MOST_FRAMES = 30

Event = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def told(fault: BaseException) -> str:
    """An exception in a line: its type, and its words where they are ours."""
    name = type(fault).__name__
    of_the_database = any(kind.__name__ in _OF_THE_DATABASE for kind in type(fault).__mro__)
    if not (isinstance(fault, _WORDS_ARE_OURS) or of_the_database):
        return f"{name} (its words are left out: they may quote what people typed)"
    words = str(fault).strip().splitlines()
    return f"{name}: {words[0]}" if words else name


def trace(fault: BaseException) -> str:
    """Where an exception came from, oldest cause first. Lines of our code, no values."""
    parts: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = fault
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        frames = traceback.format_list(traceback.extract_tb(one.__traceback__)[-_MOST_FRAMES:])
        parts.append("".join(frames) + told(one))
        if isinstance(one, BaseExceptionGroup):
            parts[-1] += "".join(f"\n  | {told(each)}" for each in one.exceptions)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n\nfollowed by\n\n".join(reversed(parts))


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes a record of `logging` as one line. `style`: json, text, or empty for what fits the standard error."""

    def __init__(self, style: str = "") -> None:
        before: list[Any] = [
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _add_what_it_is_about,
        ]
        after: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
        if (style or style_of(sys.stderr)) == JSON:
            after += [_in_order, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
        else:
            after += [_in_words]
        super().__init__(processors=after, foreign_pre_chain=before)

    def format(self, record: logging.LogRecord) -> str:
        mine = copy.copy(record)  # other handlers get it as it was
        if isinstance(mine.args, tuple):
            mine.args = tuple(told(arg) if isinstance(arg, BaseException) else arg for arg in mine.args)
        if mine.name == "asyncio":  # it writes out what a failed task held
            mine.msg, mine.args = mine.getMessage().partition("\n")[0], ()
        mine.exc_text = None
        return super().format(mine)

    def formatException(self, ei: Any) -> str:
        return trace(ei[1]) if ei and ei[1] is not None else ""


def style_of(stream: TextIO) -> str:
    """Readable on a terminal, JSON where a machine reads."""
    try:
        return TEXT if stream.isatty() else JSON
    except ValueError:  # closed
        return JSON


def _add_what_it_is_about(_logger: Any, _method: str, event: Event) -> Event:
    record = event.get("_record")
    if record is not None and record.exc_info:
        event["exception"] = trace(record.exc_info[1]) if record.exc_info[1] is not None else ""
        event.pop("exc_info", None)
    for name, fact in (getattr(record, "facts", None) or {}).items():
        event[name] = fact
    for name, fact in about_now().items():
        if fact != "":
            event.setdefault(name, fact)
    return event


def _in_order(_logger: Any, _method: str, event: Event) -> Event:
    first = ("at", "level", "logger", "event")
    return {**{name: event[name] for name in first if name in event}, **event}


def _in_words(_logger: Any, _method: str, event: Event) -> str:
    at, level, logger = event.pop("at"), event.pop("level"), event.pop("logger")
    says, exception = event.pop("event"), event.pop("exception", "")
    facts = "".join(f"  {name}={_on_one_line(fact)}" for name, fact in event.items())
    line = f"{str(at)[:19]}Z {level:<7} {_on_one_line(says)}{facts}  ({logger})"
    return f"{line}\n{exception}" if exception else line


def _on_one_line(fact: object) -> str:
    """Nobody makes a line of their own by what they send us."""
    return " ".join(str(fact).splitlines())
