"""Constructor parameters that are declared as annotated fields, and documented once."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from inspect import cleandoc
from typing import Any, ClassVar, dataclass_transform

import numpy as np

from skae._estimators.words import translating


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
@dataclass(eq=False, repr=False)
class DeclaredParameters:
    """Constructor parameters as dataclass fields.

    Subclasses are dataclasses too: an annotated field becomes a keyword-only parameter, and a
    value assigned to the name of a parameter becomes its default; ``field(init=False)`` removes it.
    ``{parameters}`` and the other
    names of `_texts` are replaced in a docstring by these texts.
    """

    _texts: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for inherited in fields(cls):
            if inherited.name in cls.__dict__:
                cls.__annotations__.setdefault(inherited.name, inherited.type)
                default = cls.__dict__[inherited.name]
                if not isinstance(default, Field):
                    default = field(default=default, kw_only=inherited.kw_only)
                setattr(cls, inherited.name, default)
        dataclass(eq=False, repr=False, kw_only=True)(cls)
        cls.__init__ = translating(cls.__init__)  # type: ignore[method-assign]
        if cls.__doc__:  # None under python -OO
            cls.__doc__ = cleandoc(cls.__doc__)  # as Python 3.13 does itself
            for mark, text in cls._texts.items():
                text = cleandoc(text)
                text = _own_defaults(cls, text) if mark == "parameters" else text
                cls.__doc__ = cls.__doc__.replace(f"{{{mark}}}", text)


def _own_defaults(cls: type, parameters: str) -> str:
    """Add the defaults of a class to the text of its parameters.

    Parameters that the class documents itself, or lacks, are left out; the later of two texts of
    one parameter replaces the earlier.
    """
    lacks = {each.name for each in fields(cls) if not each.init}  # type: ignore[arg-type]
    entries = {}
    for entry in parameters.split("\n\n"):
        head, body = entry.split("\n", 1)
        name = head.split(" : ")[0]
        if name not in lacks and f"\n{name} : " not in str(cls.__doc__):
            entries[name] = f"{head}, default={_written(getattr(cls, name))}\n{body}"
    return "\n\n".join(entries.values())


def _written(default: Any) -> str:
    """Return a default as it is written in a program."""
    return "np.nan" if default is np.nan else repr(default)
