"""One runtime (values, types, functions, compiler) under the languages of journeys and of mappings."""

from parcours.expressions.code import Lint
from parcours.expressions.compiler import JourneyExpression, compile_journey, lint
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid, UnknownReference
from parcours.expressions.mapping_compiler import MappingExpression, compile_mapping
from parcours.expressions.references import (
    AnyReferences,
    EvaluationContext,
    Reference,
    ReferenceTypes,
    SchemaReferences,
)
from parcours.expressions.types import Type
from parcours.expressions.values import to_json, to_text

__all__ = [
    "AnyReferences",
    "EvaluationContext",
    "ExpressionFailed",
    "ExpressionInvalid",
    "JourneyExpression",
    "Lint",
    "MappingExpression",
    "Reference",
    "ReferenceTypes",
    "SchemaReferences",
    "Type",
    "UnknownReference",
    "compile_journey",
    "compile_mapping",
    "lint",
    "to_json",
    "to_text",
]
