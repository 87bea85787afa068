import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bytesToHex } from 'viem'
import { drillAccount } from '../../src/drills/accounts.ts'
import { drillConfig } from '../../src/drills/config.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { toJson } from '../../src/kit/json.ts'
import { installationAt } from './installation.ts'

/** The command line program as plain Node runs it; global-setup builds it. */
const PROGRAM = resolve('.cordon/test-build/src/cli/main.js')

export type CordonProcess = {
  child: ChildProcess
  /** NDJSON lines of stdout so far. */
  lines: Record<string, unknown>[]
  stderr: () => string
  /** Resolves with the first matching line; rejects if the process ends before. */
  until(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** Exit code or signal. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export type CordonOptions = {
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd: string
}

/** Starts `cordon … --json` as a separate child process. */
export function startCordon({ args, env = {}, cwd }: CordonOptions): CordonProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) lines.push(JSON.parse(part))
    wake()
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  let over = false
  ended.then(() => {
    over = true
    wake()
  })
  const until: CordonProcess['until'] = (fits) =>
    new Promise((resolve, reject) => {
      let next = 0
      const look = (): void => {
        for (; next < lines.length; next++) {
          const line = lines[next]
          if (line === undefined || !fits(line)) continue
          waiting.delete(look)
          resolve(line)
          return
        }
        if (!over) return
        waiting.delete(look)
        reject(new Error(`cordon ended before the line came; stderr: ${said.slice(-2_000)}`))
      }
      waiting.add(look)
      look()
    })
  return { child, lines, stderr: () => said, until, ended }
}

/** Writes the configuration of a deployed drill into `dir`, as a team would; returns the required environment. */
export async function writeDrillConfig(
  dir: string,
  at: { deployment: DrillDeployment; rpcUrl: string; databaseUrl: string },
): Promise<Record<string, string>> {
  const { deployment, rpcUrl, databaseUrl } = at
  const now = Math.floor(Date.now() / 1000)
  const made = await drillConfig({
    deployment,
    rpcUrl,
    dataDir: dir,
    apiPort: 0,
    respond: true,
    mempool: false,
    now,
    installation: await installationAt(databaseUrl),
  })
  const config = { ...made.config, signers: [{ env: 'GUARDIAN_KEY' }] }
  await writeFile(join(dir, 'cordon.config.json'), toJson(config))
  const { privateKey } = drillAccount('guardian').getHdKey()
  if (privateKey === null) throw new Error('no key')
  return { GUARDIAN_KEY: bytesToHex(privateKey), DATABASE_URL: databaseUrl }
}

export type RanCommand = {
  code: number | null
  lines: Record<string, unknown>[]
  stderr: string
  /** The errors that it reported on stderr. */
  errors: Record<string, unknown>[]
}

/** Runs a command to its end. */
export async function runCordon(options: CordonOptions): Promise<RanCommand> {
  const cordon = startCordon(options)
  const { code } = await cordon.ended
  const stderr = cordon.stderr()
  const told = stderr.split('\n').filter((line) => line.includes('"type":"error"'))
  return { code, lines: cordon.lines, stderr, errors: told.map((line) => JSON.parse(line)) }
}
