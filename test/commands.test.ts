import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../src/cli/program.ts'

const program = createProgram(async () => {})

/** The texts that tell people to type something: errors with their fixes, pages, playbooks, documentation. */
const texts = [
  ...readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join('src', file)),
  ...readdirSync('playbooks').map((file) => join('playbooks', file)),
  ...readdirSync('docs/errors').map((file) => join('docs/errors', file)),
]

/** A command as it is written in a text: after `npx`, a backtick, a colon or a quote. */
const WRITTEN = /(?:npx |`|: |with |run |then |[‘“'"])cordon ([a-z][a-z0-9-]*)((?: +[^`'"“”‘’;,.)\n\\]+)?)/g

function commandsIn(file: string): { file: string; words: string[] }[] {
  // templates: what is filled in is a word like any other
  const text = readFileSync(file, 'utf8')
    .replaceAll(/\$\{[^}]*\}/g, 'WORD')
    .replaceAll(/\{\{[^}]*\}\}/g, 'WORD')
  return [...text.matchAll(WRITTEN)].map(([, first = '', rest = '']) => ({
    file,
    words: [first, ...rest.trim().split(/\s+/)].filter((word) => word !== ''),
  }))
}

/** The flaw in a command; undefined where it can be typed as it is written. */
function flawIn(words: readonly string[]): string | undefined {
  let command: Command = program
  const left = [...words]
  for (;;) {
    const next = command.commands.find((one) => one.name() === left[0])
    if (next === undefined) break
    command = next
    left.shift()
  }
  if (command === program) return `there is no command ${words[0]}`
  const [word] = left
  if (command.commands.length > 0 && word !== undefined && /^[a-z]/.test(word) && words.length > 1)
    return `${command.name()} has no ${word}`
  const flags = left.filter((one) => /^--[a-z]/.test(one)).map((one) => one.split('=')[0] ?? one)
  const unknown = flags.find(
    (flag) => !command.options.some(({ long, negate }) => long === flag || (negate && `--${long}` === flag)),
  )
  return unknown === undefined ? undefined : `${command.name()} has no ${unknown}`
}

test('every command that an error, a page, a playbook or a page of an error tells people to type exists, with its options', () => {
  const written = texts.flatMap(commandsIn)
  expect(written.length).toBeGreaterThan(60)
  const flaws = written.flatMap(({ file, words }) => {
    const flaw = flawIn(words)
    return flaw === undefined ? [] : [`${file}: cordon ${words.join(' ')}: ${flaw}`]
  })
  expect(flaws).toEqual([])
})
