"""The pytest plugin in somebody else's run: the fixtures are there, and nothing is loaded that nobody asked for."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from parcours.journeys.agenda import MomentPassed
from parcours.testing.clock import JourneyClock
from parcours.testing.errors import ExpectationFailed, NothingLoaded, UnknownName

EXAMPLES = Path(__file__).parents[3] / "examples" / "tests"


def run_pytest(folder: Path, test: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_theirs.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_clock_is_a_fixture_without_any_import(tmp_path: Path) -> None:
    run = run_pytest(
        tmp_path,
        f"""
def test_welcome(parcours_clock):
    clock = parcours_clock.load({str(EXAMPLES / "welcome.yaml")!r}, config={str(EXAMPLES / "config")!r})
    clock.send("SignedUp", {{"_acme": {{"email": "jane@example.com"}}}})
    clock.advance("90d")
    clock.expect(called="SendMail", times=2)

def test_another_world(parcours_clock):
    assert parcours_clock.people.profile(("Email", "jane@example.com")) == {{}}
    parcours_clock.load({str(EXAMPLES / "welcome.yaml")!r}, config={str(EXAMPLES / "config")!r})
    parcours_clock.expect(at="calm")
""",
    )
    assert "1 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    assert "ExpectationFailed: expected somebody at 'calm', but nobody entered “Welcome”" in run.stdout


def test_a_run_that_uses_no_fixture_loads_nothing_of_parcours(tmp_path: Path) -> None:
    run = run_pytest(
        tmp_path,
        """
import sys

def test_nothing():
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("parcours", "sqlalchemy", "rich", "yaml"))
    assert loaded == ["parcours", "parcours.testing", "parcours.testing.plugin"]
""",
        "-p",
        "no:schemathesis",
        "-p",
        "no:hypothesispytest",
    )
    assert "1 passed" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("parcours_server_scope = planet", "parcours_server_scope is one of session"),
        ("parcours_server_settings = LOG_LEVEL", "parcours_server_settings has NAME=value"),
    ],
)
def test_a_setting_that_has_no_meaning_is_told(tmp_path: Path, ini: str, said: str) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    run = run_pytest(tmp_path, "def test_server(parcours_server):\n    pass\n")
    assert run.returncode != 0
    assert said in run.stdout + run.stderr


# --- the clock in Python ---------------------------------------------------------------------------------------------


def clock() -> JourneyClock:
    return JourneyClock("2026-03-02T09:00:00Z").load(EXAMPLES / "welcome.yaml", config=EXAMPLES / "config")


def sign_up(world: JourneyClock, email: str = "jane@example.com") -> None:
    world.send("SignedUp", {"_acme": {"email": email}})


def test_what_was_seen_can_be_asked_for() -> None:
    world = clock()
    world.profile("Email", "jane@example.com", {"person": {"name": {"firstName": "Jane"}}})
    world.change_profile("Email", "jane@example.com", {"person": {"name": {"lastName": "Doe"}}})
    sign_up(world)
    assert world.node() == "calm"
    assert world.calls("SendMail")[0].parameters["/firstName"] == "Jane"
    world.advance(timedelta(days=1))
    assert (world.node("jane@example.com"), world.now.isoformat()) == ("order", "2026-03-03T09:00:00+00:00")
    world.advance_to("+8d")
    assert world.path() == ["signup", "welcome", "calm", "order:timeout", "remind", "done"]
    assert world.instance().instance.status == "ended"
    assert [call.action_name for call in world.calls()] == ["SendMail", "SendMail"]
    assert world.coverage().missed_nodes == ["points", "unreachable", "worth"]


def test_an_entity_is_recognised_as_the_server_would() -> None:
    world = clock()
    world.send_entity({"eventType": "account.created", "_acme": {"email": "jane@example.com"}})
    world.send_entity({"eventType": "something.else", "_acme": {"email": "joe@example.com"}})
    assert [record.instance.key for record in world.instances()] == ["jane@example.com"]
    assert world.world.unmatched == 1


def test_an_event_may_be_sent_for_later_but_not_for_earlier() -> None:
    world = clock()
    world.send("SignedUp", {"_acme": {"email": "jane@example.com"}}, at="+1h")
    assert world.instances() == []
    world.advance("1h")
    assert len(world.instances()) == 1
    with pytest.raises(MomentPassed):
        world.send("SignedUp", {}, at="+30m")
    with pytest.raises(MomentPassed):
        world.advance(timedelta(seconds=-1))
    with pytest.raises(MomentPassed):
        world.advance_to("2026-03-02T09:00:00Z")


def test_what_isnt_there_is_named() -> None:
    world = clock()
    with pytest.raises(UnknownName, match="no event is called 'SignUp'; there are: OrderPlaced, SignedUp"):
        world.send("SignUp")
    with pytest.raises(UnknownName, match="no action is called 'Post'"):
        world.stub("Post", 200)
    with pytest.raises(UnknownName, match="nobody was ever in the journey"):
        world.node()
    with pytest.raises(NothingLoaded):
        JourneyClock().send("SignedUp")
    with pytest.raises(ExpectationFailed):
        world.expect(entered=1)


def test_journeys_and_definitions_may_be_documents() -> None:
    journey = {"name": "Tiny", "entry": {"node": "a"}, "nodes": {"a": {"type": "event", "event": "Hello"}}}
    config = {"events": [{"name": "Hello", "namespace": "Email", "profileIdentifier": "@event{Hello.who}"}]}
    world = JourneyClock().load(journey, config=config)
    world.send("Hello", {"who": "jane"})
    world.expect(path=["a"], customer="jane")
    world.expect(status="ended", journey="Tiny")
