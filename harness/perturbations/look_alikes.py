"""Characters replaced by others that look like them: letters of other alphabets, full-width forms."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.perturbations._shared import check_rate, some

Way = Literal["homoglyphs", "full_width"]

_LATIN = "aceiopxysABCEHIKMOPTXY"
_OTHER = "асеіорхуѕАВСЕНІКМОРТХУ"  # Cyrillic
_HOMOGLYPHS = dict(zip(_LATIN + _OTHER, _OTHER + _LATIN, strict=True)) | {"v": "ν", "ν": "v", "u": "υ", "υ": "u"}
_FULL_WIDTH = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_TABLES: dict[Way, dict[str, str]] = {"homoglyphs": _HOMOGLYPHS, "full_width": _FULL_WIDTH}


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """`rate` of the characters that have a look-alike, one at least, in one of `ways` for each text."""

    version: ClassVar[int] = 1

    rate: float = 0.15
    ways: tuple[Way, ...] = ("homoglyphs", "full_width")

    def check(self) -> list[str]:
        """The rate must be a share, and there must be a way."""
        return check_rate(self.rate) + ([] if self.ways else ["'ways' needs at least one of homoglyphs, full_width."])

    def apply(self, text: str, rng: random.Random) -> str:
        """The text with look-alikes; a script that has none here stays."""
        for way in rng.sample(self.ways, len(self.ways)):
            table = _TABLES[way]
            places = set(some([i for i, one in enumerate(text) if one in table], self.rate, rng))
            if places:
                return "".join(table[one] if i in places else one for i, one in enumerate(text))
        return text
