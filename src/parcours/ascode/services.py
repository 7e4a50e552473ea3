"""What exports and imports share: the services they ask, and what an export consists of."""

from dataclasses import dataclass
from typing import Any

from parcours.actions.service import ActionService
from parcours.audiences.table import AudienceTable
from parcours.catalog.service import CatalogService
from parcours.channels.service import ChannelService
from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.events.service import EventService
from parcours.identity.service import NamespaceService
from parcours.journeys.decision_rules import DecisionRuleService
from parcours.journeys.service import JourneyService
from parcours.resources.store import Compiled
from parcours.rulesets.table import RuleSetTable
from parcours.templates.service import TemplateService
from parcours.xdm.descriptor_service import DescriptorService
from parcours.xdm.service import XdmService

FORMAT = "1.0"
SECRET = "INSERT_SECRET_HERE"  # a mark to write one over
Document = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """Whatever keeps a journey version and what it depends on."""

    db: Database
    namespaces: NamespaceService
    schemas: XdmService
    descriptors: DescriptorService
    catalog: CatalogService
    events: EventService
    actions: ActionService
    audiences: Compiled[AudienceTable]
    rule_sets: Compiled[RuleSetTable]
    journeys: JourneyService
    data_sources: DataSourceService
    templates: TemplateService
    channels: ChannelService
    decision_rules: DecisionRuleService
