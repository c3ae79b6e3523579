"""Where the embedded server lives: homes that it can be made in, is moved with, or cannot be made in."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded_people import IS_ROOT, PACKAGE, Person, change, fetch, home_of, modes_above

from orderworks.ledger.server_files import SOCKET_PATH_LIMIT, SYSTEM_DIRECTORY, Cluster
from orderworks.ledger.server_settings import PORT, ident_map, postgresql_conf

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no embedded server on Windows")


@pytest.fixture
def ordinary() -> Iterator[Person]:
    with home_of("nobody" if IS_ROOT else None) as who:
        yield who


@pytest.fixture
def root() -> Iterator[Person]:
    if not IS_ROOT:
        pytest.skip("only root has clusters outside its home")
    with home_of(None) as who:
        yield who


@pytest.mark.proof
def test_a_long_path_gets_a_private_socket_elsewhere(ordinary: Person) -> None:
    person = Person(ordinary.name, ordinary.home / ("long" * 30))
    elsewhere = ordinary.does(
        lambda: Cluster(Path(os.path.realpath(person.home)) / "postgres").socket_directory
    )
    assert not elsewhere.is_relative_to(person.home)
    assert len(str(elsewhere / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT

    def set_trap(make: Callable[[], None]) -> None:
        person.does(make)
        assert str(elsewhere) in person.fails()

    set_trap(lambda: elsewhere.symlink_to(person.home))
    person.does(elsewhere.unlink)
    set_trap(lambda: (elsewhere.mkdir(), elsewhere.chmod(0o755))[0])
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    person.does(elsewhere.rmdir)
    if IS_ROOT:
        elsewhere.mkdir(mode=0o700)
        assert str(elsewhere) in person.fails()
        elsewhere.rmdir()

    assert person.does(lambda: fetch(person.server.start(), "SELECT 1")) == 1
    assert elsewhere.stat().st_mode & 0o777 == 0o700
    person.remove()
    assert not elsewhere.exists()


@pytest.mark.proof
def test_an_interrupted_initialisation_leaves_nothing_behind(ordinary: Person) -> None:
    starter = ordinary.begin(lambda: ordinary.server.start())
    cluster = Cluster(ordinary.home / "postgres")
    deadline = time.monotonic() + 10
    while not (cluster.unfinished / "PG_VERSION").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    starter.process.kill()
    with pytest.raises(EOFError):
        starter.result()
    assert not cluster.data.exists()

    assert ordinary.does(lambda: fetch(ordinary.server.start(), "SELECT 1")) == 1
    assert not cluster.unfinished.exists()


def test_a_home_that_is_a_file(ordinary: Person) -> None:
    ordinary.does(ordinary.home.touch)
    sentence = ordinary.fails()
    assert f"cannot be kept in {ordinary.home}: Not a directory" in sentence
    assert "ORDERWORKS_HOME" in sentence
    ordinary.does(ordinary.home.unlink)


def test_a_home_that_cannot_be_written(ordinary: Person) -> None:
    ordinary.does(lambda: ordinary.home.mkdir(mode=0o500))
    assert f"cannot be kept in {ordinary.home}: Permission denied" in ordinary.fails()
    assert ordinary.home.stat().st_mode & 0o777 == 0o500


@pytest.mark.proof
@pytest.mark.skipif(not IS_ROOT or sys.platform != "linux", reason="only root can mount a disk")
def test_a_full_disk(ordinary: Person) -> None:
    ordinary.does(ordinary.home.mkdir)
    disk = ["mount", "-t", "tmpfs", "-o", "size=30m,mode=0777", "none", str(ordinary.home)]
    if subprocess.run(disk, capture_output=True).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        sentence = ordinary.fails()
        assert "could not be created" in sentence
        assert "No space left on device" in sentence
    finally:
        subprocess.run(["umount", str(ordinary.home)], check=True)


def test_a_home_of_another_user(root: Person) -> None:
    folder = root.home / "postgres"
    folder.mkdir(parents=True)
    shutil.chown(folder, "nobody")
    assert "belongs to the user nobody" in root.fails()
    shutil.chown(folder, "root")
    (folder / "data").mkdir()
    assert "was made by an ordinary user" in root.fails()
    for path in (root.home.parent, root.home):
        path.chmod(0o755)
    assert "belongs to the user root" in Person("nobody", root.home).fails()
    shutil.rmtree(folder)


@pytest.mark.proof
def test_a_cluster_follows_its_home_and_is_not_shared_with_a_copy(root: Person) -> None:
    change(root.server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    original = root.home
    moved = Person(None, original.with_name("moved"))
    copy = Person(None, original.with_name("copy"))
    original.rename(moved.home)
    assert fetch(moved.server.start(), "SELECT answer FROM kept") == 42
    shutil.copytree(moved.home, copy.home)
    assert f"is a copy of {moved.home}" in copy.fails()
    assert fetch(moved.server.start(), "SELECT answer FROM kept") == 42
    shutil.copytree(moved.home, root.home)
    moved.remove()
    assert "which is not there" in root.fails()
    (root.home / "postgres" / "cluster").unlink()


@pytest.mark.proof
def test_a_wheel_out_of_the_servers_reach_is_copied(
    root: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = set(SYSTEM_DIRECTORY.glob("postgresql-*"))
    site = root.home.parent / "site"
    for part in (Path(PACKAGE.name, "pginstall18"), Path(f"{PACKAGE.name}.libs")):
        shutil.copytree(
            PACKAGE.parent / part, site / part, ignore=shutil.ignore_patterns("include", "*.a")
        )
    shutil.copy(PACKAGE / "__init__.py", site / PACKAGE.name)
    monkeypatch.syspath_prepend(str(site))
    before = modes_above(site / PACKAGE.name)
    try:
        assert fetch(root.server.start(), "SELECT 1") == 1
        assert modes_above(site / PACKAGE.name) == before
        root.remove()
    finally:
        for made in set(SYSTEM_DIRECTORY.glob("postgresql-*")) - copies:
            shutil.rmtree(made)


def test_settings_are_quoted() -> None:
    assert "unix_socket_directories = '/it''s \\\\ here'" in postgresql_conf(Path("/it's \\ here"))
    assert ident_map(['DOMAIN\\a "b"']) == 'owner "DOMAIN\\a ""b""" orderworks\n'
