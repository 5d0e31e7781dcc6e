# SPDX-License-Identifier: GPL-3.0-or-later
"""A seccomp filter through ctypes: no sockets, no new processes, no signals to others, no change of file metadata.

It forbids exec, so it is applied from the server's first line, with TSYNC, which reaches every thread Blender already
made. Landlock does not see chmod, chown, utime and extended attributes, before its version 3 no truncation, and before
version 6 no signal that a file sends; therefore they are refused here. Memory behind a descriptor is in no process's
resident size, which the supervisor watches, so that there is none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# name: (x86_64, aarch64); -1 = the architecture has no such call.
_REFUSED: dict[str, tuple[int, int]] = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
    "listen": (50, 201), "socketpair": (53, 199), "sendto": (44, 206), "sendmsg": (46, 211),
    "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "mount_setattr": (442, 442), "move_mount": (429, 429), "open_tree": (428, 428),
    "fsopen": (430, 430), "fsmount": (432, 432), "fspick": (433, 433),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "personality": (135, 92), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, -1), "ioperm": (173, -1),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "inotify_init": (253, -1), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, -1), "lchown": (94, -1), "fchown": (93, 55), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88),
    "setrlimit": (160, 164), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    "truncate": (76, 45), "memfd_create": (319, 279), "memfd_secret": (447, 447),
}  # fmt: skip
_CLONE, _CLONE3, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (234, 131), (302, 261)
_OPEN, _OPENAT, _OPENAT2, _FCNTL = (2, -1), (257, 56), (437, 437), (72, 25)
_SCHEDULING = ((203, 122), (144, 119), (142, 118), (314, 274))
"""sched_setaffinity, sched_setscheduler, sched_setparam, sched_setattr."""
_WRITABLE_OR_TRUNCATE, _TRUNCATE = 0o1003, 0o1000
_OWNER_COMMANDS = (8, 10, 15)
"""fcntl's F_SETOWN, F_SETSIG, F_SETOWN_EX: whom a file that becomes ready signals, and with what."""
_SECCOMP = (317, 277)
_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_MACHINES = {"x86_64": 0, "AMD64": 0, "aarch64": 1, "arm64": 1}

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x00010000
_SET_MODE_FILTER, _FLAG_TSYNC = 1, 1

_libc = ctypes.CDLL(None, use_errno=True)


def supported() -> bool:
    """Say whether this machine's system call numbers are known here."""
    return platform.machine() in _MACHINES


def restrict() -> None:
    """Install the filter on all threads of this process. Needs no_new_privs; raises OSError when refused."""
    if not supported():
        raise OSError(f"no seccomp filter for {platform.machine()}")
    column = _MACHINES[platform.machine()]
    filters = _program(column, os.getpid())
    buffer = ctypes.create_string_buffer(b"".join(filters))
    program = _Program(len(filters), ctypes.addressof(buffer))
    result = _libc.syscall(_SECCOMP[column], _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(program))
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code) if result < 0 else f'thread {result} could not follow'}")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _program(column: int, pid: int) -> list[bytes]:
    """Return the BPF instructions (struct sock_filter each)."""

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    def argument(index: int, high: bool = False) -> bytes:
        return step(_LOAD, 16 + 8 * index + (4 if high else 0))

    refuse = step(_RETURN, _ERRNO | errno.EPERM)
    allow = step(_RETURN, _ALLOW)
    out = [step(_LOAD, 4), step(_EQUAL, _AUDIT_ARCH[column], 1, 0), step(_RETURN, _KILL), step(_LOAD, 0)]
    if column == 0:
        # The x32 calling convention would offer every call a second time under another number.
        out += [step(_AT_LEAST, 0x40000000, 0, 1), refuse]
    # ENOSYS makes the C library fall back to clone and openat, whose flags a filter can see.
    for numbers in (_CLONE3, _OPENAT2):
        out += [step(_EQUAL, numbers[column], 0, 1), step(_RETURN, _ERRNO | errno.ENOSYS)]
    out += [step(_EQUAL, _CLONE[column], 0, 4), argument(0), step(_ANY_BIT, _CLONE_THREAD, 0, 1), allow, refuse]
    out += [step(_EQUAL, _TGKILL[column], 0, 4), argument(0), step(_EQUAL, pid, 0, 1), allow, refuse]
    # Reading a limit passes no new value; setting one passes a pointer to it.
    out += [step(_EQUAL, _PRLIMIT[column], 0, 6), argument(2), step(_EQUAL, 0, 0, 3), argument(2, True)]
    out += [step(_EQUAL, 0, 0, 1), allow, refuse]
    # Opening for reading and truncating at once needs the right to read only, says Landlock before its version 3.
    for numbers, flags in ((_OPEN, 1), (_OPENAT, 2)):
        if numbers[column] >= 0:
            out += [step(_EQUAL, numbers[column], 0, 5), argument(flags), step(_AND, _WRITABLE_OR_TRUNCATE)]
            out += [step(_EQUAL, _TRUNCATE, 0, 1), refuse, allow]
    out += [step(_EQUAL, _FCNTL[column], 0, 6), argument(1)]
    out += [step(_EQUAL, command, 3 - index) for index, command in enumerate(_OWNER_COMMANDS)]
    out += [allow, refuse]
    # Its own scheduling, not that of other processes.
    for numbers in _SCHEDULING:
        out += [step(_EQUAL, numbers[column], 0, 4), argument(0), step(_EQUAL, 0, 0, 1), allow, refuse]
    for numbers in _REFUSED.values():
        if numbers[column] >= 0:
            out += [step(_EQUAL, numbers[column], 0, 1), refuse]
    return [*out, allow]
