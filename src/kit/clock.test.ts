import { expect, test } from 'vitest'
import { childEnvironment, outboundEnvironment } from './child-environment.ts'
import { fakeClock, systemClock } from './clock.ts'
import { crashPoint, onCrashPoint } from './crash-point.ts'
import { packageRoot } from './package-root.ts'
import { cordonVersion } from './version.ts'
import { within } from './within.ts'

const A_DAY = 86_400_000

test('a sleep ends when it is aborted, before it or while it lasts', async () => {
  await systemClock.sleep(A_DAY, AbortSignal.abort())
  const controller = new AbortController()
  const sleeping = systemClock.sleep(A_DAY, controller.signal)
  controller.abort()
  await sleeping
  await systemClock.sleep(0)
})

test('a clock for tests moves only by sleeping and by hand', async () => {
  const clock = fakeClock(5)
  await clock.sleep(10)
  clock.advance(100)
  expect([clock.now(), fakeClock().now()]).toEqual([115, 0])
})

test('a promise that takes too long gives null, and one that fails fails', async () => {
  expect(await within(new Promise(() => undefined), 1)).toBeNull()
  expect(await within(Promise.resolve('done'), A_DAY)).toBe('done')
  await expect(within(Promise.reject(new Error('broken')), A_DAY)).rejects.toThrow('broken')
})

test('a child process gets what every program needs and none of our secrets', () => {
  const env = {
    PATH: '/bin',
    TZ: 'UTC',
    HOME: undefined,
    GUARDIAN_KEY: '0x1',
    DATABASE_URL: 'postgres://x',
    https_proxy: 'http://user:secret@proxy',
  }
  expect(childEnvironment(env)).toEqual({ PATH: '/bin', TZ: 'UTC' })
  expect(outboundEnvironment(env)).toEqual({
    PATH: '/bin',
    TZ: 'UTC',
    https_proxy: 'http://user:secret@proxy',
  })
})

test('a simulation may take a crash upon itself, and gives it back', () => {
  const reached: string[] = []
  const restore = onCrashPoint((name) => reached.push(name))
  crashPoint('kit.example')
  restore()
  crashPoint('kit.example')
  expect(reached).toEqual(['kit.example'])
})

test('the package is found from its sources, and tells its version', () => {
  expect(packageRoot()).toBe(process.cwd())
  expect(cordonVersion()).toMatch(/^\d+\.\d+\.\d+/)
})
