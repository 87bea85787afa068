import { keccak256 } from 'viem'
import type { Address, Hex } from '../../model/hex.ts'
import type { Program, Rule } from './alteration.ts'
import { assemble, type Item } from './assemble.ts'

/** Transient slot of the lock, and the prefix that distinguishes the marks of `once` from the contract's own slots. */
const LOCK: Hex = keccak256('0x636f72646f6e206c6f636b')
const SALT: Hex = keccak256('0x636f72646f6e206f6e6365')
/** `Error("refused")` in ABI encoding. */
const REFUSAL: Hex = `0x08c379a0${'20'.padStart(64, '0')}${'7'.padStart(64, '0')}${'72656675736564'.padEnd(64, '0')}`

const COPY_CALL: Item[] = ['CALLDATASIZE', 'PUSH0', 'PUSH0', 'CALLDATACOPY']

/**
 * Code that stands at a contract's address, runs the program, and passes every other call to the contract's own code at
 * `original` by DELEGATECALL: storage, balance, sender and value are the contract's. It cannot preserve gas (a hop
 * costs about 3,000, more than the 2,300 of a `transfer`), EXTCODEHASH, and checks that code runs at its own address. A
 * run with `nothing` shows whether that matters.
 */
export function shimCode(program: Exclude<Program, { kind: 'held' }>, original: Address): Hex {
  switch (program.kind) {
    case 'nothing':
      return assemble([...passOn(original), ...finish()])
    case 'lock':
      return assemble(lock(program, original))
    case 'rules':
      return assemble(rules(program.rules, original))
  }
}

/** Leaves the success flag on the stack. */
function passOn(original: Address): Item[] {
  return [
    ...COPY_CALL,
    ...(['PUSH0', 'PUSH0', 'CALLDATASIZE', 'PUSH0'] as const),
    { push: original },
    'GAS',
    'DELEGATECALL',
  ]
}

/** Returns or reverts with the returned data; the success flag is on the stack. */
function finish(label = 'fine'): Item[] {
  return [
    ...(['RETURNDATASIZE', 'PUSH0', 'PUSH0', 'RETURNDATACOPY'] as const),
    { to: label },
    'JUMPI',
    ...(['RETURNDATASIZE', 'PUSH0', 'REVERT'] as const),
    { label },
    ...(['RETURNDATASIZE', 'PUSH0', 'RETURN'] as const),
  ]
}

const refusal: Item[] = [
  { label: 'refuse' },
  { push: (REFUSAL.length - 2) / 2 },
  { to: 'refusal' },
  'PUSH0',
  'CODECOPY',
  { push: (REFUSAL.length - 2) / 2 },
  'PUSH0',
  'REVERT',
  { data: REFUSAL, name: 'refusal' },
]

/** Calls without a whole selector go on to `label`; the selector stays on the stack. */
function selectorOr(label: string): Item[] {
  return [
    ...([{ push: 4 }, 'CALLDATASIZE', 'LT', { to: label }, 'JUMPI'] as const),
    ...(['PUSH0', 'CALLDATALOAD', { push: 224 }, 'SHR'] as const),
  ]
}

type Lock = Extract<Program, { kind: 'lock' }>

function lock({ entries, reads, readers }: Lock, original: Address): Item[] {
  const branch = (selector: Hex, to: string): Item[] => ['DUP1', { push: selector }, 'EQ', { to }, 'JUMPI']
  return [
    ...selectorOr('pass'),
    ...entries.flatMap((selector) => branch(selector, 'enter')),
    ...reads.flatMap((selector) => branch(selector, 'read')),
    { label: 'pass' },
    ...passOn(original),
    ...finish(),
    { label: 'read' },
    ...readers.flatMap((reader): Item[] => ['CALLER', { push: reader }, 'EQ', { to: 'mayRead' }, 'JUMPI']),
    { to: 'pass' },
    'JUMP',
    { label: 'mayRead' },
    ...([{ push: LOCK }, 'TLOAD', { to: 'refuse' }, 'JUMPI', { to: 'pass' }, 'JUMP'] as const),
    { label: 'enter' },
    ...([{ push: LOCK }, 'TLOAD', { to: 'refuse' }, 'JUMPI'] as const),
    ...([{ push: 1 }, { push: LOCK }, 'TSTORE'] as const),
    ...passOn(original),
    ...(['PUSH0', { push: LOCK }, 'TSTORE'] as const),
    ...finish('left'),
    ...refusal,
  ]
}

/** The first matching rule decides a call. A rule without a sender applies to every sender. */
function rules(all: readonly Rule[], original: Address): Item[] {
  return [
    ...all.flatMap((rule, n) => ruleItems(rule, n, original)),
    ...passOn(original),
    ...finish(),
    // bytes last: one that looks like a PUSH would swallow a JUMPDEST behind it
    ...refusal,
    ...all.flatMap(({ reply }, n): Item[] =>
      reply.kind === 'answer' ? [{ data: reply.output, name: `answer${n}` }] : [],
    ),
  ]
}

function ruleItems({ from, match, reply }: Rule, n: number, original: Address): Item[] {
  const next = `next${n}`
  const senders: Item[] =
    from.length === 0
      ? []
      : [
          ...from.flatMap((sender): Item[] => [
            'CALLER',
            { push: sender },
            'EQ',
            { to: `from${n}` },
            'JUMPI',
          ]),
          { to: next },
          'JUMP',
          { label: `from${n}` },
        ]
  const bytes: Item[] =
    match.kind === 'selector'
      ? [...selectorOr(next), { push: match.selector }, 'EQ']
      : [...COPY_CALL, 'CALLDATASIZE', 'PUSH0', 'KECCAK256', { push: keccak256(match.input) }, 'EQ']
  return [
    ...senders,
    ...bytes,
    ...(['ISZERO', { to: next }, 'JUMPI'] as const),
    ...replyItems(reply, n, original),
    { label: next },
  ]
}

function replyItems(reply: Rule['reply'], n: number, original: Address): Item[] {
  switch (reply.kind) {
    case 'refuse':
      return [{ to: 'refuse' }, 'JUMP']
    case 'answer': {
      const size = (reply.output.length - 2) / 2
      return [{ push: size }, { to: `answer${n}` }, 'PUSH0', 'CODECOPY', { push: size }, 'PUSH0', 'RETURN']
    }
    case 'once':
      // marked only after it has returned: a call inside itself is not a repeat but a re-entry
      return [
        ...COPY_CALL,
        ...(['CALLDATASIZE', 'PUSH0', 'KECCAK256', { push: SALT }, 'ADD'] as const),
        ...(['DUP1', 'TLOAD', { to: 'refuse' }, 'JUMPI'] as const),
        ...passOn(original),
        ...(['DUP1', 'SWAP2', 'TSTORE'] as const),
        ...finish(`done${n}`),
      ]
  }
}
