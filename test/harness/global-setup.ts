import { execFileSync } from 'node:child_process'

/** Once a test run: contracts compiled (cached by content hash). */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/compile-contracts.mjs'], { stdio: 'inherit' })
}
