#!/bin/sh
# Outlives the supervisor, however that ends. Reads lines "up PID" and "down PID" from it; when they end while processes are
# still up, the supervisor was killed: then ends these processes, and removes the file that says where they answer.
#   guard.sh ENDPOINTS_FILE
set -u
trap '' PIPE
pids=' '
while read -r word pid; do
  case $word:$pids in
    up:*) pids="$pids$pid " ;;
    down:*" $pid "*) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;;
  esac
done
[ -n "${pids## }" ] || exit 0

rm -f "$1"
kill -TERM $pids 2>/dev/null
echo "postern: the supervisor was killed; ending what it had started (processes$pids)" >&2
tenths=0
while [ $tenths -lt 100 ]; do
  alive=''
  for pid in $pids; do
    kill -0 "$pid" 2>/dev/null && alive="$alive $pid"
  done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  tenths=$((tenths + 1))
done
kill -KILL $alive 2>/dev/null
