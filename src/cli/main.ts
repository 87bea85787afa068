#!/usr/bin/env node
import { Command } from 'commander'
import { registerDoctor } from './doctor.ts'
import { registerIncidents } from './incidents.ts'
import { registerInvestigate } from './investigate.ts'
import type { Io } from './io.ts'
import { createIo, EXIT, tellError } from './io.ts'
import { registerRecord } from './record.ts'
import { registerReplay } from './replay.ts'
import { registerStart } from './start.ts'
import { registerWatch } from './watch.ts'

/** A command gives its exit code. */
export type Act = (io: Io) => Promise<number>
export type RunCommand = (options: { json?: boolean; verbose?: boolean }, act: Act) => Promise<void>

const abort = new AbortController()

async function run(options: { json?: boolean; verbose?: boolean }, act: Act): Promise<void> {
  const io = createIo(options, abort.signal)
  try {
    process.exitCode = await act(io)
  } catch (thrown) {
    process.exitCode = tellError(thrown, io.json)
  }
}

function onInterrupt(): void {
  if (abort.signal.aborted) process.exit(130)
  process.exitCode = 130
  abort.abort()
}

const program = new Command('cordon')
  .description('Incident management for protocols on EVM chains: detect, contain, investigate, record.')
  .showHelpAfterError()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
  })

for (const register of [
  registerStart,
  registerWatch,
  registerReplay,
  registerRecord,
  registerInvestigate,
  registerIncidents,
  registerDoctor,
]) {
  register(program, run)
}

process.on('SIGINT', onInterrupt)
process.on('SIGTERM', onInterrupt)
// A closed pipe (`cordon replay … | head`) is the reader's good right.
process.stdout.on('error', () => process.exit(EXIT.ok))
await program.parseAsync()
