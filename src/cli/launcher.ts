import { readFileSync, readlinkSync } from 'node:fs'

const LOOK_EVERY_MS = 1_000

/**
 * Calls `onGone` once the program that started this one, and waits for it, has been killed.
 *
 * npm and the shell below it wait for their child processes: if one of them is gone, it was killed. Any other parent
 * counts only while this program is in the foreground of its job: a leader of a process group (job control, setsid,
 * systemd, containers) or one without input (`cordon start &` in a script) is meant to outlive its starter.
 */
export function watchLauncher(onGone: () => void): void {
  const launchers = launchersOf(process.pid)
  if (launchers.length === 0) return
  const timer = setInterval(() => {
    if (launchers.every(isSame)) return
    clearInterval(timer)
    onGone()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** A process, distinguished from a later one with the same number by its start time (clock ticks since boot). */
type Process = { pid: number; parent: number; group: number; began: string; isOver: boolean }

function launchersOf(pid: number): Process[] {
  const self = processOf(pid)
  const parent = self && processOf(self.parent)
  if (self === undefined || parent === undefined || parent.pid <= 1) return []
  if (process.env['npm_lifecycle_event'] !== undefined) return untilNpm(parent)
  return parent.group === self.group && self.group !== pid && hasInput() ? [parent] : []
}

/** From the parent up to npm itself, which is the first without npm's variables. */
function untilNpm(parent: Process): Process[] {
  const launchers = [parent]
  for (let last = parent; isOfNpm(last.pid); ) {
    const above = processOf(last.parent)
    if (above === undefined || above.pid <= 1) break
    launchers.push(above)
    last = above
  }
  return launchers
}

function isOfNpm(pid: number): boolean {
  return `\0${readText(`/proc/${pid}/environ`)}`.includes('\0npm_lifecycle_event=')
}

function isSame({ pid, began }: Process): boolean {
  const now = processOf(pid)
  return now !== undefined && now.began === began && !now.isOver
}

/** Undefined if there is no such process, or this platform does not report it. */
function processOf(pid: number): Process | undefined {
  const text = readText(`/proc/${pid}/stat`)
  // the name in brackets may contain anything, also brackets
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group] = fields
  if (text === '' || parent === undefined || group === undefined) return undefined
  const isOver = state === 'Z' || state === 'X'
  return { pid, parent: Number(parent), group: Number(group), began: fields[19] ?? '', isOver }
}

function hasInput(): boolean {
  try {
    return readlinkSync('/proc/self/fd/0') !== '/dev/null'
  } catch {
    return false
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
