import type { Command } from 'commander'
import type { Check } from '../respond/doctor/check.ts'
import { examine } from '../respond/doctor/examine.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { load, withChain } from './options.ts'

export function registerDoctor(program: Command, run: RunCommand): void {
  const command = program
    .command('doctor')
    .description(
      'check nodes, database, clocks, disk, channels, signers and levers, with a fix for each failure',
    )
  withChain(command).action((options: CommonOptions) => run(options, (io) => doctor(options, io)))
}

const MARKS = { ok: '✓', warning: '!', failed: '✗' } as const

async function doctor(options: CommonOptions, io: Io): Promise<number> {
  const loaded = await load(options, io)
  let failed = false
  for await (const check of examine({ loaded, env: io.env, logger: io.logger })) {
    if (check.state === 'failed') failed = true
    io.emit({ type: 'check', ...check })
    for (const line of describe(check)) io.say(line)
  }
  return failed ? EXIT.unhealthy : EXIT.ok
}

function describe({ state, name, detail, fix }: Check): string[] {
  return [`${MARKS[state]} ${name}: ${detail}`, ...(fix === undefined ? [] : [`    Fix: ${fix}`])]
}
