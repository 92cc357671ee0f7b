"""The "?" of scikit-learn's HTML representation: where an estimator is documented."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata


@cache
def documentation() -> str:
    """Return the address under [project.urls] in `pyproject.toml`, or '' where it has none."""
    try:
        urls = metadata("skae").get_all("Project-URL", [])
    except PackageNotFoundError:
        return ""
    labeled = dict(url.split(", ", 1) for url in urls)
    return labeled.get("Documentation", "").rstrip("/")


class DocumentationLink:
    """Estimators that link to their page, in the way that scikit-learn documents for others."""

    _doc_link_module = "skae"

    @property
    def _doc_link_template(self) -> str:
        address = documentation()
        return address and address + "/generated/{estimator_module}.{estimator_name}.html"
