"""Templates: what is refused when they are written, what they pick of an individual, what they render."""

from typing import Any

import pytest

from parcours.templates.compiled import CompiledTemplate, to_text
from parcours.templates.document import read_document
from parcours.templates.errors import RenderFailed, TemplateInvalid


def compiled(content: dict[str, Any], channel: str = "email", **more: Any) -> CompiledTemplate:
    body = {"name": "t", "channel": channel, "content": content, **more}
    return CompiledTemplate(1, "uid", 0, read_document(body))


def email(html: str, **more: Any) -> CompiledTemplate:
    return compiled({"subject": "s", "html": html}, **more)


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("{{ profile.name", "html"),
        ("{% for x in event.items %}", "html"),
        ("{{ event.x | no_such_filter }}", "html"),
        ("{{ secrets.x }}", "can't read 'secrets' (1:4)"),
        ("{% include 'other' %}", "html"),
        ("{{ params.unknown }}", "params.unknown is no parameter"),
    ],
)
def test_what_can_not_be_rendered_is_refused_when_it_is_written(html: str, told: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        email(html)
    assert caught.value.path == "$.content.html"
    assert told in str(caught.value) + caught.value.path


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "t", "channel": "fax", "content": {}}, "$.channel"),
        ({"name": "t", "channel": "sms", "content": {"subject": "x"}}, "$.content.subject"),
        ({"name": "t", "channel": "sms", "content": {}}, "$.content.body"),
        ({"name": "t", "channel": "email", "content": {"subject": "s"}}, "$.content"),
        ({"name": "t", "channel": "email", "content": {"subject": "s", "html": "", "mjml": ""}}, "$.content.mjml"),
        ({"name": "t", "channel": "sms", "content": {"body": "\ud800"}}, "$.content.body"),
        ({"name": "t", "channel": "sms", "content": {"body": "x"}, "parameters": [{"name": "a b"}]},
         "$.parameters[0].name"),
        ({"name": "t", "channel": "email",
          "content": {"subject": "s", "text": "x", "attachments": [{"url": "file:///etc/passwd", "name": "p"}]}},
         "$.content.attachments[0].url"),
        ({"name": "t", "channel": "sms", "content": {"body": "x"}, "more": 1}, "$.more"),
    ],
)  # fmt: skip
def test_a_document_is_refused_with_the_path_of_its_fault(body: dict[str, Any], path: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        read_document(body)
    assert caught.value.path == path


def test_mjml_becomes_html_once_and_keeps_its_liquid() -> None:
    section = "<mj-section><mj-column><mj-text>Hi {{ profile.name }}</mj-text></mj-column></mj-section>"
    template = compiled({"subject": "s", "mjml": f"<mjml><mj-body>{section}</mj-body></mjml>"})
    rendered = template.render({"profile": {"name": "<Zoé>"}})
    assert "Hi &lt;Zoé&gt;" in rendered.fields["html"]
    assert rendered.fields["text"] == "Hi <Zoé>\n"
    with pytest.raises(TemplateInvalid) as caught:
        compiled({"subject": "s", "mjml": "<mjml><nothing></mjml>"})
    assert caught.value.path == "$.content.mjml"


def test_only_what_is_read_is_picked() -> None:
    template = email("{{ profile.person.name.firstName }}{% for i in event.items %}{{ i.sku }}{% endfor %}")
    values = {
        "profile": {"person": {"name": {"firstName": "Jane", "lastName": "Doe"}}, "secret": 1},
        "event": {"items": [{"sku": "a", "price": 1}], "other": 2},
    }
    picked = template.pick(values)
    assert picked == {
        "profile": {"person": {"name": {"firstName": "Jane"}}},
        "event": {"items": [{"sku": "a", "price": 1}]},
    }
    assert template.render(picked).fields["html"] == template.render(values).fields["html"] == "Janea"


def test_a_name_that_liquid_has_on_lists_is_no_field() -> None:
    template = email("{{ event.items.size }} {{ event.items.first.sku }}")
    values = {"event": {"items": [{"sku": "a"}, {"sku": "b"}]}}
    assert template.render(template.pick(values)).fields["html"] == "2 a"


def test_a_variable_index_keeps_what_it_looks_into() -> None:
    template = email("{{ event.prices[params.k] }}", parameters=[{"name": "k"}])
    values = {"event": {"prices": {"a": 1, "b": 2}, "x": 0}, "params": {"k": "b"}}
    assert template.pick(values) == {"event": {"prices": {"a": 1, "b": 2}}, "params": {"k": "b"}}
    assert template.render(template.pick(values)).fields["html"] == "2"


def test_a_missing_field_is_nothing_or_an_error() -> None:
    html = "Hello {{ profile.name }}"
    assert email(html).render({}).fields["html"] == "Hello "
    assert email(html).missing({}) == ["profile.name"]
    strict = email(html, missing="strict")
    with pytest.raises(RenderFailed) as caught:
        strict.render({"profile": {}})
    assert caught.value.code == "templateMissingField"
    asked = email('{% if profile.name %}x{% endif %}{{ profile.name | default: "you" }}', missing="strict")
    assert asked.render({}).fields["html"] == "you"


@pytest.mark.parametrize(
    ("html", "values", "missing"),
    [
        ('{{ profile.name | default: "you" }}', {}, []),
        ("{% if profile.name %}{{ profile.name }}{% endif %}", {}, []),
        ("{% unless profile.name %}{{ event.total }}{% endunless %}", {}, ["event.total"]),
        ("{% if profile.name == nil %}{{ event.total }}{% endif %}", {"event": {"total": None}}, ["event.total"]),
        ('{{ profile.name | default: "you" }} {{ profile.name }}', {}, ["profile.name"]),
        ('{{ profile.who.name | default: "you" }} {{ profile.who.born }}', {}, ["profile.who.born"]),
        ("{{ profile.name | upcase }}", {}, ["profile.name"]),
        ("{% assign name = profile.name %}{{ name }}", {}, ["profile.name"]),
        ("{% for item in event.items %}{{ item.sku }}{% endfor %}", {}, ["event.items"]),
        ("{{ event.items | size }} {{ event.items[0].sku }}", {}, ["event.items"]),
        ('<a href="{{ links.unsubscribe }}">{{ profile.name }}</a>', {"profile": {"name": "Ann"}}, []),
    ],
)
def test_a_field_is_missing_where_it_would_be_shown(html: str, values: dict[str, Any], missing: list[str]) -> None:
    """And where a strict template stops at one, it is listed."""
    assert email(html).missing(values) == missing
    strict = email(html, missing="strict")
    shown = {"links": {"unsubscribe": "https://shop.example/u"}, **values}
    if missing and values == {}:
        with pytest.raises(RenderFailed):
            strict.render(shown)
    else:
        strict.render(shown)


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("{% for a in (1..20000) %}x{% endfor %}", "templateTooLong"),
        ("{% for a in (1..200) %}{% for b in (1..200) %}x{% endfor %}{% endfor %}", "templateTooLong"),
        ('{% assign s = "x" %}{% for a in (1..40) %}{% assign s = s | append: s %}{% endfor %}', "templateTooLarge"),
        ('{{ event.long | replace: "x", event.long | replace: "x", event.long }}', "templateTooLarge"),
        ("{% for a in (1..9999) %}{{ event.long }}{% endfor %}", "templateTooLarge"),
        ("{{ 1 | divided_by: 0 }}", "templateError"),
    ],
)
def test_a_template_without_measure_is_stopped(html: str, code: str) -> None:
    with pytest.raises(RenderFailed) as caught:
        email(html).render({"event": {"long": "x" * 50_000}})
    assert caught.value.code == code


def test_html_is_escaped_and_nothing_breaks_a_line_of_a_header() -> None:
    template = compiled({"subject": "Hi {{ profile.n }}", "html": "<p>{{ profile.n }}</p>", "text": "{{ profile.n }}"})
    fields = template.render({"profile": {"n": "<b>\r\nBcc: everyone@example.com"}}).fields
    assert fields["subject"] == "Hi <b> Bcc: everyone@example.com"
    assert "&lt;b&gt;" in fields["html"]
    assert fields["text"].startswith("<b>")


def test_a_preheader_stands_hidden_in_the_body() -> None:
    template = compiled({"subject": "s", "html": "<html><body class='x'><p>1</p></body></html>", "preheader": "A & B"})
    html = template.render({}).fields["html"]
    assert html.startswith("<html><body class='x'><div style=\"display:none")
    assert "A &amp; B" in html


def test_an_sms_has_an_end() -> None:
    template = compiled({"body": "{{ event.x }}"}, "sms")
    assert template.render({"event": {"x": "a" * 1_600}}).fields["body"] == "a" * 1_600
    with pytest.raises(RenderFailed):
        template.render({"event": {"x": "a" * 1_601}})


def test_html_reads_as_text() -> None:
    html = "<head><style>p{}</style></head><p>One &amp; two</p><ul><li>a</li><li><a href='https://x.example'>b</a></li></ul>"
    assert to_text(html) == "One & two\n\na\n\nb (https://x.example)\n"
