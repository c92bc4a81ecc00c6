#!/bin/sh
# success, running or failed, for one Slurm job id.
case "$(squeue --noheader --states=all --format=%T --jobs="$1" 2>/dev/null | head -n 1)" in
  COMPLETED) echo success ;;
  PENDING | RUNNING | COMPLETING | CONFIGURING | SUSPENDED | REQUEUED | RESIZING) echo running ;;
  *) echo failed ;;
esac
