#!/bin/bash
# slurm.sh up DIR | down DIR: Slurm with two nodes on this machine, on loopback. No systemd, no cgroups, no database.
set -euo pipefail
action=$1 dir=$2
conf=/etc/slurm/slurm.conf # jobs are started without SLURM_* variables, so the file must be where Slurm looks by itself

write_configuration() {
  local host memory
  host=$(hostname -s)
  memory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 / 3))
  cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$dir/munge/run/munge.sock,cred_expire=8 # what a job waits for that comes again
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
ReturnToService=2
SlurmdTimeout=5
MessageTimeout=5
MpiDefault=none
MinJobAge=3600
KillWait=2
GresTypes=gpu
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=$memory Gres=gpu:1
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=120 State=UP
CONF
  printf 'NodeName=n1 Name=gpu File=/dev/zero\nNodeName=n2 Name=gpu File=/dev/full\n' >"$dir/gres.conf"
  printf 'ConstrainCores=no\nConstrainRAMSpace=no\n' >"$dir/cgroup.conf"
}

up() {
  mkdir -p "$dir"/{state,spool/n1,spool/n2,munge/run}
  dd if=/dev/urandom of="$dir/munge/key" bs=128 count=1 status=none
  chmod 755 "$dir" "$dir/munge" "$dir/munge/run" && chmod 400 "$dir/munge/key"
  chown -R munge:munge "$dir/munge"
  write_configuration
  for name in slurm gres cgroup; do ln -sfn "$dir/$name.conf" "$(dirname $conf)/$name.conf"; done
  setpriv --reuid=munge --regid=munge --clear-groups munged --force --key-file="$dir/munge/key" \
    --socket="$dir/munge/run/munge.sock" --pid-file="$dir/munge/run/munged.pid" \
    --log-file="$dir/munge/run/munged.log" --seed-file="$dir/munge/run/seed"
  slurmctld
  slurmd -N n1
  slurmd -N n2
  for _ in $(seq 100); do
    [ "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" = 2 ] && return
    sleep 0.2
  done
  echo "the two nodes did not come up; see $dir/*.log" >&2
  return 1
}

end_jobs() {
  squeue --noheader --format=%i | xargs --no-run-if-empty scancel
  for _ in $(seq 100); do
    [ -z "$(squeue --noheader --states=running,completing --format=%i)" ] && return
    sleep 0.2
  done
}

down() {
  end_jobs || true
  for file in "$dir"/slurmd-n1.pid "$dir"/slurmd-n2.pid "$dir"/slurmctld.pid "$dir"/munge/run/munged.pid; do
    [ -f "$file" ] && kill "$(cat "$file")" || true
  done
  for name in slurm gres cgroup; do
    [ "$(readlink "$(dirname $conf)/$name.conf")" = "$dir/$name.conf" ] && rm "$(dirname $conf)/$name.conf" || true
  done
}

"$action"
