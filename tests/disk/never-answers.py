"""Mounts a file system that never answers: never-answers.py DIRECTORY. It does until it is killed, and exits with 77 where none may be mounted."""

import ctypes
import os
import signal
import sys

try:
    device = os.open("/dev/fuse", os.O_RDWR)
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit(77)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={device},rootmode=40000,user_id={os.geteuid()},group_id={os.getegid()}"
if libc.mount(b"never-answers", sys.argv[1].encode(), b"fuse", 0, options.encode()):
    print(os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(77)
print("mounted", flush=True)
signal.pause()
