"""packets: TCP packets of clients in pcap files, by IP version: prints "V4 V6".

    python3 packets.py PORT NOT-A-CLIENT,... FILE ...

Clients are who speaks to PORT, or is answered from it, and is none of the addresses given.
"""
import ipaddress
import struct
import sys


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24:
        return
    magic = struct.unpack("<I", data[:4])[0]
    order = "<" if magic in (0xA1B2C3D4, 0xA1B23C4D) else ">"
    at = 24
    while at + 16 <= len(data):
        kept = struct.unpack(order + "I", data[at + 8 : at + 12])[0]
        yield data[at + 16 : at + 16 + kept]
        at += 16 + kept


def tcp(frame):
    """(version, from, to, source port, destination port), or None."""
    kind = struct.unpack(">H", frame[12:14])[0] if len(frame) > 14 else 0
    ip = frame[14:]
    if kind == 0x0800 and len(ip) >= 24 and ip[9] == 6:
        head, a, b = (ip[0] & 15) * 4, ip[12:16], ip[16:20]
    elif kind == 0x86DD and len(ip) >= 44 and ip[6] == 6:
        head, a, b = 40, ip[8:24], ip[24:40]
    else:
        return None
    if len(ip) < head + 4:
        return None
    ports = struct.unpack(">HH", ip[head : head + 4])
    return (4 if len(a) == 4 else 6, ipaddress.ip_address(a), ipaddress.ip_address(b), *ports)


def main():
    port = int(sys.argv[1])
    others = {ipaddress.ip_address(a) for a in sys.argv[2].split(",")}
    seen = {4: 0, 6: 0}
    for path in sys.argv[3:]:
        for packet in filter(None, map(tcp, frames(path))):
            version, a, b, source, destination = packet
            client = a if destination == port else b if source == port else None
            if client is not None and client not in others:
                seen[version] += 1
    print(seen[4], seen[6])


main()
