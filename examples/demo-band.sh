#!/usr/bin/env bash
# A band for a guitar: the commands of demo.sh on the bundled recordings of a real band.
exec "$(dirname "$0")/demo.sh" band
