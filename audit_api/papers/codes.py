"""The code by which a paper is found at /verify: it cannot be guessed, and is the same every time.

128 bits of an HMAC over what the paper holds, in the 32 letters of RFC 4648 without padding.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from typing import Final

_BYTES: Final = 16
LENGTH: Final = 26
_CODE: Final = re.compile(f"[a-z2-7]{{{LENGTH}}}")
_PIECE: Final = 5


def paper_code(secret: str, *parts: str) -> str:
    """The code of a paper that these texts tell apart from every other."""
    told = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    digest = hmac.new(secret.encode(), b"paper/1\0" + told, hashlib.sha256).digest()
    return b32encode(digest[:_BYTES]).decode().rstrip("=").lower()


def grouped(code: str) -> str:
    """A code as it is printed: five letters, a dash, and so on."""
    return "-".join(code[n : n + _PIECE] for n in range(0, len(code), _PIECE))


def read_code(said: str) -> str | None:
    """The code that somebody typed, with or without dashes, capitals or spaces; None for no code.

    0 and 1 are in no code: they are read as the letters they look like. Copied out of a PDF a code
    may have a space of no width in it, from where its page may break long words.
    """
    plain = re.sub(r"[-\s\u200b]", "", said[:100]).lower().replace("0", "o").replace("1", "l")
    return plain if _CODE.fullmatch(plain) else None
