"""Forwards one Unix socket to another, as `ssh -L` does: forward.py FROM TO. Runs until it is killed."""

import socket
import sys
import threading


def copy(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def main(path: str, target: str) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    while True:
        near, _ = server.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(target)
        for source, other in ((near, far), (far, near)):
            threading.Thread(target=copy, args=(source, other), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
