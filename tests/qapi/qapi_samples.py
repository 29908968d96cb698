"""A schema for the tests: parts of what QEMU 10.0 takes, as far as the recorded cases need them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.qapi.schema import parse_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.qapi.schema import Schema

SAMPLE: Final = """
{ 'pragma': { 'command-name-exceptions': [ 'device_del' ] } }

# Objects
{ 'enum': 'HostMemPolicy', 'data': [ 'default', 'preferred', 'bind', 'interleave' ] }
{ 'struct': 'MemoryBackendProperties',
  'data': { '*dump': 'bool', '*host-nodes': ['uint16'], '*merge': 'bool', '*policy': 'HostMemPolicy',
            '*prealloc': 'bool', '*prealloc-threads': 'uint32', '*prealloc-context': 'str', '*share': 'bool',
            '*reserve': 'bool', 'size': 'size', '*x-use-canonical-path-for-ramblock-id': 'bool' } }
{ 'enum': 'OnOffAuto', 'data': [ 'auto', 'on', 'off' ] }
{ 'struct': 'MemoryBackendFileProperties', 'base': 'MemoryBackendProperties',
  'data': { '*align': 'size', '*offset': 'size', '*discard-data': 'bool', 'mem-path': 'str', '*pmem': 'bool',
            '*readonly': 'bool', '*rom': 'OnOffAuto' } }
{ 'struct': 'MemoryBackendMemfdProperties', 'base': 'MemoryBackendProperties',
  'data': { '*hugetlb': 'bool', '*hugetlbsize': 'size', '*seal': 'bool' } }
{ 'struct': 'EventLoopBaseProperties',
  'data': { '*aio-max-batch': 'int', '*thread-pool-min': 'int', '*thread-pool-max': 'int' } }
{ 'struct': 'IothreadProperties', 'base': 'EventLoopBaseProperties',
  'data': { '*poll-max-ns': 'int', '*poll-grow': 'int', '*poll-shrink': 'int' } }
{ 'struct': 'RngProperties', 'data': { '*opened': { 'type': 'bool', 'features': [ 'deprecated' ] } } }
{ 'enum': 'QCryptoSecretFormat', 'data': [ 'raw', 'base64' ] }
{ 'struct': 'SecretCommonProperties',
  'data': { '*format': 'QCryptoSecretFormat', '*keyid': 'str', '*iv': 'str' } }
{ 'struct': 'SecretProperties', 'base': 'SecretCommonProperties', 'data': { '*data': 'str', '*file': 'str' } }
{ 'struct': 'AcpiGenericInitiatorProperties', 'data': { 'pci-dev': 'str', 'node': 'uint32' } }
{ 'struct': 'AcpiGenericPortProperties', 'data': { 'pci-bus': 'str', 'node': 'uint32' } }
{ 'enum': 'QAuthZListPolicy', 'data': [ 'deny', 'allow' ] }
{ 'enum': 'QAuthZListFormat', 'data': [ 'exact', 'glob' ] }
{ 'struct': 'QAuthZListRule',
  'data': { 'match': 'str', 'policy': 'QAuthZListPolicy', '*format': 'QAuthZListFormat' } }
{ 'struct': 'AuthZListProperties', 'data': { '*policy': 'QAuthZListPolicy', '*rules': ['QAuthZListRule'] } }
{ 'struct': 'ThrottleLimits',
  'data': { '*iops-total': 'int', '*bps-total': 'int', '*bps-read': 'int', '*iops-size': 'int' } }
{ 'struct': 'ThrottleGroupProperties', 'data': { '*limits': 'ThrottleLimits', '*x-iops-total': 'int' } }
{ 'enum': 'NetFilterDirection', 'data': [ 'all', 'rx', 'tx' ] }
{ 'struct': 'NetfilterProperties',
  'data': { 'netdev': 'str', '*queue': 'NetFilterDirection', '*status': 'str', '*position': 'str', '*insert': 'str' } }
{ 'struct': 'FilterBufferProperties', 'base': 'NetfilterProperties', 'data': { 'interval': 'uint32' } }
{ 'enum': 'ObjectType',
  'data': [ 'acpi-generic-initiator', 'acpi-generic-port', 'authz-list', 'filter-buffer', 'iothread',
            'memory-backend-file', 'memory-backend-memfd', 'memory-backend-ram', 'rng-builtin', 'secret',
            'throttle-group' ] }
{ 'union': 'ObjectOptions', 'base': { 'qom-type': 'ObjectType', 'id': 'str' }, 'discriminator': 'qom-type',
  'data': { 'acpi-generic-initiator': 'AcpiGenericInitiatorProperties',
            'acpi-generic-port': 'AcpiGenericPortProperties',
            'authz-list': 'AuthZListProperties',
            'filter-buffer': 'FilterBufferProperties',
            'iothread': 'IothreadProperties',
            'memory-backend-file': 'MemoryBackendFileProperties',
            'memory-backend-memfd': { 'type': 'MemoryBackendMemfdProperties', 'if': 'CONFIG_LINUX' },
            'memory-backend-ram': 'MemoryBackendProperties',
            'rng-builtin': 'RngProperties',
            'secret': 'SecretProperties',
            'throttle-group': 'ThrottleGroupProperties' } }
{ 'command': 'object-add', 'data': 'ObjectOptions', 'boxed': true, 'allow-preconfig': true }
{ 'command': 'object-del', 'data': { 'id': 'str' }, 'allow-preconfig': true }
{ 'command': 'qom-set', 'data': { 'path': 'str', 'property': 'str', 'value': 'any' }, 'allow-preconfig': true }

# NUMA
{ 'enum': 'NumaOptionsType', 'data': [ 'node', 'dist', 'cpu', 'hmat-lb', 'hmat-cache' ] }
{ 'struct': 'NumaNodeOptions',
  'data': { '*nodeid': 'uint16', '*cpus': ['uint16'], '*mem': 'size', '*memdev': 'str', '*initiator': 'uint16' } }
{ 'struct': 'NumaDistOptions', 'data': { 'src': 'uint16', 'dst': 'uint16', 'val': 'uint8' } }
{ 'struct': 'CpuInstanceProperties',
  'data': { '*node-id': 'int', '*drawer-id': 'int', '*book-id': 'int', '*socket-id': 'int', '*die-id': 'int',
            '*cluster-id': 'int', '*module-id': 'int', '*core-id': 'int', '*thread-id': 'int' } }
{ 'struct': 'NumaCpuOptions', 'base': 'CpuInstanceProperties', 'data': {} }
{ 'union': 'NumaOptions', 'base': { 'type': 'NumaOptionsType' }, 'discriminator': 'type',
  'data': { 'node': 'NumaNodeOptions', 'dist': 'NumaDistOptions', 'cpu': 'NumaCpuOptions' } }

# Block devices: nested objects, and an alternate
{ 'struct': 'BlockdevCacheOptions', 'data': { '*direct': 'bool', '*no-flush': 'bool' } }
{ 'enum': 'BlockdevDriver', 'data': [ 'null-co', 'raw', 'quorum' ] }
{ 'struct': 'BlockdevOptionsNull', 'data': { '*size': 'int', '*latency-ns': 'uint64', '*read-zeroes': 'bool' } }
{ 'struct': 'BlockdevOptionsGenericFormat', 'data': { 'file': 'BlockdevRef' } }
{ 'struct': 'BlockdevOptionsRaw', 'base': 'BlockdevOptionsGenericFormat',
  'data': { '*offset': 'int', '*size': 'int' } }
{ 'struct': 'BlockdevOptionsQuorum',
  'data': { '*blkverify': 'bool', 'children': [ 'BlockdevRef' ], 'vote-threshold': 'int',
            '*rewrite-corrupted': 'bool' } }
{ 'union': 'BlockdevOptions',
  'base': { 'driver': 'BlockdevDriver', '*node-name': 'str', '*cache': 'BlockdevCacheOptions' },
  'discriminator': 'driver',
  'data': { 'null-co': 'BlockdevOptionsNull', 'raw': 'BlockdevOptionsRaw', 'quorum': 'BlockdevOptionsQuorum' } }
{ 'alternate': 'BlockdevRef', 'data': { 'definition': 'BlockdevOptions', 'reference': 'str' } }
{ 'command': 'blockdev-add', 'data': 'BlockdevOptions', 'boxed': true }

# A machine's topology
{ 'struct': 'SMPConfiguration',
  'data': { '*cpus': 'int', '*drawers': 'int', '*books': 'int', '*sockets': 'int', '*dies': 'int', '*clusters': 'int',
            '*modules': 'int', '*cores': 'int', '*threads': 'int', '*maxcpus': 'int' } }

# What replies and introspection need
{ 'struct': 'ObjectPropertyInfo',
  'data': { 'name': 'str', 'type': 'str', '*description': 'str', '*default-value': 'any' } }
{ 'command': 'qom-list', 'data': { 'path': 'str' }, 'returns': [ 'ObjectPropertyInfo' ], 'allow-preconfig': true }
{ 'struct': 'NameInfo', 'data': { '*name': 'str' } }
{ 'command': 'query-name', 'returns': 'NameInfo', 'allow-preconfig': true }
{ 'command': 'device_del', 'data': { 'id': 'str' } }
{ 'command': 'stop' }
{ 'event': 'RESUME' }
{ 'event': 'DEVICE_DELETED', 'data': { '*device': 'str', 'path': 'str' } }
"""


@cache
def sample_schema() -> Schema:
    """Return the sample, checked."""
    return parse_schema(SAMPLE, "sample.json")


def desc_of(visit: Callable[[], object]) -> str | None:
    """Return the description of the error that a visit ends with, or None."""
    try:
        visit()
    except QemuError as error:
        return error.desc
    return None
