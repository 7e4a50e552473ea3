"""Message templates and channel configurations as files: their form, what a plan says of them, what an apply does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from code_world import JOURNEYS, Client, apply, edit, export, plan, texts, told
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.ascode.apply import apply_tasks, tasks_of
from parcours.ascode.channels import configuration_to_file, keeps_secrets
from parcours.ascode.diff import differences
from parcours.ascode.errors import FolderInvalid, SecretsMissing, SecretUnusable
from parcours.ascode.folder import read_folder
from parcours.ascode.model import Ref
from parcours.ascode.naming import with_key
from parcours.ascode.plan import Wishes, make_plan
from parcours.ascode.remote import read_present
from parcours.ascode.schemas import shape_faults
from parcours.ascode.secrets import clear_secrets, fill, masked, names_in, refer, rehearsable
from parcours.ascode.templates import (
    rename_in_liquid,
    template_parts,
    template_to_file,
    template_writes,
    with_tenant_in_liquid,
)
from parcours.channels.dkim import unused_key
from parcours.channels.document import read_document as read_configuration
from parcours.channels.document import secret_places
from parcours.channels.kinds import KINDS
from parcours.commands.scratch import Scratch, open_scratch
from parcours.kit.yaml_text import read_yaml
from parcours.kit.yaml_writer import write_yaml
from parcours.templates.document import CATEGORIES, MISSING, read_document

TEMPLATES, CONFIGURATIONS = f"{JOURNEYS}/messageTemplates", f"{JOURNEYS}/channelConfigurations"
HTML = "<p>Hello {{ profile.person.name.firstName }},</p>\n<p>your order is {{ params.state }}.</p>\n"
TEMPLATE: dict[str, Any] = {
    "name": "Order state", "channel": "email", "parameters": [{"name": "state"}],
    "content": {"subject": "Order {{ params.state }}", "html": HTML},
}  # fmt: skip
SMTP: dict[str, Any] = {
    "name": "Shop mail", "channel": "email", "sender": {"address": "shop@example.com", "name": "Shop"},
    "provider": {
        "kind": "smtp",
        "settings": {
            "host": "smtp.example.com", "username": "shop", "password": "not to be seen",
            "dkimSelector": "s1", "dkimPrivateKey": "",
        },
    },
    "feedbackSecret": "nor this", "isDefault": True,
}  # fmt: skip
SECRETS = {"SHOP_MAIL_PASSWORD": "another", "SHOP_MAIL_FEEDBACK_SECRET": "one more"}


# --- pure ---------------------------------------------------------------------------------------------------------

line = st.text(st.characters(codec="utf-8", exclude_characters="{}%", exclude_categories=["Cs"]), max_size=30)
full = line.filter(lambda text: bool(text.strip()))


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    """Templates as they are stored."""
    channel = draw(st.sampled_from(["email", "sms", "push"]))
    if channel == "email":
        content = {
            "subject": draw(full), draw(st.sampled_from(["html", "text"])): draw(line),
            "attachments": draw(st.lists(st.fixed_dictionaries({"url": st.just("https://a.example/x"), "name": full}))),
        }  # fmt: skip
        content["attachments"] = content["attachments"][:10]
    elif channel == "sms":
        content = {"body": draw(full)}
    else:
        content = {"title": draw(full), "body": draw(full), "data": draw(st.dictionaries(line, line, max_size=3))}
    names = draw(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True), unique=True, max_size=3))
    return read_document(
        {
            "name": draw(full), "description": draw(line), "channel": channel,
            "category": draw(st.sampled_from(CATEGORIES)), "missing": draw(st.sampled_from(MISSING)),
            "parameters": [
                {"name": name, "label": draw(full), "optional": draw(st.booleans())} for name in names
            ],
            "content": content,
        }
    )  # fmt: skip


def through_yaml(document: dict[str, Any]) -> dict[str, Any]:
    found = read_yaml(write_yaml(document), "x.yaml").document
    assert isinstance(found, dict)
    return found


@given(drafts(), st.none() | drafts(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_template_comes_out_of_its_file_as_it_went_in(
    draft: dict[str, Any], other: dict[str, Any] | None, is_published: bool
) -> None:
    sent = other if other is not None and is_published else draft if is_published else None
    state = "draft" if sent is None else "published" if sent == draft else "modified"
    shown = {"uid": "u", **draft, "state": state, "version": 3, "usedIn": 0, "published": None}
    written = template_to_file(shown, sent if state == "modified" else None)
    assert list(shape_faults("message-templates", written)) == []
    back, published = template_parts(through_yaml(with_key(Ref("message-templates", draft["name"]), written)))
    assert read_document(back) == draft
    assert (None if published is None else read_document(published)) == sent
    assert template_writes(written, written) == []
    assert [one.verb for one in template_writes(None, written)] == {
        "draft": ["save"], "published": ["save", "publish"], "modified": ["save", "publish", "save"],
    }[state]  # fmt: skip


@given(st.sampled_from(sorted(KINDS)), st.data())
@settings(max_examples=60, deadline=None)
def test_a_configuration_comes_out_of_its_file_as_it_went_in(kind: str, data: st.DataObject) -> None:
    """With every secret that its kind has, and none of them in the file."""
    one = KINDS[kind]
    body: dict[str, Any] = {
        "smtp": {"host": "h.example", "username": "u", "dkimSelector": "s", "bounceHost": "b", "bounceUsername": "x"},
        "twilio": {"accountSid": "AC1", "apiKeySid": "SK1"},
        "push": {"apnsKeyId": "K", "apnsTeamId": "T", "apnsTopic": "t", "vapidSubject": "mailto:a@b.example"},
        "inbox": {},
    }
    values = {name: one.stand_in(name) for name in one.secrets}
    channel = data.draw(st.sampled_from(sorted(one.channels)))
    sender = {"email": {"address": "a@example.com"}, "sms": {"from": "+33612345678"}, "push": {}}[channel]
    document = read_configuration(
        {
            "name": data.draw(full), "description": data.draw(line), "channel": channel, "sender": sender,
            "provider": {"kind": kind, "settings": {**body[kind], **values}},
            "tracking": data.draw(st.fixed_dictionaries({"opens": st.booleans(), "links": st.booleans()})),
            "unsubscribe": data.draw(st.booleans()), "isDefault": data.draw(st.booleans()),
            "retrySeconds": data.draw(st.integers(1, 3_600)), "softBounces": data.draw(st.integers(1, 100)),
            "feedbackSecret": data.draw(st.sampled_from([None, "tell nobody"])),
        },
        allow_private=True,
    )  # fmt: skip
    masks = dict.fromkeys(values, "********")
    shown = {
        "uid": "u", "version": 1, **document,
        "provider": {"kind": kind, "settings": {**body[kind], **masks}},
        "feedbackSecret": document["feedbackSecret"] and "********",
    }  # fmt: skip
    ref = Ref("channel-configurations", "K")
    written = refer(ref, configuration_to_file(shown))
    text = write_yaml(written)
    assert "********" not in text
    assert not any(value in text for value in [*values.values(), "tell nobody"] if value != "stand-in")
    found = through_yaml(written)
    assert list(shape_faults(ref.kind, found)) == clear_secrets(ref.kind, found) == []
    assert len(names_in(ref.kind, found)) == len(values) + (document["feedbackSecret"] is not None)
    assert masked(ref.kind, found) == configuration_to_file(shown)
    known = {f"K_{name}": value for name, value in values.items()}
    by_name = {"".join(name.split("_")).lower(): value for name, value in known.items()} | {
        "kfeedbacksecret": "tell nobody"
    }
    filled = fill(ref.kind, found, lambda name: by_name[name.replace("_", "").lower()])
    assert read_configuration(filled, allow_private=True) == document
    read_configuration(rehearsable(ref.kind, found), allow_private=True)


def test_secrets_are_kept_while_they_go_where_they_went() -> None:
    before = {"provider": {"kind": "smtp", "settings": {"host": "a", "password": "********"}}}
    moved = {"provider": {"kind": "smtp", "settings": {"host": "b", "password": "********"}}}
    more = {**before, "feedbackSecret": "********"}
    other = {"provider": {"kind": "twilio", "settings": {"authToken": "********"}}}
    assert keeps_secrets(before, {**before, "description": "x"})
    assert keeps_secrets(more, before)
    assert not any(keeps_secrets(before, after) for after in (moved, more, other))
    assert secret_places({}) == (("feedbackSecret",),)


def test_a_secret_in_clear_is_a_fault_that_does_not_repeat_it() -> None:
    for value in ("hunter2", 4_242):
        document = {
            "name": "M",
            "channel": "email",
            "provider": {"kind": "smtp", "settings": {"host": "h", "password": value}},
        }
        faults = [*shape_faults("channel-configurations", document), *clear_secrets("channel-configurations", document)]
        assert [place for place, _ in faults] == [("provider", "settings", "password")]
        assert str(value) not in str(faults)


def test_another_tenants_fields_are_read_in_liquid_alone() -> None:
    html = (
        '<a class="_old" href="{{ profile._old.url | default: "_old" }}">_old {{ profile["_old"].x }} {{ a_old }}</a>'
    )
    document = {"name": "_old", "content": {"html": html}, "published": {"name": "_old", "content": {"text": html}}}
    found = with_tenant_in_liquid(document, "old", "new")
    wanted = html.replace("profile._old", "profile._new").replace('["_old"]', '["_new"]')
    assert found == {
        "name": "_old",
        "content": {"html": wanted},
        "published": {"name": "_old", "content": {"text": wanted}},
    }


def test_events_are_read_by_another_name() -> None:
    text = '{{ context.journey.events.Order.x }}{% if context.journey.events["Order"] %} events.Order {% endif %}'
    found = rename_in_liquid(
        {"content": {"body": text + "{{ context.journey.events.OrderPaid }}"}}, "events", "Order", "New"
    )
    wanted = '{{ context.journey.events.New.x }}{% if context.journey.events["New"] %} events.Order {% endif %}'
    assert found == {"content": {"body": wanted + "{{ context.journey.events.OrderPaid }}"}}


def test_a_long_text_is_told_by_its_lines() -> None:
    old = "\n".join(f"<p>{number} {'x' * 20}</p>" for number in range(40))
    new = old.replace("<p>7 ", "<p>seven ").replace("<p>20 " + "x" * 20 + "</p>\n", "") + "\n<hr>"
    found = {
        one.path: one.text
        for one in differences("message-templates", {"content": {"html": old}}, {"content": {"html": new}})
    }
    x = "x" * 20
    assert found == {
        "content.html, line 8": f'"<p>7 {x}</p>" → "<p>seven {x}</p>"',
        "content.html, line 21": f'removed; it was "<p>20 {x}</p>"',
        "content.html, line 40": 'added: "<hr>"',
    }
    (long,) = differences("message-templates", {"a": "y" * 300 + "A" + "z" * 300}, {"a": "y" * 300 + "B" + "z" * 300})
    assert long.text == f'…"{"y" * 20}A{"z" * 20}"… → …"{"y" * 20}B{"z" * 20}"…'


# --- brought to servers -------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Scratch]:
    with open_scratch("parcours") as calls:
        define(calls)
        yield calls


def secrets() -> dict[str, str]:
    return {**SECRETS, "SHOP_MAIL_DKIM_PRIVATE_KEY": unused_key()}


def define(calls: Scratch) -> None:
    """Templates published, gone on and new; a provider with secrets, one called inbox; a journey that names them."""
    client = Client(calls)
    smtp = {
        **SMTP,
        "provider": {**SMTP["provider"], "settings": {**SMTP["provider"]["settings"], "dkimPrivateKey": unused_key()}},
    }
    mail = client.post(CONFIGURATIONS, smtp)["uid"]
    client.post(CONFIGURATIONS, {"name": "inbox", "channel": "sms"})
    uid = client.post(TEMPLATES, TEMPLATE)["uid"]
    client.post(f"{TEMPLATES}/{uid}/publish")
    ahead = client.post(TEMPLATES, {**TEMPLATE, "name": "Ahead"})["uid"]
    client.post(f"{TEMPLATES}/{ahead}/publish")
    client.put(f"{TEMPLATES}/{ahead}", {**TEMPLATE, "name": "Ahead", "content": {"subject": "Newer", "text": "t"}})
    client.post(TEMPLATES, {"name": "Unfinished", "channel": "sms", "content": {"body": "********"}})
    client.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "Mails", "entry": {"node": "a"},
            "nodes": {
                "a": {"type": "message", "channel": "email", "templateUid": uid, "configurationUid": mail},
                "b": {"type": "message", "channel": "email", "templateUid": ahead, "configurationUid": "inbox"},
                "c": {"type": "end"},
            },
            "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}],
        },
    )  # fmt: skip


@pytest.mark.stored
def test_messages_go_to_an_empty_server_and_come_back_byte_for_byte(
    empty: Scratch, folder: Path, tmp_path: Path
) -> None:
    files = texts(folder)
    assert {
        "message-templates/order-state.yaml", "message-templates/ahead.yaml", "message-templates/unfinished.yaml",
        "channel-configurations/shop-mail.yaml", "channel-configurations/inbox-2.yaml", "journeys/mails.yaml",
    } <= files.keys()  # fmt: skip
    everything = b"".join(files.values())
    assert not [one for one in (b"not to be seen", b"nor this", b"PRIVATE KEY-----") if one in everything]
    journey = files["journeys/mails.yaml"].decode()
    assert "templateUid: Order state\n" in journey
    assert "configurationUid: Shop mail\n" in journey
    assert "configurationUid: inbox\n" in journey
    with pytest.raises(SecretsMissing, match="SHOP_MAIL_DKIM_PRIVATE_KEY"):
        apply(empty, folder, SECRETS)
    assert Client(empty).get(TEMPLATES)["results"] == []
    apply(empty, folder, secrets())
    assert {one["name"]: one["state"] for one in Client(empty).get(TEMPLATES)["results"]} == {
        "Order state": "published", "Ahead": "modified", "Unfinished": "draft",
    }  # fmt: skip
    export(empty, tmp_path / "again")
    assert texts(tmp_path / "again") == files
    assert told(plan(empty, folder)) == []


@pytest.mark.stored
def test_a_plan_tells_what_becomes_of_templates_and_configurations(server: Scratch, folder: Path) -> None:
    edit(folder, "message-templates/order-state.yaml", "your order is", "the order is")
    edit(folder, "message-templates/unfinished.yaml", "channel: sms\n", "channel: sms\nstate: published\n")
    edit(folder, "channel-configurations/shop-mail.yaml", "smtp.example.com", "mail.example.com")
    found = told(plan(server, folder))
    assert found == [
        "update message template 'Order state' (version 3 is published)",
        '  content.html: "'
        + HTML.replace("\n", "\\n")
        + '" → "'
        + HTML.replace("your", "the").replace("\n", "\\n")
        + '"',
        "update message template 'Unfinished' (version 1 is published)",
        '  state: added: "published"',
        "update channel configuration 'Shop mail'",
        '  provider.settings.host: "smtp.example.com" → "mail.example.com"',
    ]
    with pytest.raises(SecretsMissing):
        apply(server, folder, {})
    apply(server, folder, secrets())
    assert told(plan(server, folder)) == []
    (mail,) = [one for one in Client(server).get(CONFIGURATIONS)["results"] if one["name"] == "Shop mail"]
    assert mail["provider"]["settings"]["host"] == "mail.example.com"
    states = {one["name"]: (one["state"], one["version"]) for one in Client(server).get(TEMPLATES)["results"]}
    assert states["Order state"] == ("published", 3)
    assert states["Unfinished"] == ("published", 1)


@pytest.mark.stored
def test_what_can_not_be_is_told_before_anything_changes(server: Scratch, folder: Path) -> None:
    (folder / "message-templates/order-state.yaml").unlink()
    (folder / "channel-configurations/shop-mail.yaml").unlink()
    text = (folder / "message-templates/ahead.yaml").read_text()
    (folder / "message-templates/ahead.yaml").write_text(text[: text.index("published:")])
    edit(folder, "journeys/mails.yaml", "templateUid: Order state", "templateUid: Nowhere")
    (fault,) = plan(server, folder, prune=True).faults
    assert str(fault).endswith("there is no message template 'Nowhere'")
    edit(folder, "journeys/mails.yaml", "templateUid: Nowhere", "templateUid: Order state")
    faults = sorted(str(fault) for fault in plan(server, folder, prune=True).faults)
    assert len(faults) == 3, faults
    assert (
        "channel configuration 'Shop mail' can't be deleted: it can't be deleted, for messages leave by it of"
        in faults[0]
    )
    assert "which can't be taken back" in faults[1]
    assert "message template 'Order state' can't be deleted: it can't be deleted, for it is sent by" in faults[2]


@pytest.mark.stored
def test_the_default_of_a_channel_moves_from_one_that_is_deleted(server: Scratch, folder: Path) -> None:
    path = folder / "channel-configurations/shop-mail.yaml"
    (folder / "channel-configurations/house-mail.yaml").write_text(
        path.read_text().replace("name: Shop mail", "name: House mail").replace("SHOP_MAIL", "HOUSE_MAIL")
    )
    path.unlink()
    edit(folder, "journeys/mails.yaml", "configurationUid: Shop mail", "configurationUid: House mail")
    apply(server, folder, {name.replace("SHOP", "HOUSE"): value for name, value in secrets().items()}, prune=True)
    shown = [one for one in Client(server).get(CONFIGURATIONS)["results"] if one["channel"] == "email"]
    assert [(one["name"], one["isDefault"]) for one in shown] == [("House mail", True)]
    assert told(plan(server, folder, prune=True)) == []


@pytest.mark.stored
def test_a_key_that_is_none_is_refused_without_being_repeated(empty: Scratch, folder: Path) -> None:
    read = read_folder(folder, "parcours")
    found, present = make_plan(read, empty, open_scratch, Wishes())
    with pytest.raises(SecretUnusable, match=r"channel-configurations/shop-mail\.yaml.*no private key") as caught:
        tasks_of(found, read, present, {**SECRETS, "SHOP_MAIL_DKIM_PRIVATE_KEY": "gibberish"}, Wishes())
    assert "gibberish" not in str(caught.value)
    assert read_present(empty).resources.keys() & {Ref("message-templates", "Ahead")} == set()


@pytest.mark.stored
def test_what_others_changed_meanwhile_is_not_overwritten(server: Scratch, folder: Path) -> None:
    edit(folder, "message-templates/order-state.yaml", "your order is", "the order is")
    read = read_folder(folder, "parcours")
    found, present = make_plan(read, server, open_scratch, Wishes())
    uid = present.resources[Ref("message-templates", "Order state")].id
    Client(server).put(f"{TEMPLATES}/{uid}", {**TEMPLATE, "description": "mine"})
    tasks = tasks_of(found, read, present, {}, Wishes())
    with pytest.raises(Exception, match="has changed since it was read"):
        apply_tasks(server, tasks, found, present, lambda *_: None)
    assert Client(server).get(f"{TEMPLATES}/{uid}")["description"] == "mine"


def test_a_folder_with_a_secret_in_clear_is_refused(tmp_path: Path) -> None:
    (tmp_path / "channel-configurations").mkdir()
    (tmp_path / "channel-configurations/a.yaml").write_text(
        "name: A\nchannel: sms\nprovider:\n  kind: twilio\n  settings:\n    accountSid: AC1\n    authToken: hunter2\n"
    )
    with pytest.raises(FolderInvalid, match=r"a\.yaml:7:.*\{secret: NAME\}") as caught:
        read_folder(tmp_path)
    assert "hunter2" not in str(caught.value)
