"""A miniature QEMU Object Model: types, objects, properties and the composition tree."""
