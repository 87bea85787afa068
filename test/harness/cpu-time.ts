/**
 * Milliseconds of processor time that this process has used: a test measures work by it, because a busy machine does
 * not increase it.
 */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
