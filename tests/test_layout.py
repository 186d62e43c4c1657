"""The layout: what may import what, how long things may be, and that every exception says its reason."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import bot

ROOT = Path(bot.__file__).parents[1]
PACKAGE = ROOT / "bot"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

# The road, in its order: a stage may use what comes after it, never what came before.
ROAD = ("receive", "jobs", "road", "download", "prepare", "translate", "judge", "reply")
# What all may use, and so uses nobody but its own kind.
GROUND = {
    "errors",
    "share",
    "ending",
    "hosts",
    "shapes",
    "spool",
    "logs",
    "manifest",
    "piece",
    "terms",
    "language",
}
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
EMPTY_NAMES = re.compile(r"util|helper|common|misc|manager|service", re.IGNORECASE)


def _module(path: Path) -> str:
    """Name a module as it is spoken of inside the package: `road`, `store.database`, `engines`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


def _imports(path: Path, *, with_types: bool = True) -> set[str]:
    """Give our own modules that a file imports, also those it imports late, or only for types."""
    found: set[str] = set()
    for node in [
        one for top in TREES[path].body if with_types or not _is_for_types(top) for one in ast.walk(top)
    ]:
        if isinstance(node, ast.Import):
            found |= {name.name.removeprefix("bot.") for name in node.names if name.name.startswith("bot.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "bot":
            base = (node.module or "").removeprefix("bot").removeprefix(".")
            for name in node.names:
                whole = f"{base}.{name.name}".removeprefix(".")
                found.add(whole if whole in MODULES else base)
    return found - {""}


def _is_for_types(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
    )


GRAPH = {module: _imports(path) for module, path in MODULES.items()}


def _importers(prefix: str) -> set[str]:
    """Name the modules outside of `prefix` that import it or anything in it."""
    return {
        module
        for module, imports in GRAPH.items()
        if not _is_in(module, prefix) and any(_is_in(one, prefix) for one in imports)
    }


def _is_in(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def test_the_road_is_where_it_should_be() -> None:
    """Every stage is a file at the top of the package, and the graph of imports was read."""
    assert set(ROAD) <= MODULES.keys()
    assert {"road", "store.settings"} <= {one for imports in GRAPH.values() for one in imports}


def test_imports_run_down_the_road() -> None:
    """No stage uses one that comes before it; it may only name the type of what it is handed."""
    place = {module: number for number, module in enumerate(ROAD)}
    upwards = {
        f"{module} imports {one}"
        for module in ROAD
        for one in _imports(MODULES[module], with_types=False) & set(ROAD)
        if place[one] < place[module]
    }
    assert upwards == set()


def test_imports_go_in_no_circle() -> None:
    """The imports have an order at all, those for types included; the sandbox is one thing."""
    ours = {module: imports for module, imports in GRAPH.items() if not _is_in(module, "sandbox")}
    order = list(TopologicalSorter(ours).static_order())  # a circle is a CycleError
    assert ours.keys() <= set(order)
    assert order.index("share") < order.index("reply") < order.index("app")


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        pytest.param("app", {"cli"}, id="the joined parts"),
        pytest.param("sandbox", {"cli"}, id="the sandbox"),
        pytest.param("cli", {"__main__"}, id="the command line"),
        pytest.param("surfaces", {"app"}, id="the surfaces"),
        pytest.param("transport", {"app"}, id="transport"),
        pytest.param("checks", {"app", "cli", "doctor.slack"}, id="the checks at start"),
        pytest.param("doctor", {"cli"}, id="the doctor"),
        pytest.param("receive", {"app", "surfaces.asking", "surfaces.setting"}, id="the first stage"),
    ],
)
def test_who_may_import_what(inner: str, outer: set[str]) -> None:
    """The outer parts are imported by no inner one; the sandbox stands outside and may look in."""
    importers = _importers(inner)
    if inner not in {"app", "cli"}:
        importers = {one for one in importers if not _is_in(one, "sandbox")}
    assert importers - outer == set()


def test_the_store_and_the_ground_stand_on_nothing_of_ours() -> None:
    """`store/` imports only itself and the shared words, and those only each other."""
    used = {one for module, imports in GRAPH.items() if _is_in(module, "store") for one in imports}
    assert {one for one in used if not _is_in(one, "store")} <= GROUND
    assert {f"{module} imports {one}" for module in GROUND for one in GRAPH[module] - GROUND} == set()


def test_engines_know_pieces_and_errors_only() -> None:
    """An engine knows what it is given and how it may fail, and nothing of jobs or Slack."""
    used = {one for module, imports in GRAPH.items() if _is_in(module, "engines") for one in imports}
    assert {one for one in used if not _is_in(one, "engines")} <= {"piece", "errors", "language"}


def test_the_decoder_needs_only_pyav() -> None:
    """`decoder/` imports PyAV, the standard library and itself: it runs isolated, beside hostile files."""
    names = {
        name
        for path in (PACKAGE / "decoder").glob("*.py")
        for node in ast.walk(TREES[path])
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    ours = {name for name in names if name.partition(".")[0] == "bot"}
    assert all(_is_in(name, "bot.decoder") for name in ours)
    assert {name.partition(".")[0] for name in names - ours} - set(sys.stdlib_module_names) == {"av"}


def test_only_children_import_the_decoder() -> None:
    """Nothing that runs in the bot's own process imports what needs FFmpeg."""
    harmless = {"decoder", "decoder.fence", "decoder.forks"}
    assert _importers("decoder") == {"sandbox.samples.listen", "prepare", "fork_server", "doctor.place"}
    for module in ("prepare", "fork_server", "doctor.place"):
        assert {one for one in GRAPH[module] if _is_in(one, "decoder")} <= harmless
    assert GRAPH["decoder.fence"] == set(), "it is asked what the kernel can do, without FFmpeg"
    assert GRAPH["decoder.forks"] == set(), "it knows how a fork is asked for, without FFmpeg"


def test_only_jobs_know_dbos() -> None:
    """DBOS is spoken to in `jobs.py` and its other half only; stores know it by its tables at most."""
    knowing = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(TREES[path])
        if (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dbos")
        or (isinstance(node, ast.Import) and any(one.name.partition(".")[0] == "dbos" for one in node.names))
    }
    assert knowing == {"jobs", "kept"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_in_its_first_line_what_it_does(module: str) -> None:
    """Every file opens with a docstring whose first line is a whole sentence."""
    first, *_ = (ast.get_docstring(TREES[MODULES[module]]) or "").splitlines() or [""]
    assert len(first) > 20
    assert first.endswith((".", ":", "?", "!")), first


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_too_long(module: str) -> None:
    """A file has at most 400 lines and a function at most 60."""
    path = MODULES[module]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    long = {
        node.name: length
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_no_name_hides_what_a_file_is_for() -> None:
    """No file or class is called a helper, a manager or the like."""
    classes = {
        node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    assert {name for name in {*MODULES, *classes} if EMPTY_NAMES.search(name)} == set()


def test_nothing_is_read_when_a_file_is_imported() -> None:
    """No module looks at the environment while it is imported."""
    reading = {
        module
        for module, path in MODULES.items()
        for statement in TREES[path].body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert reading == set()


def test_every_exception_to_a_rule_says_why() -> None:
    """Each `noqa`, `type: ignore` and `pragma` names what it silences, with the reason on the same line."""
    marks = {
        r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* -- \S)": "noqa",
        r"#\s*type:\s*ignore(?!\[[a-z-]+(, ?[a-z-]+)*\]  # \S)": "type: ignore",
        r"#\s*pragma: no (cover|branch)(?! -- \S)": "pragma",
    }
    silent = [
        f"{path.relative_to(ROOT)}:{number}: {what}"
        for path in [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for mark, what in marks.items()
        if re.search(mark, line)
    ]
    assert silent == []


def test_no_two_test_files_have_the_same_name() -> None:
    """Test files are imported by name alone, so each name is there once."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} <= {"conftest.py"}
