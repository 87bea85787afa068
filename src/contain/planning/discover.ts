import { type AbiFunction, encodeFunctionData, parseAbiItem, toFunctionSelector } from 'viem'
import { toHex } from '../../chain/methods/block-tag.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { leverTemplates } from '../levers/registry.ts'
import { createSubject } from '../levers/subject.ts'
import type { Found, LeverTemplate, Subject } from '../levers/template.ts'
import { resolveCode } from '../reading/code.ts'
import { isPulled } from '../reading/state-view.ts'

export type DiscoverOptions = {
  rpc: Rpc
  chainId: number
  target: Address
  block: number
  /** Arguments that a template may need in addition to the target: `asset`, `spender`, `holder`, … */
  given?: Readonly<Record<string, string>>
}

/** Hashed once, because there are hundreds. */
const recognition = new Map(
  leverTemplates.map((template) => [
    template,
    template.recognisedBy.map((signature) => toFunctionSelector(signature)),
  ]),
)

/** Maximum levers of one template on one contract: an unbounded number of markets must not block the rest. */
const MOST_A_TEMPLATE = 64

/**
 * The levers that a contract's bytecode and views show at a block, without authority yet: resolves proxies, tries
 * templates, and reads whether each lever is already pulled. Narrow and wide ones, in the registry's order.
 */
export async function discoverLevers(options: DiscoverOptions): Promise<Lever[]> {
  const { rpc, target, block } = options
  const { implementation, selectors, path } = await resolveCode(rpc, target, toHex(block))
  const subject = createSubject({ ...options, selectors })
  const found = await Promise.all(
    leverTemplates
      .filter((template) => isCandidate(template, subject) && !isKnownBetter(template, subject))
      .map((template) => leversOf(template, { subject, implementation })),
  )
  const evidence = [...path, `${implementation} at block ${block}`]
  return Promise.all(
    unique(found.flat()).map(async (lever) => ({
      ...lever,
      // a view that reverts proves nothing
      armed: !(await isPulled(rpc, lever.state, block).catch(() => false)),
      evidence: [...evidence, ...lever.evidence],
    })),
  )
}

/** A contract that only resembles the protocol may give any answer: a template's error on it stops nothing. */
async function leversOf(template: LeverTemplate, place: Place): Promise<Lever[]> {
  try {
    const found = await template.find(place.subject)
    return found.slice(0, MOST_A_TEMPLATE).map((each) => leverOf(template, each, place))
  } catch {
    return []
  }
}

/** Two templates may lead to the same call, where the parameter that differs is already set: the first one is kept. */
function unique(levers: readonly Lever[]): Lever[] {
  const byId = new Map<string, Lever>()
  for (const lever of levers) if (!byId.has(lever.id)) byId.set(lever.id, lever)
  return [...byId.values()]
}

function isCandidate(template: LeverTemplate, subject: Subject): boolean {
  const { needs = [] } = template
  return isRecognised(template, subject) && needs.every((name) => subject.given[name] !== undefined)
}

function isRecognised(template: LeverTemplate, { selectors }: Subject): boolean {
  return recognition.get(template)?.every((selector) => selectors.has(selector)) === true
}

/** A generic pause must not be offered silently where another template requires a person's consent for it. */
function isKnownBetter({ isFallback, signature }: LeverTemplate, subject: Subject): boolean {
  if (isFallback === undefined) return false
  return leverTemplates.some(
    (other) =>
      other.isFallback === undefined && other.signature === signature && isRecognised(other, subject),
  )
}

type Place = { subject: Subject; implementation: Address }

function leverOf(template: LeverTemplate, place: Found, { subject, implementation }: Place): Lever {
  const { id, protocol, kind, breadth, signature, claims, trap, zeroMeaning, maxDurationSeconds } = template
  const { target, args, scope, state, undo, evidence = [] } = place
  const { chainId } = subject
  const calldata = encode(signature, args)
  const traps = [trap, place.trap, zeroMeaning, notAlone(template)].filter((text) => text !== undefined)
  return {
    id: args.length === 0 ? `${chainId}:${target}:${signature}` : `${chainId}:${target}:${calldata}`,
    chainId,
    target,
    implementation: target === subject.target ? implementation : target,
    template: id,
    protocol,
    kind,
    breadth,
    scope,
    signature,
    calldata,
    undo:
      undo === undefined ? null : { signature: undo.signature, calldata: encode(undo.signature, undo.args) },
    caller: place.caller ?? null,
    authority: null,
    state: [...state],
    armed: true,
    opEffects: {},
    claims: { ...claims, ...place.claims },
    trap: traps.length === 0 ? null : traps.join('; '),
    maxDurationSeconds: place.maxDurationSeconds ?? maxDurationSeconds ?? null,
    evidence: [`${signature} by template ${id}`, ...evidence],
  }
}

/** The note of a lever about the levers that belong to it. */
function notAlone({ together = [] }: LeverTemplate): string | undefined {
  return together.length === 0 ? undefined : `not alone: pull ${together.join(' and ')} with it`
}

function encode(signature: string, args: readonly unknown[]): Hex {
  const abi = parseAbiItem(`function ${signature}`) as AbiFunction
  return encodeFunctionData({ abi: [abi], args }).toLowerCase() as Hex
}
