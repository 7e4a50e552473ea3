"""The kinds of providers there are: one module each."""

from collections.abc import Mapping

from parcours.channels import inbox, smtp
from parcours.channels.model import ProviderKind
from parcours.channels.push import provider as push
from parcours.channels.sms import twilio

KINDS: Mapping[str, ProviderKind] = {kind.kind: kind for kind in (inbox.KIND, smtp.KIND, twilio.KIND, push.KIND)}
