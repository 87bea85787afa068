import type { Alert } from '../../model/alert.ts'
import type { BlockBundle, BlockRef, SourceNotice } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { App, ChainHandle } from '../context.ts'

/** The inputs for resuming a chain. */
export type ResumeOptions = {
  app: App
  chain: ChainHandle
  signal: AbortSignal
  tell: (notice: SourceNotice) => void
  /** Records findings about a past block; returns the alerts that resulted. */
  record: (findings: readonly Finding[], bundle: BlockBundle) => Promise<Alert[]>
}

/** Where following resumes: from this block (the latest if left out), after these. */
export type StartingPoint = {
  fromBlock?: number
  known: readonly BlockRef[]
  /** The nodes had traces recently. */
  areTracesExpected?: boolean
}
