import { z } from 'zod'
import { sha256 } from '../../../kit/json.ts'
import type { DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { isEntry } from '../../lib/entries.ts'
import { type Release, releasesIn } from '../../lib/messages.ts'
import { type Remembered, withMemory } from '../../lib/per-transaction.ts'
import { keyStoreWrites } from './key-store.ts'
import { emptyMemory, type Habit, keep, type Memory } from './memory.ts'
import { type Proof, proofOf } from './proofs.ts'

const options = z.strictObject({
  /** Releases by a function that must have had the same proofs before they count as its habit. */
  minReleases: z.number().int().min(2).default(5),
})
type Options = z.infer<typeof options>

/**
 * Bridge forgery: a message releases assets without a final, unique, matching deposit. A bridge is recognised by its
 * shape (calldata carries bytes that name the payee, and the caller gives nothing) and by its habit. The signs of
 * forgery: checks that every release of the function had are missing, there are fewer signers or none, the message's
 * hash was never shown to it as all others' were, or another account uses a message again with another recipient.
 * Without any past: a message makes the bridge rewrite the contract from which it reads its trusted keys. Honest relays
 * vary in proofs, signers and relayers but keep the habit; users' claims through multicalls have none.
 */
export const bridgeForgery = withMemory<Memory, Options>({
  id: 'bridge-forgery',
  title: 'A bridge released assets for a message that was not proved, or used before',
  options,
  init: emptyMemory,
  stateVersion: 1,
  evaluate,
})

function evaluate(tx: TransactionFacts, { input, memory, options }: Remembered<Memory, Options>): Finding[] {
  const { scope, facts } = input
  if (tx.transaction.succeeded === false) return []
  const claims = keyStoreWrites(tx).filter((it) =>
    [it.contract, ...it.victims].some((one) => inScope(scope, one)),
  )
  noteShown(tx, input, memory)
  const actors = actorCluster(tx, scope)
  const judged = new Set<number>()
  const isBridge = (contract: Address): boolean => inScope(scope, contract)
  for (const release of releasesIn(tx, { actors, isBridge })) {
    if (judged.has(release.entry.index)) continue
    judged.add(release.entry.index)
    claims.push(...takeRelease(release, tx, { memory, options }))
  }
  return findingFrom(claims, { detector: 'bridge-forgery', tx, actors, scope, bundle: facts.bundle })
}

const MOST_WORDS = 64

/** Words that look like hashes, in calls to protected contracts and to known bridges: a proof contains its hash. */
function noteShown(
  { transaction: { frames } }: TransactionFacts,
  { scope }: DetectorInput,
  memory: Memory,
): void {
  if (scope.kind !== 'contracts') return
  for (const frame of frames) {
    const { context, input } = frame
    if (context === null || !scope.addresses.has(context) || !isEntry(frame, frames)) continue
    for (let at = 10, n = 0; at + 64 <= input.length && n < MOST_WORDS; at += 64, n++) {
      const word = input.slice(at, at + 64)
      if (!word.startsWith('00')) keep(memory.shown, `${context}${word}`, true)
    }
  }
}

type Taking = { memory: Memory; options: Options }

function takeRelease(release: Release, tx: TransactionFacts, { memory, options }: Taking): Claim[] {
  const { bridge, entry } = release
  const key = `${bridge}${selectorOf(entry.input)}`
  const proof = proofOf(release, tx.transaction.frames)
  const isShown = memory.shown.has(`${bridge}${proof.digest.slice(2)}`)
  const habit = memory.habits.get(key) ?? {
    seen: 0,
    checks: [...proof.checks],
    signers: proof.signers,
    shown: 0,
  }
  const verdicts = [
    ...againstHabit({ habit, proof, isShown }, options),
    ...(isBridge(habit, proof, options) ? usedAgain(release, tx, memory) : []),
  ]
  // A forged release must not become the habit.
  if (verdicts.length > 0) return verdicts.map((verdict) => claimOf(release, verdict))
  keep(memory.habits, key, {
    seen: habit.seen + 1,
    checks: habit.checks.filter((it) => proof.checks.has(it)),
    signers: Math.min(habit.signers, proof.signers),
    shown: habit.shown + (isShown ? 1 : 0),
  })
  noteTemplate(release, tx, memory)
  return []
}

type Verdict = { confidence: number; reason: string }
type Held = { habit: Habit; proof: Proof; isShown: boolean }

/** Every message was first shown to the bridge by its hash, or each release is checked in the call. */
function isBridge({ seen, shown, checks }: Habit, proof: Proof, { minReleases }: Options): boolean {
  return (seen >= minReleases && shown === seen) || checks.length > 0 || proof.checks.size > 0
}

function againstHabit({ habit, proof, isShown }: Held, { minReleases }: Options): Verdict[] {
  if (proof.nobody) return [{ confidence: 0.8, reason: 'every signature on it recovered to nobody' }]
  if (habit.seen < minReleases) return []
  const missing = habit.checks.filter((it) => !proof.checks.has(it))
  if (missing.length > 0) {
    const reason = `without ${missing.join(' and ')}, which checked each of the ${habit.seen} releases before`
    return [{ confidence: 0.86, reason }]
  }
  if (habit.shown === habit.seen && !isShown) {
    const reason = `its hash was never shown to the bridge, as it was for each of the ${habit.seen} releases before`
    return [{ confidence: 0.88, reason }]
  }
  if (proof.signers >= habit.signers || habit.signers < 2) return []
  return [
    {
      confidence: 0.6,
      reason: `with ${proof.signers} signers where there never were less than ${habit.signers}`,
    },
  ]
}

function usedAgain(release: Release, tx: TransactionFacts, memory: Memory): Verdict[] {
  const known = memory.templates.get(templateKey(release))
  const sender = tx.transaction.from ?? ''
  if (known === undefined) return []
  if (known.calldata === sha256(release.entry.input))
    return [{ confidence: 0.85, reason: `the very message was used in ${known.hash}` }]
  if (known.senders.includes(sender)) return []
  noteTemplate(release, tx, memory)
  const others = known.senders.length
  return [
    {
      confidence: others > 1 ? 0.88 : 0.75,
      reason: `the message was used in ${known.hash} with another recipient or amount${others > 1 ? `, and by ${others} senders since` : ''}`,
    },
  ]
}

/** The whole calldata, with the recipient and the amount blanked: numbers, proofs and signatures stay. */
function templateKey({ bridge, entry, recipient, transfer }: Release): string {
  const amount = transfer.amount.toString(16).padStart(64, '0')
  return bridge + sha256(entry.input.replaceAll(recipient.slice(2), 'recipient').replaceAll(amount, 'amount'))
}

const MOST_SENDERS = 16

function noteTemplate(release: Release, tx: TransactionFacts, memory: Memory): void {
  const key = templateKey(release)
  const { hash, from } = tx.transaction
  const known = memory.templates.get(key) ?? { hash, senders: [], calldata: sha256(release.entry.input) }
  const senders = [...new Set([...known.senders, from ?? ''])].slice(0, MOST_SENDERS)
  keep(memory.templates, key, { ...known, senders })
}

function claimOf({ bridge, entry, transfer, recipient }: Release, { confidence, reason }: Verdict): Claim {
  return {
    contract: bridge,
    victims: transfer.asset === 'native' ? [] : [transfer.asset],
    confidence,
    categories: ['bridge-forgery'],
    statement: `${bridge} released ${transfer.amount} of ${transfer.asset} to ${recipient} for a message: ${reason}.`,
    frames: [entry.index, transfer.frame],
    amounts: [{ account: recipient, asset: transfer.asset, amount: transfer.amount }],
  }
}
