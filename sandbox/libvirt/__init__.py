"""libvirt's domain XML, as far as it decides on nodes, and the QEMU arguments that libvirt makes of it."""
