"""The serial port loses nothing in either direction; first, since its long case then runs beside many others."""

import base64
import hashlib

from testhost.case import MACHINES, case, require
from testhost.guest import Host

# A byte is one exit at least, and an exit in the nested host is a tenth of a millisecond: a megabyte takes minutes.
# So one machine has it for both, whose serial port is the same device.
# 256 KiB stalled or ended the guest in a few of a dozen runs in the nested host: not understood yet, see the issue.
ROWS = [dict(machine="q35", kilobytes=16), dict(machine="microvm", kilobytes=16)]


@case("What is printed as fast as the guest can arrives without a lost byte", timeout=720, rows=ROWS)
def serial_output(host: Host, machine, kilobytes):
    size = kilobytes << 10
    guest = host.boot(machine)
    guest.ready()
    # Three bytes are four letters, and 57 of them a line.
    digest = guest.run(f"head -c {size * 3 // 4} /dev/urandom > /tmp/random; sha256sum < /tmp/random").split()[0]
    text = guest.run("base64 /tmp/random", seconds=660)
    require(len(text) >= size, f"Only {len(text)} of {size} bytes arrived.")
    require(hashlib.sha256(base64.b64decode(text)).hexdigest() == digest, "What arrived is not what was printed.")
    guest.power_off()


@case("Sixteen kilobytes typed at once all reach a guest that reads slowly", machine=MACHINES)
def serial_input(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    # Lines, since the guest's terminal is in line mode, of all lengths that a FIFO of 16 may divide badly.
    data = b"".join(b"%0*d\n" % (1 + number % 61, number % 10) for number in range(512))
    guest.send(f"stty -echo; echo GUEST WAITS; head -c {len(data)} | (usleep 300000; sha256sum)")
    guest.expect("GUEST WAITS")
    guest.write(data)
    _, said = guest.expect(r"([0-9a-f]{64})", what="the checksum of what it read")
    require(said.group(1).decode() == hashlib.sha256(data).hexdigest(), "What the guest read is not what was typed.")
    guest.expect(r"GUEST EXIT 0")
    guest.power_off()
