"""The unified social credit code (统一社会信用代码): 18 characters, the last a check (GB 32100)."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
LENGTH = 18


def check_character(first: str) -> str:
    """Return the last character of the code whose first 17 are given.

    Raises ValueError for a character that no code has.
    """
    total = sum(ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(first))
    return ALPHABET[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether a text is such a code: its length, its characters, and its check character."""
    if len(text) != LENGTH or any(c not in ALPHABET for c in text):
        return False
    return text[-1] == check_character(text[:-1])
