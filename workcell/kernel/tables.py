"""Tables of TOML files as data: read and checked whole; an error names the file, the key and the remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from workcell.kernel.errors import ConfigError


class Table(BaseModel):
    """A table of the profile or layout: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def wrong(what: str, remedy: str, key: str = "") -> PydanticCustomError:
    """An error for a validator to raise, with its own remedy; ``key`` where it is not the validator's own."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "remedy": remedy, "key": key})


def _beside(name: str, info: ValidationInfo) -> str:
    """The whole path of a file that stands beside the one that names it; a text made in memory stays."""
    if not name or info.context is None:
        return name
    path: Path = info.context["folder"] / name
    if not path.is_file():
        raise wrong(
            f"no such file ({path})",
            "Put the file there, or mend its name: it is relative to the file that names it.",
        )
    return str(path)


FileBeside = Annotated[str, AfterValidator(_beside)]
"""The name of a file: relative to the folder of the TOML file that has it, wherever a command is run."""


ModelT = TypeVar("ModelT", bound=BaseModel)


def load_toml(path: Path, model: type[ModelT]) -> ModelT:
    """Read a TOML file into ``model``; raises ConfigError naming file, key and remedy."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("no such file", subject=str(path), remedy="Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"can't be read ({error})", subject=str(path), remedy="Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML ({error})", subject=str(path), remedy="Mend that line.") from error
    try:
        return model.model_validate(data, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise ConfigError(_problems(error), subject=str(path), remedy=_remedy(error, model)) from error


def _problems(error: ValidationError) -> str:
    """The first few, each with its key."""
    return "; ".join(f"key {_key(found)}: {_said(found)}" for found in error.errors()[:3])


def _key(found: ErrorDetails) -> str:
    key = found.get("ctx", {}).get("key") or ".".join(str(part) for part in found["loc"])
    return key or "(whole file)"


def _said(found: ErrorDetails) -> str:
    if found["type"] == "extra_forbidden":
        return "unknown key"
    text = found["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _remedy(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        names = sorted(field.alias or name for name, field in model.model_fields.items())
        return f"Known keys here: {', '.join(names)}."
    if first["type"] == "extra_forbidden":
        return "Remove it or mend its spelling; the reference of the file lists the keys."
    if "remedy" in first.get("ctx", {}):
        return str(first["ctx"]["remedy"])
    return "See the reference of the file for what this key takes."
