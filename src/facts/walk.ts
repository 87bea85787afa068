import type { Frame, FrameLog } from '../model/block.ts'

export type Visitor = {
  enter(frame: Frame): void
  log(log: FrameLog, frame: Frame): void
}

/**
 * Visits frames and the logs inside them in execution order: a log comes after the first `position` sub-calls of its
 * frame. Linear, without recursion.
 */
export function walk(frames: readonly Frame[], visitor: Visitor): void {
  const open: { frame: Frame; children: number; logs: number }[] = []
  for (const frame of frames) {
    while (open.length > 0) {
      const top = open[open.length - 1]
      if (top === undefined || top.frame.end > frame.index) break
      emit(top, Number.POSITIVE_INFINITY, visitor)
      open.pop()
    }
    const parent = open[open.length - 1]
    if (parent !== undefined) {
      emit(parent, parent.children, visitor)
      parent.children++
    }
    visitor.enter(frame)
    open.push({ frame, children: 0, logs: 0 })
  }
  for (let top = open.pop(); top !== undefined; top = open.pop()) emit(top, Number.POSITIVE_INFINITY, visitor)
}

function emit(at: { frame: Frame; logs: number }, upTo: number, visitor: Visitor): void {
  const { logs } = at.frame
  while (at.logs < logs.length) {
    const log = logs[at.logs]
    if (log === undefined || log.position > upTo) return
    visitor.log(log, at.frame)
    at.logs++
  }
}
