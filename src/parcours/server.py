"""`parcours serve`: the HTTP process with its inlets and control plane, and the worker it looks after."""

import asyncio
import contextlib
import os
import time

import orjson
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from parcours.access.users import Users
from parcours.app import build_platform, log_path
from parcours.collection.inlet import Collector
from parcours.db.engine import Changes
from parcours.edge import build_collector, build_control_plane, build_mailboxes, build_process_routers
from parcours.http.health import Health
from parcours.http.rsgi import Edge
from parcours.kit.child import Child, stop_on_signals
from parcours.kit.errors import Unavailable
from parcours.kit.memory import settle_memory
from parcours.kit.proxies import read_networks
from parcours.kit.settings import Settings
from parcours.kit.telemetry import configure_logging, forget_process, get_logger, reserve_metric_files
from parcours.log.sqlite import SqliteLogWriter
from parcours.worker import read_fault

log = get_logger("server")
_REFRESH_EVERY_S = 1.0
_STOP_TIMEOUT_S = 30.0


def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Run until SIGTERM or SIGINT; accepted records stay, calls under way finish or are resumed at the next start."""
    configure_logging(settings.log_level)
    reserve_metric_files()
    for name in settings.extra:
        if name != "PARCOURS_REQUIRE":
            log.warning("settings.unknown_variable", name=name)
    uvloop.run(_serve(settings, with_worker=with_worker))


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    stop_on_signals(loop, stop.set)
    arguments = ("--data-dir", str(settings.data_dir), "--public-url", settings.base_url)  # it makes links, too
    worker = Child("worker", *arguments) if with_worker else None
    if worker is not None:
        await worker.start()  # it loads its modules while this process opens the database
    platform = build_platform(settings)
    platform.migrate()
    platform.access.bootstrap()
    writer = SqliteLogWriter(log_path(settings), on_commit=None if worker is None else worker.wake)
    if worker is not None:
        worker.go()
    health = Health(platform.db, writer, None if worker is None else lambda: _state_of(worker, settings))
    collector = build_collector(platform, writer)
    await collector.refresh()
    api = build_control_plane(platform, build_process_routers(platform, health, writer, loop))

    async def notice_change() -> None:
        if worker is not None:
            worker.wake()  # a stop, perhaps, or what the next record needs compiled
        await collector.refresh()

    edge = Edge(api, collector, settings.max_control_body_bytes, notice_change, read_networks(settings.trusted_proxies))
    server = Server(
        edge,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        backlog=1024,
        websockets=False,
        log_enabled=False,
    )
    tasks = [
        asyncio.create_task(_keep_fresh(collector, platform.db.changes(), stop)),
        asyncio.create_task(server.serve()),
        asyncio.create_task(build_mailboxes(platform, writer, loop).run(stop)),
    ]
    if worker is not None:
        tasks.append(asyncio.create_task(_look_after(worker, stop)))
    _write_address(settings)
    log.info("server.started", url=settings.base_url, data_dir=str(settings.data_dir))
    _print_setup(platform.users)
    settle_memory()
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    health.is_stopping = True
    failed = [task for task in tasks if task.done() and not stop.is_set()]
    stop.set()
    edge.end_streams()
    server.stop()  # type: ignore[no-untyped-call]
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), _STOP_TIMEOUT_S)
    if worker is not None:
        await worker.stop(_STOP_TIMEOUT_S)
    await writer.close()
    platform.close()
    log.info("server.stopped")
    for task in failed:
        error = task.exception()
        if error is not None:
            raise error


def _print_setup(users: Users) -> None:
    """On a server without users: the link that makes the first one, for whoever sees the console."""
    link = users.open_setup()
    if link is not None:
        with contextlib.suppress(OSError):  # a console that is gone stops no server
            print(f"Open {link.url} to create the first administrator", flush=True)


def _state_of(worker: Child, settings: Settings) -> str:
    if not worker.is_alive:
        return "not running"
    fault = read_fault(settings.data_dir)
    return "ok" if fault is None else f"its transactions fail: {fault}"


async def _keep_fresh(collector: Collector, changes: Changes, stop: asyncio.Event) -> None:
    """Notice definitions that another process changed."""
    seen: int | None = None
    while not stop.is_set():
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), _REFRESH_EVERY_S)
        version = changes.version()
        if version is not None and version == seen:
            continue
        try:
            await collector.refresh()
            seen = version
        except Unavailable as error:  # inlets go on with what they know
            log.error("definitions.unreadable", error=str(error))


def _write_address(settings: Settings) -> None:
    """Tell the command line where the server of this data directory is."""
    path = settings.data_dir / "server.json"
    draft = path.with_suffix(".new")
    draft.write_bytes(orjson.dumps({"url": settings.local_url, "pid": os.getpid()}) + b"\n")
    draft.replace(path)


async def _look_after(worker: Child, stop: asyncio.Event) -> None:
    """Start the worker again whenever it ends by itself."""
    delay_s = 0.1
    while not stop.is_set():
        started = time.monotonic()
        ended = asyncio.create_task(worker.wait())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            return
        log.error("worker.died", exit_code=ended.result())
        forget_process(worker.pid)
        delay_s = 0.1 if time.monotonic() - started > 60 else min(delay_s * 2, 10.0)
        await asyncio.sleep(delay_s)
        await worker.start()
        worker.go()
