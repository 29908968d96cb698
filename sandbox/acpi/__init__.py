"""ACPI tables as bytes and as values, both ways: SRAT, SLIT and HMAT.

    srat = decode_srat(data)                                # sandbox.acpi.srat
    data == with_checksum(encode_srat(srat), data[9])       # sandbox.acpi.header

Every value is a record with integers as they lie in the table. Decoding loses nothing (reserved
fields and unknown structures are kept) and raises only :class:`sandbox.errors.DecodeError`. Encoding writes the
right length and checksum; an integer too large for its field raises :class:`struct.error`, any other value that
the layout has no room for :class:`ValueError`.

``fields`` describes a table field by field, ``difference`` compares two, ``dump`` reads and writes files that
hold tables.
"""
