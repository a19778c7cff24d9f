"""A strict reader and runner of the part of IEC 61131-3 Structured Text that examples/plc/workcell.st uses.

It is no compiler of the trade: it checks what the strictest of them are known to check (from the grammar
and the semantic passes of matiec) and turns the program into Python, so that the kit can ask it. Like
matiec it refuses an empty statement and an empty list of statements, located variables that share a section
with others, are arrays or have a width that their address has not, an array handed over under another name
of type, an assignment to the control variable of a running loop, and every conversion that is not written.
Stricter than the standard where that finds mistakes: an overflow, a conversion that loses bits and an index
out of range are errors, AND and OR evaluate both sides, as a PLC may, and names that are keywords or
standard functions of any edition are refused.
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
    abs abstract acos action actions add and andn any any_bit any_date any_derived any_elementary any_int
    any_magnitude any_num any_real any_string array asin at atan bool by byte cal calc calcn case cd char
    class clk concat configuration constant continue cos ctd ctu ctud cu date date_and_time delete dint
    div do dref dt dword else elsif en end_action end_case end_class end_configuration end_for
    end_function end_function_block end_if end_interface end_method end_namespace end_program end_repeat
    end_resource end_step end_struct end_transition end_type end_var end_while eno eq exit exp expt
    extends f_edge f_trig false final find for from function function_block ge gt if implements
    initial_step insert int interface internal interval jmp jmpc jmpcn ld ldn ldt le left len limit lint
    ln log lreal lt ltime ltod lword max method mid min mod move mul mux namespace ne non_retain not null
    of on or orn overlap override persistent pointer priority private program property protected public pv
    r r1 r_edge r_trig read_only read_write real ref ref_to reference repeat replace resource ret retain
    retc retcn return right rol ror rs s s1 sel sema shl shr sin single sint sqrt sr st step stn string
    struct sub super tan task then this time time_of_day to tod tof ton tp transition true trunc type
    udint uint ulint until using usint var var_access var_config var_external var_global var_in_out
    var_input var_output var_temp void wchar while with word wstring xor xorn
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
    named: str = ""
    section: str = ""
    constant: bool = False
    retain: bool = False
    address: str = ""
    initial: Any = None


@dataclass(frozen=True)
class Array:
    """A named array type: how many elements from which index, and of what."""

    length: int
    low: int
    of: str


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
        if kind == "comment" and "(*" in match.group()[2:]:
            raise StError(f"line {line}: a comment in a comment")
        if kind == "bad" or not match.group().isascii():
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
        self.types: dict[str, Array] = {}
        self.tasks: dict[str, str] = {}
        self._unit = Unit("", "")
        self._depth = 1
        self._loops: list[str] = []

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
        if "__" in self._now.text or self._now.text.endswith("_"):
            raise self._fail("no name has two underscores in a row or ends with one")
        return self._take().low

    # --- units -------------------------------------------------------------------------------------------

    def read(self) -> Reader:
        while self._now.kind != "end":
            kind = self._take("type", "function_block", "program", "configuration").low
            if kind == "type":
                self._type()
            elif kind == "configuration":
                self._configuration()
            else:
                self._read_unit(kind)
        return self

    def _new_name(self) -> str:
        name = self._name()
        if name in self.units or name in self.types:
            raise self._fail(f"{name} is declared twice")
        return name

    def _type(self) -> None:
        """One type a TYPE: some compilers read no second."""
        name = self._new_name()
        self._take(":")
        low, length = self._range()
        self.types[name] = Array(length, low, self._elementary())
        for word in (";", "end_type"):
            self._take(word)

    def _read_unit(self, kind: str) -> None:
        self._unit = Unit(self._new_name(), kind)
        while self._now.low.startswith("var"):
            self._section()
        if not self._unit.variables:
            raise self._fail(f"a {kind} without variables")
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
        constant = self._if("constant")
        retain = not constant and self._if("retain")
        located: set[bool] = set()
        while True:
            variable = self._declaration(section, constant, retain)
            located.add(bool(variable.address))
            if variable.name in self._unit.variables:
                raise self._fail(f"{variable.name} is declared twice")
            self._unit.variables[variable.name] = variable
            if self._if("end_var"):
                break
        if len(located) > 1:
            raise self._fail("located variables stand in a section of their own")

    def _declaration(self, section: str, constant: bool, retain: bool) -> Variable:
        name = self._new_name()
        address = self._take().text if self._if("at") else ""
        self._take(":")
        low, length, named = 0, 0, ""
        if self._now.low in self.types:
            named = self._take().low
            low, length, kind = self.types[named].low, self.types[named].length, self.types[named].of
        elif self._now.low in self.units:
            kind = self._take().low
        else:
            low, length = self._range() if self._now.low == "array" else (0, 0)
            kind = self._elementary()
        if address:
            self._check_location(address, kind, length, section)
        initial = self._initial(kind, length) if self._if(":=") else None
        if constant and initial is None:
            raise self._fail("a constant without a value")
        self._take(";")
        return Variable(name, kind, length, low, named, section, constant, retain, address, initial)

    def _check_location(self, address: str, kind: str, length: int, section: str) -> None:
        if self._unit.kind != "program" or section != "var":
            raise self._fail("located variables stand in a PROGRAM")
        if length or (kind not in _LIMITS and kind != "BOOL"):
            raise self._fail("a located variable is one elementary value")
        width = "X" if kind == "BOOL" else "D" if kind == "UDINT" else "W"
        if not re.fullmatch(rf"%[IQM]{width}\d+(\.\d+)?", address):
            raise self._fail(f"{address} is no place for {kind}")

    def _range(self) -> tuple[int, int]:
        """The first index of an array and its length."""
        for word in ("array", "["):
            self._take(word)
        low = self._integer()
        self._take("..")
        length = self._integer() - low + 1
        for word in ("]", "of"):
            self._take(word)
        return low, length

    def _integer(self) -> int:
        if self._now.kind != "number":
            raise self._fail("expected a number")
        return int(self._take().text)

    def _elementary(self) -> str:
        if self._now.low not in ("uint", "udint", "int", "bool"):
            raise self._fail(f"no type {self._now.low}")
        return self._take().text.upper()

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
        while True:
            self._statement()
            if self._now.low in ends or (self._now.kind == "number" and "label" in ends):
                return

    def _statement(self) -> None:
        if self._now.low == ";" or self._now.low.startswith(("end_", "els")):
            raise self._fail("no statement")
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
        if variable.type not in _LIMITS or variable.length or variable.constant or name in self._loops:
            raise self._fail(f"{name} can't count this loop")
        first, kind = self._expression(variable.type)
        if kind not in (variable.type, "number"):
            raise self._fail(f"FOR {name}: {variable.type} from {kind}")
        self._take("to")
        last, kind = self._expression(variable.type)
        self._take("do")
        if kind not in (variable.type, "number"):
            raise self._fail(f"FOR {name}: {variable.type} to {kind}")
        self._emit(f"for step in range({first}, {last} + 1):")
        self._depth += 1
        self._emit(f"v[{name!r}] = step")
        self._depth -= 1
        self._loops.append(name)
        self._block("end_for")
        self._loops.pop()
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
        self._check_changeable(name, variable)
        self._take(":=")
        code, kind = self._expression(variable.type)
        self._check_type(name, variable.type, code, kind)
        self._take(";")
        value = code if variable.type == "BOOL" else f"limit({code}, {variable.type!r}, {self._now.line})"
        self._emit(f"{place} = {value}")

    def _check_changeable(self, name: str, variable: Variable) -> None:
        if variable.constant:
            raise self._fail(f"{name} is a constant")
        if variable.section == "var_input" or name in self._loops:
            raise self._fail(f"{name} can't be changed here")

    def _check_type(self, name: str, wanted: str, code: str, kind: str) -> None:
        if kind not in (wanted, "number") or (kind == "number") > (wanted in _LIMITS):
            raise self._fail(f"{name} is {wanted}, not {kind}")
        self._check_literal(wanted, code)

    def _check_literal(self, wanted: str, code: str) -> None:
        if code.isdigit() and not _LIMITS[wanted][0] <= int(code) <= _LIMITS[wanted][1]:
            raise self._fail(f"{code} is no {wanted}")

    def _call(self, name: str, unit: Unit) -> None:
        self._take("(")
        back = []
        missing = {variable.name for variable in unit.variables.values() if variable.section == "var_in_out"}
        self._emit(f"inner = v[{name!r}]")
        while True:
            parameter = unit.variables.get(self._name())
            if parameter is None or parameter.section == "var":
                raise self._fail(f"{unit.name} has no such parameter")
            self._take(":=")
            if parameter.section == "var_in_out":
                given = self._name()
                variable = self._variable(given)
                self._check_changeable(given, variable)
                missing.discard(parameter.name)
                shape = (variable.type, variable.length, variable.named)
                if shape != (parameter.type, parameter.length, parameter.named) or (
                    variable.length and not variable.named
                ):
                    raise self._fail(f"{given} is not of the type of {parameter.name}")
                self._emit(f"inner[{parameter.name!r}] = v[{given!r}]")
                back.append(f"v[{given!r}] = inner[{parameter.name!r}]")
            else:
                code, kind = self._expression(parameter.type)
                self._check_type(parameter.name, parameter.type, code, kind)
                self._emit(f"inner[{parameter.name!r}] = {code}")
            if not self._if(","):
                break
        for word in (")", ";"):
            self._take(word)
        if missing:
            raise self._fail(f"{name} is not given {', '.join(sorted(missing))}")
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
        if len(both) > 1 or "BOOL" in both:
            raise self._fail(f"{operator.text} of {kind} and {other}")
        result = both.pop() if both else "number"
        for code in (left, right):
            if result in _LIMITS:
                self._check_literal(result, code)
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
