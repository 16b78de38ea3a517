#!/bin/sh
# Starts the program as the user that PUID and PGID name, as many NAS systems set them. Without them it runs as the user that the
# container was started as, which is the better way: --user 1026:100, or "user:" in compose.yaml.
set -eu

fail() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

uid=$(id -u)
gid=$(id -g)
puid=${PUID:-$uid}
pgid=${PGID:-$gid}
case $puid$pgid in
  *[!0-9]*) fail "PUID and PGID are numbers, such as 1000; here they are \"$puid\" and \"$pgid\"." ;;
esac

if [ "$puid" = "$uid" ] && [ "$pgid" = "$gid" ]; then
  exec immich-sidecar "$@"
fi
if [ "$uid" != 0 ]; then
  fail "PUID=$puid and PGID=$pgid are set, but the container runs as $uid:$gid. Start it with --user $puid:$pgid, or with --user 0:0 to have it change to them."
fi
# Docker makes the directories of mounts for root; what lies in them is not touched.
chown "$puid:$pgid" "${CONFIG_DIRECTORY:-/config}" "${STATE_DIRECTORY:-/state}" 2>/dev/null || true
exec setpriv --reuid "$puid" --regid "$pgid" --clear-groups --no-new-privs immich-sidecar "$@"
