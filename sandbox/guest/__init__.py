"""What a Linux guest makes of SRAT, SLIT and HMAT: forecast here; :mod:`sandbox.guest.forecast` is the entrance."""
