"""A strict reader and runner of the part of IEC 61131-3 Structured Text that examples/plc/workcell.st uses.

It is no compiler of the trade: it checks what a compiler checks (declared names, types, widths, constants,
located variables apart from others) and turns the program into Python, so that the kit can ask it.
Stricter than the standard where that finds mistakes: an overflow, a conversion that loses bits and an index
out of range are errors, and AND and OR evaluate both sides, as a PLC may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"(?P<comment>\(\*.*?\*\))|(?P<time>T#\d+ms)|(?P<address>%[A-Z]+[\d.]+)|(?P<number>\d+)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<mark>:=|<>|<=|>=|\.\.|[()\[\];:,.+\-*/=<>])|(?P<space>\s+)|(?P<bad>.)",
    re.DOTALL,
)
_LIMITS = {"UINT": (0, 0xFFFF), "UDINT": (0, 0xFFFF_FFFF), "INT": (-0x8000, 0x7FFF)}
_RESERVED = """
    and array at bool by byte case configuration constant do dword else elsif end_case
    end_configuration end_for end_function_block end_if end_program end_resource end_var end_while
    exit false for function function_block if int interval lint lword mod not of on or priority
    program real repeat resource retain return sint string struct task then time to true type udint
    uint ulint until usint var var_external var_global var_in_out var_input var_output while with
    word xor
"""
_KEYWORDS = set(re.findall(r"\w+", _RESERVED))
_CONVERSIONS = {
    "uint_to_udint": ("UINT", "UDINT"), "udint_to_uint": ("UDINT", "UINT"), "bool_to_uint": ("BOOL", "UINT"),
}  # fmt: skip


class StError(Exception):
    """The text is no Structured Text of this part; line and reason."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int

    @property
    def low(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class Variable:
    name: str
    type: str
    length: int = 0
    low: int = 0
    section: str = ""
    constant: bool = False
    retain: bool = False
    address: str = ""
    initial: Any = None


@dataclass
class Unit:
    """A PROGRAM or FUNCTION_BLOCK: its variables, and its body as Python."""

    name: str
    kind: str
    variables: dict[str, Variable] = field(default_factory=dict)
    source: list[str] = field(default_factory=list)
    run: Any = None


def _tokens(text: str) -> list[Token]:
    found, line = [], 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "bad":
            raise StError(f"line {line}: {match.group()!r}")
        if kind not in ("space", "comment"):
            found.append(Token(kind, match.group(), line))
        line += match.group().count("\n")
    found.append(Token("end", "", line))
    return found


class Reader:
    """Reads a whole text into units."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self.units: dict[str, Unit] = {}
        self.tasks: dict[str, str] = {}
        self._unit = Unit("", "")
        self._depth = 1

    # --- tokens ------------------------------------------------------------------------------------------

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _fail(self, why: str) -> StError:
        return StError(f"line {self._now.line}: {why}, at {self._now.text!r}")

    def _take(self, *wanted: str) -> Token:
        token = self._now
        if wanted and token.low not in wanted:
            raise self._fail(f"expected {' or '.join(wanted)}")
        self._at += 1
        return token

    def _if(self, *wanted: str) -> bool:
        if self._now.low in wanted and self._now.kind in ("name", "mark"):
            self._at += 1
            return True
        return False

    def _name(self) -> str:
        if self._now.kind != "name" or self._now.low in _KEYWORDS:
            raise self._fail("expected a name")
        return self._take().low

    # --- units -------------------------------------------------------------------------------------------

    def read(self) -> Reader:
        while self._now.kind != "end":
            kind = self._take("function_block", "program", "configuration").low
            if kind == "configuration":
                self._configuration()
            else:
                self._read_unit(kind)
        return self

    def _read_unit(self, kind: str) -> None:
        self._unit = Unit(self._name(), kind)
        while self._now.low.startswith("var"):
            self._section()
        self._depth = 1
        self._statements(f"end_{kind}")
        self._take(f"end_{kind}")
        source = ["def run(v, units, limit):", *(self._unit.source or ["    pass"])]
        space: dict[str, Any] = {}
        exec("\n".join(source), space)
        self._unit.run = space["run"]
        self.units[self._unit.name] = self._unit

    def _configuration(self) -> None:
        self._name()
        self._take("resource")
        self._name()
        self._take("on")
        self._name()
        self._take("task")
        task = self._name()
        for word in ("(", "interval", ":="):
            self._take(word)
        interval = self._take().text
        for word in (",", "priority", ":="):
            self._take(word)
        self._take()
        for word in (")", ";", "program"):
            self._take(word)
        self._name()
        self._take("with")
        if self._name() != task:
            raise self._fail("no such task")
        self._take(":")
        if (program := self._name()) not in self.units:
            raise self._fail("no such program")
        self.tasks[program] = interval
        for word in (";", "end_resource", "end_configuration"):
            self._take(word)

    # --- declarations ------------------------------------------------------------------------------------

    def _section(self) -> None:
        section = self._take("var", "var_input", "var_in_out", "var_output").low
        constant, retain = self._if("constant"), self._if("retain")
        located: set[bool] = set()
        while not self._if("end_var"):
            variable = self._declaration(section, constant, retain)
            located.add(bool(variable.address))
            if variable.name in self._unit.variables:
                raise self._fail(f"{variable.name} is declared twice")
            self._unit.variables[variable.name] = variable
        if len(located) > 1:
            raise self._fail("located variables stand in a section of their own")

    def _declaration(self, section: str, constant: bool, retain: bool) -> Variable:
        name = self._name()
        address = ""
        if self._if("at"):
            address = self._take().text
        self._take(":")
        low = length = 0
        if self._if("array"):
            self._take("[")
            low = int(self._take().text)
            self._take("..")
            length = int(self._take().text) - low + 1
            for word in ("]", "of"):
                self._take(word)
        kind = self._take().low
        if kind not in ("uint", "udint", "int", "bool", *self.units):
            raise self._fail(f"no type {kind}")
        kind = kind if kind in self.units else kind.upper()
        initial = self._initial(kind, length) if self._if(":=") else None
        if constant and initial is None:
            raise self._fail("a constant without a value")
        self._take(";")
        return Variable(name, kind, length, low, section, constant, retain, address, initial)

    def _initial(self, kind: str, length: int) -> Any:
        if not length:
            return self._literal(kind)
        self._take("[")
        values = [self._literal(kind)]
        while self._if(","):
            values.append(self._literal(kind))
        self._take("]")
        if len(values) != length:
            raise self._fail(f"{len(values)} values for {length} elements")
        return values

    def _literal(self, kind: str) -> Any:
        token = self._take()
        if kind == "BOOL" and token.low in ("true", "false"):
            return token.low == "true"
        if token.kind != "number" or not _LIMITS[kind][0] <= int(token.text) <= _LIMITS[kind][1]:
            raise self._fail(f"{token.text} is no {kind}")
        return int(token.text)

    # --- statements --------------------------------------------------------------------------------------

    def _emit(self, line: str) -> None:
        self._unit.source.append("    " * self._depth + line)

    def _statements(self, *ends: str) -> None:
        while self._now.low not in ends and not (self._now.kind == "number" and "label" in ends):
            self._statement()

    def _statement(self) -> None:
        if self._if(";"):
            return
        if self._if("return"):
            self._take(";")
            self._emit("return")
            return
        for word, rule in (
            ("if", self._if_),
            ("case", self._case),
            ("for", self._for),
            ("while", self._while),
        ):
            if self._if(word):
                rule()
                return
        self._assignment_or_call()

    def _block(self, *ends: str) -> None:
        self._depth += 1
        self._emit("pass")
        self._statements(*ends)
        self._depth -= 1

    def _condition(self) -> str:
        code, kind = self._expression()
        if kind != "BOOL":
            raise self._fail(f"a condition must be BOOL, not {kind}")
        return code

    def _if_(self) -> None:
        word = "if"
        while True:
            self._emit(f"{word} {self._condition()}:") if word != "elif" else None
            if word == "elif":
                self._emit(f"elif {self._condition()}:")
            self._take("then")
            self._block("elsif", "else", "end_if")
            if self._if("elsif"):
                word = "elif"
                continue
            break
        if self._if("else"):
            self._emit("else:")
            self._block("end_if")
        self._take("end_if")
        self._take(";")

    def _case(self) -> None:
        code, kind = self._expression()
        if kind not in _LIMITS:
            raise self._fail("CASE of something that is no number")
        self._take("of")
        self._emit(f"chosen = {code}")
        word, seen = "if", set[int]()
        while self._now.kind == "number":
            labels = [int(self._take().text)]
            while self._if(","):
                labels.append(int(self._take().text))
            self._take(":")
            if seen & set(labels):
                raise self._fail("a label twice")
            seen |= set(labels)
            self._emit(f"{word} chosen in {tuple(labels)}:")
            self._block("else", "end_case", "label")
            word = "elif"
        if self._if("else"):
            self._emit("else:")
            self._block("end_case")
        self._take("end_case")
        self._take(";")

    def _for(self) -> None:
        name = self._name()
        variable = self._variable(name)
        self._take(":=")
        first, _ = self._expression(variable.type)
        self._take("to")
        last, kind = self._expression(variable.type)
        self._take("do")
        if kind not in (variable.type, "number"):
            raise self._fail(f"FOR {name}: {variable.type} to {kind}")
        self._emit(f"for step in range({first}, {last} + 1):")
        self._depth += 1
        self._emit(f"v[{name!r}] = step")
        self._depth -= 1
        self._block("end_for")
        self._take("end_for")
        self._take(";")

    def _while(self) -> None:
        self._emit(f"while {self._condition()}:")
        self._take("do")
        self._block("end_while")
        self._take("end_while")
        self._take(";")

    def _assignment_or_call(self) -> None:
        name = self._name()
        variable = self._variable(name)
        if variable.type in self.units:
            self._call(name, self.units[variable.type])
            return
        place = self._place(name, variable)
        if variable.constant:
            raise self._fail(f"{name} is a constant")
        self._take(":=")
        code, kind = self._expression(variable.type)
        if kind not in (variable.type, "number") or (kind == "number") > (variable.type in _LIMITS):
            raise self._fail(f"{name} is {variable.type}, not {kind}")
        self._take(";")
        value = code if variable.type == "BOOL" else f"limit({code}, {variable.type!r}, {self._now.line})"
        self._emit(f"{place} = {value}")

    def _call(self, name: str, unit: Unit) -> None:
        self._take("(")
        back = []
        self._emit(f"inner = v[{name!r}]")
        while not self._if(")"):
            parameter = unit.variables.get(self._name())
            if parameter is None or parameter.section == "var":
                raise self._fail(f"{unit.name} has no such parameter")
            self._take(":=")
            if parameter.section == "var_in_out":
                given = self._name()
                variable = self._variable(given)
                if (variable.type, variable.length) != (parameter.type, parameter.length):
                    raise self._fail(f"{given} is not of the type of {parameter.name}")
                self._emit(f"inner[{parameter.name!r}] = v[{given!r}]")
                back.append(f"v[{given!r}] = inner[{parameter.name!r}]")
            else:
                code, kind = self._expression(parameter.type)
                if kind not in (parameter.type, "number"):
                    raise self._fail(f"{parameter.name} is {parameter.type}, not {kind}")
                self._emit(f"inner[{parameter.name!r}] = {code}")
            self._if(",")
        self._take(";")
        self._emit(f"units[{unit.name!r}].run(inner, units, limit)")
        for line in back:
            self._emit(line)

    # --- expressions -------------------------------------------------------------------------------------

    def _variable(self, name: str) -> Variable:
        variable = self._unit.variables.get(name)
        if variable is None:
            raise self._fail(f"{name} is not declared")
        return variable

    def _place(self, name: str, variable: Variable) -> str:
        if not variable.length:
            return f"v[{name!r}]"
        self._take("[")
        index, kind = self._expression("UINT")
        if kind not in ("UINT", "number"):
            raise self._fail("an index must be UINT")
        self._take("]")
        return f"v[{name!r}][limit({index} - {variable.low}, {variable.length}, {self._now.line})]"

    def _expression(self, wanted: str = "", level: int = 0) -> tuple[str, str]:
        if level == len(_LEVELS):
            return self._unary(wanted)
        left, kind = self._expression(wanted, level + 1)
        while self._now.low in _LEVELS[level]:
            operator = self._take()
            right, other = self._expression(wanted, level + 1)
            left, kind = self._join(operator, left, kind, right, other, level)
        return left, kind

    def _join(
        self, operator: Token, left: str, kind: str, right: str, other: str, level: int
    ) -> tuple[str, str]:
        python = _PYTHON.get(operator.low, operator.low)
        if level < 3:
            if (kind, other) != ("BOOL", "BOOL"):
                raise self._fail(f"{operator.text} of {kind} and {other}")
            return f"({left} {python} {right})", "BOOL"
        both = {kind, other} - {"number"}
        if len(both) > 1 or (level > 4 and "BOOL" in both):
            raise self._fail(f"{operator.text} of {kind} and {other}")
        result = both.pop() if both else "number"
        if level in (3, 4):
            return f"({left} {python} {right})", "BOOL"
        if result == "number":
            return f"({left} {python} {right})", result
        return f"limit({left} {python} {right}, {result!r}, {operator.line})", result

    def _unary(self, wanted: str) -> tuple[str, str]:
        if self._if("not"):
            code, kind = self._unary(wanted)
            if kind != "BOOL":
                raise self._fail(f"NOT of {kind}")
            return f"(not {code})", "BOOL"
        return self._primary(wanted)

    def _primary(self, wanted: str) -> tuple[str, str]:
        if self._now.kind == "number":
            return self._take().text, "number"
        if self._now.low in ("true", "false"):
            return self._take().low.capitalize(), "BOOL"
        if self._if("("):
            code, kind = self._expression(wanted)
            self._take(")")
            return f"({code})", kind
        name = self._name()
        if name in _CONVERSIONS:
            return self._conversion(name)
        if name == "min":
            return self._min(wanted)
        variable = self._variable(name)
        return self._place(name, variable), variable.type

    def _conversion(self, name: str) -> tuple[str, str]:
        source, target = _CONVERSIONS[name]
        self._take("(")
        code, kind = self._expression(source)
        self._take(")")
        if kind not in (source, "number"):
            raise self._fail(f"{name} of {kind}")
        return (
            f"int({code})" if source == "BOOL" else f"limit({code}, {target!r}, {self._now.line})"
        ), target

    def _min(self, wanted: str) -> tuple[str, str]:
        self._take("(")
        left, kind = self._expression(wanted)
        self._take(",")
        right, other = self._expression(wanted)
        self._take(")")
        both = {kind, other} - {"number"}
        if len(both) > 1 or "BOOL" in both:
            raise self._fail(f"MIN of {kind} and {other}")
        return f"min({left}, {right})", both.pop() if both else "number"


_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",), ("xor",), ("and",), ("=", "<>"), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "mod"),
)  # fmt: skip
_PYTHON = {"or": "|", "xor": "^", "and": "&", "=": "==", "<>": "!=", "/": "//", "mod": "%"}


def _limit(value: int, kind: str | int, line: int) -> int:
    """The value, if it fits its type, or an array of that length."""
    low, high = (0, kind - 1) if isinstance(kind, int) else _LIMITS[kind]
    if not low <= value <= high:
        raise StError(f"line {line}: {value} does not fit {kind}")
    return value


class Machine:
    """A program that runs: ``scan`` after the inputs and registers were set."""

    def __init__(self, text: str, program: str = "workcell_line") -> None:
        self.reader = Reader(text).read()
        self.unit = self.reader.units[program]
        self.values = self._values(self.unit)

    def _values(self, unit: Unit) -> dict[str, Any]:
        return {name: self._initial(variable) for name, variable in unit.variables.items()}

    def _initial(self, variable: Variable) -> Any:
        if variable.type in self.reader.units:
            return self._values(self.reader.units[variable.type])
        zero = False if variable.type == "BOOL" else 0
        if variable.length:
            return list(variable.initial) if variable.initial else [zero] * variable.length
        return zero if variable.initial is None else variable.initial

    def registers(self, area: str) -> dict[int, tuple[str, int]]:
        """Every located word: its address → variable and index (-1 for a scalar)."""
        found: dict[int, tuple[str, int]] = {}
        for name, variable in self.unit.variables.items():
            if variable.address.startswith(area):
                first = int(variable.address.removeprefix(area))
                for index in range(max(1, variable.length)):
                    if first + index in found:
                        raise StError(
                            f"{name} and {found[first + index][0]} overlap at {area}{first + index}"
                        )
                    found[first + index] = (name, index if variable.length else -1)
        return found

    def scan(self) -> None:
        self.unit.run(self.values, self.reader.units, _limit)
