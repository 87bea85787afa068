import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { childEnvironment } from '../../kit/child-environment.ts'

/** The content that PostgreSQL writes into `postmaster.pid`. */
export type PidFile = { pid: number; port: number; status: string }

/** Reads the lock file of a cluster; undefined where there is none or it is only half written. */
export async function readPidFile(cluster: string): Promise<PidFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const lines = text.split('\n')
  const pid = Number.parseInt(lines[0] ?? '', 10)
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number.parseInt(lines[3] ?? '0', 10), status: (lines[7] ?? '').trim() }
}

/**
 * True where `pid` is a live postmaster of this cluster. A number alone proves nothing: after a crash it may belong to
 * another program. The working folder of a postmaster is its cluster.
 */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
    return cwd === cluster && !(await isZombie(pid))
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)], {
    env: childEnvironment(),
  }).catch(() => ({ stdout: '' }))
  return stdout.includes('postgres') && stdout.includes(cluster)
}

async function isZombie(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) Z /.test(status)
}
