"""Where tools run: plain ones on threads, `async` ones on the event loop of their run, or on one of the package's own.

All of it is Python, down to the tool, and the threads are daemons: when the interpreter ends, CPython ends them where
they are, which it cannot do to a thread with native frames below.
"""

from __future__ import annotations

import asyncio
import functools
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextvars import Context

    from scorpio._scorpio import PendingCall
    from scorpio._tool import Answer

_MOST_THREADS = 512
"""Calls above this wait for a thread."""

_IDLE_SECONDS = 10.0
"""After this long without a call a thread ends."""


class _Threads:
    """Threads that are made when they are needed and kept for the next call."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[PendingCall, Context]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._idle = 0
        """How many threads wait for a call that has not been queued."""

    def submit(self, call: PendingCall, variables: Context) -> None:
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._count < _MOST_THREADS:
                self._count += 1
                threading.Thread(target=self._work, name=f"scorpio-tool-{self._count}", daemon=True).start()
            self._calls.put((call, variables))

    def _work(self) -> None:
        while True:
            try:
                call, variables = self._calls.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._idle:
                        self._idle -= 1
                        self._count -= 1
                        return
                # A call is on its way to every thread that waits.
                continue
            answer = variables.run(call.tool._call_sync, call.context, call.arguments)
            call.finish(*answer)
            # The call keeps the run's context alive; this thread may wait for the next one for long.
            del call, variables, answer
            with self._lock:
                self._idle += 1


_threads = _Threads()
_loop_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def start_in_thread(call: PendingCall, variables: Context) -> None:
    """Runs a plain tool. The engine calls this."""
    _threads.submit(call, variables)


def start_on_loop(call: PendingCall, variables: Context, event_loop: asyncio.AbstractEventLoop | None) -> None:
    """Runs an `async` tool. The engine calls this.

    Raises:
        RuntimeError: When the loop is closed.
    """
    event_loop = event_loop or _background_loop()
    event_loop.call_soon_threadsafe(_start_task, call, event_loop, context=variables)


def cancel_task(event_loop: asyncio.AbstractEventLoop, task: asyncio.Task[Answer]) -> None:
    """Cancels the task of a tool. The engine calls this.

    Raises:
        RuntimeError: When the loop is closed, and the task with it.
    """
    event_loop.call_soon_threadsafe(task.cancel)


def _start_task(call: PendingCall, event_loop: asyncio.AbstractEventLoop) -> None:
    if call.abandoned:
        return
    task = event_loop.create_task(call.tool._call_async(call.context, call.arguments))
    task.add_done_callback(functools.partial(_end_task, call))
    call.started(event_loop, task)


def _end_task(call: PendingCall, task: asyncio.Task[Answer]) -> None:
    if task.cancelled():
        call.finish(False, "The tool was cancelled.", None)
    elif error := task.exception():
        # Only what is meant to end the program comes through here, and asyncio raises it as well.
        call.finish(False, "The tool failed.", repr(error))
    else:
        call.finish(*task.result())


def _background_loop() -> asyncio.AbstractEventLoop:
    """A loop for runs that were not awaited on one. It runs for as long as the process does."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="scorpio-tools", daemon=True).start()
        return _loop
