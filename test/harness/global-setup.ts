import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { silentLogger } from '../../src/kit/logger.ts'
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The PostgreSQL of this test run. */
    postgresUrl: string
  }
}

/**
 * Once per test run: contracts compiled (cached by content hash), programs that tests kill built for plain Node (it
 * cannot run TypeScript before 22.18) into .cordon/test-build, and one PostgreSQL for all test files.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const contracts = 'scripts/compile-contracts.mjs'
  if (existsSync(contracts)) execFileSync(process.execPath, [contracts], { stdio: 'inherit' })
  const compiler = 'node_modules/typescript-native/bin/tsc'
  execFileSync(process.execPath, [compiler, '-p', 'test/fixtures/tsconfig.json'], { stdio: 'inherit' })
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-test-postgres-'))
  const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, ephemeral: true })
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
