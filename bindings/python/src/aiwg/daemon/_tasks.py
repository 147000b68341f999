"""The methods of ``task``, with what is made of several of them."""

from __future__ import annotations

from ._deadline import Deadline
from ._errors import DaemonConnectionError, DaemonError, DaemonTimeoutError
from ._generated.methods import TaskMethods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Callable

    from typing_extensions import Unpack

    from ._deadline import Moment
    from ._generated.arguments import TaskSubmitArguments
    from ._generated.types import OutputStream, Task, TaskState
else:
    from ._hints import Hint, hints

    hints(
        globals(),
        {
            "collections.abc": "Iterator",
            "datetime": "datetime",
            "typing": "Callable",
            "aiwg.daemon._deadline": "Moment",
            "aiwg.daemon._generated.types": "OutputStream Task TaskState",
        },
    )
    # Its arguments are any: what they may be is in a module for type checkers.
    Unpack, TaskSubmitArguments = Hint("__import__('typing').Optional"), Hint("__import__('typing').Any")

_CANCELLING = 1.0
"""Maximum time to wait for the daemon to take it in that a task is to end, in seconds."""


class Tasks(TaskMethods):
    """The methods of ``task``."""

    def run(
        self,
        *,
        on_output: Callable[[str], object] | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        **order: Unpack[TaskSubmitArguments],
    ) -> Task:
        """Submits a task, waits until it has ended, and gives it as it is then, in whatever state.

        When this is left in another way, by Ctrl-C, by an error of ``on_output``, or because the time is over, the task is
        cancelled. It goes on where only the daemon cannot be asked any more.

        Example::

            task = client.task.run(prompt="Write the release notes", timeout=600)
            print(task.state, task.result)

        - ``on_output``: is called with each piece of the agent's standard output.
        - ``timeout``, ``deadline``: the time for all of it. No limit when both are absent, whatever the client's
          time-out: an agent takes minutes.
        - The other arguments are those of ``submit``.
        """
        limit = Deadline.of(timeout, deadline, None).named("task.run")
        task_id = self.submit(**order, deadline=limit.named("task.run", ends_task=True).part()).task_id
        is_telling = False
        try:
            if on_output is not None:
                for piece in self._follow(task_id, "stdout", 0, limit):
                    is_telling = True
                    on_output(piece)
                    is_telling = False
            return self.wait(task_id=task_id, deadline=limit.part())
        except BaseException as error:
            is_over = not is_telling and isinstance(error, DaemonTimeoutError)
            if not is_over and not is_telling and isinstance(error, (DaemonError, DaemonConnectionError)):
                # The agent has done nothing wrong, and may be at work for hours: it goes on.
                raise
            try:
                self.cancel(task_id=task_id, timeout=_CANCELLING)
            except (DaemonError, DaemonConnectionError):
                # It has ended, or nobody can be told. What has gone wrong is said already.
                pass
            raise

    def follow(
        self,
        *,
        task_id: str,
        stream: OutputStream = "stdout",
        offset: int = 0,
        timeout: float | None = None,
        deadline: Moment | None = None,
    ) -> Iterator[str]:
        """The output of a task, piece by piece as its agent writes it, until the task has ended.

        Example::

            for piece in client.task.follow(task_id="task-0001"):
                print(piece, end="")

        When the task is tried again, the output of the next attempt follows.

        - ``offset``: the byte to begin with, in the attempt that runs.
        - ``timeout``, ``deadline``: the time for all of it, after which ``DaemonTimeoutError`` is raised. No limit
          when both are absent.
        """
        limit = Deadline.of(timeout, deadline, None).named("task.follow")
        return self._follow(task_id, stream, offset, limit)

    def iterate(
        self,
        *,
        state: TaskState | None = None,
        agent: str | None = None,
        rule: str | None = None,
        lane: str | None = None,
        text: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        page: int = 100,
        timeout: float | None = None,
    ) -> Iterator[Task]:
        """All tasks that match, the newest first, however many: ``list`` page by page.

        Example::

            for task in client.task.iterate(state="failed"):
                print(task.id, task.error)

        - ``page``: tasks of one page, from 1 to 1000. Each page is one call.
        - ``timeout``: the time for each call, in seconds.
        - The other arguments are those of ``list``.
        """
        cursor: str | None = None
        while True:
            tasks = self.list(
                state=state,
                agent=agent,
                rule=rule,
                lane=lane,
                text=text,
                since=since,
                until=until,
                limit=page,
                cursor=cursor,
                timeout=timeout,
            )
            yield from tasks
            if not tasks:
                return
            cursor = tasks[-1].id

    def _follow(
        self, task_id: str, stream: OutputStream, offset: int, limit: Deadline
    ) -> Iterator[str]:
        from ._output import Follower

        follower = Follower(offset)
        while not follower.is_over:
            chunk = self.output(
                task_id=task_id,
                stream=stream,
                offset=follower.offset,
                wait_ms=follower.wait_ms(limit),
                deadline=limit.part(),
            )
            piece = follower.take(chunk)
            if piece:
                yield piece


