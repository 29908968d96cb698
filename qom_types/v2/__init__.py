"""The pair of objects as proposed in October 2023: a device and one node, or a device and a run of nodes."""
