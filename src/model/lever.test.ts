import { expect, test } from 'vitest'
import { anAddress, aPlan } from '../../test/harness/builders.ts'
import { leverSchema } from './lever.ts'

test('a lever of an older record is read with its view as state', () => {
  const { state, template, ...rest } = aPlan().lever
  const old = { ...rest, stateView: 'paused()' }
  expect(leverSchema.parse(old)).toEqual({ ...rest, template: 'pause', state })
})

test('a lever of an older record without a view has no state', () => {
  const { state: _state, ...rest } = aPlan().lever
  expect(leverSchema.parse({ ...rest, stateView: null })).toEqual({ ...rest, state: [] })
})

test('the view of an older record is asked of the lever’s target', () => {
  const { state: _state, ...rest } = aPlan().lever
  const read = leverSchema.parse({ ...rest, target: anAddress(7), stateView: 'paused()' }).state[0]
  expect(read).toMatchObject({ to: anAddress(7), data: '0x5c975abb' })
})
