"""Parts of TensorFlow's interface are loaded at their first use, and lack nothing then."""

import importlib
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from types import ModuleType

import pytest

from skae._tensorflow import lazy_parts
from tests.fresh import in_fresh_process

# Every public name below `tf`, and what it is.
NAMES = """
import hashlib, types
import tensorflow as tf
import keras
names, todo = {}, [("tf", tf)]
while todo:
    path, part = todo.pop()
    for name in dir(part):
        try:
            value = getattr(part, name)
        except Exception as error:
            value = error
        is_module = isinstance(value, types.ModuleType)
        names[f"{path}.{name}"] = "module" if is_module else type(value).__name__
        is_part = is_module and "tensorflow._api" in vars(value).get("__name__", "")
        if is_part and path.count(".") < 3 and not name.startswith("_"):
            todo.append((f"{path}.{name}", value))
names = sorted(names.items())
print(len(names), hashlib.sha256(repr(names).encode()).hexdigest())
"""


MODULES = {
    "__init__": "executed = []",
    "table": """
from lazy_example import executed
executed.append(__name__)
width = 3
def area(x):
    return width * x
""",
    "broken": """
import lazy_example
if not lazy_example.executed:
    raise ValueError("early")
width = 4
""",
    "replaced": """
'Replaced.'
import sys, types
width = 5
sys.modules[__name__] = types.ModuleType(__name__)
sys.modules[__name__].is_other = True
""",
}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """Return a package whose modules are lazy."""
    (tmp_path / "lazy_example").mkdir()
    for name, text in MODULES.items():
        (tmp_path / "lazy_example" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazy_parts, "PARTS", "lazy_example.")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    lazy_parts.make_parts_lazy()
    yield importlib.import_module("lazy_example")
    for name in [name for name in sys.modules if name.startswith("lazy_example")]:
        del sys.modules[name]


def test_a_part_is_loaded_when_a_name_of_it_is_asked_for(parts):
    from lazy_example import table

    assert table.__file__.endswith("table.py")
    assert not hasattr(table, "__wrapped__")
    assert parts.executed == []
    assert table.width == 3
    assert parts.executed == ["lazy_example.table"]
    assert type(table) is ModuleType
    assert isinstance(table.__loader__, SourceFileLoader)
    assert table.__spec__.loader is table.__loader__
    with pytest.raises(AttributeError, match="no attribute 'height'"):
        _ = table.height


def test_dir_and_star_imports_see_all_names(parts):
    from lazy_example import table

    assert "width" in dir(table)
    del sys.modules["lazy_example.table"], parts.table
    names = {}
    exec("from lazy_example.table import *", names)
    assert names["width"] == 3


def test_a_part_that_fails_is_tried_again(parts):
    from lazy_example import broken

    for _ in range(2):
        with pytest.raises(ValueError, match="early"):
            _ = broken.width
    parts.executed.append("later")
    assert broken.width == 4


def test_a_part_may_put_another_module_in_its_place(parts):
    from lazy_example import replaced

    assert replaced.width == 5
    assert parts.replaced.is_other


def test_what_is_set_or_deleted_in_a_part_stays_so(parts):
    from lazy_example import table

    table.width = 5
    assert table.area(2) == 10
    del sys.modules["lazy_example.table"], parts.table
    from lazy_example import table as again

    del again.width
    assert callable(again.area)
    assert not hasattr(again, "width")


def test_vars_and_documentation_are_those_of_the_loaded_part(parts):
    from lazy_example import replaced, table

    assert "width" in vars(table)
    assert replaced.__doc__ == "Replaced."


def test_a_part_is_pickled_by_its_name(parts):
    from lazy_example import table

    # As cloudpickle does for functions of `__main__` that use it.
    assert pickle.loads(pickle.dumps(table)) is table


def test_a_part_that_is_reloaded_is_executed_again(parts):
    from lazy_example import table

    table.width = 5
    assert importlib.reload(table).width == 3
    assert importlib.reload(table) is table
    assert isinstance(table.__loader__, SourceFileLoader)


def test_threads_wait_until_a_part_is_loaded(parts):
    from lazy_example import table

    with ThreadPoolExecutor(8) as pool:
        widths = list(pool.map(lambda _: table.width, range(64)))
    assert widths == [3] * 64
    assert parts.executed == ["lazy_example.table"]


@pytest.mark.slow
def test_tensorflow_has_all_its_names():
    lazy = in_fresh_process(f"import skae._tensorflow.quiet\n{NAMES}")
    assert lazy == in_fresh_process(NAMES)


# TensorFlow has packages of its own with the names of these parts.
PLACES = """
import tensorflow as tf
import tensorflow.lite as lite
import tensorflow.distribute as distribute
print(hasattr(lite, "Interpreter"), hasattr(distribute, "MirroredStrategy"))
dir(tf.distribute.experimental.rpc)
print(tf.lite.__name__, tf.distribute.__name__)
"""


@pytest.mark.slow
def test_parts_stay_in_place_beside_packages_of_the_same_name():
    lazy = in_fresh_process(f"import skae._tensorflow.quiet\n{PLACES}")
    assert lazy.split() == [
        "True",
        "True",
        "tensorflow._api.v2.lite",
        "tensorflow._api.v2.distribute",
    ]


@pytest.mark.slow
def test_dense_training_loads_few_parts():
    code = """
import sys
import numpy as np
from skae import AutoencoderTransformer
X = np.random.default_rng(0).standard_normal((40, 3))
AutoencoderTransformer(1, hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X)
print("tensorflow.python.keras" in sys.modules, "tensorflow.lite.python" in sys.modules)
"""
    assert in_fresh_process(code) == "False False"
