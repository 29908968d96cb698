"""Comparing what the sandbox makes of a scenario with what another side made of it; values in, values out.

The other side is a live QEMU, a recording of one, or tables that a person brought: whatever gave a
:class:`sandbox.scenario.transcript.Transcript` or a set of tables.
"""
