"""The LOINC codes of scales in one table, each saying whether it was confirmed in a published source.

Invented codes look like real ones and live unnoticed; so none stands anywhere else, none without its check digit
is taken, and one that was not confirmed is kept here for whoever checks it next, and never sent out.
"""

from dataclasses import dataclass

DOUBLED = 2


def check_digit(number: str) -> int:
    """The Mod-10 digit that ends a LOINC code: every second digit from the right doubled, digits added, up to ten."""
    doubled = str(int(number[::-1][::2][::-1]) * DOUBLED)
    return -sum(map(int, doubled + number[::-1][1::2])) % 10


def is_well_formed(code: str) -> bool:
    """Whether a numeric code ends in its check digit. Answer codes (LA...) are counted in another way."""
    number, dash, digit = code.partition("-")
    return bool(dash) and number.isdecimal() and digit == str(check_digit(number))


@dataclass(frozen=True)
class Code:
    """One LOINC code, and whether a published source confirmed what it stands for."""

    code: str
    verified: bool = True

    def __post_init__(self) -> None:
        if not self.code.startswith("LA") and not is_well_formed(self.code):
            raise ValueError(f"{self.code} does not end in its check digit")


def _numbered(prefix: str, *codes: str) -> dict[str, Code]:
    return {f"{prefix}.{number}": Code(code) for number, code in enumerate(codes, start=1)}


CODES: dict[str, Code] = {
    "phq9": Code("44249-1"),
    "phq9.total": Code("44261-6"),
    **_numbered(
        "phq9",
        "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8", "69722-7",
    ),
    "phq9.how_often.0": Code("LA6568-5"),
    "phq9.how_often.1": Code("LA6569-3"),
    "phq9.how_often.2": Code("LA6570-1"),
    "phq9.how_often.3": Code("LA6571-9"),
    "phq9.how_difficult.0": Code("LA6572-7"),
    "phq9.how_difficult.1": Code("LA6573-5", verified=False),
    # Published forms disagree which of these two is "very" and which "extremely".
    "phq9.how_difficult.2": Code("LA6574-3", verified=False),
    "phq9.how_difficult.3": Code("LA6575-0", verified=False),
    "gad7": Code("69737-5"),
    "gad7.total": Code("70274-6"),
    **_numbered("gad7", "69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
    **_numbered(
        "cssrs_screener", "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
    ),
    "cssrs_screener.level": Code("93374-7"),
}  # fmt: skip


def loinc(key: str) -> str | None:
    """The code of this name, None while nobody has confirmed it. Raises `KeyError` for a name not in the table."""
    known = CODES[key]
    return known.code if known.verified else None
