"""Whether a folder lies on a network file system, where locks of other hosts may not be seen."""

from __future__ import annotations

from pathlib import Path

_LOCAL = frozenset(
    (
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs", "aufs", "overlay"),
        *("tmpfs", "ramfs", "rootfs", "squashfs", "iso9660", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "hfsplus"),
    )
)
MOUNTS = Path("/proc/self/mountinfo")


def is_network_folder(folder: Path) -> bool:
    """True unless the folder's file system is known to be of one host only."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        resolved = folder.resolve()
    except OSError:
        return True
    kinds: dict[Path, str] = {}
    for line in lines:  # ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS ... - KIND SOURCE OPTIONS
        before, _, after = line.partition(" - ")
        if len(before.split()) > 4 and after:
            kinds[Path(_unescaped(before.split()[4]))] = after.split()[0]  # a later mount hides an earlier one
    kind = next((kinds[above] for above in (resolved, *resolved.parents) if above in kinds), "")
    return kind not in _LOCAL


def _unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
