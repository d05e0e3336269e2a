#!/bin/sh
# Reads secrets from files, where an orchestrator puts them, and becomes the command that follows.
#
# STORE_PASSWORD_FILE: its content becomes the password of MEANWHILE_STORE, in the place of the word PASSWORD.
# API_KEYS_FILE: its content becomes MEANWHILE_API_KEYS.
set -eu

if [ -n "${STORE_PASSWORD_FILE:-}" ]; then
  # As a part of an address it must be encoded: a password may hold any character.
  password=$(node -e 'process.stdout.write(encodeURIComponent(require("node:fs").readFileSync(process.argv[1], "utf8").trim()))' "$STORE_PASSWORD_FILE")
  MEANWHILE_STORE="${MEANWHILE_STORE%%PASSWORD*}$password${MEANWHILE_STORE#*PASSWORD}"
  export MEANWHILE_STORE
fi
if [ -n "${API_KEYS_FILE:-}" ]; then
  MEANWHILE_API_KEYS=$(tr -d '\n' <"$API_KEYS_FILE")
  export MEANWHILE_API_KEYS
fi
exec "$@"
