import { defineConfig } from 'vitest/config'
import { AREAS } from './scripts/mutation-areas.mjs'

const { tests, without = [], needs } = AREAS[process.env.CORDON_MUTATION_AREA ?? 'calibrate']

/** The tests of one area of `npm run mutation`: those next to the changed files. */
export default defineConfig({
  test: {
    include: tests,
    exclude: without,
    globalSetup: needs === 'postgres' ? ['test/harness/global-setup.ts'] : [],
    isolate: false,
    retry: 0,
    testTimeout: 60_000,
    env: { TZ: 'UTC' },
  },
})
