"""What a user installs is all there: wheel, sdist and editable install."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = {
    "archderive": "engine",
    "archderive.grammar": "grammar",
    "archderive.models": "examples/models",
    "archderive.templates": "templates",
}
DATA = {".arch", ".toml", ".lark", ".j2", ".js", ".json", ".typed"}


def data_files() -> set[str]:
    """The files that are no Python, by their path in the wheel."""
    found = set()
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in DATA or path.name == "py.typed":
                found.add(f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}")
    return found


def test_every_folder_is_a_listed_package() -> None:
    packages = set()
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.suffix == ".py" or path.suffix in DATA:
                packages.add(".".join([package, *path.relative_to(ROOT / folder).parent.parts]))
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
    assert PROJECT["tool"]["setuptools"]["package-dir"] == FOLDERS


def test_every_package_has_an_init() -> None:
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        folder = next(
            FOLDERS[known] + package.removeprefix(known).replace(".", "/")
            for known in sorted(FOLDERS, key=len, reverse=True)
            if package.startswith(known)
        )
        assert (ROOT / folder / "__init__.py").is_file(), package


def test_runtime_dependencies() -> None:
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in PROJECT["project"]["dependencies"]}  # type: ignore[index]
    assert names == {"sympy", "lark", "jinja2"}


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment["PYTHONIOENCODING"] = "utf-8"
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that a build leaves nothing behind in it and finds nothing of an older one."""
    copy = tmp_path_factory.mktemp("source") / "archderive"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "node_modules", "__pycache__")
    )
    return copy


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that can build."""
    return environment(tmp_path_factory.mktemp("builder"), "build")


@pytest.fixture(scope="module")
def packages(source: Path, builder: Path) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    run(builder / "python", "-m", "build", "--outdir", source / "dist", cwd=source)
    return source / "dist"


def environment(folder: Path, *requirements: str | Path) -> Path:
    venv.create(folder / "venv", with_pip=True, symlinks=os.name != "nt")
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(commands / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements, cwd=folder)
    return commands


def derives(commands: Path, folder: Path) -> None:
    """An installed `derive` does its work in a folder that holds one model and nothing else."""
    folder.mkdir()
    shutil.copy(ROOT / "examples" / "transformer.arch", folder / "model.arch")
    run(commands / "derive", "model.arch", "--check", cwd=folder)
    for form in ("--latex", "--markdown", "--json"):
        assert "N" in run(commands / "derive", "model.arch", "--convention", "macs,flops,exact", form, cwd=folder)
    assert "O(D²)" in run(commands / "derive", "attention", cwd=folder)
    assert PROJECT["project"]["version"] in run(commands / "python", "-m", "archderive", "--version", cwd=folder)
    assert run(
        commands / "python", "-c", "import archderive as ad; print(ad.load('model.arch').params)", cwd=folder
    ).strip()


@pytest.mark.slow
def test_the_wheel_has_every_file(packages: Path) -> None:
    (wheel,) = packages.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = data_files() | {
        f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {Path(name).suffix for name in wanted} >= {".arch", ".toml", ".lark", ".j2", ".py"}
    assert "archderive/py.typed" in names
    assert wanted == {name for name in names if ".dist-info/" not in name}


@pytest.mark.slow
def test_the_wheel_derives_in_a_fresh_environment(packages: Path, tmp_path: Path) -> None:
    (wheel,) = packages.glob("*.whl")
    derives(environment(tmp_path, wheel), tmp_path / "work")


@pytest.mark.slow
def test_the_sdist_installs(packages: Path, tmp_path: Path) -> None:
    (sdist,) = packages.glob("*.tar.gz")
    derives(environment(tmp_path, sdist), tmp_path / "work")


@pytest.mark.slow
def test_the_editable_install_works(source: Path, tmp_path: Path) -> None:
    commands = environment(tmp_path, "-e", source)
    derives(commands, tmp_path / "work")
    where = run(commands / "python", "-c", "import archderive; print(archderive.__file__)", cwd=tmp_path)
    assert Path(where.strip()) == source / "engine" / "__init__.py"
