/**
 * Milliseconds of processor time that this process has used: what a test measures work by, because a busy machine does not
 * make it longer.
 */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
