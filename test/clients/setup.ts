import type { TestProject } from 'vitest/node'
import { gethBinary } from '../harness/geth.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the geth that these tests start; null where there is none. */
    geth: string | null
  }
}

/** Builds geth where that was not done yet; says in one line why its tests are skipped where it cannot be had. */
export async function setup(project: TestProject): Promise<void> {
  const binary = await gethBinary()
  if (binary === undefined)
    process.stderr.write('geth tests skipped: no Go here, and CORDON_GETH is not set\n')
  project.provide('geth', binary ?? null)
}
