"""Print how long a live QEMU takes to start, give its tables and end, in seconds, without the start of this driver."""

import sys
import time

from sandbox.live import dump

dump(["qemu-system-aarch64"], sys.argv[1:])
began = time.perf_counter()
dump(["qemu-system-aarch64"], sys.argv[1:])
print(time.perf_counter() - began)
