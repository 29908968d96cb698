"""From one dialect of the Generic Initiator objects to another; values in, values out."""
