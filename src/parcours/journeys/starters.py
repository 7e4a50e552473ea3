"""Ready-made journeys to start from, in English and French, with what each needs.

A placeholder such as `$registered` stands in the document where the uid of an event, audience or template goes; whoever
starts from the journey chooses what it is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
_COLUMN, _ROW = 300, 150
_QUALITY = re.compile(r"[01](\.\d{0,3})?")
Text = tuple[str, str]
"""The same in each of LANGUAGES."""


@dataclass(frozen=True, slots=True)
class Need:
    """What must be chosen before the journey can be made."""

    kind: Literal["event", "audience", "template"]
    placeholder: str
    title: Text
    description: Text


@dataclass(frozen=True, slots=True)
class Starter:
    """A journey to start from. labels: by node id; places: (column, row) by node id."""

    uid: str
    name: Text
    description: Text
    nodes: Mapping[str, Mapping[str, Any]]
    edges: Sequence[tuple[str, ...]]
    labels: Mapping[str, Text]
    places: Mapping[str, tuple[int, int]]
    needs: Sequence[Need]

    def to_json(self, language: Language) -> dict[str, Any]:
        """As the API shows it; the first node is the entry."""
        at = LANGUAGES.index(language)
        nodes = {
            name: {**node, **({"label": self.labels[name][at]} if name in self.labels else {})}
            for name, node in self.nodes.items()
        }
        document = {
            "name": self.name[at],
            "description": self.description[at],
            "entry": {"node": next(iter(nodes))},
            "nodes": nodes,
            "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in self.edges],
            "layout": {name: {"x": x * _COLUMN, "y": y * _ROW} for name, (x, y) in self.places.items()},
        }
        return {
            "uid": self.uid,
            "name": self.name[at],
            "description": self.description[at],
            "document": document,
            "needs": [
                {
                    "kind": need.kind,
                    "placeholder": need.placeholder,
                    "title": need.title[at],
                    "description": need.description[at],
                }
                for need in self.needs
            ],
        }


def preferred_language(accept_language: str) -> Language:
    """The language to answer in, by an Accept-Language header (RFC 9110); English when it names none of ours."""
    wanted: list[tuple[float, Language]] = []
    for part in accept_language.split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        primary = tag.partition("-")[0]
        for language in LANGUAGES:
            if primary == language and _QUALITY.fullmatch(quality) and float(quality) > 0:
                wanted.append((float(quality), language))
    return max(wanted, key=lambda one: one[0])[1] if wanted else "en"


def _message(placeholder: str, channel: str = "email") -> dict[str, Any]:
    return {"type": "message", "channel": channel, "templateUid": placeholder}


def _event(placeholder: str, value: int = 0, unit: str = "days") -> dict[str, Any]:
    """An event; one that is waited for in the journey has a timeout with a path."""
    timeout = {"timeout": {"value": value, "unit": unit, "path": True}} if value else {}
    return {"type": "event", "eventUid": placeholder, **timeout}


def _reaction(action: str, value: int, unit: str = "days") -> dict[str, Any]:
    timeout = {"value": value, "unit": unit, "path": True}
    return {"type": "reaction", "actionNodeId": action, "reactions": ["clicked"], "timeout": timeout}


def _wait(value: int, unit: str = "days") -> dict[str, Any]:
    return {"type": "wait", "duration": {"value": value, "unit": unit}}


def _template(placeholder: str, title: Text, description: Text) -> Need:
    return Need("template", placeholder, title, description)


WELCOME = Starter(
    "welcome",
    ("Welcome", "Bienvenue"),
    (
        "Greets who registers, and comes back to those who did not look around.",
        "Accueille les nouveaux inscrits, et relance ceux qui n’ont pas fait le tour.",
    ),
    {
        "registered": _event("$registered"),
        "greet": _message("$greeting"),
        "looked": _reaction("greet", 3),
        "pause": _wait(4),
        "tips": _message("$tips"),
        "remind": _message("$reminder"),
    },
    [
        ("registered", "greet"), ("greet", "looked"), ("looked", "pause"), ("pause", "tips"),
        ("looked", "remind", "timeout"),
    ],
    {
        "greet": ("Greet", "Accueillir"),
        "looked": ("Looked around?", "A fait le tour ?"),
        "tips": ("Send tips", "Envoyer des conseils"),
        "remind": ("Remind", "Relancer"),
    },
    {"registered": (0, 0), "greet": (1, 0), "looked": (2, 0), "pause": (3, 0), "tips": (4, 0), "remind": (3, 1)},
    [
        Need(
            "event", "$registered", ("Registration", "Inscription"),
            ("The event that tells that somebody registered.", "L’événement qui annonce une inscription."),
        ),
        _template(
            "$greeting", ("Greeting", "Message de bienvenue"),
            ("An e-mail template with a link.", "Un modèle d’e-mail avec un lien."),
        ),
        _template(
            "$tips", ("Tips", "Conseils"),
            ("An e-mail template for who clicked.", "Un modèle d’e-mail pour ceux qui ont cliqué."),
        ),
        _template(
            "$reminder", ("Reminder", "Relance"),
            ("An e-mail template for who did not.", "Un modèle d’e-mail pour les autres."),
        ),
    ],
)  # fmt: skip
ABANDONED_CART = Starter(
    "abandonedCart",
    ("Abandoned cart", "Panier abandonné"),
    (
        "Waits an hour for the purchase, reminds once, and once more after a day.",
        "Attend l’achat pendant une heure, relance une fois, puis une seconde fois après un jour.",
    ),
    {
        "cart": _event("$cart"),
        "bought": _event("$purchase", 1, "hours"),
        "remind": _message("$reminder"),
        "boughtLater": _event("$purchase", 1),
        "again": _message("$offer"),
        "done": {"type": "end"},
    },
    [
        ("cart", "bought"), ("bought", "done"), ("bought", "remind", "timeout"), ("remind", "boughtLater"),
        ("boughtLater", "done"), ("boughtLater", "again", "timeout"),
    ],
    {
        "bought": ("Bought within the hour?", "Achat dans l’heure ?"),
        "remind": ("Remind of the cart", "Rappeler le panier"),
        "boughtLater": ("Bought within a day?", "Achat dans la journée ?"),
        "again": ("Make an offer", "Faire une offre"),
        "done": ("Bought", "Acheté"),
    },
    {"cart": (0, 0), "bought": (1, 0), "remind": (2, 1), "boughtLater": (3, 1), "again": (4, 2), "done": (4, 0)},
    [
        Need(
            "event", "$cart", ("Cart filled", "Panier rempli"),
            ("The event of a product put into the cart.", "L’événement d’un produit ajouté au panier."),
        ),
        Need(
            "event", "$purchase", ("Purchase", "Achat"),
            ("The event of an order.", "L’événement d’une commande."),
        ),
        _template(
            "$reminder", ("Reminder", "Relance"),
            ("An e-mail template that shows the cart.", "Un modèle d’e-mail qui montre le panier."),
        ),
        _template(
            "$offer", ("Offer", "Offre"),
            ("An e-mail template with a discount.", "Un modèle d’e-mail avec une remise."),
        ),
    ],
)  # fmt: skip
WIN_BACK = Starter(
    "winBack",
    ("Win-back", "Reconquête"),
    (
        "Writes every week to who has been away, and once more to those who did not react.",
        "Écrit chaque semaine aux clients absents, et une seconde fois à ceux qui n’ont pas réagi.",
    ),
    {
        "away": {
            "type": "readAudience", "audienceId": "$away", "incremental": True,
            "schedule": {"type": "weekly", "days": ["monday"], "time": "09:00"},
        },
        "miss": _message("$missing"),
        "came": _reaction("miss", 7),
        "thanks": _message("$thanks"),
        "last": _message("$last"),
    },
    [("away", "miss"), ("miss", "came"), ("came", "thanks"), ("came", "last", "timeout")],
    {
        "miss": ("We miss you", "Vous nous manquez"),
        "came": ("Came back?", "De retour ?"),
        "thanks": ("Thank them", "Remercier"),
        "last": ("Last offer", "Dernière offre"),
    },
    {"away": (0, 0), "miss": (1, 0), "came": (2, 0), "thanks": (3, 0), "last": (3, 1)},
    [
        Need(
            "audience", "$away", ("Who has been away", "Clients absents"),
            ("Customers without a purchase for long.", "Les clients absents depuis longtemps."),
        ),
        _template(
            "$missing", ("First message", "Premier message"),
            ("An e-mail template with a link.", "Un modèle d’e-mail avec un lien."),
        ),
        _template(
            "$thanks", ("Thanks", "Remerciement"),
            ("An e-mail template for who came back.", "Un modèle d’e-mail pour ceux qui reviennent."),
        ),
        _template(
            "$last", ("Last offer", "Dernière offre"),
            ("An e-mail template for who did not.", "Un modèle d’e-mail pour les autres."),
        ),
    ],
)  # fmt: skip
LOYALTY = Starter(
    "loyaltyThreshold",
    ("Loyalty threshold", "Seuil de fidélité"),
    (
        "Congratulates who reaches a number of points; half get an offer with it, so that it can be compared.",
        "Félicite ceux qui atteignent un nombre de points ; la moitié reçoit aussi une offre, pour comparer.",
    ),
    {
        "reached": _event("$threshold"),
        "half": {
            "type": "optimize", "optimizeType": "experiment",
            "paths": [{"id": "plain", "percentage": 50}, {"id": "offer", "percentage": 50}],
        },
        "congratulate": _message("$congratulations"),
        "reward": _message("$offer"),
    },
    [
        ("reached", "half"), ("half", "congratulate", "path", "plain"), ("half", "reward", "path", "offer"),
    ],
    {
        "half": ("With an offer?", "Avec une offre ?"),
        "congratulate": ("Congratulate", "Féliciter"),
        "reward": ("Congratulate with an offer", "Féliciter avec une offre"),
    },
    {"reached": (0, 0), "half": (1, 0), "congratulate": (2, 0), "reward": (2, 1)},
    [
        Need(
            "event", "$threshold", ("Threshold reached", "Seuil atteint"),
            (
                "A rule-based event, such as a balance of 10 000 points or more.",
                "Un événement à règle, par exemple un solde d’au moins 10 000 points.",
            ),
        ),
        _template(
            "$congratulations", ("Congratulations", "Félicitations"),
            ("An e-mail template.", "Un modèle d’e-mail."),
        ),
        _template(
            "$offer", ("With an offer", "Avec une offre"),
            ("An e-mail template with an offer.", "Un modèle d’e-mail avec une offre."),
        ),
    ],
)  # fmt: skip
FLIGHT_DELAY = Starter(
    "flightDelay",
    ("Flight delay", "Retard de vol"),
    (
        "When a flight is late, an audience is told: by text message in the daytime, by e-mail at night.",
        "Quand un vol est en retard, une audience est prévenue : par SMS le jour, par e-mail la nuit.",
    ),
    {
        "late": {"type": "businessEvent", "eventUid": "$late"},
        "passengers": {"type": "readAudience", "audienceId": "$passengers"},
        "daytime": {
            "type": "condition", "conditionType": "time", "otherPath": True,
            "paths": [{"id": "day", "hours": {"from": "08:00", "to": "22:00"}}],
        },
        "text": _message("$text", "sms"),
        "mail": _message("$mail"),
    },
    [
        ("late", "passengers"), ("passengers", "daytime"), ("daytime", "text", "path", "day"),
        ("daytime", "mail", "other"), ("text", "mail", "error"),
    ],
    {
        "daytime": ("Daytime?", "En journée ?"),
        "text": ("Send a text message", "Envoyer un SMS"),
        "mail": ("Send an e-mail", "Envoyer un e-mail"),
    },
    {"late": (0, 0), "passengers": (1, 0), "daytime": (2, 0), "text": (3, 0), "mail": (4, 1)},
    [
        Need(
            "event", "$late", ("Flight late", "Vol en retard"),
            ("A business event about one flight.", "Un événement métier au sujet d’un vol."),
        ),
        Need(
            "audience", "$passengers", ("Passengers", "Passagers"),
            ("The audience of who is booked.", "L’audience des personnes qui ont réservé."),
        ),
        _template("$text", ("Text message", "SMS"), ("An SMS template.", "Un modèle de SMS.")),
        _template("$mail", ("E-mail", "E-mail"), ("An e-mail template.", "Un modèle d’e-mail.")),
    ],
)  # fmt: skip
STARTERS: Sequence[Starter] = (WELCOME, ABANDONED_CART, WIN_BACK, LOYALTY, FLIGHT_DELAY)


def list_starters(accept_language: str) -> Iterable[dict[str, Any]]:
    """Every journey to start from, in the language of who asks."""
    language = preferred_language(accept_language)
    return [starter.to_json(language) for starter in STARTERS]
