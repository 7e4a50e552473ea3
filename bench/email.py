"""E-mails from the outbox to a local mail server: rendered, tracked, signed, sent; beside bare aiosmtplib.

`python -m bench.email serve PORT` is the mail server, on the other core; `… ours PORT N` and `… bare PORT N` are
the two sides, each in a process of its own on one core.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure, figure, middle
from bench.machine import CLIENT_CORE, free_port, pinned
from bench.simulate import on_core

EMAILS = 3_000
ROUNDS = 3
TARGET = 500.0
CONNECTIONS = 10
HTML = (
    "<html><body><p>Hello {{ params.name }}</p>"
    + '<p>Text of a paragraph, <a href="https://shop.example/p">more</a></p>' * 10
)
SCOPE = 1


def run() -> list[Figure]:
    """Each round both sides, one after the other, at the same server."""
    emails = int(os.environ.get("BENCH_EMAILS", EMAILS))
    port = free_port()
    with pinned([sys.executable, "-m", "bench.email", "serve", str(port)], CLIENT_CORE):
        time.sleep(1)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(float(on_core("-m", "bench.email", "bare", str(port), str(emails)).split()[-1]))
            ours.append(float(on_core("-m", "bench.email", "ours", str(port), str(emails)).split()[-1]))
    value, baseline = middle(ours), middle(bare)
    target = f"≥ {TARGET:.0f} e-mails/s"
    return [
        figure(
            "e-mails, rendered, tracked, signed", value, "e-mails/s", ("bare aiosmtplib", baseline), target,
            value >= TARGET,
        )
    ]  # fmt: skip


class Sink(asyncio.Protocol):
    """A mail server that takes everything and keeps nothing."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest, self.in_data = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            if self.in_data:
                _, end, after = self.rest.partition(b"\r\n.\r\n")
                if not end:
                    return
                self.in_data, self.rest = False, after
                self.transport.write(b"250 Ok: queued as 1\r\n")
                continue
            line, end, after = self.rest.partition(b"\r\n")
            if not end:
                return
            self.rest = after
            verb = line[:4].upper()
            self.in_data = verb == b"DATA"
            self.transport.write(b"354 go\r\n" if self.in_data else b"250 Ok\r\n")


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


async def bare(port: int, emails: int) -> float:
    """The same number of e-mails of the same size over as many connections, made beforehand."""
    import aiosmtplib

    raw = b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 75
    waiting = iter(range(emails))

    async def work() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
        await client.connect()
        for _ in waiting:
            await client.sendmail("shop@example.com", ["jane@example.com"], raw)
        client.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return emails / (time.perf_counter() - started)


async def ours(port: int, emails: int) -> float:
    """The delivery's own loop over an outbox that is full, until every message is answered."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from parcours.app import build_platform
    from parcours.channels.document import CONFIGURATION_KIND, seal
    from parcours.channels.document import read_document as read_configuration
    from parcours.channels.draft import Draft
    from parcours.delivery.messages import Messenger
    from parcours.delivery.service import Delivery
    from parcours.delivery.store import enqueue_message
    from parcours.kit.settings import Settings
    from parcours.resources.store import Author
    from parcours.templates.document import read_document
    from parcours.templates.service import TEMPLATE_KIND

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as name:
        settings = Settings(data_dir=Path(name), allow_private_networks=True)
        platform = build_platform(settings)
        platform.migrate()
        author = Author("bench", "bench")
        content = {"subject": "Hello {{ params.name }}", "html": HTML}
        template = read_document(
            {"name": "Bench", "channel": "email", "parameters": [{"name": "name"}], "content": content}
        )
        smtp = {
            "host": "127.0.0.1", "port": port, "security": "none", "maxConnections": CONNECTIONS,
            "messagesPerConnection": 10_000, "dkimSelector": "s1", "dkimPrivateKey": key.decode(),
        }  # fmt: skip
        configuration = read_configuration(
            {
                "name": "Bench", "channel": "email", "provider": {"kind": "smtp", "settings": smtp},
                "sender": {"address": "shop@example.com"}, "isDefault": True,
            },
            True,
        )  # fmt: skip
        with platform.db.write() as connection:
            published = {"version": 0, "document": template, "atMs": 0}
            stored = platform.resources.create(
                connection, SCOPE, author, TEMPLATE_KIND, {**template, "published": published}
            )
            sealed = seal(configuration, platform.secrets, None)
            platform.resources.create(connection, SCOPE, author, CONFIGURATION_KIND, sealed)
            for number in range(emails):
                draft = Draft(
                    channel="email", template_uid=stored.id, template_version=0, configuration_uid=None,
                    address=f"jane{number}@example.com", values={"params": {"name": f"Jane {number}"}},
                )  # fmt: skip
                enqueue_message(connection, SCOPE, f"{number:032x}-1", "mail", stored.id, draft.request(), 0)
        messenger = Messenger(platform.db, platform.templates, platform.channels, platform.secrets, settings)
        delivery = Delivery(platform.db, platform.actions, platform.limits, settings, messenger=messenger)
        done = asyncio.Event()
        codes: list[str] = []

        def take(answers: list[Any]) -> None:
            codes.extend(answer.outcome.status_code for answer in answers)
            if len(codes) >= emails:
                done.set()

        delivery.on_answers = take
        started = time.perf_counter()
        running = asyncio.create_task(delivery.run())
        await done.wait()
        elapsed_s = time.perf_counter() - started
        await delivery.stop()
        await running
        platform.close()
        assert set(codes) == {"sent"}, set(codes)
        return emails / elapsed_s


if __name__ == "__main__":
    what, port, *more = sys.argv[1:]
    if what == "serve":
        asyncio.run(serve(int(port)))
    print(asyncio.run((ours if what == "ours" else bare)(int(port), int(more[0]))))
