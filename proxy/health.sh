#!/bin/sh
# Healthy: Caddy runs and listens. It opens its ports only once a whole configuration is loaded.
# (0B00007F is Docker's own resolver, which listens in every container.)
kill -0 "$(cat "${TMPDIR:-/tmp}/caddy.pid")" && cat /proc/net/tcp /proc/net/tcp6 | grep ' 0A ' | grep -qv ': 0B00007F:'
