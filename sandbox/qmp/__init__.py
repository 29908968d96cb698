"""A QMP server that answers as QEMU does.

* :mod:`~sandbox.qmp.session`: one client's session without I/O: bytes in, requests out; answers in, bytes out.
* :mod:`~sandbox.qmp.hub`: the machine that all sessions share.
* :mod:`~sandbox.qmp.server`: both behind sockets, in a running asyncio loop; :mod:`~sandbox.qmp.thread`: in a thread.
* :mod:`~sandbox.qmp.client`: a small client, for tests and scripts.
"""
