"""The Schema Registry: components, composition, validation, evolution rules.

`CompiledSchema` is what other rooms meet: one schema, closed, ready to check records and to tell the type of a field.
"""

from parcours.xdm.compiled import CompiledSchema, IdentityField
from parcours.xdm.descriptor_service import DescriptorService
from parcours.xdm.service import XdmService
from parcours.xdm.table import SchemaTable

__all__ = ["CompiledSchema", "DescriptorService", "IdentityField", "SchemaTable", "XdmService"]
