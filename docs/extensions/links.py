"""Every link of the built site leads somewhere, and no page loads anything from another host."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; `a` is followed by readers alone.
LOADED = {"audio", "embed", "iframe", "image", "img", "input", "script", "source", "track", "video"}
LOADED_RELATIONS = {"icon", "manifest", "modulepreload", "preload", "prefetch", "stylesheet"}
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""")


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors, self.links, self.loads = {"", "top"}, set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Take addresses and anchors from the attributes of a tag."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.loads |= set(IN_STYLES.findall(values.get("style", "")))
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if tag == "link" and LOADED_RELATIONS & set(values.get("rel", "").split()):
            self.loads.add(values["href"])
        if tag in LOADED:
            self.loads |= {values[name] for name in ("src", "href", "poster") if name in values}
            candidates = values.get("srcset", "").split(",")
            self.loads |= {each.split()[0] for each in candidates if each.strip()}


def faults(root: Path):
    """Yield what is wrong with the site in a folder: the name of a file, and what it holds."""
    root = root.resolve()
    # A theme keeps its templates in _static.
    paths = [path for path in sorted(root.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path) for path in paths}
    addresses = [(path, page.links, page.loads) for path, page in pages.items()]
    for path in sorted(root.rglob("*.css")):
        addresses.append((path, set(), set(IN_STYLES.findall(path.read_text(encoding="utf-8")))))
    for path, links, loads in addresses:
        for address in sorted(links | loads):
            fault = wrong(path, address, pages, is_loaded=address in loads)
            if fault:
                yield path.relative_to(root).as_posix(), fault


def wrong(path: Path, address: str, pages: dict, is_loaded: bool) -> str | None:
    """Return what is wrong with an address that a file holds."""
    parts = urlsplit(address)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return f"loads {address} from another host" if is_loaded else None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return f"{address} does not exist"
    fragment = unquote(parts.fragment)
    if target in pages and fragment not in pages[target].anchors:
        return f"{address} leads to an anchor that does not exist"
    return None


def check(app, exception):
    """Warn of every fault, and so fail a build by `-W`."""
    from sphinx.util import logging

    logger = logging.getLogger(__name__)
    if exception is None and app.builder.format == "html":
        # Where no example runs, its figures are missing.
        has_figures = app.config.sphinx_gallery_conf["plot_gallery"]
        for page, fault in faults(Path(app.outdir)):
            if has_figures or "/sphx_glr_" not in fault:
                logger.warning("%s: %s", page, fault, type="links")


def setup(app):
    """Check the site once it is built."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
