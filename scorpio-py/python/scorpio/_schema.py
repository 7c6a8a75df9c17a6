"""JSON schemas of Python types, and the conversion of JSON values to them.

A type is compiled once, when a tool is declared, into a `Codec`: the schema that the model is given, and the function
that checks and converts what the model sends.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import pathlib
import sys
import types
import typing
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin

from scorpio import _docstring

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema: TypeAlias = dict[str, Any]
Decode: TypeAlias = Callable[[Any], Any]


class InvalidValueError(ValueError):
    """A JSON value that does not fit a type, and where in the whole it stands."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def inside(self, step: str) -> InvalidValueError:
        """The same, seen from the value that holds it."""
        self.path = step + self.path
        return self

    def sentence(self, subject: str) -> str:
        """What a model is told: `subject` is what is wrong, in the plural."""
        path = self.path.removeprefix(".")
        place = f" at `{path}`" if path else ""
        return f"{subject} are wrong{place}: {self.problem}."


class Codec(NamedTuple):
    """What a model is told about a type, and how its values are read."""

    schema: Schema
    decode: Decode


class UnsupportedTypeError(TypeError):
    """A type that has no JSON form."""


def compile_type(annotation: object) -> Codec:
    """The codec of one type."""
    compiler = _Compiler()
    codec = compiler.compile(annotation)
    return Codec(compiler.with_definitions(codec.schema), codec.decode)


class Parameter(NamedTuple):
    """One argument of a function or one field of an object."""

    name: str
    annotation: object
    description: str | None = None
    default: object = dataclasses.MISSING
    required: bool = True


def compile_object(parameters: list[Parameter], local_names: Mapping[str, Any] | None = None) -> Codec:
    """The codec of an object with these fields; it decodes to a `dict` without the fields that were left out.

    `local_names` are those that annotations of classes may refer to besides the names of their modules.
    """
    compiler = _Compiler(local_names)
    codec = compiler.object(parameters)
    return Codec(compiler.with_definitions(codec.schema), codec.decode)


def kind_of(value: object) -> str:
    """How a model is told what kind of JSON value it sent."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "a string", int: "an integer", float: "a number", list: "an array", dict: "an object"}
    return kinds.get(type(value), type(value).__name__)


def _expected(what: str, value: object) -> InvalidValueError:
    return InvalidValueError(f"expected {what}, got {kind_of(value)}")


def _decode_anything(value: Any) -> Any:
    return value


def _decode_string(value: Any) -> Any:
    if type(value) is not str:
        raise _expected("a string", value)
    return value


def _decode_boolean(value: Any) -> Any:
    if type(value) is not bool:
        raise _expected("a boolean", value)
    return value


def _decode_integer(value: Any) -> Any:
    if type(value) is int:
        return value
    # Models write 3.0 now and then, and JSON does not tell the two apart.
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is float:
        raise InvalidValueError(f"expected an integer, got {value}")
    raise _expected("an integer", value)


def _decode_number(value: Any) -> Any:
    if type(value) is float or type(value) is int:
        return float(value)
    raise _expected("a number", value)


def _decode_null(value: Any) -> Any:
    if value is not None:
        raise _expected("null", value)


def _decode_datetime(value: Any) -> Any:
    text: str = _decode_string(value)
    # Before Python 3.11 `fromisoformat` does not know the `Z` of RFC 3339.
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text)


def _decode_decimal(value: Any) -> Any:
    if type(value) not in (str, int, float):
        raise _expected("a number", value)
    return decimal.Decimal(str(value))


def _parsed(parse: Callable[[str], Any], what: str) -> Decode:
    def decode(value: Any) -> Any:
        try:
            return parse(_decode_string(value))
        except InvalidValueError:
            raise
        except ValueError:
            raise InvalidValueError(f"expected {what}") from None

    return decode


def _decode_any_decimal(value: Any) -> Any:
    try:
        return _decode_decimal(value)
    except decimal.InvalidOperation:
        raise InvalidValueError("expected a decimal number") from None


_SCALARS: dict[object, Codec] = {
    Any: Codec({}, _decode_anything),
    object: Codec({}, _decode_anything),
    str: Codec({"type": "string"}, _decode_string),
    bool: Codec({"type": "boolean"}, _decode_boolean),
    int: Codec({"type": "integer"}, _decode_integer),
    float: Codec({"type": "number"}, _decode_number),
    None: Codec({"type": "null"}, _decode_null),
    type(None): Codec({"type": "null"}, _decode_null),
    datetime.datetime: Codec(
        {"type": "string", "format": "date-time"}, _parsed(_decode_datetime, "a date and time as in RFC 3339")
    ),
    datetime.date: Codec(
        {"type": "string", "format": "date"}, _parsed(datetime.date.fromisoformat, "a date such as 2026-01-31")
    ),
    datetime.time: Codec(
        {"type": "string", "format": "time"}, _parsed(datetime.time.fromisoformat, "a time such as 14:30:00")
    ),
    uuid.UUID: Codec({"type": "string", "format": "uuid"}, _parsed(uuid.UUID, "a UUID")),
    decimal.Decimal: Codec({"type": ["number", "string"]}, _decode_any_decimal),
    pathlib.Path: Codec({"type": "string"}, _parsed(pathlib.Path, "a path")),
    list: Codec({"type": "array", "items": {}}, lambda value: _decode_array(value, list, _decode_anything)),
    tuple: Codec({"type": "array", "items": {}}, lambda value: _decode_array(value, tuple, _decode_anything)),
    set: Codec(
        {"type": "array", "items": {}, "uniqueItems": True},
        lambda value: _decode_array(value, set, _decode_anything),
    ),
    dict: Codec({"type": "object"}, lambda value: _decode_mapping(value, _decode_anything)),
}

_SEQUENCES: dict[object, type] = {
    list: list,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    tuple: tuple,
}
_SETS: dict[object, type] = {
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_OPTIONALITY = ("Required", "NotRequired", "ReadOnly")


def _decode_array(value: Any, build: Callable[[list[Any]], Any], decode: Decode) -> Any:
    if type(value) is not list:
        raise _expected("an array", value)
    items = []
    for index, item in enumerate(value):
        try:
            items.append(decode(item))
        except InvalidValueError as error:
            raise error.inside(f"[{index}]") from None
    try:
        return build(items)
    except TypeError:
        raise InvalidValueError("expected items that can be told apart") from None


def _decode_mapping(value: Any, decode: Decode) -> Any:
    if type(value) is not dict:
        raise _expected("an object", value)
    decoded = {}
    for name, item in value.items():
        try:
            decoded[name] = decode(item)
        except InvalidValueError as error:
            raise error.inside(f".{name}") from None
    return decoded


class _Compiler:
    """Compiles types.

    Types that hold themselves become `$ref`s; all others stand where they are used, because providers differ in what
    they make of a `$ref`.
    """

    def __init__(self, local_names: Mapping[str, Any] | None = None) -> None:
        self._local_names = local_names
        self._open: dict[object, str] = {}
        self._recursive: set[object] = set()
        self._definitions: dict[str, Schema] = {}
        self._decoders: dict[object, Decode] = {}

    def with_definitions(self, schema: Schema) -> Schema:
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def compile(self, annotation: object) -> Codec:
        try:
            if (scalar := _SCALARS.get(annotation)) is not None:
                return scalar
        except TypeError:  # Not hashable, as an `Annotated` with a list in it.
            pass
        if isinstance(annotation, str):
            raise UnsupportedTypeError(f"the name `{annotation}` could not be resolved")
        if supertype := getattr(annotation, "__supertype__", None):
            return self.compile(supertype)
        if type(annotation).__name__ == "TypeAliasType":
            return self.compile(annotation.__value__)  # type: ignore[attr-defined]
        origin = get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, get_args(annotation))
        if isinstance(annotation, type):
            return self._class(annotation)
        raise _unsupported(annotation)

    def _generic(self, annotation: object, origin: object, arguments: tuple[Any, ...]) -> Codec:
        if origin is typing.Annotated:
            return self._annotated(arguments[0], annotation.__metadata__)  # type: ignore[attr-defined]
        if origin is Union or origin is types.UnionType:
            return self._union(arguments)
        if origin is Literal:
            return _choice(list(arguments), list(arguments))
        if getattr(origin, "_name", None) in _OPTIONALITY or getattr(origin, "__name__", None) in _OPTIONALITY:
            return self.compile(arguments[0])
        if origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return self._tuple(arguments)
        if origin in _SEQUENCES:
            return self._array(_SEQUENCES[origin], arguments[0], {})
        if origin in _SETS:
            return self._array(_SETS[origin], arguments[0], {"uniqueItems": True})
        if origin in _MAPPINGS:
            return self._mapping(*arguments)
        raise _unsupported(annotation)

    def _annotated(self, annotation: object, metadata: tuple[object, ...]) -> Codec:
        codec = self.compile(annotation)
        description = next((item for item in metadata if isinstance(item, str)), None)
        return codec if description is None else Codec(_described(codec.schema, description), codec.decode)

    def _array(self, build: type, item: object, more: Schema) -> Codec:
        codec = self.compile(item)
        schema = {"type": "array", "items": codec.schema, **more}
        return Codec(schema, lambda value: _decode_array(value, build, codec.decode))

    def _tuple(self, items: tuple[Any, ...]) -> Codec:
        # `tuple[()]` has no arguments, or an empty one before Python 3.11.
        codecs = [self.compile(item) for item in items if item != ()]
        size = len(codecs)

        def decode(value: Any) -> Any:
            if type(value) is not list:
                raise _expected("an array", value)
            if len(value) != size:
                raise InvalidValueError(f"expected {size} items, got {len(value)}")
            decoders = iter(codecs)
            return _decode_array(value, tuple, lambda item: next(decoders).decode(item))

        schemas = [codec.schema for codec in codecs]
        return Codec({"type": "array", "prefixItems": schemas, "minItems": size, "maxItems": size}, decode)

    def _mapping(self, key: object, item: object) -> Codec:
        if key is not str and key is not Any:
            raise UnsupportedTypeError("the keys of a JSON object are strings: use `dict[str, …]`")
        codec = self.compile(item)
        schema: Schema = {"type": "object", "additionalProperties": codec.schema or True}
        return Codec(schema, lambda value: _decode_mapping(value, codec.decode))

    def _union(self, members: tuple[Any, ...]) -> Codec:
        # An integer is a number too, so `float | int` must try `int` first to keep what was sent.
        ordered = sorted(members, key=lambda member: member is float)
        codecs = [self.compile(member) for member in ordered]

        def decode(value: Any) -> Any:
            problems: list[InvalidValueError] = []
            for codec in codecs:
                try:
                    return codec.decode(value)
                except InvalidValueError as error:
                    problems.append(error)
            raise _most_telling(problems, value)

        schemas = [codec.schema for codec in codecs]
        if all(set(schema) == {"type"} and isinstance(schema["type"], str) for schema in schemas):
            return Codec({"type": [schema["type"] for schema in schemas]}, decode)
        return Codec({"anyOf": schemas}, decode)

    def _class(self, cls: type) -> Codec:
        if issubclass(cls, enum.Enum):
            return _choice([member.value for member in cls], list(cls))
        if is_pydantic_model(cls):
            return _pydantic(cls)
        if dataclasses.is_dataclass(cls):
            return self._named(cls, _dataclass_fields)
        if typing.is_typeddict(cls) or hasattr(cls, "__required_keys__"):
            return self._named(cls, _typed_dict_fields)
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            return self._named(cls, _named_tuple_fields)
        raise _unsupported(cls)

    def _named(self, cls: type, fields: Callable[[type, dict[str, Any]], list[Parameter]]) -> Codec:
        if cls in self._open:
            self._recursive.add(cls)
            return Codec({"$ref": f"#/$defs/{self._open[cls]}"}, lambda value: self._decoders[cls](value))
        name = cls.__name__
        while name in self._open.values() or name in self._definitions:
            name += "_"
        self._open[cls] = name
        try:
            codec = self.object(fields(cls, self._hints(cls)), _own_description(cls))
        finally:
            del self._open[cls]
        plain = typing.is_typeddict(cls) or hasattr(cls, "__required_keys__")

        def decode(value: Any) -> Any:
            arguments = codec.decode(value)
            if plain:
                return arguments
            try:
                return cls(**arguments)
            except (TypeError, ValueError) as error:
                raise InvalidValueError(str(error) or f"no valid {cls.__name__}") from None

        self._decoders[cls] = decode
        if cls in self._recursive:
            self._definitions[name] = codec.schema
            return Codec({"$ref": f"#/$defs/{name}"}, decode)
        return Codec(codec.schema, decode)

    def _hints(self, cls: type) -> dict[str, Any]:
        try:
            return typing.get_type_hints(cls, localns=self._local_names, include_extras=True)
        except NameError as error:
            text = f"an annotation of `{cls.__qualname__}` could not be resolved: {error}"
            raise UnsupportedTypeError(text) from None

    def object(self, parameters: list[Parameter], description: str | None = None) -> Codec:
        properties: Schema = {}
        decoders: dict[str, Decode] = {}
        required: list[str] = []
        for parameter in parameters:
            try:
                codec = self.compile(parameter.annotation)
            except UnsupportedTypeError as error:
                raise UnsupportedTypeError(f"`{parameter.name}`: {error}") from None
            schema = codec.schema
            if parameter.description and "description" not in schema:
                schema = _described(schema, parameter.description)
            if is_plain_json(parameter.default):
                schema = {**schema, "default": parameter.default}
            properties[parameter.name] = schema
            decoders[parameter.name] = codec.decode
            if parameter.required:
                required.append(parameter.name)
        whole: Schema = {"type": "object", "properties": properties}
        if description:
            whole["description"] = description
        if required:
            whole["required"] = required
        whole["additionalProperties"] = False
        return Codec(whole, lambda value: _decode_object(value, decoders, required))


def _decode_object(value: Any, decoders: dict[str, Decode], required: list[str]) -> dict[str, Any]:
    if type(value) is not dict:
        raise _expected("an object", value)
    decoded = {}
    for name, item in value.items():
        decode = decoders.get(name)
        if decode is None:
            known = ", ".join(f"`{known}`" for known in decoders)
            hint = f"there are {known}" if known else "there are none"
            raise InvalidValueError(f"there is no field `{name}`; {hint}")
        try:
            decoded[name] = decode(item)
        except InvalidValueError as error:
            raise error.inside(f".{name}") from None
    for name in required:
        if name not in decoded:
            raise InvalidValueError(f"`{name}` is missing")
    return decoded


def _choice(spellings: list[Any], values: list[Any]) -> Codec:
    """One of some JSON values, each standing for a Python value."""
    schema: Schema = {"enum": spellings}
    kinds = {bool: "boolean", str: "string", int: "integer", float: "number", type(None): "null"}
    if not all(type(spelling) in kinds for spelling in spellings):
        raise UnsupportedTypeError("a choice can hold only strings, numbers, booleans and None")
    if len({type(spelling) for spelling in spellings}) == 1:
        schema = {"type": kinds[type(spellings[0])], **schema}

    def decode(value: Any) -> Any:
        for spelling, meaning in zip(spellings, values, strict=True):
            # `True == 1` in Python and not in JSON.
            if spelling == value and isinstance(spelling, bool) == isinstance(value, bool):
                return meaning
        allowed = ", ".join(repr(spelling) for spelling in spellings)
        raise InvalidValueError(f"expected one of {allowed}, got {value!r:.80}")

    return Codec(schema, decode)


def is_pydantic_model(cls: object) -> bool:
    """Whether it is a pydantic model, without importing pydantic where the program has not."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(cls, type) and issubclass(cls, pydantic.BaseModel)


def _pydantic(cls: Any) -> Codec:
    validation_error: type[Exception] = sys.modules["pydantic"].ValidationError
    schema = _inlined(cls.model_json_schema())

    def decode(value: Any) -> Any:
        try:
            return cls.model_validate(value)
        except validation_error as error:
            first = error.errors(include_url=False, include_context=False)[0]  # type: ignore[attr-defined]
            steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
            message = str(first["msg"])
            raise InvalidValueError(message[:1].lower() + message[1:], "".join(steps)) from None

    return Codec(schema, decode)


def _inlined(schema: Schema) -> Schema:
    """Puts definitions where they are used; a schema that holds itself cannot be used in another one."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any, above: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [resolve(item, above) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            name = reference.removeprefix("#/$defs/")
            if name in above:
                raise UnsupportedTypeError(f"the pydantic model `{name}` holds itself: use a dataclass")
            rest = {key: resolve(value, above) for key, value in node.items() if key != "$ref"}
            return {**resolve(definitions[name], (*above, name)), **rest}
        # Titles repeat the names in other words: they cost tokens and tell nothing.
        return {
            key: resolve(value, above)
            for key, value in node.items()
            if key != "$defs" and not (key == "title" and isinstance(value, str))
        }

    resolved: Schema = resolve(schema, ())
    return resolved


def _most_telling(problems: list[InvalidValueError], value: object) -> InvalidValueError:
    """The problem of the member that fits best: the one whose problem lies deepest inside of it."""
    deepest = max(problems, key=lambda problem: len(problem.path))
    if deepest.path:
        return deepest
    shallow = [problem.problem for problem in problems]
    wanted = [text.removeprefix("expected ").rpartition(", got ")[0] for text in shallow]
    if all(wanted):
        return _expected(" or ".join(dict.fromkeys(wanted)), value)
    telling = [text for text in shallow if not text.endswith(f", got {kind_of(value)}")]
    return InvalidValueError(telling[0] if telling else shallow[0])


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def is_plain_json(value: object) -> bool:
    """Whether a default can be shown in a schema as it stands."""
    if value is None or type(value) in (str, bool, int, float):
        return True
    if type(value) is list:
        return all(is_plain_json(item) for item in value)
    return type(value) is dict and all(type(key) is str and is_plain_json(item) for key, item in value.items())


def _own_description(cls: type) -> str | None:
    text = cls.__dict__.get("__doc__")
    # A dataclass or named tuple without a docstring is given its signature as one.
    if not text or text.startswith(f"{cls.__name__}("):
        return None
    return _docstring.parse(text).description or None


def _field_descriptions(cls: type) -> dict[str, str]:
    return _docstring.parse(cls.__dict__.get("__doc__")).parameters


def _dataclass_fields(cls: type, hints: dict[str, Any]) -> list[Parameter]:
    descriptions = _field_descriptions(cls)
    parameters = []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        description = field.metadata.get("description") or descriptions.get(field.name)
        parameters.append(Parameter(field.name, hints[field.name], description, field.default, not optional))
    return parameters


def _typed_dict_fields(cls: type, hints: dict[str, Any]) -> list[Parameter]:
    descriptions = _field_descriptions(cls)
    required: frozenset[str] = cls.__required_keys__  # type: ignore[attr-defined]
    return [
        Parameter(name, hint, descriptions.get(name), required=_is_required(hint, name in required))
        for name, hint in hints.items()
    ]


def _is_required(hint: object, otherwise: bool) -> bool:
    # Under `from __future__ import annotations` the class itself has not seen the qualifiers.
    qualifier = getattr(get_origin(hint), "_name", None) or getattr(get_origin(hint), "__name__", None)
    return {"Required": True, "NotRequired": False}.get(str(qualifier), otherwise)


def _named_tuple_fields(cls: type, hints: dict[str, Any]) -> list[Parameter]:
    defaults: dict[str, object] = cls._field_defaults  # type: ignore[attr-defined]
    names: tuple[str, ...] = cls._fields  # type: ignore[attr-defined]
    return [
        Parameter(
            name,
            hints.get(name, Any),
            default=defaults.get(name, dataclasses.MISSING),
            required=name not in defaults,
        )
        for name in names
    ]


def _unsupported(annotation: object) -> UnsupportedTypeError:
    name = annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
    return UnsupportedTypeError(
        f"`{name}` has no JSON schema; use str, int, float, bool, list, dict, Literal, an Enum, a dataclass, "
        "a TypedDict or a pydantic model"
    )
