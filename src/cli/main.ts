#!/usr/bin/env node
import { Command } from 'commander'
import { registerApprovals } from './approvals.ts'
import { registerBacktest } from './backtest.ts'
import { registerCalibrate } from './calibrate.ts'
import { registerChains } from './chains.ts'
import { registerDoctor } from './doctor.ts'
import { registerDrill } from './drill.ts'
import { registerFunds } from './funds.ts'
import { registerIncidents } from './incidents.ts'
import { registerInvestigate } from './investigate.ts'
import type { RunCommand } from './io.ts'
import { createIo, EXIT, tellError } from './io.ts'
import { registerLearn } from './learn.ts'
import { registerLevers } from './levers.ts'
import { registerPlaybooks } from './playbooks.ts'
import { registerRecord } from './record.ts'
import { registerRegress } from './regress.ts'
import { registerReimburse } from './reimburse.ts'
import { registerReplay } from './replay.ts'
import { registerRules } from './rules.ts'
import { registerSigners } from './signers.ts'
import { registerStart } from './start.ts'
import { registerWatch } from './watch.ts'

/** 128 + SIGINT, as shells have it. */
const INTERRUPTED = 130

const abort = new AbortController()

const run: RunCommand = async (options, act) => {
  const io = createIo(options, abort.signal)
  try {
    const code = await act(io)
    process.exitCode = abort.signal.aborted ? INTERRUPTED : code
  } catch (thrown) {
    const code = tellError(thrown, io.json)
    process.exitCode = abort.signal.aborted ? INTERRUPTED : code
  }
}

function onInterrupt(): void {
  if (abort.signal.aborted) process.exit(INTERRUPTED)
  process.exitCode = INTERRUPTED
  abort.abort()
  // What sleeps durably is resumed at the next start: it must not keep the process.
  setTimeout(() => process.exit(), 10_000).unref()
}

const program = new Command('cordon')
  .description('Incident management for protocols on EVM chains: detect, contain, investigate, record.')
  .showHelpAfterError()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
  })

for (const register of [
  registerStart,
  registerDrill,
  registerWatch,
  registerReplay,
  registerBacktest,
  registerCalibrate,
  registerRecord,
  registerLearn,
  registerLevers,
  registerSigners,
  registerRules,
  registerApprovals,
  registerPlaybooks,
  registerInvestigate,
  registerRegress,
  registerReimburse,
  registerFunds,
  registerIncidents,
  registerChains,
  registerDoctor,
]) {
  register(program, run)
}

process.on('SIGINT', onInterrupt)
process.on('SIGTERM', onInterrupt)
// A closed pipe (`cordon replay … | head`) is the reader's good right.
process.stdout.on('error', () => process.exit(EXIT.ok))
await program.parseAsync()
