"""QMP commands on a machine: values in, values out; no sockets."""
