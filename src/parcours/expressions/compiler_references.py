"""References compiled: the reader of a path, its type, and its selectors. Source: expression-language §7."""

import re
from collections.abc import Callable
from typing import Any, cast

from parcours.expressions import paths
from parcours.expressions.code import Code, Lint, Run, Scope, checked, converted, refused
from parcours.expressions.errors import ExpressionInvalid, UnknownReference, nearest
from parcours.expressions.paths import Step
from parcours.expressions.references import (
    AUDIENCE_ENRICHMENT,
    PLATFORM,
    PROFILE_STEPS,
    EvaluationContext,
    Parameter,
    Reference,
    ReferenceTypes,
)
from parcours.expressions.syntax import (
    At,
    Call,
    Constant,
    Element,
    Field,
    Group,
    Node,
    ReferenceKind,
    ReferenceTo,
    Selector,
)
from parcours.expressions.types import NUMERIC, Type, accepts

_ELEMENT_NAMES: dict[ReferenceKind, str] = {
    "event": "currentEventField",
    "dataSource": "currentDataPackField",
    "action": "currentActionField",
    "datasetLookup": "currentDatasetLookupField",
}
_WITH_FIELDS = (Type.OBJECT, Type.MAP, Type.LIST_OBJECT)
_UNKNOWN = (Type.ANY, Type.LIST_ANY)
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""A segment of a path that stands without quotes."""


def literal(node: Node) -> Constant | None:
    """What is written as a literal, perhaps in parentheses; None for everything else."""
    while isinstance(node, Group):
        node = node.inner
    return node if isinstance(node, Constant) else None


def _written(node: ReferenceTo | Element) -> str:
    """A reference as it is written, without what stands in the parentheses of its selectors."""
    steps = (*node.root, *node.steps) if isinstance(node, ReferenceTo) else node.steps
    names = [_segment(step.name) if isinstance(step, Field) else f"{step.name}()" for step in steps]
    if isinstance(node, ReferenceTo):
        return f"{node.at.token}{'.'.join(names)}}}"
    return ".".join((node.at.token, *names))


def _segment(name: str) -> str:
    return name if _BARE.fullmatch(name) else f"'{name}'"


class ReferenceCompiler:
    """The part of the compiler that knows what references are; `compile` and `boolean` are the other's."""

    def __init__(self, types: ReferenceTypes) -> None:
        self.types = types
        self.references: list[Reference] = []
        self.warnings: list[Lint] = []
        self.is_watched = False
        """Whether an evaluation gets an allowance: conditions inside conditions, or several regular expressions."""
        self.patterns = 0
        """Regular expressions so far."""
        self.conditions = 0
        """Selectors' conditions around the place in hand."""

    def compile(self, node: Node, scope: Scope | None) -> Code:
        """The code of a node. Raises ExpressionInvalid."""
        raise NotImplementedError

    def boolean(self, node: Node, scope: Scope | None) -> Run:
        """The code of a condition. Raises ExpressionInvalid."""
        raise NotImplementedError

    def warn(self, at: At, code: str, message: str) -> None:
        """Tell the author."""
        self.warnings.append(Lint(code, message, at.line, at.column))

    def reference(self, node: ReferenceTo, scope: Scope | None) -> Code:
        """A reference, with its options."""
        root = tuple(part.name for part in node.root)
        steps = node.steps
        kind = self.root_type(node, root)
        if node.kind == "property":
            self.references.append(Reference("property", root[0]))
            return checked(paths.reader(lambda context: context.properties, root[0], ()), kind, _written(node))
        is_of_profile = node.kind == "dataSource" and root[0] == PLATFORM and root[1] != AUDIENCE_ENRICHMENT
        if is_of_profile and steps and isinstance(steps[0], Field) and steps[0].name in PROFILE_STEPS:
            steps = steps if self.has_profile_field(root, steps[0].name) else steps[1:]
        given: dict[str, Parameter] = {}
        depends_on_element = False
        for name, value in node.parameters:
            if name.name in given:
                raise refused(name.at, f"the parameter {name.name!r} is given twice", "syntax")
            code = self.compile(value, scope)
            given[name.name] = Parameter(name.name, code.type, code.run)
            depends_on_element |= scope is not None and self.needs(value)
        parameters = tuple(given[name] for name in sorted(given))

        def base(names: tuple[str, ...]) -> Run:
            match node.kind:
                case "event":
                    return paths.event_reader(root[0], names)
                case "action":
                    return paths.reader(lambda context: context.actions, root[0], names)
                case "decision":
                    return paths.reader(lambda context: context.decisions, root[0], names)
                case "datasetLookup":
                    return paths.reader(lambda context: context.lookups, root[0], names)
            return paths.data_source_reader(root[0], root[1], parameters, names)

        run, kind, path = self.steps(Scope(node.kind, root, (), kind), base, steps, scope)
        group = root[1] if len(root) > 1 else ""
        self.references.append(Reference(node.kind, root[0], group, path, parameters, depends_on_element))
        code = checked(run, kind, _written(node))
        return code if node.default is None else self.with_default(node, code, node.default, scope)

    def needs(self, node: Node) -> bool:
        """Whether what compiles around an element doesn't without one."""
        kept = len(self.references), len(self.warnings), self.patterns, self.conditions, self.is_watched
        try:
            self.compile(node, None)
        except ExpressionInvalid:
            return True
        finally:
            references, warnings, self.patterns, self.conditions, self.is_watched = kept
            del self.references[references:], self.warnings[warnings:]
        return False

    def with_default(self, node: ReferenceTo, code: Code, default_node: Node, scope: Scope | None) -> Code:
        """The field, or the default where it is null."""
        default = self.compile(default_node, scope)
        if isinstance(default_node, Call):
            self.warn(
                default_node.at, "default-parentheses", "a function in defaultValue is put in parentheses elsewhere"
            )
        is_wider = code.type in (Type.DECIMAL, Type.NUMBER) and default.type in NUMERIC
        fits = accepts(code.type, default.type) or is_wider
        if not fits:
            raise refused(default_node.at, f"the default is of type {default.type}, the field of type {code.type}")
        run, instead = code.run, converted(default, code.type).run

        def read(context: EvaluationContext, element: Any) -> Any:
            value = run(context, element)
            return instead(context, element) if value is None else value

        return Code(code.type, read)

    def element(self, node: Element, scope: Scope | None) -> Code:
        """The element in hand, or something in it."""
        if scope is None:
            raise refused(node.at, f"{node.at.token} stands only inside all(), first() or last()", "reference")
        if scope.kind != node.kind:
            raise refused(node.at, "this collection has another name for its elements", "reference",
                          [_ELEMENT_NAMES.get(scope.kind, "")])  # fmt: skip
        run, kind, _ = self.steps(scope, paths.element_reader, node.steps, scope)
        return checked(run, kind, _written(node))

    def has_profile_field(self, root: tuple[str, ...], name: str) -> bool:
        """Whether the built-in source has a field of its own that is called profile, or Profile."""
        try:
            return self.types.type_of("dataSource", root, (name,)) is not Type.ANY
        except UnknownReference:
            return False

    def root_type(self, node: ReferenceTo, root: tuple[str, ...]) -> Type:
        """The type of what is referred to itself. Raises ExpressionInvalid at the part that isn't known."""
        try:
            return self.types.type_of(node.kind, root, ())
        except UnknownReference as unknown:
            at = node.root[-1 if unknown.what == "field group" else 0].at
            raise refused(at, str(unknown), "reference", nearest(unknown.name, unknown.known)) from None

    def type_at(self, at: At, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """The declared type. Raises ExpressionInvalid for what isn't there."""
        try:
            return self.types.type_of(kind, root, path)
        except UnknownReference as unknown:
            raise refused(at, str(unknown), "reference", nearest(unknown.name, unknown.known)) from None

    def steps(
        self,
        start: Scope,
        base: Callable[[tuple[str, ...]], Run],
        steps: tuple[Field | Selector, ...],
        around: Scope | None,
    ) -> tuple[Run, Type, tuple[str, ...]]:
        """The reader of a path from `start` on, the type it yields, and the path in field names.

        around: what the place of the reference sees; a selector's index sees it, too.
        """
        here, names = start, []
        rest = list(steps)
        while rest and isinstance(rest[0], Field):
            leading = cast(Field, rest.pop(0))
            here = self.field(here, leading)
            names.append(leading.name)
        run = base(tuple(names))
        readers: list[Step] = []
        for step in rest:
            if isinstance(step, Field):
                here = self.field(here, step)
                readers.append(paths.fields((step.name,)))
            else:
                here, reader = self.selector(here, step, around)
                readers.append(reader)
        return (paths.chain(run, readers) if readers else run), here.type, here.path

    def field(self, here: Scope, step: Field) -> Scope:
        """One field further."""
        path = (*here.path, "*" if here.type is Type.MAP else step.name)
        if here.type in _UNKNOWN:
            kind = self.declared(here, path)
        elif here.type in _WITH_FIELDS:
            kind = self.type_at(step.at, here.kind, here.root, path)
        else:
            kind = self.below_scalar(here, step.at, path)
        if here.type in (Type.LIST_OBJECT, Type.LIST_ANY) and kind is not Type.ANY:
            kind = kind if kind.is_list else Type.LIST_OBJECT if kind is Type.MAP else kind.list
        return Scope(here.kind, here.root, path, kind)

    def below_scalar(self, here: Scope, at: At, path: tuple[str, ...]) -> Type:
        """As `type_at`, where only a source that lets every field exist has an answer."""
        try:
            return self.types.type_of(here.kind, here.root, path)
        except UnknownReference:
            name = ".".join(here.path)
            raise refused(at, f"{name} is of type {here.type}: it has no fields", "reference") from None

    def declared(self, here: Scope, path: tuple[str, ...]) -> Type:
        """The type of what is below something unknown: ANY, unless it is known all the same."""
        try:
            return self.types.type_of(here.kind, here.root, path)
        except UnknownReference:
            return Type.ANY

    def selector(self, here: Scope, step: Selector, around: Scope | None) -> tuple[Scope, Step]:
        """What a selector yields, and how."""
        name, argument = step.name, step.argument
        if name in ("all", "first", "last"):
            element = self.element_of(here, step)
            condition = None if argument is None else self.condition(argument, element)
            if name == "all":
                return here, paths.select_all(condition)
            return element, paths.select_one(condition, is_first=name == "first")
        if name == "at":
            return self.element_of(here, step), paths.select_at(self.index(step, around))
        if here.type not in (Type.MAP, Type.OBJECT, Type.ANY):
            raise refused(step.at, f"{name} asks a map, not {here.type}")
        if name == "entry":
            return self.entry(here, step)
        if argument is not None:
            raise refused(step.at, f"{name} takes no argument", "syntax")
        if name == "keys":
            return here._replace(type=Type.LIST_STRING), paths.select_keys
        return here._replace(type=Type.STRING), paths.select_first_key

    def condition(self, node: Node, element: Scope) -> Run:
        """A selector's condition."""
        patterns = self.patterns
        self.conditions += 1
        run = self.boolean(node, element)
        self.conditions -= 1
        self.is_watched = self.is_watched or self.conditions > 0 or self.patterns > patterns
        return run

    def entry(self, here: Scope, step: Selector) -> tuple[Scope, Step]:
        """The value of a map for a key that is written as a literal."""
        key = None if step.argument is None else literal(step.argument)
        if key is None or key.type is not Type.STRING:
            raise refused(step.at, "entry takes one literal text")
        if here.type is Type.MAP:
            path = (*here.path, "*")
            kind = self.type_at(step.at, here.kind, here.root, path)
        else:
            path = (*here.path, key.value)
            kind = self.declared(here, path)
        return Scope(here.kind, here.root, path, kind), paths.fields((key.value,))

    def element_of(self, here: Scope, step: Selector) -> Scope:
        """An element of a list."""
        if not (here.type.is_list or here.type is Type.ANY):
            raise refused(step.at, f"{step.name} asks a list, not {here.type}")
        return here._replace(type=here.type.element)

    def index(self, step: Selector, around: Scope | None) -> Run:
        """The argument of at()."""
        if step.argument is None:
            raise refused(step.at, "at takes one argument", "syntax")
        code = self.compile(step.argument, around)
        if not accepts(Type.INTEGER, code.type):
            raise refused(step.argument.at, f"at takes an integer, not {code.type}")
        return converted(code, Type.INTEGER).run
