"""A user's command line, made fit for a test run: what needs the host gives its place to something that does not.

    >>> prepared = prepare(words, host=probe_host(), firmware="none")
    >>> launch(binary, prepared.words, files=prepared.files)

The tables that QEMU builds stay those of the user's own command line, and no image, device, network or terminal of the
user's is touched. Rules are a module for each kind of option; :mod:`~sandbox.live.standins.prepare` puts them together.
"""

from sandbox.live.standins.host import Host, probe_host
from sandbox.live.standins.prepare import halts_at_reset, prepare
from sandbox.live.standins.steps import prepare_steps

__all__ = ["Host", "halts_at_reset", "prepare", "prepare_steps", "probe_host"]
