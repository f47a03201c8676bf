#!/usr/bin/env bash
# Mounts the disks of the production server after a restart, as the manual does by hand.
#
#     DRY_RUN=1 tools/remount.sh        prints the commands
#
# SCIENCEFS_LOGIN and DATABOARD_SCIENCEFS=<host>:<folder> name the backup disk, which goes to
# DATABOARD_BACKUP; DATABOARD_DISK and DATABOARD_DISK_MOUNT the data disk. The host's key is
# checked: fetch it once with ssh-keyscan, and compare it with what its administrator says.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

run() {
    if [ -n "${DRY_RUN:-}" ]; then
        printf '%q ' "$@"
        echo
    else
        "$@"
    fi
}

is_mounted() {
    if mountpoint --quiet "$1"; then
        say "$1 is mounted"
        return 0
    fi
    return 1
}

load_env
disk_mount=${DATABOARD_DISK_MOUNT:-/mnt/ramp_data}
is_mounted "$disk_mount" || run mount "${DATABOARD_DISK:-/dev/vdb}" "$disk_mount"

if [ -n "${DATABOARD_SCIENCEFS:-}" ]; then
    : "${DATABOARD_BACKUP:?is not set: where the backup disk goes}"
    : "${SCIENCEFS_LOGIN:?is not set: the login on the backup disk}"
    # An env file is read, not run: the home folder is put in here.
    key=${DATABOARD_SCIENCEFS_KEY:-~/.ssh/id_rsa_sciencefs}
    is_mounted "$DATABOARD_BACKUP" || run sshfs -o allow_other -o reconnect \
        -o "IdentityFile=${key/#\~\//$HOME/}" \
        -o StrictHostKeyChecking=yes \
        "$SCIENCEFS_LOGIN@$DATABOARD_SCIENCEFS" "$DATABOARD_BACKUP"
fi
