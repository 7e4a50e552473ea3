"""Journeys of every state, for pictures: with experiments, reading audiences, in review; fragments, rule sets."""

import json
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Browser, Page
from screenshot_world import ORCHESTRATION, call

ENTRANTS = 240
RETURNING = 4
"""Every so many of them buy again."""
TOTAL = "@event{OrderPlaced.commerce.order.priceTotal}"
END = {"type": "end"}
WAIT = {"type": "wait", "label": "A day", "waitType": "duration", "duration": {"value": 1, "unit": "days"}}
NOTE = {
    "id": "patience", "text": "Five seconds, so that the shop can pack", "author": "demo@example.com",
    "at": "2026-01-31T12:00:00Z", "x": 480, "y": 320,
}  # fmt: skip
COLLEAGUE = {"email": "approver@example.com", "name": "Approver"}


def fill_journeys(page: Page, browser: Browser, ids: dict[str, str]) -> dict[str, str]:
    """Make all of it, once, of what `screenshot_world.fill` made; ids to put into addresses."""
    _fragments(page, ids)
    made = _experiments(page, ids) | {"ruleSet": _rule_sets(page)}
    _calendar(page, ids)
    made |= _reviews(page, browser, ids)
    _have_bought(page, ids, made["measuredVersion"])
    return made


def amend(page: Page, draft: str, ids: dict[str, str]) -> None:
    """Change a little of the draft, so that it differs from the live version; it can still be published."""
    path = f"{ORCHESTRATION}/journeyVersions/{draft}"
    document = call(page, "GET", path)["document"]
    document["nodes"]["pause"]["duration"]["value"] = 5
    document |= {"tags": ["orders", "thanks"], "metrics": _metrics(ids)[:1], "priority": 40}
    document.setdefault("layout", {})["#comments"] = [NOTE]
    call(page, "PUT", path, document)


def enlarge(page: Page, draft: str, ids: dict[str, str]) -> None:
    """Put every other activity into the draft: it differs from the live version, and some of it is wrong."""
    path = f"{ORCHESTRATION}/journeyVersions/{draft}"
    document = call(page, "GET", path)["document"]
    nodes, edges = document["nodes"], document["edges"]
    nodes["pause"]["duration"]["value"] = 5
    more: dict[str, dict[str, Any]] = {
        "mail": {"type": "message", "channel": "email", "templateUid": ids["template"], "label": "Order state"},
        "reaction": {"type": "reaction", "reactions": ["opened"], "actionNodeId": "mail"},
        "change": {"type": "updateProfile", "dataSetId": "", "updates": []},
        "lookup": {"type": "datasetLookup", "dataSetId": ids["dataset"], "keys": ""},
        "split": {"type": "optimize", "optimizeType": "experiment", "paths": _HALVES},
        "audience": {"type": "audienceQualification", "audienceId": ids["audience"]},
        "jump": {"type": "jump", "targetJourneyUid": ""},
        "end": {"type": "end"},
    }
    nodes |= more
    before = "send"
    for id in list(more)[:-2]:
        edges.append({"from": before, "to": id, "kind": "default"})
        before = id
    edges[-1] |= {"kind": "path", "path": "a"}
    edges += [
        {"from": "audience", "to": "jump", "kind": "default"},
        {"from": "split", "to": "end", "kind": "path", "path": "b"},
    ]
    _properties(document, ids)
    call(page, "PUT", path, document)


_HALVES = [{"id": "a", "label": "New", "percentage": 50}, {"id": "b", "label": "Known", "percentage": 50}]


def _properties(document: dict[str, Any], ids: dict[str, str]) -> None:
    """Fill every section of a draft's properties."""
    today = date.today()
    document |= {
        "description": "Whoever orders is thanked, the better customers in a better way",
        "tags": ["orders", "thanks"],
        "metrics": _metrics(ids),
        "startDate": f"{today}T09:00:00",
        "endDate": f"{today + timedelta(days=60)}T18:00:00",
        "timeZone": "Europe/Paris",
        "useProfileTimeZone": True,
        "priority": 40,
        "ruleSet": ids["ruleSet"],
        "maxMessagesPerPath": 5,
        "exitCriteria": [
            {"id": "again", "label": "Buys again", "eventUid": ids["event"], "expression": f"{TOTAL} > 100"},
            {"id": "best", "label": "Is among the best", "audienceId": ids["audience"], "verbs": ["enter"]},
        ],
    }


def _metrics(ids: dict[str, str]) -> list[dict[str, Any]]:
    again = {"expression": TOTAL}
    return [
        {"id": "again", "label": "Bought again within a week", "type": "event", "eventUid": ids["event"],
         "expression": f"{TOTAL} > 0", "value": again, "withinDays": 7},
        {"id": "clicks", "label": "Clicked", "type": "clicked"},
        {"id": "done", "label": "Came to the end", "type": "completed"},
    ]  # fmt: skip


def _journey(page: Page, document: dict[str, Any]) -> tuple[str, str]:
    made = call(page, "POST", f"{ORCHESTRATION}/journeys", document)
    return str(made["uid"]), str(made["versionUid"])


def _publish(page: Page, document: dict[str, Any]) -> tuple[str, str]:
    journey, version = _journey(page, document)
    call(page, "POST", f"{ORCHESTRATION}/journeyVersions/{version}/publish")
    return journey, version


def _experiments(page: Page, ids: dict[str, str]) -> dict[str, str]:
    """A live journey that draws by an A/B experiment with a hold-out and, on one path, by a bandit."""
    journey, version = _publish(
        page,
        {
            "name": "Which thanks bring people back",
            "tags": ["experiment"],
            "entry": {"node": "order"},
            "metrics": [one for one in _metrics(ids) if one["type"] != "clicked"],
            "nodes": {
                "order": {"type": "event", "eventUid": ids["event"]},
                "length": {
                    "type": "optimize", "label": "Length", "optimizeType": "experiment", "holdout": 10,
                    "successMetric": "again",
                    "paths": [
                        {"id": "a", "label": "A short letter", "percentage": 45},
                        {"id": "b", "label": "A long letter with a story", "percentage": 45},
                    ],
                },
                "offer": {
                    "type": "optimize", "label": "Offer", "optimizeType": "experiment", "experimentType": "bandit",
                    "successMetric": "again", "recalculateDays": 1, "scaleWinner": {"confidence": 95},
                    "paths": [
                        {"id": "none", "label": "None", "percentage": 34},
                        {"id": "ten", "label": "10 % off", "percentage": 33},
                        {"id": "gift", "label": "A gift", "percentage": 33},
                    ],
                },
                "later": WAIT, "soon": WAIT, "last": END,
            },
            "edges": [
                {"from": "order", "to": "length"},
                {"from": "length", "to": "offer", "kind": "path", "path": "a"},
                {"from": "length", "to": "later", "kind": "path", "path": "b"},
                {"from": "offer", "to": "soon", "kind": "path", "path": "none"},
                {"from": "offer", "to": "soon", "kind": "path", "path": "ten"},
                {"from": "offer", "to": "last", "kind": "path", "path": "gift"},
            ],
        },
    )  # fmt: skip
    return {"measured": journey, "measuredVersion": version}


def _have_bought(page: Page, ids: dict[str, str], version: str) -> None:
    """Customers buy, and some of them once more: what lets somebody enter is no outcome of that entrance."""
    request = call(page, "GET", f"{ORCHESTRATION}/events/{ids['event']}/requests")["results"][0]
    path = "/" + request["url"].split("/", 3)[3].replace("collection/", "collection/batch/")

    def buy(numbers: range, round_: str) -> None:
        orders = [_order(request["body"], number, round_) for number in numbers]
        for start in range(0, len(orders), 100):
            call(page, "POST", path, {"messages": orders[start : start + 100]})

    buy(range(1000, 1000 + ENTRANTS), "first")
    for _ in range(120):
        if call(page, "GET", f"{ORCHESTRATION}/journeyVersions/{version}/counts")["entered"] >= ENTRANTS:
            break
        page.wait_for_timeout(500)
    buy(range(1000, 1000 + ENTRANTS, RETURNING), "again")


def _order(body: Any, number: int, round_: str) -> Any:
    """The event's own example, about another customer."""
    made = json.loads(json.dumps(body))
    made["header"] |= {"msgId": f"{round_}-{number}"}
    entity = made["body"]["xdmEntity"]
    entity["_id"] = f"order-{round_}-{number}"
    entity["commerce"]["order"]["priceTotal"] = 20.0 + number % 70
    tenant = next(name for name, value in entity.items() if name.startswith("_") and "person" in value)
    entity[tenant]["person"]["emailAddress"] = f"customer{number}@example.com"
    return made


def _calendar(page: Page, ids: dict[str, str]) -> None:
    """Journeys that read an audience each day, begin and end in this week."""
    today = date.today()
    for name, schedule in {
        "The best of the week": {"type": "asap"},
        "Good morning": {"type": "daily", "startDate": f"{today - timedelta(days=1)}T08:00:00", "time": "08:00"},
        "On Sundays": {"type": "weekly", "startDate": f"{today}T00:00:00", "time": "17:30", "days": ["sunday"]},
    }.items():  # fmt: skip
        audience = {"type": "readAudience", "audienceId": ids["audience"], "schedule": schedule}
        document = {"name": name, "entry": {"node": "read"}, "nodes": {"read": audience, "later": WAIT}}
        _publish(page, document | {"tags": ["newsletter"], "edges": [{"from": "read", "to": "later"}]})
    monday = today - timedelta(days=today.weekday())
    span = {"startDate": f"{today}T23:00:00", "endDate": f"{monday + timedelta(days=6)}T23:30:00"}
    _publish(page, {"name": "Spring greetings to everybody who ever bought"} | _short(ids) | span)


def _short(ids: dict[str, str]) -> dict[str, Any]:
    nodes = {"order": {"type": "event", "eventUid": ids["event"]}, "later": WAIT}
    return {"entry": {"node": "order"}, "nodes": nodes, "edges": [{"from": "order", "to": "later"}]}


def _reviews(page: Page, browser: Browser, ids: dict[str, str]) -> dict[str, str]:
    """A policy, a journey that somebody else must approve, and one that waits for whoever is signed in."""
    roles = {"roles": ["standard-user"]}
    invited = call(page, "POST", "/parcours/users", COLLEAGUE | roles)
    password = "not shown to anybody"
    join = {"token": invited["invitationUrl"].partition("#")[2], "password": password}
    base = "/".join(page.url.split("/", 3)[:3])
    context = browser.new_context(base_url=base)
    assert context.request.post("/parcours/join", data=join).ok
    signed_in = {"email": COLLEAGUE["email"], "password": password}
    assert context.request.post("/parcours/session", data=signed_in).ok
    colleague = context.new_page()
    colleague.goto("/account")
    policies = f"{ORCHESTRATION}/approvalPolicies"
    people = {"users": ["demo@example.com", COLLEAGUE["email"]]}
    policy = call(
        page,
        "POST",
        policies,
        {
            "name": "Sales", "description": "What sells is read by a second person", "approvers": people,
            "conditions": {"tags": ["sale"], "entryTypes": ["unitary"]},
        },
    )  # fmt: skip
    call(page, "POST", policies, {"name": "Everything by e-mail", "state": "inactive", "approvers": people})
    waiting = []
    for who, name in ((page, "Summer sale"), (colleague, "Winter sale")):
        journey, version = _journey(who, {"name": name, "tags": ["sale"]} | _short(ids))
        comment = {"comment": "Please read the subject twice."}
        call(who, "POST", f"{ORCHESTRATION}/journeyVersions/{version}/requestApproval", comment)
        waiting.append(f"/journeys/{journey}/versions/{version}")
    context.close()
    return {"policy": policy["uid"], "inReview": waiting[0], "toApprove": waiting[1]}


def _rule_sets(page: Page) -> str:
    """One of each domain, active; the uid of the journeys' one."""
    path = f"{ORCHESTRATION}/ruleSets"
    weekly = {"id": "weekly", "name": "Three a week", "limit": 3, "period": "week"}
    messages = weekly | {"type": "frequencyCap", "channels": ["email", "sms"]}
    call(page, "POST", path, {"name": "Promotions", "domain": "channel", "state": "active", "rules": [messages]})
    entries = weekly | {"type": "entryCap"}
    body = {"name": "Not too often", "domain": "journey", "state": "active", "rules": [entries]}
    return str(call(page, "POST", path, body)["uid"])


def _fragments(page: Page, ids: dict[str, str]) -> None:
    """An active one and a draft."""
    path = f"{ORCHESTRATION}/fragments"
    call_back = {"type": "customAction", "label": "Tell the shop", "actionUid": ids["action"], "parameters": []}
    patience = {
        "name": "Patience", "description": "Two days, one after the other", "tags": ["slow", "patient"],
        "nodes": {"one": WAIT, "two": WAIT}, "edges": [{"from": "one", "to": "two"}],
        "layout": {"one": {"x": 0, "y": 0}, "two": {"x": 260, "y": 0}},
    }  # fmt: skip
    made = call(page, "POST", path, patience)
    call(page, "POST", f"{path}/{made['uid']}/activate")
    more = {"nodes": {"one": WAIT, "shop": call_back}, "edges": [{"from": "one", "to": "shop"}]}
    call(page, "POST", path, {"name": "Wait and tell the shop", "tags": [], "description": ""} | more)
