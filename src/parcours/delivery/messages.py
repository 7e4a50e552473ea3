"""Messages of the outbox: looked up, refused where they may not be sent, rendered, handed to a provider, retried."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from parcours.channels import store
from parcours.channels.addresses import MAX_TOKEN_CHARACTERS, AddressRefused, normalize
from parcours.channels.draft import Draft, read_draft
from parcours.channels.keeper import Keeper
from parcours.channels.kinds import KINDS
from parcours.channels.links import CLICK_PATH, Link, Links, track
from parcours.channels.model import Configuration, Http, Message, Provider, Report, SendOutcome, Tools
from parcours.channels.service import ChannelService
from parcours.db import Database
from parcours.delivery.model import OutboxRow
from parcours.journeys.model import BOUNCED, EXCLUDED, SENT, ActionOutcome
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.secrets import SecretBox, SecretUnreadable
from parcours.kit.settings import Settings
from parcours.kit.telemetry import Counter, get_logger
from parcours.templates.compiled import CompiledTemplate, Rendered
from parcours.templates.errors import RenderFailed, TemplateInvalid
from parcours.templates.service import TemplateService

MESSAGES = Counter("parcours_messages_total", "Messages whose call was answered.", ["channel", "outcome"])
MAX_PAUSE_S = 60.0
log = get_logger("messages")


class _Prepared(NamedTuple):
    """What the database says of a message."""

    template: CompiledTemplate | None
    configuration: Configuration | None
    suppressed: str | None


class _Failed(Exception):
    """No message leaves; `report` says what it counts as."""

    def __init__(self, status: str, code: str, reason: str, bounce: Literal["", "hard"] = "") -> None:
        super().__init__(reason)
        self.status, self.code, self.bounce = status, code, bounce


class Messenger:
    """Sends messages. Lives in the event loop that calls `open`."""

    def __init__(
        self,
        db: Database,
        templates: TemplateService,
        channels: ChannelService,
        secrets: SecretBox,
        settings: Settings,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._templates = templates
        self._template_table = templates.compiled()
        self._channel_table = channels.compiled()
        self._secrets = secrets
        self._allow_private = settings.allow_private_networks
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._base_url = settings.base_url
        self._links = Links(secrets, settings.base_url)
        self._providers: dict[tuple[int, str, str], tuple[int, Provider]] = {}
        """By (scope, configuration, channel), with the version it was opened from."""

    def open(self, http: Http) -> None:
        """Be ready to send. http: makes guarded exchanges as long as messages are sent."""
        self._reader = ThreadPoolExecutor(1, "messages")
        self._keeper = Keeper(self._db, self._clock)
        self._tools = Tools(http, self._allow_private, self._keeper.keep, self._secrets.decrypt, self._base_url)

    async def close(self) -> None:
        """Let go of every connection."""
        providers, self._providers = self._providers, {}
        for _, provider in providers.values():
            await provider.close()
        self._keeper.close()
        self._reader.shutdown(wait=False)

    async def send(self, row: OutboxRow) -> tuple[ActionOutcome, Report | None]:
        """Send a row's message: what its instance is told, and what is noted. Whatever goes wrong is an outcome."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            if row.request is None:
                raise ValueError("no request")
            draft = read_draft(row.request)
        except (ValueError, TypeError):
            return ActionOutcome("internalError", error_message="the stored message can't be read"), None
        retired: list[str] = []
        attempts = 0
        for one in await self._devices(row.scope_id, draft):
            outcome, report = await self._send_to(row, one, started)
            attempts += report.attempts
            if report.bounce != "hard":
                break
            retired.append(report.address)
        return outcome, report._replace(retired=tuple(retired), attempts=attempts)

    async def _send_to(self, row: OutboxRow, draft: Draft, started: float) -> tuple[ActionOutcome, Report]:
        """Send to one address. started: by the clock of the event loop."""
        loop = asyncio.get_running_loop()
        prepared: _Prepared | None = None
        address = draft.address if isinstance(draft.address, str) else ""
        attempts = 0
        provider_id: str | None = None
        tracked: tuple[str, ...] = ()
        status, code, reason, bounce = "error", "internalError", "", ""
        try:
            address = _address(draft)
            prepared = await loop.run_in_executor(self._reader, self._prepare, row.scope_id, draft, address)
            template, configuration = _usable(prepared, draft)
            self._refuse(draft, template, prepared.suppressed)
            message = self._message(row, draft, template, configuration, address)
            tracked = _can_be_known(configuration, message)
            limit_s = max(row.time_limit_us / 1e6, configuration.retry_s)
            outcome, attempts = await self._try(configuration, message, started + limit_s)
            provider_id, reason, bounce = outcome.provider_id, outcome.reason or "", outcome.bounce
            if outcome.status == "failed":
                status, code = ("bounce" if bounce else "error"), outcome.code or "error"
            else:
                status, code = outcome.status, ""
        except _Failed as failed:
            status, code, reason, bounce = failed.status, failed.code, str(failed), failed.bounce
        except (RenderFailed, TemplateInvalid) as failed:
            code, reason = getattr(failed, "code", "templateError"), str(failed)
        except (SecretUnreadable, SQLAlchemyError) as error:
            reason = str(error).splitlines()[0]
        elapsed_ms = round((loop.time() - started) * 1000)
        report = _report(row, draft, prepared, address, status, code, reason, bounce, attempts, provider_id)
        report = report._replace(tracked=tracked, sent_at_ms=self._clock.now_us() // 1000)
        MESSAGES.labels(draft.channel, status).inc()
        return _outcome(report, elapsed_ms, draft), report

    # --- looking up ---

    async def _devices(self, scope_id: int, draft: Draft) -> list[Draft]:
        """The draft for each of several devices whose token is not retired, in order; else for the one there is.

        One gets the message: the next only when a push service says that the token of the one before is dead.
        """
        if not isinstance(draft.address, list) or not draft.address:
            return [draft]
        devices = [(str(token), str(platform)) for token, platform in draft.address]

        def choose() -> list[tuple[str, str]]:
            with self._db.read() as connection:
                tokens = [token for token, _ in devices]
                retired = store.suppressed_among(connection, scope_id, draft.channel, tokens)
            return [device for device in devices if device[0] not in retired] or devices[:1]

        try:
            chosen = await asyncio.get_running_loop().run_in_executor(self._reader, choose)
        except SQLAlchemyError:
            chosen = devices[:1]  # whoever looks next says what is wrong
        return [replace(draft, address=token, platform=platform) for token, platform in chosen]

    def _prepare(self, scope_id: int, draft: Draft, address: str) -> _Prepared:
        with self._db.read() as connection:
            template = self._template_table.current(connection).get(scope_id, draft.template_uid)
            if draft.document is not None:
                template = CompiledTemplate(scope_id, draft.template_uid, draft.template_version, draft.document)
            elif template is None or template.version != draft.template_version:
                template = self._templates.published_at(
                    connection, scope_id, draft.template_uid, draft.template_version
                )
            configuration = self._channel_table.current(connection).choose(
                scope_id, draft.channel, draft.configuration_uid
            )
            return _Prepared(template, configuration, store.suppressed(connection, scope_id, draft.channel, address))

    @staticmethod
    def _refuse(draft: Draft, template: CompiledTemplate, suppressed: str | None) -> None:
        """Consent and the suppression list. Transactional messages need no consent, but reach no dead address."""
        is_marketing = template.category == "marketing"
        if is_marketing and not draft.has_consent:
            raise _Failed("exclude", "noConsent", "the profile refuses marketing by this channel")
        if suppressed is not None and (is_marketing or suppressed not in ("unsubscribe", "manual")):
            raise _Failed("denylist", suppressed, "the address is on the suppression list")

    # --- rendering ---

    def _message(
        self, row: OutboxRow, draft: Draft, template: CompiledTemplate, configuration: Configuration, address: str
    ) -> Message:
        key = row.idempotency_key
        unsubscribe_url: str | None = None
        if draft.channel == "email" and configuration.offers_unsubscribe and template.category == "marketing":
            unsubscribe_url = self._links.url(Link("u", row.scope_id, key, "", draft.channel, address))
        values = {**draft.values, "links": {} if unsubscribe_url is None else {"unsubscribe": unsubscribe_url}}
        rendered = template.render(values)
        fields = self._tracked(row, rendered, configuration, unsubscribe_url)
        return Message(
            key, row.scope_id, draft.channel, address, fields, rendered.attachments, rendered.data or {},
            template.category, draft.platform, unsubscribe_url,  # type: ignore[arg-type]
            {
                "templateUid": template.uid, "templateName": template.name, "journeyUid": draft.journey_uid,
                "versionUid": row.version_uid, "nodeId": row.node_id,
            },
        )  # fmt: skip

    def _tracked(
        self, row: OutboxRow, rendered: Rendered, configuration: Configuration, unsubscribe_url: str | None
    ) -> Mapping[str, str]:
        source = rendered.fields.get("html")
        if source is None or not (configuration.tracks_links or configuration.tracks_opens):
            return rendered.fields
        scope_id, key, links = row.scope_id, row.idempotency_key, self._links

        def click(target: str) -> str:
            return links.url(Link("c", scope_id, key, target)) if configuration.tracks_links else target

        open_url = links.url(Link("o", scope_id, key)) if configuration.tracks_opens else None
        return {**rendered.fields, "html": track(source, click, unsubscribe_url, open_url)}

    # --- sending ---

    def _provider(self, configuration: Configuration) -> Provider:
        place = (configuration.scope_id, configuration.uid, configuration.channel)
        known = self._providers.get(place)
        if known is not None:
            if known[0] == configuration.version:
                return known[1]
            asyncio.get_running_loop().create_task(_close_later(known[1]))
        opened = KINDS[configuration.kind].open(configuration, self._tools)
        self._providers[place] = (configuration.version, opened)
        return opened

    async def _try(self, configuration: Configuration, message: Message, until_s: float) -> tuple[SendOutcome, int]:
        """Attempts until one is final or the time is over: the last outcome, and how many there were."""
        loop = asyncio.get_running_loop()
        provider = self._provider(configuration)
        attempts = 0
        last: SendOutcome | None = None
        try:
            async with asyncio.timeout_at(until_s):
                while True:
                    attempts += 1
                    last = await provider.send(message)
                    if last.status != "failed" or last.is_permanent:
                        return last, attempts
                    pause_s = min(2.0 ** (attempts - 1), MAX_PAUSE_S) * (0.75 + 0.5 * random.random())
                    pause_s = max(pause_s, last.retry_after_s or 0.0)
                    if loop.time() + pause_s >= until_s:
                        return last, attempts
                    await self._sleep(pause_s)
        except TimeoutError:
            return last or SendOutcome(
                "failed", code="timedout", reason="the provider did not answer in time"
            ), attempts


def _can_be_known(configuration: Configuration, message: Message) -> tuple[str, ...]:
    """Whether opens and clicks of a message come back: of e-mail, where its HTML asks for them."""
    if message.channel == "push":
        return ("opens",)
    html = message.fields.get("html")
    if message.channel != "email" or not html:
        return ()
    opens = ("opens",) if configuration.tracks_opens else ()
    return (*opens, "clicks") if configuration.tracks_links and CLICK_PATH in html else opens


def _address(draft: Draft) -> str:
    try:
        return normalize(draft.channel, draft.address)
    except AddressRefused as refused:
        code = "addressMissing" if not draft.address else "addressInvalid"
        raise _Failed("error", code, str(refused)) from None


def _usable(prepared: _Prepared, draft: Draft) -> tuple[CompiledTemplate, Configuration]:
    if prepared.template is None:
        raise _Failed("error", "templateGone", "the template is gone")
    if prepared.configuration is None or prepared.configuration.kind not in KINDS:
        raise _Failed("error", "configurationGone", f"no configuration {draft.configuration_uid!r} of the channel")
    return prepared.template, prepared.configuration


def _report(
    row: OutboxRow, draft: Draft, prepared: _Prepared | None, address: str, status: str, code: str, reason: str,
    bounce: str, attempts: int, provider_id: str | None,
) -> Report:  # fmt: skip
    template = None if prepared is None else prepared.template
    configuration = None if prepared is None else prepared.configuration
    return Report(
        key=row.idempotency_key,
        status=status,  # type: ignore[arg-type]
        channel=draft.channel,
        address=address[:MAX_TOKEN_CHARACTERS],
        namespace=draft.namespace,
        identity=draft.identity,
        template_uid=draft.template_uid,
        template_name="" if template is None else template.name,
        configuration_uid="" if configuration is None else configuration.uid,
        journey_uid=draft.journey_uid,
        version_uid=row.version_uid,
        node_id=row.node_id,
        category="transactional" if template is None else template.category,
        provider="" if configuration is None else configuration.kind,
        provider_id=provider_id,
        code=code or None,
        reason=reason or None,
        bounce=bounce,  # type: ignore[arg-type]
        soft_bounces=5 if configuration is None else configuration.soft_bounces,
        attempts=attempts,
        is_test=draft.is_test,
        utc_offset_s=draft.utc_offset_s,
        is_time_optimized=draft.is_time_optimized,
    )


_CODES: Mapping[str, str] = {
    "sent": SENT, "delivered": SENT, "exclude": EXCLUDED, "denylist": EXCLUDED, "bounce": BOUNCED,
}  # fmt: skip


def _outcome(report: Report, elapsed_ms: int, draft: Draft) -> ActionOutcome:
    code = _CODES.get(report.status) or report.code or "error"
    detail = f"{report.code}: {report.reason}" if code in (EXCLUDED, BOUNCED) else report.reason
    return ActionOutcome(
        code,
        error_message=detail,
        elapsed_ms=elapsed_ms,
        attempts=max(report.attempts, 1),
        endpoint=f"{report.provider or draft.channel}:{report.configuration_uid}",
        method="MESSAGE",
    )


async def _close_later(provider: Provider) -> None:
    """What is under way may still end with it."""
    await asyncio.sleep(MAX_PAUSE_S)
    await provider.close()
