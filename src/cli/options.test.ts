import { Command } from 'commander'
import { expect, test } from 'vitest'
import { EXIT } from './io.ts'
import { listOf, positive, rulesNamed, withChain } from './options.ts'
import { createProgram } from './program.ts'
import { wholeNumber } from './side-by-side.ts'

test('a list is separated by commas; space and empty items are left out', () => {
  expect(listOf('a, b ,,c')).toEqual(['a', 'b', 'c'])
  expect([listOf(undefined), listOf(''), listOf(' , ')]).toEqual([[], [], []])
})

test('no rules are named where the option is missing, and none at all by an empty list', () => {
  expect([rulesNamed({}), rulesNamed({ rules: '' }), rulesNamed({ rules: 'a,b' })]).toEqual([
    undefined,
    [],
    ['a', 'b'],
  ])
})

test.each(['', '0', '-1', 'many', 'NaN', 'Infinity', '1e999'])('“%s” is no number above 0', (text) => {
  for (const read of [positive, wholeNumber])
    expect(() => read(text, '--days')).toThrow(/--days must be a (whole )?number above 0[\s\S]*Fix: /)
})

test('a part of a whole is a number and no whole number', () => {
  expect([positive('0.5', '--days'), positive('180', '--days'), wholeNumber('2', '--workers')]).toEqual([
    0.5, 180, 2,
  ])
  for (const text of ['0.5', '9007199254740993'])
    expect(() => wholeNumber(text, '--workers')).toThrow('whole number')
})

test('a long wrong value is told cut off', () => {
  expect(() => positive('x'.repeat(500), '--days')).toThrow(`“${'x'.repeat(40)}”`)
})

test('a command that needs a chain takes its options short and long', () => {
  const command = withChain(new Command('watch')).exitOverride()
  command.parse(['-c', 'a.ts', '--rpc', 'http://x', '--protect', '0x1', '-v', '--json'], { from: 'user' })
  expect(command.opts()).toEqual({
    config: 'a.ts',
    rpc: 'http://x',
    protect: '0x1',
    verbose: true,
    json: true,
  })
})

test('every command and every option says what it does, and each command can be read by a program', () => {
  const every = (command: Command): Command[] => [command, ...command.commands.flatMap(every)]
  const commands = every(createProgram(async () => {})).slice(1)
  const bare = commands.filter(
    (command) =>
      command.description() === '' || command.options.some(({ description }) => description === ''),
  )
  expect(bare.map((command) => command.name())).toEqual([])
  const leaves = commands.filter(({ commands: inner }) => inner.length === 0)
  const withoutJson = leaves.filter(({ options }) => !options.some(({ long }) => long === '--json'))
  expect(withoutJson.map((command) => command.name())).toEqual([])
  expect(leaves.length).toBeGreaterThan(30)
})

test('exit codes are distinct', () => {
  const codes = Object.values(EXIT)
  expect(new Set(codes).size).toBe(codes.length)
})
