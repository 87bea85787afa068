import { Command } from 'commander'
import { cordonVersion } from '../kit/version.ts'
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
import { EXIT } from './io.ts'
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

/** Every command with its options; `run` executes each. */
export function createProgram(run: RunCommand): Command {
  const program = new Command('cordon')
    .configureHelp({ sortOptions: true })
    .description(
      'Watches protocols on EVM chains, stops attacks on them, investigates, and keeps the record.',
    )
    .version(cordonVersion(), '--version', 'print the version')
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
  return program
}
