"""QAPI: schema text to a checked schema, input visitors with QEMU's own messages, and the syntaxes that feed them.

* :mod:`sandbox.qapi.schema`: schema text -> :class:`~sandbox.qapi.model.Schema`
* :mod:`sandbox.qapi.visit`: a JSON value, a keyval tree or QemuOpts pairs -> the value that a schema type describes
* :mod:`sandbox.qapi.json`, :mod:`~sandbox.qapi.keyval`, :mod:`~sandbox.qapi.opts`, :mod:`~sandbox.qapi.numbers`:
  QEMU's syntaxes
* :mod:`sandbox.qapi.agreement`: where two schemas differ
* :mod:`sandbox.qapi.introspect`: a schema as ``query-qmp-schema`` tells it
"""
