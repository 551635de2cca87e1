"""A wire to a PostgreSQL server that can be slow, cut or dead: a stream proxy between two unix sockets."""

import asyncio
import contextlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
_CHUNK = 65_536


class Wire:
    """``folder`` is the ``host`` of a DSN; everything said there is carried to the server in ``behind``."""

    def __init__(self, behind: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bg-wire-", dir="/tmp"))
        self._behind = str(Path(behind) / SOCKET)
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._closed = asyncio.Event()
        self._seconds = 0.0
        self._refuses = False
        self._lines: set[asyncio.StreamWriter] = set()
        self._running: set[asyncio.Task[None]] = set()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="wire", daemon=True)
        self._thread.start()
        started.wait(10)

    # --- what may happen to it -----------------------------------------------------------------------------
    def cut(self) -> None:
        """Every connection is lost, in the middle of whatever it says."""
        self._do(self._cut)

    def refuse(self) -> None:
        """Every connection is lost, and nobody answers."""
        self._refuses = True
        self._do(self._cut)

    def slow(self, seconds: float) -> None:
        """Everything arrives that much later."""
        self._seconds = seconds

    def hang(self) -> None:
        """Nothing arrives any more; what is said waits on the way."""
        self._do(self._open.clear)

    def mend(self, *, deliver: bool = True) -> None:
        """All is well again. What was on its way arrives now, however late; or, without ``deliver``, never."""
        self._seconds, self._refuses = 0.0, False
        if not deliver:
            self._do(self._cut)
        self._do(self._open.set)

    def close(self) -> None:
        """Carry nothing more."""
        self._do(self._closed.set)
        self._thread.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- carrying ------------------------------------------------------------------------------------------
    def _do(self, act: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(act)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))
        self._loop.close()

    async def _serve(self, started: threading.Event) -> None:
        server = await asyncio.start_unix_server(self._carry, str(self.folder / SOCKET))
        started.set()
        await self._closed.wait()
        server.close()
        self._cut()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*carrying, return_exceptions=True)

    def _cut(self) -> None:
        for writer in self._lines:
            writer.transport.abort()
        for task in self._running:
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        there, back = await asyncio.open_unix_connection(self._behind)
        self._lines |= {writer, back}
        both = [asyncio.ensure_future(each) for each in (self._pump(reader, back), self._pump(there, writer))]
        self._running |= {*both}
        await asyncio.wait(both)
        self._running -= {*both}
        self._lines -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(_CHUNK):
                if self._seconds:
                    await asyncio.sleep(self._seconds)
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
