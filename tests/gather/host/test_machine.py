"""What /proc tells of a machine, from recorded texts; and that no text whatever raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.host.machine import (
    FILES,
    parse_diskstats,
    parse_file_nr,
    parse_loadavg,
    parse_meminfo,
    parse_net_dev,
    parse_pressure,
    parse_snmp,
    parse_sockstat,
    parse_stat,
    parse_vmstat,
)
from loadstone.gather.host.readings import CPU_TOTAL, PERIODS, Key, values
from loadstone.model.host_metrics import METRICS

STAT = """\
cpu  100 10 50 800 40 2 3 20 0 0
cpu0 50 5 25 400 20 1 1 10 0 0
cpu1 50 5 25 400 20 1 2 10 0 0
intr 12345 0 0
ctxt 2468
btime 1795620000
processes 77
procs_running 3
procs_blocked 1
softirq 1 2 3
"""
PRESSURE = "some avg10=0.00 avg60=0.00 avg300=0.28 total=15083052\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=2\n"
MEMINFO = "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    600 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n"
DISKSTATS = """\
   7       0 loop0 9 0 9 0 0 0 0 0 0 9 9
 259       0 nvme0n1 10 0 200 5 20 0 400 9 0 1500 14 0 0 0 0 0 0
 259       1 nvme0n1p1 10 0 200 5 20 0 400 9 0 1500 14
   8       0 sda 1 0 2 0 3 0 4 0 0 250 0
   8       1 sda1 1 0 2 0 3 0 4 0 0 250 0
 253       0 dm-0 10 0 200 5 20 0 400 9 0 1400 14 0 0 0 0 0 0
   8      16 sdb 0 0 0 0 0 0 0 0 0 0 0
"""
NET = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
    lo: 1000  10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
  eth0:831429821 34522 1 2 0 0 0 0 1480217 14821 3 4 0 0 0 0
  ifb0:       0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""
SOCKSTAT = "sockets: used 24\nTCP: inuse 5 orphan 1 tw 7 alloc 5 mem 101\nUDP: inuse 9 mem 0\nTCP6: inuse 2\n"
SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 2 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn OutSegs RetransSegs InErrs
Tcp: 1 200 120000 -1 5000 7 0
"""
NETSTAT = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 3 4\nIpExt: InOctets\nIpExt: 9\n"


def plain(found: dict[Key, float]) -> dict[str, float]:
    return {f"{metric}/{detail}" if detail else metric: value for (metric, detail), value in found.items()}


def test_the_sum_line_of_all_cpus_and_the_counts_below() -> None:
    found = parse_stat(STAT)
    assert found.pop(CPU_TOTAL) == 1025
    assert plain(found) == {
        "cpus": 2,
        "cpu_busy_share": 165,
        "cpu_user_share": 110,
        "cpu_system_share": 50,
        "cpu_iowait_share": 40,
        "cpu_irq_share": 5,
        "cpu_steal_share": 20,
        "context_switches_per_s": 2468,
        "forks_per_s": 77,
        "procs_running": 3,
        "procs_blocked": 1,
    }


def test_an_old_kernel_tells_fewer_times() -> None:
    assert plain(parse_stat("cpu 1 2 3 4"))["cpu_busy_share"] == 6


def test_pressure_is_in_seconds_and_full_says_nothing_of_the_cpu() -> None:
    assert plain(parse_pressure(PRESSURE, "cpu")) == {"cpu_pressure_share": pytest.approx(15.083052)}
    assert plain(parse_pressure(PRESSURE, "io")) == {
        "io_pressure_share": pytest.approx(15.083052),
        "io_full_pressure_share": pytest.approx(2e-6),
    }


def test_memory_is_in_bytes() -> None:
    assert plain(parse_meminfo(MEMINFO)) == {
        "memory_bytes": 1_024_000,
        "memory_available_bytes": 614_400,
        "memory_used_bytes": 409_600,
        "swap_used_bytes": 30_720,
    }


def test_pages_become_bytes() -> None:
    text = "pswpin 2\npswpout 3\npgfault 40\npgmajfault 5\noom_kill 1\npgfault_other 9\n"
    assert plain(parse_vmstat(text, 4096)) == {
        "swap_in_bytes_per_s": 8192,
        "swap_out_bytes_per_s": 12288,
        "faults_per_s": 40,
        "major_faults_per_s": 5,
        "oom_kills": 1,
    }


def test_a_partition_is_part_of_its_disk_and_a_mapped_device_lies_on_others() -> None:
    found = plain(parse_diskstats(DISKSTATS))
    assert {name.partition("/")[2] for name in found} == {"", "nvme0n1", "sda", "dm-0"}
    assert found["disk_read_bytes_per_s/nvme0n1"] == 200 * 512
    assert found["disk_write_bytes_per_s"] == (400 + 4) * 512
    assert found["disk_busy_share/nvme0n1"] == 1.5
    assert "disk_busy_share" not in found


def test_the_loopback_is_no_network() -> None:
    found = plain(parse_net_dev(NET))
    assert found["net_rx_bytes_per_s"] == found["net_rx_bytes_per_s/eth0"] == 831429821
    assert found["net_tx_bytes_per_s/lo"] == 1000
    assert (found["net_errors_per_s"], found["net_drops_per_s"]) == (4, 6)
    assert not any("ifb0" in name for name in found)


def test_sockets_of_both_families() -> None:
    assert plain(parse_sockstat(SOCKSTAT)) == {"tcp_in_use": 7, "tcp_time_wait": 7, "tcp_orphans": 1}


def test_retransmits_and_full_accept_queues() -> None:
    assert plain(parse_snmp(SNMP)) == {"tcp_out_segments_per_s": 5000, "tcp_retransmits_per_s": 7}
    assert plain(parse_snmp(NETSTAT)) == {"tcp_listen_overflows_per_s": 3, "tcp_listen_drops_per_s": 4}


def test_load_and_descriptors() -> None:
    assert plain(parse_loadavg("0.56 0.51 0.32 3/107 565\n")) == {"load_1m": 0.56}
    assert plain(parse_file_nr("738\t0\t2466183\n")) == {"descriptors": 738, "descriptors_limit": 2466183}


LINES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from("\n".join([STAT, PRESSURE, MEMINFO, DISKSTATS, NET, SOCKSTAT, SNMP, NETSTAT]).splitlines()),
        st.builds(
            lambda head, row: head + " ".join(map(str, row)),
            st.sampled_from(["cpu  ", "ctxt ", "MemTotal: ", "TCP: inuse ", "8 0 sda ", "eth0: ", "some total="]),
            st.lists(st.integers(-5, 2**70), max_size=20),
        ),
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(sorted(FILES)))
def test_no_text_raises_and_all_that_is_told_has_a_unit(lines: list[str], name: str) -> None:
    text = "\n".join(lines)
    for found in (FILES[name](text, 4096), parse_sockstat(text)):
        for (metric, _), value in found.items():
            assert metric in METRICS or metric == CPU_TOTAL[0]
            assert value >= 0


def test_two_readings_become_values() -> None:
    before: dict[Key, float] = {
        CPU_TOTAL: 100,
        PERIODS: 10,
        ("cpu_busy_share", None): 10,
        ("cpu_throttled_share", None): 1,
        ("io_pressure_share", None): 5.0,
        ("net_tx_bytes_per_s", "eth0"): 1000,
        ("oom_kills", None): 2,
        ("forks_per_s", None): 9,
    }
    after: dict[Key, float] = {
        CPU_TOTAL: 300,
        PERIODS: 30,
        ("cpu_busy_share", None): 60,
        ("cpu_throttled_share", None): 6,
        ("io_pressure_share", None): 5.5,
        ("net_tx_bytes_per_s", "eth0"): 5000,
        ("oom_kills", None): 3,
        ("forks_per_s", None): 1,
        ("net_tx_bytes_per_s", "eth1"): 7,
        ("procs_running", None): 4,
    }
    assert dict(values(before, after, 2.0)) == {
        ("cpu_busy_share", None): 0.25,
        ("cpu_throttled_share", None): 0.25,
        ("io_pressure_share", None): 0.25,
        ("net_tx_bytes_per_s", "eth0"): 2000,
        ("oom_kills", None): 1,
        ("procs_running", None): 4,
    }


def test_no_time_passed_tells_levels_alone() -> None:
    reading: dict[Key, float] = {CPU_TOTAL: 1, ("cpu_busy_share", None): 1, ("forks_per_s", None): 1, ("cpus", None): 2}
    assert dict(values(reading, reading, 0.0)) == {("cpus", None): 2}
