"""MJML to the HTML that mail programs show. Source: https://documentation.mjml.io, as the mrml library reads it."""

import mjml as mrml

from parcours.templates.errors import TemplateInvalid


def to_html(source: str, where: str) -> str:
    """HTML with the Liquid of the source still in it. Raises TemplateInvalid at `where`.

    Nothing is included from elsewhere. Loops over sections stand in `mj-raw`, as elsewhere with MJML.
    """
    try:
        return str(mrml.mjml2html(source))
    except BaseException as error:  # a panic of the library is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise TemplateInvalid(f"MJML: {str(error)[:300]}", where) from None
