import { defineConfig } from 'vitest/config'

const suite = (name: string, include: string[], exclude: string[] = [], globalSetup: string[] = []) => ({
  test: {
    name,
    include,
    exclude,
    globalSetup,
    pool: 'forks' as const,
    isolate: false,
    // Only ends what hangs: no test says by it how fast anything is.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    env: { TZ: 'UTC' },
  },
})

/** Suites by name: `vitest run --project fast` (which is `npm test`), or a path, which is found in whichever has it. */
export default defineConfig({
  test: {
    globalSetup: ['test/harness/global-setup.ts'],
    maxWorkers: 2,
    retry: 0,
    projects: [
      suite('fast', ['src/**/*.test.ts', 'test/**/*.test.ts'], ['**/*.slow.test.ts', 'test/clients/**']),
      suite(
        'slow',
        ['src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'],
        ['test/faults/**', 'test/clients/**'],
      ),
      suite('faults', ['test/faults/**/*.slow.test.ts']),
      suite('clients', ['test/clients/**/*.test.ts'], [], ['test/clients/setup.ts']),
    ],
  },
})
