"""Tuples as MultiPL-E's Java programs import them (org.javatuples), Unit to Decade, as far as they are used.

The library of that name is on no machine unasked; its classes are values with getters, so they stand beside a program
as source, and javac finds them.
"""

from __future__ import annotations

from functools import cache

NAMES = ("Unit", "Pair", "Triplet", "Quartet", "Quintet", "Sextet", "Septet", "Octet", "Ennead", "Decade")
PACKAGE = "org/javatuples"


@cache
def sources() -> dict[str, bytes]:
    """Files by their place in a program's folder."""
    tuple_ = (
        "package org.javatuples;\n"
        "import java.util.*;\n"
        "public abstract class Tuple implements Iterable<Object> {\n"
        "  final List<Object> values;\n"
        "  Tuple(Object... values) { this.values = Arrays.asList(values); }\n"
        "  public int getSize() { return values.size(); }\n"
        "  public Object getValue(int at) { return values.get(at); }\n"
        "  public boolean contains(Object value) { return values.contains(value); }\n"
        "  public List<Object> toList() { return new ArrayList<>(values); }\n"
        "  public Iterator<Object> iterator() { return toList().iterator(); }\n"
        "  public boolean equals(Object other) {\n"
        "    return other != null && other.getClass() == getClass() && ((Tuple) other).values.equals(values);\n"
        "  }\n"
        "  public int hashCode() { return values.hashCode(); }\n"
        "  public String toString() { return values.toString(); }\n"
        "}\n"
    )
    classes = {name: _class(name, number) for number, name in enumerate(NAMES, 1)}
    return {f"{PACKAGE}/{name}.java": text.encode() for name, text in {"Tuple": tuple_, **classes}.items()}


def _class(name: str, number: int) -> str:
    """A tuple of so many values."""
    letters = "ABCDEFGHIJ"[:number]
    types = ", ".join(letters)
    given = ", ".join(f"{letter} v{at}" for at, letter in enumerate(letters))
    passed = ", ".join(f"v{at}" for at in range(number))
    getters = "".join(
        f'  @SuppressWarnings("unchecked") public {letter} getValue{at}() {{ return ({letter}) values.get({at}); }}\n'
        for at, letter in enumerate(letters)
    )
    return (
        f"package org.javatuples;\npublic final class {name}<{types}> extends Tuple {{\n"
        f"  public {name}({given}) {{ super(new Object[] {{{passed}}}); }}\n"
        f"  public static <{types}> {name}<{types}> with({given}) {{ return new {name}<{types}>({passed}); }}\n"
        f"{getters}}}\n"
    )
