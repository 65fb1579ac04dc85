"""Each question of the property tester comes from an address of its own, as a proxy before the
server tells it: what strangers may ask is bounded by address, and here one stands for all."""

import ipaddress
import itertools

import schemathesis

_ADDRESSES = itertools.count(int(ipaddress.ip_address("198.18.0.1")))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names the next address of the block for benchmarks (RFC 2544)."""
    case.headers = {**(case.headers or {}), "X-Forwarded-For": str(ipaddress.ip_address(next(_ADDRESSES)))}
