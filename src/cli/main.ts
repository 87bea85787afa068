#!/usr/bin/env node
import { followEndings } from './ending.ts'
import type { RunCommand } from './io.ts'
import { createIo, tellError } from './io.ts'
import { cordonProgram } from './program.ts'

const endings = followEndings()

const run: RunCommand = async (options, act) => {
  const io = createIo(options, endings.signal)
  try {
    process.exitCode = endings.exitCode(await act(io))
  } catch (thrown) {
    process.exitCode = endings.exitCode(tellError(thrown, io.json))
  }
}

await cordonProgram(run).parseAsync()
