"""A drawing placed inside a page: described, safe, and with ids of its own."""

import re
from xml.etree import ElementTree

from markupsafe import Markup

from kapkit.report.look import TOKENS

DROPPED = frozenset({"metadata", "style", "script", "foreignObject", "title"})
_COLOR = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")


def inline_svg(svg: str, *, prefix: str, label: str) -> Markup:
    """Make a figure's SVG part of a page that holds other figures too.

    Ids, and what points at them, get `prefix`: matplotlib names glyphs and clip paths alike
    in every figure, and a browser would take the first. Namespaces, metadata, style sheets,
    scripts and addresses outside the page are left out. A drawing that has no other colours than
    the shared look's takes the page's, light or dark; another one stays as it was drawn.

    Parameters
    ----------
    svg : str
        The drawing as matplotlib writes it, with or without XML prolog.
    prefix : str
        Different for each figure of a page.
    label : str
        What the figure says, for people who cannot see it.

    Returns
    -------
    Markup
        One ``svg`` element with ``role="img"`` and the label.

    Examples
    --------
    >>> inline_svg('<svg><path id="a"/><use href="#a"/></svg>', prefix="x-", label="A & B")
    Markup('<svg role="img" aria-label="A &amp; B"><path id="x-a" /><use href="#x-a" /></svg>')
    """
    # Without the prolog there is no document type, so no entity can be declared.
    root = ElementTree.fromstring(svg[svg.index("<svg") :])  # noqa: S314
    _prune(root)
    names = {name for element in root.iter() if (name := element.get("id"))}
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = _attributes(element.attrib, prefix=prefix, names=names)
    themed = {"class": "kap-themed"} if _take_colors_of_page(root) else {}
    root.attrib = {"role": "img", "aria-label": label, **themed, **root.attrib}
    return Markup(ElementTree.tostring(root, encoding="unicode").strip())  # noqa: S704


def _take_colors_of_page(root: ElementTree.Element) -> bool:
    """Replace the look's colours by the page's, unless the drawing has others too."""
    styled = [element for element in root.iter() if element.get("style")]
    used = {color for one in styled for color in _COLOR.findall(one.attrib["style"].lower())}
    if not used or not used <= set(TOKENS):
        return False
    for one in styled:
        one.attrib["style"] = _COLOR.sub(
            lambda match: f"var(--{TOKENS[match[0].lower()]}, {match[0]})", one.attrib["style"]
        )
    return True


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _prune(element: ElementTree.Element) -> None:
    for child in list(element):
        if _local(child.tag) in DROPPED:
            element.remove(child)
        else:
            _prune(child)


def _attributes(given: dict[str, str], *, prefix: str, names: set[str]) -> dict[str, str]:
    """Keep what draws; point references at the prefixed ids."""

    def own(name: str) -> str:
        return prefix + name if name in names else name

    kept = {}
    for name, value in ((_local(name), value) for name, value in given.items()):
        if name == "id":
            kept[name] = own(value)
        elif name == "href":
            if value.startswith("#"):
                kept[name] = "#" + own(value[1:])
            elif value.startswith("data:image/"):
                kept[name] = value
        elif not _outside(name, value):
            kept[name] = _REFERENCE.sub(lambda match: f"url(#{own(match[1])})", value)
    return kept


def _outside(name: str, value: str) -> bool:
    """Tell whether an attribute acts, or reaches beyond the drawing."""
    if name.startswith("on") or name in {"role", "aria-label", "version", "space"}:
        return True
    return any(not target.startswith("#") for target in re.findall(r"url\(\s*['\"]?(.)", value))
