"""The event loop that `async` tools run on when their run was not awaited on one."""

from __future__ import annotations

import asyncio
import threading

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def background_loop() -> asyncio.AbstractEventLoop:
    """The loop, which runs in a thread of its own for as long as the process does. The engine calls this."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="scorpio-tools", daemon=True).start()
        return _loop
