"""Random machines and QMP histories on the sandbox and on live QEMUs, and what is left of a failure after shrinking."""
