"""HTML in which everything is escaped unless it was made here. The inspector's pages are built of nothing else."""

from __future__ import annotations

from html import escape

VOID = frozenset({"input", "br", "hr", "meta", "link"})


class Html(str):
    """Text that is markup already. Made by the functions below only."""

    __slots__ = ()


def text(value: object) -> Html:
    """Any value as text that a browser shows literally; markup made here passes as it is."""
    if isinstance(value, Html):
        return value
    return Html(escape("" if value is None else str(value), quote=True))


def join(parts: list[Html], between: str = "") -> Html:
    return Html(between.join(parts))


def el(tag: str, /, *children: object, **attributes: object) -> Html:
    """An element. Trailing underscores and inner ones in attribute names become nothing and hyphens (`class_`,
    `data_live`). Attributes of None or False are left out, True stands alone."""
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        written.append(f" {label}" if value is True else f' {label}="{escape(str(value), quote=True)}"')
    opening = f"<{tag}{''.join(written)}>"
    if tag in VOID:
        return Html(opening)
    return Html(f"{opening}{''.join(text(child) for child in children if child is not None)}</{tag}>")


def table(heads: list[str], rows: list[list[object]], *, empty: str, class_: str = "") -> Html:
    """A table with a heading row, or the sentence `empty`."""
    if not rows:
        return el("p", empty, class_="empty")
    head = el("tr", *[el("th", label, scope="col") for label in heads])
    lines = [
        el("tr", *[el("td", cell, data_label=label) for label, cell in zip(heads, row, strict=True)]) for row in rows
    ]
    return el("div", el("table", el("thead", head), el("tbody", *lines), class_=class_ or None), class_="scroll")


def options(values: list[str], chosen: str) -> list[Html]:
    """The options of a select element."""
    return [el("option", value, value=value, selected=value == chosen) for value in values]
