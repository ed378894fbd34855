"""The keys that a cluster file can have, and what somebody may have meant by one that it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from components.config import Cluster, Section
from components.elsewhere import ELSEWHERE
from components.faults import Fault
from components.spelling import nearest

#: Where a key is. In a section of several kinds the kind comes after the section's own key, as pydantic has it:
#: `("endpoint", "haproxy", "port")`. `written` takes it out.
Path = tuple[str, ...]
#: The key that says which kind a section is of.
KIND = "kind"
#: Stands for a name of the file's own in a path, such as a host's.
ANY = "*"


def plain(kind: Any) -> Any:
    """Return a type without what is annotated to it, and without None."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    return kind


def kinds(annotation: Any) -> dict[str, type[Section]]:
    """Return the sections that a value can be, by kind; nothing for a type that is not such a union."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return {}
    models = [part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, Section)]
    return {get_args(m.model_fields[KIND].annotation)[0]: m for m in models} if len(models) > 1 else {}


@cache
def sections() -> dict[Path, type[Section]]:
    """Return every section of a cluster file by its path."""
    return dict(_walk(Cluster, ()))


@cache
def unions() -> dict[Path, dict[str, type[Section]]]:
    """Return the sections that are of one kind or another, by path and kind."""
    found = {
        (*at, key): kinds(field.annotation)
        for at, section in sections().items()
        for key, field in fields(section).items()
    }
    return {at: models for at, models in found.items() if models}


def _walk(model: type[Section], at: Path) -> Iterator[tuple[Path, type[Section]]]:
    yield at, model
    for field in model.model_fields.values():
        here = (*at, str(field.alias))
        several = kinds(field.annotation)
        for kind, section in several.items():
            yield from _walk(section, (*here, kind))
        inner = plain(field.annotation)
        if get_origin(inner) in (dict, list):
            inner, here = plain(get_args(inner)[-1]), (*here, ANY)
        if not several and isinstance(inner, type) and issubclass(inner, Section):
            yield from _walk(inner, here)


def fields(model: type[Section]) -> dict[str, FieldInfo]:
    """Return a section's fields by key."""
    return {str(field.alias): field for field in model.model_fields.values()}


def pattern(location: Path) -> Path:
    """Return a path with ANY where it has names of the file's own."""
    found: Path = ()
    for key in location:
        found = (*found, ANY if (*found, ANY) in sections() else key)
    return found


def written(location: Path) -> Path:
    """Return a path as the file has it: without the kinds of sections."""
    return tuple(key for number, key in enumerate(location) if pattern(location[:number]) not in unions())


def sample(location: Path) -> str:
    """Return the key at a path with its example as one line of YAML, nothing when it has none."""
    value = _example(pattern(location))
    return "" if value is None else _line(location, value)


def first(location: Path) -> str:
    """Return a section with the first key that has an example, as one line of YAML."""
    return _line(location, _first(pattern(location)))


def _line(location: Path, value: Any) -> str:
    # A number stands for an entry of a list.
    shown = value if location[-1].isdigit() else {location[-1]: value}
    line = yaml.safe_dump(shown, default_flow_style=True, width=1000, sort_keys=False).strip()
    return line if location[-1].isdigit() else line.removeprefix("{").removesuffix("}")


def _first(at: Path) -> Any:
    for key in fields(sections()[at]) if at in sections() else ():
        if (example := _example((*at, key))) is not None:
            return {key: example}
    return None


def _example(at: Path) -> Any:
    """Return a key's own example, a section's of what it has to have, None where there is none."""
    if at in unions():
        at = (*at, next(iter(unions()[at])))  # the first kind serves as the example
    section = sections().get(at)
    if section is not None:
        needed = [key for key, known in fields(section).items() if known.is_required()]
        found = {key: _example((*at, key)) or _first((*at, key)) for key in needed}
        return found if found and None not in found.values() else None
    known = fields(sections()[at[:-1]]).get(at[-1]) if at[:-1] in sections() else None
    return known.examples[0] if known and known.examples else None


def unknown(location: Path, lacking: Sequence[str] = ()) -> tuple[Fault, Path | None]:
    """Return the fault that an unknown key is, and the path of the key that was meant, if that is known.

    `location` has the kinds of sections in it; the path that is returned is as the file has it. `lacking` is what its
    section has to have, and has not.
    """
    *before, word = location
    above = tuple(before)
    here = list(fields(sections()[pattern(above)]))
    only = (*above, lacking[0]) if above and len(lacking) == 1 else None

    def told(remedy: str, meant: Path | None = None) -> tuple[Fault, Path | None]:
        return Fault(".".join(written(location)), "is not a known key", remedy), meant and written(meant)

    if pattern(above)[-1:] == (ANY,) and above[-1] in here:
        # A group of hosts has no name: its key was read as one.
        whose = ".".join(above[:-1])
        remedy = f"Write it under a name of your choice, such as {whose}.default.{above[-1]}."
        return Fault(".".join(above), f"stands right under {whose}, where names are", remedy), (*above, "hosts")
    for name in (".".join(written(location)), word):
        if name in here or not (instead := nearest(name, ELSEWHERE, cutoff=1.0)):
            continue
        place = re.match(r"Write (?:it|them) as ([\w.]+)", ELSEWHERE[instead])
        return told(
            ELSEWHERE[instead],
            _meant(above, place[1].rstrip(".")) if place else only if ELSEWHERE[instead].startswith("Write") else None,
        )
    if "." in word and (first := word.partition(".")[0]) in here:
        return told(f"Write it as keys in keys: `{first}: {{{word.partition('.')[2]}: …}}`.")
    if others := [kind for kind, section in unions().get(pattern(above[:-1]), {}).items() if word in fields(section)]:
        return told(f"It belongs to kind {' and '.join(others)}, and this is of kind {above[-1]}.")
    if near := nearest(word, here, cutoff=0.8):
        return told(f"Did you mean '{near}'?", (*above, near))
    if "hosts" in here and re.search(r"\d$", word):
        return told(f"Write it under {'.'.join(written(above))}.hosts, if it is a host.")
    # A place without names of its own is one that can be filled in.
    places = sorted((at for at, section in sections().items() if word in fields(section)), key=lambda at: ANY in at)
    # Where a section and one inside of it know the word, the outer one is meant.
    places = [at for at in places if not any(at != other and at[: len(other)] == other for other in places)]
    if places:
        exact = [at for at in places if ANY not in at]
        named = ", ".join(list(dict.fromkeys(_shown(at) for at in exact or places))[:3])
        return told(f"It belongs under {named}.", (*exact[0], word) if exact else None)
    if near := nearest(word, here):
        return told(f"Did you mean '{near}'?", (*above, near))
    if only:
        return told(f"Write {lacking[0]} in its place, such as `{sample(only)}`.", only)
    for at, section in sections().items():
        if near := nearest(word, fields(section), cutoff=0.85):
            return told(f"Did you mean '{_shown((*at, near))}'?", (*at, near) if ANY not in at else None)
    return told(f"Known here: {', '.join(here)}.")


def _meant(above: Path, named: str) -> Path | None:
    """Return the path of a key that a remedy names, from the top or in the same section."""
    whole = tuple(named.split("."))
    for at in ((*above, *whole), whole):
        section = sections().get(pattern(at[:-1]))
        if section is not None and at[-1] in fields(section):
            return at
    return None


def _shown(at: Path) -> str:
    return ".".join("<name>" if key == ANY else key for key in written(at)) or "the cluster itself"
