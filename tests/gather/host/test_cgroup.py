"""Control groups of version 1, version 2 and both at once, from recorded layouts; limits of ancestors hold too."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.host.cgroup import parse_groups, parse_mounts, read_groups
from loadstone.gather.host.readings import PERIODS
from loadstone.model.host_metrics import METRICS

V2_MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
V2_GROUP = "0::/system.slice/shop.service\n"
V1_MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw shared:13 - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
"""
V1_GROUP = "12:pids:/user.slice\n6:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"
# A machine with controllers on version 1 and an empty version 2 beside them, each controller on a mount of its own.
HYBRID_MOUNTS = """\
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
HYBRID_GROUP = "4:memory:/process_api/58\n1:cpu:/\n0::/\n"


def read(files: Mapping[str, str], mounts: str, group: str) -> dict[str, float]:
    groups = parse_groups(group, parse_mounts(mounts))
    found = read_groups(groups, files.get)
    assert all(metric in METRICS or (metric, None) == PERIODS for metric, _ in found)
    return {metric: value for (metric, _), value in found.items()}


V2_FILES = {
    "/sys/fs/cgroup/system.slice/shop.service/cpu.max": "50000 100000\n",
    "/sys/fs/cgroup/system.slice/shop.service/cpu.stat": (
        "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n"
        "nr_periods 100\nnr_throttled 25\nthrottled_usec 1250000\n"
    ),
    "/sys/fs/cgroup/system.slice/shop.service/cpu.pressure": "some avg10=0.00 total=4000000\nfull total=1\n",
    "/sys/fs/cgroup/system.slice/shop.service/memory.max": "max\n",
    "/sys/fs/cgroup/system.slice/shop.service/memory.high": "900000\n",
    "/sys/fs/cgroup/system.slice/shop.service/memory.current": "123456\n",
    "/sys/fs/cgroup/system.slice/shop.service/memory.swap.current": "0\n",
    "/sys/fs/cgroup/system.slice/shop.service/memory.events": "low 0\nhigh 3\nmax 4\noom 1\noom_kill 1\n",
    "/sys/fs/cgroup/system.slice/shop.service/pids.max": "512\n",
    "/sys/fs/cgroup/system.slice/shop.service/pids.current": "17\n",
    "/sys/fs/cgroup/system.slice/memory.max": "1048576\n",
    "/sys/fs/cgroup/system.slice/memory.high": "max\n",
    "/sys/fs/cgroup/system.slice/pids.max": "max\n",
    "/sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
}


def test_version_2_with_a_limit_of_an_ancestor() -> None:
    assert read(V2_FILES, V2_MOUNTS, V2_GROUP) == {
        "cpu_quota_cores": 0.5,
        "cpu_cores": 2.5,
        "cpu_periods": 100,
        "cpu_throttled_share": 25,
        "cpu_throttled_s_per_s": 1.25,
        "cpu_pressure_share": 4.0,
        "memory_limit_bytes": 1048576,
        "memory_high_bytes": 900000,
        "memory_used_bytes": 123456,
        "swap_used_bytes": 0,
        "memory_limit_hits": 4,
        "oom_kills": 1,
        "pids_limit": 512,
        "pids": 17,
    }


V1_FILES = {
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "150000\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.stat": "nr_periods 10\nnr_throttled 1\nthrottled_time 20000000\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpuacct.usage": "7000000000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "268435456\n",
    "/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": "1000\n",
    "/sys/fs/cgroup/memory/docker/abc/memory.failcnt": "6\n",
    "/sys/fs/cgroup/memory/docker/abc/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/pids/user.slice/pids.current": "4\n",
    "/sys/fs/cgroup/pids/user.slice/pids.max": "max\n",
}


def test_version_1_with_two_controllers_on_one_mount() -> None:
    assert read(V1_FILES, V1_MOUNTS, V1_GROUP) == {
        "cpu_quota_cores": 1.5,
        "cpu_periods": 10,
        "cpu_throttled_share": 1,
        "cpu_throttled_s_per_s": 0.02,
        "cpu_cores": 7.0,
        "memory_limit_bytes": 268435456,
        "memory_used_bytes": 1000,
        "memory_limit_hits": 6,
        "oom_kills": 2,
        "pids": 4,
    }


HYBRID_FILES = {
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu/cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
    "/sys/fs/cgroup/memory/process_api/58/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/process_api/58/memory.usage_in_bytes": "5000\n",
    "/sys/fs/cgroup/unified/cpu.pressure": "some total=9\n",
}


def test_both_at_once_without_any_limit() -> None:
    groups = parse_groups(HYBRID_GROUP, parse_mounts(HYBRID_MOUNTS))
    assert {controller: version for controller, (version, _) in groups.items()} == {
        "cpu": 1,
        "memory": 1,
        "cpuacct": 2,
        "pids": 2,
    }
    found = read(HYBRID_FILES, HYBRID_MOUNTS, HYBRID_GROUP)
    assert found["memory_used_bytes"] == 5000
    assert "memory_limit_bytes" not in found
    assert "cpu_quota_cores" not in found


def test_a_container_sees_its_group_at_the_mount_point() -> None:
    mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
    groups = parse_groups("0::/docker/abc/inner\n", parse_mounts(mounts))
    assert groups["memory"] == (2, ("/sys/fs/cgroup/inner", "/sys/fs/cgroup"))
    outside = parse_groups(
        "0::/../../elsewhere\n", parse_mounts("30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
    )
    assert outside["memory"] == (2, ("/sys/fs/cgroup",))


def test_a_mount_point_with_a_space() -> None:
    mounts = parse_mounts("30 23 0:26 / /mnt/my\\040groups rw - cgroup2 none rw\n")
    assert mounts == {"": ("/mnt/my groups", "/")}


@pytest.mark.parametrize("files", [{}, dict.fromkeys(V2_FILES, ""), dict.fromkeys(V2_FILES, "garbage -1 max\n")])
def test_files_that_are_not_there_or_make_no_sense_tell_nothing(files: dict[str, str]) -> None:
    assert read(files, V2_MOUNTS, V2_GROUP) == {}


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_no_text_raises(mounts: str, group: str, file: str) -> None:
    for known in ("", V1_MOUNTS, V2_MOUNTS):
        groups = parse_groups(f"{V1_GROUP}{group}", parse_mounts(known + mounts))
        read_groups(groups, lambda path: file)


@given(st.lists(st.sampled_from(["..", ".", "a", "b c", "", "~"]), max_size=6).map("/".join))
def test_no_group_leads_out_of_its_mount(name: str) -> None:
    for _, directories in parse_groups(f"0::/{name}\n", parse_mounts(V2_MOUNTS)).values():
        for directory in directories:
            assert directory.startswith("/sys/fs/cgroup")
            assert ".." not in directory.split("/")
