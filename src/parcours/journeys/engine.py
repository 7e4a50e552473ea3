"""The pure journey engine: an instance and a stimulus in; the next instance, commands and step events out."""

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import Instance, Stimulus, Transition


def new_instance(journey: CompiledJourney, instance_id: str, key: str, now_us: int) -> Instance:
    """An instance at the entry, which `advance` with Entered sets going. Whether the key may enter is asked
    before, with `match.refuse_entrance`."""
    raise NotImplementedError


def advance(journey: CompiledJourney, instance: Instance, stimulus: Stimulus, now_us: int) -> Transition:
    """What a stimulus does to an instance. Never raises: what does not fit is ignored with its reason."""
    raise NotImplementedError
