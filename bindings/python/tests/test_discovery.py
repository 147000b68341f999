"""Where the socket is looked for."""

from __future__ import annotations

import package as package  # isort: skip

import os
import tempfile
import unittest
from unittest import mock

from aiwg.daemon import DaemonClient, NoDaemonError

from answers import usual
from peer import Peer

SOCKET = os.path.join(".aiwg", "daemon", "daemon.sock")


class Discovery(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="aiwg-")
        self.addCleanup(directory.cleanup)
        self.project = os.path.realpath(directory.name)
        self.socket = os.path.join(self.project, SOCKET)
        os.makedirs(os.path.dirname(self.socket))
        clean = {name: value for name, value in os.environ.items() if name != "AIWG_DAEMON_SOCKET"}
        patch = mock.patch.dict(os.environ, clean, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def test_the_socket_of_the_nearest_project_upwards_is_found(self) -> None:
        deep = os.path.join(self.project, "a", "b")
        os.makedirs(deep)
        with Peer(usual, self.socket), DaemonClient(cwd=deep) as client:
            self.assertTrue(client.ping().pong)
            self.assertEqual(client.socket_path, self.socket)

    def test_a_project_within_a_project_is_its_own(self) -> None:
        inner = os.path.join(self.project, "inner")
        os.makedirs(os.path.join(inner, ".aiwg"))
        with Peer(usual, self.socket), self.assertRaises(NoDaemonError) as caught:
            DaemonClient(cwd=inner).ping()
        self.assertEqual(caught.exception.path, os.path.join(inner, SOCKET))

    def test_files_in_odd_places_do_not_hide_the_project(self) -> None:
        for inner in ("a", "b"):
            os.makedirs(os.path.join(self.project, inner))
        for file in ("a/.aiwg", "b/file"):
            with open(os.path.join(self.project, file), "w", encoding="utf-8") as text:
                text.write("not a directory")
        with Peer(usual, self.socket):
            for cwd in ("a", "b/file/within", "b/gone"):
                with DaemonClient(cwd=os.path.join(self.project, cwd)) as client:
                    self.assertTrue(client.ping().pong)

    def test_home_is_a_project_for_itself_only(self) -> None:
        os.environ["HOME"] = self.project
        below = os.path.join(self.project, "a")
        os.makedirs(below)
        with Peer(usual, self.socket):
            with self.assertRaises(NoDaemonError):
                DaemonClient(cwd=below).ping()
            with DaemonClient(cwd=self.project) as client:
                self.assertTrue(client.ping().pong)

    def test_the_environment_comes_first_and_an_explicit_path_before_it(self) -> None:
        os.environ["AIWG_DAEMON_SOCKET"] = "/nowhere/env.sock"
        with Peer(usual, self.socket):
            with self.assertRaises(NoDaemonError) as caught:
                DaemonClient(cwd=self.project).ping()
            self.assertEqual(caught.exception.path, "/nowhere/env.sock")
            with DaemonClient(self.socket) as client:
                self.assertTrue(client.ping().pong)

    def test_a_path_too_long_for_a_socket_is_a_link(self) -> None:
        deep = os.path.join(self.project, "d" * 60, "e" * 60)
        os.makedirs(os.path.join(deep, ".aiwg", "daemon"))
        with Peer(usual) as peer:
            os.symlink(peer.socket_path, os.path.join(deep, SOCKET))
            with DaemonClient(cwd=deep) as client:
                self.assertTrue(client.ping().pong)

    def test_without_a_socket_the_error_says_where_it_looked(self) -> None:
        with self.assertRaises(NoDaemonError) as caught:
            DaemonClient(cwd=self.project).connect()
        self.assertEqual(caught.exception.path, self.socket)
        self.assertRegex(str(caught.exception), f"{self.project}.*`aiwg daemon start`")


if __name__ == "__main__":
    unittest.main()
