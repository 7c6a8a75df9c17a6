"""What docstrings say about parameters."""

from __future__ import annotations

import pytest

from scorpio import _docstring

GOOGLE = """Look up orders.

    Newest first.

    Args:
        email (str): Whose orders. It may
            be several lines long.
        limit: At most this many: ten, say.

    Returns:
        The orders.
    """

NUMPY = """Look up orders.

    Newest first.

    Parameters
    ----------
    email : str
        Whose orders. It may
        be several lines long.
    limit
        At most this many: ten, say.

    Returns
    -------
    list
        The orders.
    """

SPHINX = """Look up orders.

    Newest first.

    :param str email: Whose orders. It may
        be several lines long.
    :param limit: At most this many: ten, say.
    :returns: The orders.
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_styles(text: str) -> None:
    parsed = _docstring.parse(text)
    assert parsed.description == "Look up orders.\n\nNewest first."
    assert parsed.parameters == {
        "email": "Whose orders. It may be several lines long.",
        "limit": "At most this many: ten, say.",
    }


@pytest.mark.parametrize("text", [None, "", "   "])
def test_nothing(text: str | None) -> None:
    assert _docstring.parse(text) == ("", {})


def test_one_line() -> None:
    assert _docstring.parse("Add two numbers.") == ("Add two numbers.", {})


def test_a_colon_in_the_description_is_no_section() -> None:
    text = "Sends mail.\n\nWarning:\n    It is sent at once."
    assert _docstring.parse("Note: it is slow.").description == "Note: it is slow."
    assert _docstring.parse(text).description == "Sends mail."
