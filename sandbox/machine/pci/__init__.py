"""The PCI side of a machine: device types, buses, slots and functions, and the numbers that firmware gives to buses."""
