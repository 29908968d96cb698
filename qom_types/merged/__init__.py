"""The objects that QEMU has since 9.0: one Generic Initiator for each node, and since 9.2 the Generic Port."""
