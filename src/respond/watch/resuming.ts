import type { Alert } from '../../model/alert.ts'
import type { BlockBundle, BlockRef, SourceNotice } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { App, ChainHandle } from '../context.ts'

/** What going on with a chain needs. */
export type ResumeOptions = {
  app: App
  chain: ChainHandle
  signal: AbortSignal
  tell: (notice: SourceNotice) => void
  /** Puts findings about a block of the past on record; gives the alerts that came of them. */
  record: (findings: readonly Finding[], bundle: BlockBundle) => Promise<Alert[]>
}

/** Where following goes on: from this block (the latest where it is left out), after these. */
export type StartingPoint = {
  fromBlock?: number
  known: readonly BlockRef[]
  /** The nodes had traces not long ago. */
  areTracesExpected?: boolean
}
