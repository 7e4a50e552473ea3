"""Versioned JSON documents: scope, etag, audit fields, JSON Patch, paging, filtering.

Every definition a person makes (a schema, a flow, an event, a journey) is one of these. A room gives its
documents a `kind`; what a document may hold is the room's business.
"""
