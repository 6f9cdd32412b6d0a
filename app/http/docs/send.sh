#!/bin/sh
# Sends a text and waits until WhatsApp has it. API is the address of the api site; CA, CERT and KEY are files.
set -eu

api() { curl -sS --fail-with-body --cacert "$CA" --cert "$CERT" --key "$KEY" "$@"; }
# The first member of this name that is a text; with jq it would be: jq -r ".$1"
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

accepted=$(api "$API/v1/accounts/main/messages" \
  -H 'Content-Type: application/json' -H "Idempotency-Key: curl-$$-$(date +%s)" \
  -d "{\"to\": \"$TO\", \"type\": \"text\", \"text\": {\"body\": \"Hello from curl\"}}")
message_id=$(printf '%s' "$accepted" | member message_id)

while :; do
  message=$(api "$API/v1/accounts/main/messages/$message_id")
  case $message in
    *'"status":"sent","at"'*) break ;;
    *'"status":"failed"'* | *'"status":"expired"'* | *'"status":"cancelled"'*) echo "$message" >&2 && exit 1 ;;
  esac
  sleep 1
done
echo "$message_id"
