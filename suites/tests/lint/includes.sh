#!/bin/sh
# The include rules over this checkout.
exec "$REGIONPROOF_BUILD/tests/lint/includes" "$REGIONPROOF_ROOT"
