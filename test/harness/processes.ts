import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type RunningProcess = { pid: number; command: string; environment: string }

/** Every live process that works in `folder`, or has it in its command line. Linux only. */
export function processesIn(folder: string): RunningProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    const command = read(`/proc/${name}/cmdline`)
    const isThere = command.includes(folder) || cwdOf(name).startsWith(folder)
    const isOver = /\) [ZX] /.test(read(`/proc/${name}/stat`))
    if (!isThere || isOver) return []
    return [{ pid: Number(name), command, environment: read(`/proc/${name}/environ`) }]
  })
}

function cwdOf(name: string): string {
  try {
    return readlinkSync(`/proc/${name}/cwd`)
  } catch {
    return ''
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
