import { AREAS } from './scripts/mutation-areas.mjs'

/** Run through `npm run mutation`, which says the area in the environment. */
const area = process.env.CORDON_MUTATION_AREA ?? 'calibrate'

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.mjs' },
  mutate: [...AREAS[area].mutate, '!src/**/*.test.ts'],
  coverageAnalysis: 'perTest',
  // Code that runs when a file is imported would need a new process for each change.
  ignoreStatic: true,
  incremental: false,
  concurrency: 2,
  timeoutMS: 20_000,
  tempDirName: '.cordon/mutation/sandbox',
  ignorePatterns: ['/dist', '/docs', '/bench', '/.cordon', '/web', '/deploy'],
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false, allowEmojis: false },
  jsonReporter: { fileName: `.cordon/mutation/${area}.json` },
}
