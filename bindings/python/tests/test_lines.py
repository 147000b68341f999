"""Framing."""

from __future__ import annotations

import package as package  # isort: skip

import unittest

from aiwg.daemon._message import Lines


class Framing(unittest.TestCase):
    def test_lines_come_whole_however_they_are_cut(self) -> None:
        text = "one\n\nzwei ü 🙂\nthree\nunfinished".encode()
        for size in range(1, 40):
            lines = Lines()
            pieces = [text[at : at + size] for at in range(0, len(text), size)]
            got = [line.decode() for piece in pieces for line in lines.push(piece)]
            self.assertEqual(got, ["one", "", "zwei ü 🙂", "three"], f"pieces of {size}")


if __name__ == "__main__":
    unittest.main()
