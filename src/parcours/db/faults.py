"""Whose fault an exception is."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError


def is_fault_of_the_code(error: Exception) -> bool:
    """Whether the same will fail again while other work need not: not when the database is away, full or locked."""
    return not isinstance(error, DBAPIError) or isinstance(error, DataError | IntegrityError)
