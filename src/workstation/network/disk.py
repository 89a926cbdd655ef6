"""What the disk says while something is received."""

from __future__ import annotations

import errno

from workstation.domain.errors import ArchiveUnusable, DiskFull, LocalError


def disk_error(error: OSError) -> LocalError:
    """Ours for what the disk says; its path is left out, that is the archive's own affair."""
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return (DiskFull if full else ArchiveUnusable)(reason=error.strerror)
