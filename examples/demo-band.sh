#!/usr/bin/env bash
# A band for a guitar: the commands of chain.sh on the bundled recordings of a real band.
exec "$(dirname "$0")/chain.sh" band
