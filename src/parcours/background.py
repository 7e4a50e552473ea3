"""The processes behind the server: the worker, and the two that it starts. They load nothing that answers HTTP."""

import asyncio

import uvloop

from parcours.app import build_lake_writer, build_loader, build_platform, build_worker
from parcours.kit.child import listen_to_parent, stop_on_signals, wait_for_go
from parcours.kit.memory import settle_memory
from parcours.kit.settings import Settings
from parcours.kit.telemetry import configure_logging, get_logger, reserve_metric_files
from parcours.lake.keeper import LakeKeeper
from parcours.server_files import DataDirUnusable
from parcours.worker import only_worker

log = get_logger("server")


def work(settings: Settings, lifeline: int | None) -> None:
    """Run the worker alone until SIGTERM, or until the process at the other end of `lifeline` is gone.

    Raises DataDirUnusable when no server has ever run over the data directory.
    """
    if lifeline is None and not (settings.data_dir / "credentials.json").exists():
        raise DataDirUnusable(
            f"{settings.data_dir} is no server's data directory: start `parcours serve --collector-only` over it first"
        )
    configure_logging(settings.log_level)
    reserve_metric_files()
    if lifeline is not None and not wait_for_go(lifeline):
        return
    uvloop.run(_work(settings, lifeline))


async def _work(settings: Settings, lifeline: int | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    stop_on_signals(loop, stop.set)
    if lifeline is not None:
        listen_to_parent(lifeline, loop, stop=stop.set)
    async with only_worker(settings.data_dir, stop) as is_the_one:
        if not is_the_one:
            return
        platform = build_platform(settings)
        worker = build_worker(platform)
        settle_memory()
        stop_on_signals(loop, worker.stop)
        if lifeline is not None:
            listen_to_parent(lifeline, loop, stop=worker.stop, wake=worker.wake)
            worker.wake()
        if stop.is_set():
            worker.stop()
        log.info("worker.started", data_dir=str(settings.data_dir))
        await worker.run()
        platform.close()
        log.info("worker.stopped")


def keep_lake(settings: Settings, lifeline: int) -> None:
    """Commit staged records to the lake until nothing was staged for a minute, or the worker is gone."""
    configure_logging(settings.log_level)
    reserve_metric_files()
    if wait_for_go(lifeline):
        uvloop.run(_keep_lake(settings, lifeline))


async def _keep_lake(settings: Settings, lifeline: int) -> None:
    platform = build_platform(settings)
    keeper = LakeKeeper(build_lake_writer(platform), settings.lake_commit_ms / 1000)
    loop = asyncio.get_running_loop()
    stop_on_signals(loop, keeper.stop)
    listen_to_parent(lifeline, loop, stop=keeper.stop)
    await asyncio.to_thread(keeper.run)
    platform.close()


def load(settings: Settings, lifeline: int) -> None:
    """Bring in what comes in bulk until there was nothing to do for a minute, or the worker is gone."""
    configure_logging(settings.log_level)
    reserve_metric_files()
    if wait_for_go(lifeline):
        uvloop.run(_load(settings, lifeline))


async def _load(settings: Settings, lifeline: int) -> None:
    platform = build_platform(settings)
    loader = build_loader(platform)
    loop = asyncio.get_running_loop()
    stop_on_signals(loop, loader.stop)
    listen_to_parent(lifeline, loop, stop=loader.stop)
    await asyncio.to_thread(loader.run)
    platform.close()
