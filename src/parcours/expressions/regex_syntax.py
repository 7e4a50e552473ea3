"""Reads a Java regular expression and writes it for Python's `re` and for RE2, with what matching it may cost."""

from dataclasses import dataclass, replace
from math import log2

MAX_PATTERN = 2_000
MAX_NESTING = 40
_INFINITE = -1
_SPACES = " \t\n\x0b\f\r"
_HORIZONTAL = " \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = "\n\x0b\f\r\x85\u2028\u2029"
_LINE_ENDS = "\n\r\x85\u2028\u2029"
_META = frozenset("\\.^$|?*+()[]{}")
_CLASS_META = frozenset("\\[]^-&~|")
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_POSIX = {
    "Lower": "a-z", "Upper": "A-Z", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7f",
    "Punct": r"!-/:-@\[-`{-\~", "Graph": r"!-\~", "Print": r" -\~", "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F", "Space": _SPACES,
}  # fmt: skip
_CATEGORIES = frozenset({
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi",
    "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf",
})  # fmt: skip
_UNICODE = {"L": r"(?u:[^\W\d_])", "Nd": r"(?u:\d)"}


class PatternInvalid(ValueError):
    """The text is no regular expression that can be run safely; the message says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a pattern in both dialects, and the ways in which a backtracking engine may try it.

    At most 2**bits * length**degree ways; exponential in the length when `is_explosive`. size: characters, classes and
    assertions with bounded repetitions written out, to which the work of a linear engine is proportional.
    """

    python: str | None
    re2: str | None
    bits: float = 0.0
    degree: int = 0
    is_explosive: bool = False
    may_be_empty: bool = False
    size: int = 1


def parse_pattern(text: str) -> tuple[Piece, list[str]]:
    """The whole pattern, and its groups in order: a name, or "" for an unnamed one. Raises PatternInvalid."""
    if len(text) > MAX_PATTERN:
        raise PatternInvalid(f"a pattern has at most {MAX_PATTERN} characters")
    reader = _Reader(text)
    piece = reader.alternation(0)
    if reader.at < len(text):
        raise PatternInvalid(f"')' without '(' at position {reader.at}")
    return piece, reader.groups


def _join(pieces: list[Piece]) -> Piece:
    return Piece(
        _concat([p.python for p in pieces]),
        _concat([p.re2 for p in pieces]),
        sum(p.bits for p in pieces),
        sum(p.degree for p in pieces),
        any(p.is_explosive for p in pieces),
        all(p.may_be_empty for p in pieces),
        sum(p.size for p in pieces),
    )


def _concat(texts: list[str | None], separator: str = "") -> str | None:
    present = [text for text in texts if text is not None]
    return separator.join(present) if len(present) == len(texts) else None


def _wrap(piece: Piece, python: str, re2: str | None) -> Piece:
    return replace(
        piece,
        python=None if piece.python is None else f"{python}{piece.python})",
        re2=None if piece.re2 is None or re2 is None else f"{re2}{piece.re2})",
    )


def _either(text: str) -> Piece:
    return Piece(text, text)


def _literal(char: str) -> str:
    if 0xD800 <= ord(char) <= 0xDFFF:
        raise PatternInvalid("half of a surrogate pair")
    return "\\" + char if char in _META else char


def _in_class(char: str) -> str:
    if 0xD800 <= ord(char) <= 0xDFFF:
        raise PatternInvalid("half of a surrogate pair")
    return "\\" + char if char in _CLASS_META else char


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups: list[str] = []
        self.flags = frozenset[str]()

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.text[at] if at < len(self.text) else ""

    def take(self, prefix: str) -> bool:
        if self.text.startswith(prefix, self.at):
            self.at += len(prefix)
            return True
        return False

    def until(self, end: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise PatternInvalid(f"{end!r} is missing after position {self.at}")
        found = self.text[self.at : stop]
        self.at = stop + len(end)
        return found

    def alternation(self, depth: int) -> Piece:
        if depth > MAX_NESTING:
            raise PatternInvalid(f"groups are nested deeper than {MAX_NESTING}")
        flags = self.flags
        branches = [self.sequence(depth)]
        while self.take("|"):
            branches.append(self.sequence(depth))
        self.flags = flags
        if len(branches) == 1:
            return branches[0]
        return Piece(
            _concat([p.python for p in branches], "|"),
            _concat([p.re2 for p in branches], "|"),
            log2(len(branches)) + max(p.bits for p in branches),
            max(p.degree for p in branches),
            any(p.is_explosive for p in branches),
            any(p.may_be_empty for p in branches),
            sum(p.size for p in branches),
        )

    def sequence(self, depth: int) -> Piece:
        pieces: list[Piece] = []
        while self.at < len(self.text) and self.peek() not in "|)":
            atom = self.atom(depth)
            if atom is not None:
                pieces.append(self.quantified(atom))
        return _join(pieces) if pieces else Piece("", "", may_be_empty=True)

    def quantified(self, atom: Piece) -> Piece:
        bounds = self.bounds()
        if bounds is None:
            return atom
        low, high, text = bounds
        is_possessive = False
        if self.take("?"):
            text += "?"
        elif self.take("+"):
            is_possessive = True
        if self.peek() in ("*", "+", "?") and self.peek() != "":
            raise PatternInvalid(f"a second quantifier at position {self.at}")
        simple = atom.bits == 0 and atom.degree == 0 and not atom.is_explosive
        bits, degree, explosive = atom.bits, atom.degree, atom.is_explosive
        if high == _INFINITE:
            explosive = explosive or not simple or atom.may_be_empty
            bits, degree = atom.bits * max(low, 1), atom.degree * max(low, 1) + 1
        else:
            bits = atom.bits * high + (log2(high - low + 1) if high > low else 0.0)
            degree = atom.degree * high
            explosive = explosive and high > 0
        return Piece(
            None if atom.python is None else f"{atom.python}{text}{'+' if is_possessive else ''}",
            None if atom.re2 is None or is_possessive else f"{atom.re2}{text}",
            bits,
            degree,
            explosive,
            low == 0 or atom.may_be_empty,
            atom.size * max(low, high, 1),
        )

    def bounds(self) -> tuple[int, int, str] | None:
        char = self.peek()
        if char in ("*", "+", "?") and char:
            self.at += 1
            return {"*": (0, _INFINITE, "*"), "+": (1, _INFINITE, "+"), "?": (0, 1, "?")}[char]
        if char != "{":
            return None
        self.at += 1
        low, comma, high = self.until("}").partition(",")
        if not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            raise PatternInvalid("a repetition reads {n}, {n,} or {n,m}")
        first = int(low[:6])
        last = first if not comma else _INFINITE if not high else int(high[:6])
        if first > 1000 or last > 1000 or (last != _INFINITE and last < first):
            raise PatternInvalid("a repetition counts upwards and not beyond 1000")
        return first, last, f"{{{first}{comma}{high}}}"

    def atom(self, depth: int) -> Piece | None:
        char = self.text[self.at]
        self.at += 1
        match char:
            case "(":
                return self.group(depth)
            case "[":
                return self.cased(self.char_class())
            case "\\":
                return self.escape()
            case ".":
                return _either("(?s:.)" if "s" in self.flags else f"[^{_LINE_ENDS}]")
            case "^":
                return replace(_either("(?m:^)" if "m" in self.flags else r"\A"), may_be_empty=True)
            case "$":
                piece = _either("(?m:$)") if "m" in self.flags else Piece(r"\Z", r"\z")
                return replace(piece, may_be_empty=True)
            case "*" | "+" | "?":
                raise PatternInvalid(f"nothing to repeat at position {self.at - 1}")
        return self.cased(_literal(char))

    def cased(self, text: str) -> Piece:
        return _either(f"(?i:{text})" if "i" in self.flags else text)

    def group(self, depth: int) -> Piece | None:
        opening: tuple[str, str | None] | None = None
        is_empty = False
        flags = self.flags
        if self.take("?"):
            if self.take(":"):
                opening = ("(?:", "(?:")
            elif self.take(">"):
                opening = ("(?>", None)
            elif self.take("=") or self.take("!") or self.take("<=") or self.take("<!"):
                start = self.text.rfind("?", 0, self.at)
                opening = ("(" + self.text[start : self.at], None)
                is_empty = True
            elif self.take("<"):
                name = self.until(">")
                if not (name.isascii() and name.isalnum() and name[0].isalpha()) or name in self.groups:
                    raise PatternInvalid(f"{name!r} can't name a group here")
                self.groups.append(name)
                opening = ("(", f"(?P<g{len(self.groups)}>")
            elif not self.switch_flags():
                return None
            else:
                opening = ("(?:", "(?:")
        else:
            self.groups.append("")
            opening = ("(", f"(?P<g{len(self.groups)}>")
        inner = self.alternation(depth + 1)
        if not self.take(")"):
            raise PatternInvalid("a '(' is not closed")
        self.flags = flags
        piece = _wrap(inner, *opening)
        return replace(piece, may_be_empty=True) if is_empty else piece

    def switch_flags(self) -> bool:
        """Reads the flags after `(?`; whether a group follows."""
        is_on = True
        flags = set(self.flags)
        while (char := self.peek()) not in (")", ":"):
            self.at += 1
            if char == "-":
                is_on = False
            elif char in ("i", "m", "s"):
                (flags.add if is_on else flags.discard)(char)
            elif char not in ("u", "d"):
                raise PatternInvalid(f"unknown group or flag at position {self.at - 1}")
        self.flags = frozenset(flags)
        self.at += 1
        return char == ":"

    def escape(self) -> Piece:
        char = self.peek()
        if char in ("w", "W", "d", "D") and char:
            self.at += 1
            return _either("\\" + char)
        sets = {"s": f"[{_SPACES}]", "S": f"[^{_SPACES}]", "h": f"[{_HORIZONTAL}]", "H": f"[^{_HORIZONTAL}]",
                "v": f"[{_VERTICAL}]", "V": f"[^{_VERTICAL}]", "R": rf"(?:\r\n|[{_VERTICAL}])"}  # fmt: skip
        if char in sets:
            self.at += 1
            return _either(sets[char])
        edges = {
            "b": (r"\b", r"\b"),
            "B": (r"\B", r"\B"),
            "A": (r"\A", r"\A"),
            "z": (r"\Z", r"\z"),
            "Z": (r"\Z", r"\z"),
        }
        if char in edges:
            self.at += 1
            return Piece(*edges[char], may_be_empty=True)
        if char == "Q":
            self.at += 1
            stop = self.text.find("\\E", self.at)
            quoted = self.text[self.at : stop if stop >= 0 else len(self.text)]
            self.at = stop + 2 if stop >= 0 else len(self.text)
            return _wrap(self.cased("".join(map(_literal, quoted))), "(?:", "(?:")
        if char in ("p", "P") and char:
            return self.property()
        if char == "k" and self.peek(1) == "<":
            self.at += 2
            name = self.until(">")
            if name not in self.groups:
                raise PatternInvalid(f"no group is named {name!r}")
            return self.reference(self.groups.index(name) + 1)
        if "1" <= char <= "9":
            self.at += 1
            return self.reference(int(char))
        return self.cased(_literal(self.escaped_char()))

    def reference(self, number: int) -> Piece:
        if number > len(self.groups):
            raise PatternInvalid(f"there is no group {number} before position {self.at}")
        text = f"(?:\\{number})"
        return Piece(f"(?i:{text})" if "i" in self.flags else text, None, bits=0, degree=1, may_be_empty=True)

    def property(self) -> Piece:
        is_not, name = self.property_name()
        if name in _POSIX:
            return _either(f"[{'^' if is_not else ''}{_POSIX[name]}]")
        python = None if is_not else _UNICODE.get(name)
        return Piece(python, f"\\{'P' if is_not else 'p'}{{{name}}}")

    def property_name(self) -> tuple[bool, str]:
        is_not = self.peek() == "P"
        self.at += 1
        if self.take("{"):
            name = self.until("}")
        else:
            name = self.peek()
            self.at += 1
        name = {"IsAlphabetic": "L", "IsLetter": "L", "IsDigit": "Nd", "javaLetter": "L"}.get(name, name)
        if name not in _POSIX and name not in _CATEGORIES:
            if not (name.startswith("Is") and name[2:].isascii() and name[2:].isalpha()):
                raise PatternInvalid(f"unknown character property {name!r}")
            name = name[2:]
        return is_not, name

    def escaped_char(self) -> str:
        char = self.peek()
        if not char:
            raise PatternInvalid("a pattern can't end with a single backslash")
        self.at += 1
        if char in _CONTROL:
            return _CONTROL[char]
        if char == "x":
            return self.hexadecimal(self.until("}") if self.take("{") else self.chars(2))
        if char == "u":
            return self.hexadecimal(self.chars(4))
        if char == "0":
            digits = ""
            while len(digits) < 3 and self.peek() and self.peek() in "01234567":
                digits += self.peek()
                self.at += 1
            if not digits or int(digits, 8) > 0o377:
                raise PatternInvalid("\\0 is followed by an octal number up to 377")
            return chr(int(digits, 8))
        if char.isascii() and char.isalpha():
            raise PatternInvalid(f"unknown escape \\{char}")
        return char

    def chars(self, count: int) -> str:
        self.at += count
        return self.text[self.at - count : self.at]

    def hexadecimal(self, digits: str) -> str:
        try:
            return chr(int(digits, 16)) if digits.isalnum() else ""
        except (ValueError, OverflowError):
            raise PatternInvalid(f"{digits!r} is no hexadecimal character code") from None

    def char_class(self) -> str:
        items: list[str] = []
        negation = "^" if self.take("^") else ""
        is_first = True
        while is_first or self.peek() != "]":
            if self.at >= len(self.text):
                raise PatternInvalid("a '[' is not closed")
            items.append(self.class_item())
            is_first = False
        self.at += 1
        return f"[{negation}{''.join(items)}]"

    def class_item(self) -> str:
        if self.peek() == "\\" and self.peek(1) in ("d", "D", "w", "W", "s", "h", "v", "p", "P"):
            self.at += 1
            char = self.peek()
            if char in ("p", "P"):
                is_not, name = self.property_name()
                if is_not or name not in _POSIX:
                    raise PatternInvalid(f"\\{char}{{{name}}} can't stand inside [ ]")
                return _POSIX[name]
            self.at += 1
            return {"s": _SPACES, "h": _HORIZONTAL, "v": _VERTICAL}.get(char, "\\" + char)
        first = self.class_char()
        if self.peek() == "-" and self.peek(1) not in ("]", ""):
            self.at += 1
            last = self.class_char()
            if last < first:
                raise PatternInvalid(f"the range {first}-{last} runs backwards")
            return f"{_in_class(first)}-{_in_class(last)}"
        return _in_class(first)

    def class_char(self) -> str:
        char = self.peek()
        self.at += 1
        if char == "\\":
            return self.escaped_char()
        if char == "[" or (char == "&" and self.peek() == "&"):
            raise PatternInvalid("classes inside classes and && are not supported; a '[' inside [ ] is written \\[")
        return char
