"""The two names every resource has: `$id`, a URI, and `meta:altId`, the same with dots."""

from parcours.kit.ids import new_hex

BASE = "https://ns.adobe.com/"
UNION_SUFFIX = "__union"
KINDS = ("classes", "mixins", "datatypes", "schemas")
"""Kinds a tenant defines; field groups keep their first name, mixins."""
RECORD = "https://ns.adobe.com/xdm/data/record"
TIME_SERIES = "https://ns.adobe.com/xdm/data/time-series"
ADHOC = "https://ns.adobe.com/xdm/data/adhoc"
PROFILE_CLASS = "https://ns.adobe.com/xdm/context/profile"
EVENT_CLASS = "https://ns.adobe.com/xdm/context/experienceevent"
IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"
SEGMENTATION = "https://ns.adobe.com/xdm/context/profile-segmentation"
BEHAVIOURS = {RECORD: "record", TIME_SERIES: "time-series", ADHOC: "adhoc"}


def new_resource_id(tenant: str, kind: str) -> str:
    """A fresh `$id` of a tenant's resource."""
    return f"{BASE}{tenant}/{kind}/{new_hex(48)}"


def alt_id(resource_id: str) -> str:
    """`$id` as `meta:altId`: host dropped, slashes turned to dots."""
    _, _, rest = resource_id.partition("://")
    path = rest.partition("/")[2] if resource_id.startswith(BASE) else rest
    return "_" + path.replace("/", ".")


def own_namespace(class_id: str) -> str:
    """The object that holds the fields of an ad hoc class: named after its `$id`."""
    return "_" + class_id.rpartition("/")[2]


def kind_of(segment: str) -> str:
    """The kind a path segment names: field groups are mixins."""
    return "mixins" if segment == "fieldgroups" else segment
