"""The calls of a client within one event loop, over however many connections."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, Awaitable, Callable, NamedTuple

from ._async_connection import AsyncConnection
from ._errors import DaemonConnectionError, DaemonError, DaemonTimeoutError, disconnected, is_lost
from ._fork import forget_in_children
from ._generated.constants import REPEATABLE
from ._message import request_line
from ._repeat import (
    KEY,
    TRACE,
    Patience,
    has_trace,
    is_stopping,
    refused_member,
    repeats_after,
    with_key,
    without,
)

if TYPE_CHECKING:
    from ._async_spooler import AsyncSpooler
    from ._discovery import Address
    from ._members import Members
    from ._spool import EventSpooled, Spooled


class Terms(NamedTuple):
    """Terms on which a call is made."""

    repeats: bool
    """True if it may be sent again when its answer was lost."""
    is_patient: bool
    """True if it has a time-out, which gives it up."""
    waits: bool
    """True if it waits for a daemon that is being restarted."""
    ends_task: bool = False
    """True if nobody wants the task of a submission that is given up."""
    has_own_key: bool = False
    """True if it has a key that its caller has not given."""


class Call:
    """A call that a task waits for."""

    __slots__ = (
        "_calls",
        "_members",
        "_params",
        "future",
        "is_safe",
        "line",
        "method",
        "number",
        "optional",
        "since",
        "size",
        "terms",
    )

    def __init__(
        self,
        calls: AsyncCalls,
        method: str,
        params: Mapping[str, object] | None,
        terms: Terms,
    ) -> None:
        self._calls = calls
        keyed = with_key(method, params) if terms.repeats and calls.has_keys else params
        self.future: asyncio.Future[Any] = calls.loop.create_future()
        self.number = next(calls.numbers)
        self.since = time.monotonic()
        self.method = method
        self.terms = terms
        self.is_safe = REPEATABLE.get(method) == "safe"
        """True if it changes nothing."""
        self.optional: set[str] = set()
        """Those of its members that a daemon may be too old to know."""
        if terms.has_own_key or keyed is not params:
            self.optional.add(KEY)
        if has_trace(method, params):
            self.optional.add(TRACE)
        self._members: Members | None = None
        """What is known of the daemon that has it."""
        self._params = keyed
        self.line = request_line(self.number, method, keyed)
        self.size = len(self.line)

    @property
    def ends_task(self) -> bool:
        """True if nobody wants the task of a submission that is given up."""
        return self.terms.ends_task

    def __lt__(self, other: Call) -> bool:
        return self.number < other.number

    def succeed(self, result: Any) -> None:
        members = self.leave()
        if members is not None:
            members.took(self.optional)
        self._calls.answered()
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        members = self.leave()
        if isinstance(error, DaemonError) and not is_stopping(error):
            self._calls.answered()
        if self.future.done() or self._calls.take_back(self, error, members):
            return
        self.future.set_exception(error)

    def enter(self, members: Members) -> None:
        """Takes notice that it is in flight."""
        self._members = members
        members.count(self.optional, 1)

    def leave(self) -> Members | None:
        """Takes notice that it is in flight no longer. Gives what is known of the daemon that has had it."""
        members, self._members = self._members, None
        if members is not None and self.optional:
            members.count(self.optional, -1)
            self._calls.may_go_on()
        return members

    async def outcome(self, seconds: float | None) -> Any:
        """Waits for the answer. Cancelling this, and the end of the time, cancel the call in the daemon."""
        return await self._calls.outcome(self, seconds)

    def may_spool(self, error: Exception) -> bool:
        """True if its event may be spooled after this error: a daemon that has it would know it again by its key."""
        may_be_taken = isinstance(error, DaemonTimeoutError) or is_lost(error)
        return not may_be_taken or KEY in (self._params or {})

    def leave_out(self, member: str) -> None:
        """Makes it one for a daemon that does not know a member. Without its key it is sent once."""
        self.optional.discard(member)
        if member == KEY:
            self.terms = self.terms._replace(repeats=False)
        self._params = without(member, self._params)
        self.line = request_line(self.number, self.method, self._params)


class AsyncCalls:
    """Sends calls in the order in which they were made, whatever is lost in between."""

    def __init__(self, connect: Callable[[AsyncCalls], Awaitable[AsyncConnection]]) -> None:
        self.loop = asyncio.get_running_loop()
        self.connection: AsyncConnection | None = None
        self.numbers = itertools.count(1)
        self.path = ""
        """The socket that was last connected to, or tried."""
        self._connect = connect
        self._connecting: asyncio.Task[AsyncConnection] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: list[AsyncConnection] = []
        """Connections to daemons that are about to end: they answer what they have, and get no more."""
        self._spooler: AsyncSpooler | None = None
        self._unsent: list[Call] = []
        """A heap: those that are to be sent again were made before the others."""
        self._pending: dict[int, Call] = {}
        self._was_connected = False
        self._will_pump = False
        self._patience = Patience()
        forget_in_children(self)

    def forget(self) -> None:
        """In a child made by fork() all of it is the parent's."""
        self.connection = self._connecting = self._timer = None
        self._unsent, self._pending, self._stopping = [], {}, []
        self._spooler = None
        self._was_connected = self._will_pump = False

    @property
    def has_keys(self) -> bool:
        """False if the daemon that is connected to is known to be older than the keys."""
        connection = self.connection
        return connection is None or not connection.is_open or not connection.members.lacks(KEY)

    def add(self, method: str, params: Mapping[str, object] | None, terms: Terms) -> Call:
        """Has a call sent, now or later, but in its turn. Raises what ``json`` raises: nothing is sent then."""
        call = Call(self, method, params, terms)
        self._pending[call.number] = call
        heapq.heappush(self._unsent, call)
        self._pump()
        return call

    async def outcome(self, call: Call, seconds: float | None) -> Any:
        """Waits for the answer of a call."""
        try:
            return await asyncio.wait_for(call.future, seconds)
        except (asyncio.CancelledError, asyncio.TimeoutError) as error:
            call.future.cancel()
            if not call.terms.waits and isinstance(error, asyncio.TimeoutError):
                # Its event is spooled. What a daemon that hangs takes of this connection yet, it takes in order.
                for connection in (self.connection, *self._stopping):
                    if connection is not None:
                        connection.drop(call)
                raise
            if self.connection is not None and self.connection.is_open:
                self.connection.cancel(call)
            raise
        finally:
            call.leave()
            self._pending.pop(call.number, None)

    async def spool(self, address: Address, event: Spooled) -> EventSpooled:
        """Spools an event that no daemon has taken. Calls that are made later are sent after that, on a new connection.

        A daemon takes in what is spooled before it serves the next client that connects.
        """
        from ._async_spooler import AsyncSpooler

        if self._spooler is None:
            self._spooler = AsyncSpooler()
        self._let_it_stop()
        return await self._spooler.write(address, event)

    async def connected(self) -> AsyncConnection:
        """The connection, once there is one. Raises ``NoDaemonError``."""
        connection = self.connection
        if connection is not None and connection.is_open:
            return connection
        # Shielded: others may wait for the same connection.
        return await asyncio.shield(self._begin_to_connect())

    def answered(self) -> None:
        """Takes notice of an answer."""
        self._patience.answered()

    def ended(self, error: DaemonConnectionError, since: float) -> None:
        """Takes notice of the end of a connection. Who ends each one at once is not asked without a pause."""
        if error.is_lost:
            self._patience.saw(error, since)
            self._patience.lose()
            self._pump_later()

    def changed(self) -> None:
        """Sends what can be sent, or connects again."""
        if not self._will_pump:
            self._will_pump = True
            self.loop.call_soon(self._pump)

    def may_go_on(self) -> None:
        """Sends what has waited for what becomes of a call."""
        if self._unsent:
            self.changed()

    def take_back(self, call: Call, error: Exception, members: Members | None) -> bool:
        """True if the call is sent again; False if it has failed."""
        if is_stopping(error):
            self._patience.saw(error, call.since)
        member = refused_member(error)
        if member is not None and members is not None and members.refused(call.optional, member):
            call.leave_out(member)
        elif not call.terms.repeats or not repeats_after(error, self._was_connected):
            return False
        elif not call.terms.is_patient and self._patience.is_over(call.since):
            return False
        elif not call.terms.waits and not is_lost(error):
            return False
        elif is_stopping(error):
            self._patience.lose()
            self._let_it_stop()
        heapq.heappush(self._unsent, call)
        self.changed()
        return True

    async def drain(self, seconds: float | None) -> bool:
        """Waits until no call is in flight; True if that has come to pass in time."""
        end = None if seconds is None else time.monotonic() + seconds
        while self._pending:
            left = None if end is None else max(end - time.monotonic(), 0)
            futures = [call.future for call in self._pending.values()]
            _, waiting = await asyncio.wait(futures, timeout=left)
            if waiting and end is not None:
                return False
            # Those who wait take their answers.
            await asyncio.sleep(0)
        return True

    async def close(self) -> None:
        """Disconnects, or gives up connecting, and fails all calls."""
        self._was_connected = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        connecting, self._connecting = self._connecting, None
        connection, self.connection = self.connection, None
        stopping, self._stopping = self._stopping, []
        self._fail_unsent("the client disconnected")
        if connecting is not None:
            # One that has not begun yet would be cancelled without a word to those who wait for it.
            await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting])
        for one in (connection, *stopping):
            if one is not None:
                await one.close()

    def _pump(self) -> None:
        """Sends what can be sent, and connects where it must."""
        self._will_pump = False
        connection = self.connection
        if connection is None or not connection.is_open:
            is_awaited = self._connecting is not None or self._timer is not None
            if not is_awaited and any(not call.future.done() for call in self._unsent):
                self._begin_to_connect()
            return
        members = connection.members
        while self._unsent and connection.is_writable and not members.is_waiting:
            call = self._unsent[0]
            if not call.future.done():
                for member in [member for member in call.optional if members.lacks(member)]:
                    call.leave_out(member)
                if not members.may_follow(call):
                    return
                call.enter(members)
                connection.send(call)
            heapq.heappop(self._unsent)

    def _begin_to_connect(self) -> asyncio.Task[AsyncConnection]:
        if self._connecting is None:
            self._connecting = self.loop.create_task(self._open())
            self._connecting.add_done_callback(self._has_connected)
        return self._connecting

    async def _open(self) -> AsyncConnection:
        try:
            while True:
                if self._spooler is not None:
                    await self._spooler.idle()
                batches = self._batches
                connection = await self._connect(self)
                if batches == self._batches:
                    return connection
                connection.abandon()
        except asyncio.CancelledError:
            if self._connecting is asyncio.current_task():
                # By the end of the loop, and not by close().
                raise
            raise disconnected(self.path, "the client disconnected") from None

    @property
    def _batches(self) -> int:
        return 0 if self._spooler is None else self._spooler.batches

    def _has_connected(self, task: asyncio.Task[AsyncConnection]) -> None:
        if self._connecting is not task:
            # Whoever waits gets its failure; that nobody waits is no fault.
            if not task.cancelled() and task.exception() is None:
                task.result().abandon()
            return
        self._connecting = None
        if task.cancelled():
            self._fail_unsent("the event loop has ended")
            return
        error = task.exception()
        if error is None:
            self.connection, self._was_connected = task.result(), True
            self._pump()
        elif isinstance(error, (DaemonConnectionError, DaemonError)):
            self._has_not_connected(error)
        else:
            self._fail_all(error)

    def _has_not_connected(self, error: DaemonConnectionError | DaemonError) -> None:
        """Waits, for those calls that may be repeated, and fails the others."""
        self._patience.lose()
        repeats = repeats_after(error, self._was_connected)
        waiting: list[Call] = []
        for call in sorted(self._unsent):
            if call.future.done():
                continue
            terms = call.terms
            waits = repeats and terms.repeats and terms.waits
            if waits and (terms.is_patient or not self._patience.is_over(call.since)):
                waiting.append(call)
            else:
                call.future.set_exception(copy(error))
        self._unsent = waiting
        if waiting:
            self._pump_later()

    def _pump_later(self) -> None:
        def pump() -> None:
            self._timer = None
            self._pump()

        if self._timer is None:
            self._timer = self.loop.call_later(self._patience.pause(), pump)

    def _let_it_stop(self) -> None:
        """Sends nothing more on this connection."""
        if self.connection is not None:
            self._stopping = [one for one in self._stopping if one.is_open]
            self._stopping.append(self.connection)
            self.connection = None
            for one in self._stopping:
                if one.is_idle:
                    one.abandon()
            self._pump_later()

    def _fail_unsent(self, why: str) -> None:
        self._fail_all(disconnected(self.path, why))

    def _fail_all(self, error: BaseException) -> None:
        unsent, self._unsent = self._unsent, []
        for call in sorted(unsent):
            if not call.future.done():
                call.future.set_exception(copy(error))
