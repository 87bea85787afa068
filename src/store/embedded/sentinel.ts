import { type ChildProcess, spawn } from 'node:child_process'
import { childEnvironment } from '../../kit/child-environment.ts'

export type SentinelOptions = {
  /** Folder of the cluster. */
  cluster: string
  /** The user that PostgreSQL runs as, where it is another one. */
  owner: { uid: number; gid: number } | undefined
  /** Seconds between two checks, in which the next start can adopt the server; 5 by default. */
  graceSeconds?: number
}

export type Sentinel = { end(): void }

/**
 * Waits for the end of a pipe that this process holds, and thus for its death from any cause, kill -9 included. Then it
 * leaves the server running as long as a session from 127.0.0.1 is open (another Cordon uses it, or the next one has
 * adopted it), and shuts it down cleanly once there was none at two checks: a server that has just started or restarted
 * has no sessions for a moment. The process id is read when it is needed: a restarted server has another one.
 */
const SCRIPT = `
cluster=$0
read -r _
postmaster() {
  read -r pid < "$cluster/postmaster.pid" || return 1
  if [ -d /proc/self ]; then [ "/proc/$pid/cwd" -ef "$cluster" ]; else ps -o command= -p "$pid" | grep -qF "$cluster"; fi
}
commands() {
  if [ -r "/proc/$pid/task/$pid/children" ]; then
    for child in $(cat "/proc/$pid/task/$pid/children"); do tr '\\0' ' ' < "/proc/$child/cmdline"; echo; done
  else
    ps -A -o ppid= -o command= | grep "^ *$pid "
  fi
}
idle=
while sleep "$1" && postmaster 2>/dev/null; do
  if commands 2>/dev/null | grep -qF ' 127.0.0.1('; then idle=; continue; fi
  [ "$idle" != "$pid" ] || { kill -INT "$pid"; exit; }
  idle=$pid
done
`

/** Ties a postmaster's life to this process. Without a shell it does nothing: the next start adopts the server. */
export function guardPostmaster({ cluster, owner, graceSeconds = 5 }: SentinelOptions): Sentinel {
  if (process.platform === 'win32') return { end() {} }
  const child = spawn('/bin/sh', ['-c', SCRIPT, cluster, String(graceSeconds)], {
    ...owner,
    cwd: '/',
    // Its own process group: a signal that ends this process must not end it too.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: childEnvironment(),
  })
  child.on('error', () => {})
  child.unref()
  unrefPipe(child)
  return { end: () => void child.kill('SIGKILL') }
}

function unrefPipe({ stdin }: ChildProcess): void {
  stdin?.on('error', () => {})
  const pipe: unknown = stdin
  if (pipe && typeof pipe === 'object' && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}
