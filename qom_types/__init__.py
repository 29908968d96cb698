"""The QOM types of each published shape of QEMU's Generic Initiator objects, one folder per family."""
