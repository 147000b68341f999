"""Where the socket is looked for."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import os
import tempfile
import unittest
from typing import Callable
from unittest import mock

from aiwg.daemon import AsyncDaemonClient, DaemonClient, NoDaemonError, NotAllowedError

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

    def test_a_project_that_everyone_can_write_is_not_trusted(self) -> None:
        os.chmod(os.path.join(self.project, ".aiwg"), 0o777)
        with Peer(usual, self.socket):
            with self.assertRaisesRegex(NotAllowedError, "chmod o-w"):
                DaemonClient(cwd=self.project).ping()
            os.environ["AIWG_SAFE_DIRECTORY"] = f"/nowhere:{self.project}"
            with DaemonClient(cwd=self.project) as client:
                self.assertTrue(client.ping().pong)

    @unittest.skipUnless(os.geteuid() == 0, "giving files away takes root")
    def test_another_users_project_is_not_trusted(self) -> None:
        os.chown(os.path.join(self.project, ".aiwg"), 65534, 65534)
        with Peer(usual, self.socket), self.assertRaisesRegex(NotAllowedError, "user 65534"):
            DaemonClient(cwd=self.project).ping()

    def test_a_planted_link_is_not_followed(self) -> None:
        with Peer(usual) as elsewhere:
            os.symlink(elsewhere.socket_path, self.socket)
            for call in self.calls(self.project):
                with self.assertRaisesRegex(NotAllowedError, "it is a link"):
                    call()
            self.assertEqual(elsewhere.connections, [])
            # Whoever names it, means it.
            with DaemonClient(self.socket) as client:
                self.assertTrue(client.ping().pong)
            os.environ["AIWG_DAEMON_SOCKET"] = self.socket
            with DaemonClient(cwd=self.project) as client:
                self.assertTrue(client.ping().pong)

    def test_neither_is_a_planted_link_to_the_daemons_directory(self) -> None:
        with tempfile.TemporaryDirectory(prefix="aiwg-") as other:
            os.rmdir(os.path.dirname(self.socket))
            os.symlink(other, os.path.dirname(self.socket))
            with Peer(usual, self.socket), self.assertRaisesRegex(NotAllowedError, "it is a link"):
                DaemonClient(cwd=self.project).ping()

    def test_a_long_paths_link_leads_to_a_place_of_ones_own_only(self) -> None:
        deep = os.path.join(self.project, "d" * 60, "e" * 60)
        os.makedirs(os.path.join(deep, ".aiwg", "daemon"))
        with Peer(usual) as peer:
            os.symlink(peer.socket_path, os.path.join(deep, SOCKET))
            os.chmod(peer.directory, 0o1777)
            with self.assertRaisesRegex(NotAllowedError, "others can put one"):
                DaemonClient(cwd=deep).ping()

    @unittest.skipUnless(os.geteuid() == 0, "giving files away takes root")
    def test_a_socket_of_another_user_is_not_trusted(self) -> None:
        with Peer(usual, self.socket):
            os.chown(self.socket, 65534, 65534)
            for call in self.calls(self.project):
                with self.assertRaisesRegex(NotAllowedError, "user 65534"):
                    call()

    @unittest.skipUnless(os.geteuid() == 0, "to answer as another user takes root")
    def test_a_process_of_another_user_is_told_nothing(self) -> None:
        with Peer(usual, self.socket):
            os.chown(self.socket, 0, 0)
            with mock.patch("aiwg.daemon._trust._peer_user", return_value=65534):
                for call in self.calls(self.project):
                    with self.assertRaisesRegex(NotAllowedError, "answered by user 65534"):
                        call()

    def calls(self, cwd: str) -> list[Callable[[], object]]:
        """A call and a subscription of either client."""

        async def ping() -> None:
            await AsyncDaemonClient(cwd=cwd).ping()

        async def subscribe() -> None:
            await AsyncDaemonClient(cwd=cwd).subscribe().ready()

        client = DaemonClient(cwd=cwd)
        return [client.ping, client.subscribe, lambda: asyncio.run(ping()), lambda: asyncio.run(subscribe())]

    def test_a_working_directory_that_is_gone_is_in_no_project(self) -> None:
        gone = os.path.join(self.project, "gone")
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.mkdir(gone)
        os.chdir(gone)
        os.rmdir(gone)
        with Peer(usual, self.socket):
            with self.assertRaises(NoDaemonError):
                DaemonClient().ping()
            for named in (DaemonClient(self.socket), DaemonClient(cwd=self.project)):
                self.assertTrue(named.ping().pong)
                named.close()

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
