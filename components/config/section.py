"""What all sections of a cluster file have in common.

Sections' modules do not postpone annotations: pydantic reads each one, and reading them from text takes longer.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class MissingError(AttributeError):
    """A value that is asked for is not known: the file is faulty there."""


class Section(BaseModel):
    """Base of all sections: frozen, and a key that is not known is a fault."""

    # Built when it is first needed, as a part of the whole file: each on its own would be built in vain.
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        """A key with nothing behind it is not given."""
        if isinstance(data, dict) and None in data.values():
            return {key: value for key, value in data.items() if value is not None or key not in _aliases(cls)}
        return data

    @classmethod
    def unset(cls) -> Self:
        """Return the section as it is when nothing is given.

        Nothing is checked: to build what checks a section for its defaults alone is a good part of a small preview.
        """
        return cls.model_construct()  # type: ignore[return-value]  # pydantic's plugin of mypy forgets the class

    def knows(self, *names: str) -> bool:
        """Whether these values are there: in a faulty file, what is faulty is not."""
        return all(name in self.__dict__ for name in names)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise MissingError(name)
            return super().__getattr__(name)


@cache
def _aliases(model: type[Section]) -> frozenset[str]:
    return frozenset(str(field.alias) for field in model.model_fields.values())
