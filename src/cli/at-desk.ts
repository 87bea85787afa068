import type { Logger } from '../kit/logger.ts'
import type { Env } from '../kit/secret.ts'
import type { Config } from '../model/config.ts'
import type { Io } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'

type Desk = { close(): Promise<void> }
type Opening<D> = (options: { config: Config; env: Env; logger: Logger }) => Promise<D>

/** Opens a desk of the configuration, runs `act` on it, and closes it in every case. */
export async function atDesk<D extends Desk>(
  open: Opening<D>,
  { options, io }: { options: CommonOptions; io: Io },
  work: (desk: D) => Promise<number>,
): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const desk = await open({ config, env: io.env, logger: io.logger })
  try {
    return await work(desk)
  } finally {
    await desk.close()
  }
}
