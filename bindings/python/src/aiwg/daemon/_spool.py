"""Events that wait on disk for the next daemon. ``tests/vectors/spool.json`` describes the format for all languages."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Mapping
from typing import Any, List, NamedTuple

from ._discovery import Address, project_of
from ._errors import DaemonTimeoutError, NoDaemonError, SpoolError, is_lost
from ._generated.constants import RESERVED_TOPICS
from ._generated.types import EventEmitted
from ._json_text import encode
from ._repeat import is_stopping, new_key
from ._tracing import current_trace, is_traceparent
from ._trust import check_trusted

_DIRECTORY = "spool"
_VERSION = 1
_MAX_FILES = 10_000
_MAX_BYTES = 64 * 1024 * 1024
_MAX_FILE = 1024 * 1024
_MAX_KEY = 200
_SUFFIX = ".json"
_IGNORE = ".gitignore"
_TOPIC = re.compile(r"[A-Za-z0-9_.:/-]{1,200}\Z")
_NAME = re.compile(r"[0-9]{16}-[0-9]{1,10}-[0-9]{6}-[0-9a-f]{8}\.json\Z")
_LAST_MICROS = 9_999_999_999_999_999


class EventSpooled(EventEmitted):
    """The answer to an ``emit`` that found no daemon: the event is on disk, and the next daemon takes it in.

    It has no number yet: ``seq`` is 0, and ``rules`` is empty.

    Example::

        answer = client.emit("commit:made", offline=True)
        if isinstance(answer, EventSpooled):
            print(answer.path)
    """

    path: str = ""
    """The file."""


class Spooled(NamedTuple):
    """An event that is to be spooled, with its place in the order."""

    name: str
    topic: str
    payload: Any
    at: str
    key: str
    has_own_key: bool
    """True if its caller has given it no key."""
    trace: str | None
    """The trace context of its caller."""

    def params(self, has_key: bool = True) -> Mapping[str, object]:
        """The params with which a daemon gets it, with the key or without."""
        params: dict[str, object] = {"topic": self.topic}
        if has_key:
            params["idempotencyKey"] = self.key
        if self.payload is not None:
            params["payload"] = self.payload
        if self.trace is not None:
            params["traceparent"] = self.trace
        return params

    def content(self) -> bytes:
        """The content of its file."""
        event: dict[str, object] = {
            "version": _VERSION,
            "topic": self.topic,
            "payload": self.payload,
            "at": self.at,
            "idempotencyKey": self.key,
        }
        if self.trace is not None:
            event["traceparent"] = self.trace
        return encode(event)


def wire_now() -> str:
    """The moment: RFC 3339 in UTC with milliseconds."""
    milliseconds = time.time_ns() // 1_000_000
    moment = time.gmtime(milliseconds // 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{milliseconds % 1000:03d}Z"


def finds_no_daemon(error: BaseException) -> bool:
    """True if no daemon has answered, be it that none is there, that it hangs, or that it is about to end."""
    return isinstance(error, (NoDaemonError, DaemonTimeoutError)) or is_lost(error) or is_stopping(error)


class _Names:
    """The names of this process's files. They sort in the order in which they were made, wherever the clock is set."""

    def __init__(self) -> None:
        self._micros = 0
        self._counter = 0
        self._shift = 0

    def after(self, name: str, others: int) -> str:
        """The name of a file that is written now, where the latest of others' names has this time.

        The clock may have been set back since: then this process's names go on from there, in their own order.
        """
        micros = int(name[:16]) + self._shift
        if micros <= others:
            self._shift += others + 1 - micros
            micros = others + 1
        return f"{min(micros, _LAST_MICROS):016d}{name[16:]}"

    def next(self) -> str:
        self._micros = max(time.time_ns() // 1000, self._micros + 1)
        self._counter += 1
        return spool_name(self._micros, os.getpid(), self._counter, os.urandom(4).hex())


def spool_name(micros: int, pid: int, counter: int, random: str) -> str:
    """The name of a file without its end."""
    return f"{micros:016d}-{pid}-{counter % 1_000_000:06d}-{random}"


_names = _Names()


def spooled(topic: str, payload: Any, key: str | None, trace: str | None = None) -> Spooled:
    """An event of this moment. It comes after all others for which this was called in this process."""
    its_key = new_key() if key is None else key
    its_trace = current_trace() if trace is None else trace
    return Spooled(_names.next(), topic, payload, wire_now(), its_key, key is None, its_trace)


def write(address: Address, event: Spooled) -> EventSpooled:
    """Writes an event durably to the spool of the project that the socket belongs to. Raises ``SpoolError``."""
    project = project_of(address)
    if project is None:
        raise SpoolError(
            f"no daemon answers at {address.path}, which is no project's socket: "
            "the event can wait in the spool of a project only, so call within one"
        )
    check_trusted(project)
    directory = os.path.join(project, _DIRECTORY)
    why_never = _why_never(event.topic, event.key, event.trace)
    if why_never is not None:
        raise SpoolError(f"the event was not written to {directory}: {why_never}")
    content = event.content()
    if _has_half(content):
        raise SpoolError(
            f"the event was not written to {directory}: half of a surrogate pair is in it, which is no character"
        )
    if len(content) > _MAX_FILE:
        raise SpoolError(
            f"the event was not written to {directory}: it has {len(content)} bytes, and {_MAX_FILE} are the most"
        )
    try:
        return _write(directory, event.name, content)
    except SpoolError:
        raise
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            why = "it is no directory; remove it"
        raise SpoolError(f"no daemon answers, and the event cannot be written to {directory}: {why}") from error


def _has_half(content: bytes) -> bool:
    """True if half of a pair of surrogates is in an event, which no daemon takes."""
    if b"\\ud" not in content:
        return False
    import json

    try:
        json.dumps(json.loads(content), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _why_never(topic: object, key: object, trace: str | None) -> str | None:
    """Why no daemon would ever take an event, if none would."""
    if not isinstance(topic, str) or not _TOPIC.match(topic):
        return f"{topic!r:.100} is no topic, which has 1 to 200 letters, digits and _ . : / -"
    reserved = next((prefix for prefix in RESERVED_TOPICS if topic.startswith(prefix)), None)
    if reserved is not None:
        return f"topics that start with {reserved!r} are the daemon's own: choose another for {topic!r}"
    if trace is not None and not is_traceparent(trace):
        return f"{trace!r:.100} is no trace context as W3C has it"
    if not isinstance(key, str) or not 1 <= len(key) <= _MAX_KEY:
        return f"an idempotency_key is a text of 1 to {_MAX_KEY} characters"
    return None


def _write(directory: str, name: str, content: bytes) -> EventSpooled:
    folder = _open(directory)
    try:
        _check_room(folder, directory, len(content))
        name = _names.after(name, _room.others)
        temporary, final = f".tmp-{name}{_SUFFIX}", f"{name}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600, dir_fd=folder)
        try:
            try:
                _write_all(descriptor, content)
            finally:
                os.close(descriptor)
            os.rename(temporary, final, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(temporary, folder)
            raise
        os.fsync(folder)
        _room.wrote(folder, len(content))
    finally:
        os.close(folder)
    return EventSpooled(seq=0, rules=[], path=os.path.join(directory, final))


def _open(directory: str) -> int:
    """The spool's directory, which is made where it is missing. Nobody else may have put anything into it."""
    _make(directory)
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        why = None
        if found.st_uid not in (os.geteuid(), 0):
            why = f"it belongs to user {found.st_uid}; remove it"
        elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            why = "others can write to it; look at what is in it, then `chmod 700` it"
        if why is not None:
            raise SpoolError(f"no event is written to {directory}: {why}")
    except BaseException:
        os.close(folder)
        raise
    return folder


def _make(directory: str) -> None:
    """Makes the directory, unless it is there, so that it is there after a power cut as well.

    Its events are nothing for the project's history.
    """
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        return
    with open(os.path.join(directory, _IGNORE), "w", encoding="ascii") as file:
        file.write("*\n")
    parent = os.open(os.path.dirname(directory), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass


class _Room:
    """The number of files in the spool and their size, counted again where another process has been there."""

    def __init__(self) -> None:
        self._of: tuple[int, int, int] | None = None
        self._files = 0
        self._bytes = 0
        self.others = 0
        """The latest time in the names of other processes, in microseconds."""

    def taken(self, folder: int) -> tuple[int, int]:
        """Number of files, and bytes."""
        if self._of != self._state(folder):
            sizes: List[int] = []
            self.others, own = 0, f"-{os.getpid()}-"
            with os.scandir(folder) as entries:
                for entry in entries:
                    # One that is hidden is still being written, or is no event.
                    if entry.name.startswith(".") or not entry.name.endswith(_SUFFIX):
                        continue
                    if _NAME.match(entry.name) and not entry.name.startswith(own, 16):
                        self.others = max(self.others, int(entry.name[:16]))
                    try:
                        if entry.is_file(follow_symlinks=False):
                            sizes.append(entry.stat(follow_symlinks=False).st_size)
                    except FileNotFoundError:
                        # A daemon has just taken it.
                        pass
            self._files, self._bytes = len(sizes), sum(sizes)
        return self._files, self._bytes

    def wrote(self, folder: int, size: int) -> None:
        """Counts one more."""
        self._files += 1
        self._bytes += size
        self._of = self._state(folder)

    @staticmethod
    def _state(folder: int) -> tuple[int, int, int]:
        found = os.fstat(folder)
        return found.st_dev, found.st_ino, found.st_mtime_ns


_room = _Room()


def _check_room(folder: int, directory: str, size: int) -> None:
    files, taken = _room.taken(folder)
    if files >= _MAX_FILES or taken + size > _MAX_BYTES:
        raise SpoolError(
            f"no daemon answers, and {directory} is full: it has {files} events with {taken} bytes, "
            f"and {_MAX_FILES} or {_MAX_BYTES} are the most; start the daemon with `aiwg daemon start`, "
            "which takes them in"
        )
