import { stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { type Check, failed, ok, warning } from './check.ts'

const GIB = 2 ** 30
/** Free bytes: below the first is a warning, below the second a failure. */
const ROOMY = 5 * GIB
const TIGHT = GIB / 2

export function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const { node } = process.versions
  if (major > 20 || (major === 20 && minor >= 19)) return ok('Node.js', node)
  return failed({ name: 'Node.js', detail: node, fix: 'Install Node.js 20.19 or newer.' })
}

export function apiPort(port: number): Promise<Check[]> {
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', () =>
      settle([
        warning({
          name: 'API port',
          detail: `127.0.0.1:${port} is taken`,
          fix: 'Another Cordon may be running; otherwise set api.port in cordon.config.ts.',
        }),
      ]),
    )
    server.listen(port, '127.0.0.1', () =>
      server.close(() => settle([ok('API port', `127.0.0.1:${port} is free`)])),
    )
  })
}

/**
 * The free space where the record and the reports are stored. A full disk stops the database, and with it all
 * recording.
 */
export async function diskSpace(dataDir: string): Promise<Check[]> {
  const name = 'disk space'
  const folder = await existing(resolve(dataDir))
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const detail = `${(free / GIB).toFixed(1)} GiB free in ${dataDir}`
  if (free >= ROOMY) return [ok(name, detail)]
  const trouble = { name, detail, fix: 'Free some, or move dataDir to another disk.' }
  return [free < TIGHT ? failed(trouble) : warning(trouble)]
}

async function existing(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  )
  return isThere || folder === dirname(folder) ? folder : existing(dirname(folder))
}
