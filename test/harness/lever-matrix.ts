import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveAuthority } from '../../src/contain/authority/authority.ts'
import { leverTemplates } from '../../src/contain/levers/registry.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { readState } from '../../src/contain/reading/state-view.ts'
import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import { probeLever } from '../../src/contain/trials/simulate.ts'
import type { Address } from '../../src/model/hex.ts'
import { selectorOf } from '../../src/model/hex.ts'
import type { Lever, OpEffect, OperationKind } from '../../src/model/lever.ts'
import { latestBlock, openWorld, send, type World } from './lever-world.ts'

/** One template on real bytecode, in a state in which each of its operations succeeds. */
export type Trial = {
  target: Address
  given?: Readonly<Record<string, string>>
  /** Selects one of the levers that it finds: part of its scope. The only one by default. */
  scope?: string
  /** The account that is tried as its authority. */
  caller: Address
  /**
   * One call of each kind, each of which succeeds now. Calls of several steps are not needed: the state is prepared.
   */
  operations: Readonly<Partial<Record<OperationKind, SimulatedCall>>>
  /** The targets of a cancel, a revoke or a request, by name, and the operations that it must leave alone. */
  others?: Readonly<Record<string, { call: SimulatedCall; expected: OpEffect }>>
  /** The account that may take it back, if it differs from the one that may pull it. */
  undoBy?: Address
}

/** The result: the line of a template in `docs/levers.md`. */
export type Probed = {
  template: string
  effects: Partial<Record<OperationKind, OpEffect>>
  others: Record<string, OpEffect>
  /** Claimed operations that were not tried. */
  untried: OperationKind[]
  state: 'said' | 'no view'
  undo: 'restores' | 'none'
}

/**
 * The matrix of a protocol: each of its templates is found by `discoverLevers` on its own chain, probed on each
 * operation, pulled and taken back. The results are stored in `test/levers/probed/`, from which `docs/levers.md` is
 * generated.
 */
export function leverMatrix(
  protocol: string,
  templates: readonly string[],
  setUp: (world: World) => Promise<Readonly<Record<string, Trial>>>,
): void {
  describe(`levers of ${protocol}`, () => {
    let world: World
    let trials: Readonly<Record<string, Trial>>
    const results: Probed[] = []
    beforeAll(async () => {
      world = await openWorld()
      trials = await setUp(world)
    })
    afterAll(() => world.close())

    for (const template of templates) {
      test(`${template} does what it claims, says so, and is taken back`, async () => {
        const trial = trials[template]
        if (trial === undefined) throw new Error(`no trial of ${template}`)
        const { probed, lever } = await probe(world, template, trial)
        results.push(probed)
        const tried = Object.keys(probed.effects)
        expect(probed.effects).toEqual(
          Object.fromEntries(Object.entries(lever.claims).filter(([kind]) => tried.includes(kind))),
        )
        expect(probed.others).toEqual(expectedOf(trial))
      })
    }

    test('what was probed is on record', async () => {
      const path = fileURLToPath(new URL(`../levers/probed/${protocol}.json`, import.meta.url))
      await expect(`${JSON.stringify(results, undefined, 2)}\n`).toMatchFileSnapshot(path)
    })

    test('every template of this protocol that says where it was tried is tried here', () => {
      const known = leverTemplates.filter(({ id, tried }) => tried !== null && id.startsWith(`${protocol}/`))
      expect([...templates].sort()).toEqual(known.map(({ id }) => id).sort())
    })
  })
}

function expectedOf({ others = {} }: Trial): Record<string, OpEffect> {
  return Object.fromEntries(Object.entries(others).map(([name, { expected }]) => [name, expected]))
}

async function probe(
  world: World,
  template: string,
  trial: Trial,
): Promise<{ probed: Probed; lever: Lever }> {
  const { rpc } = world
  const block = await latestBlock(world)
  const found = await find(world, template, trial)
  expect(found.armed, `${template} says that it is pulled before it is`).toBe(true)
  const { authority, tried } = await resolveAuthority(found, {
    rpc,
    block,
    signers: [],
    others: [trial.caller],
  })
  expect(authority?.address, tried.join('\n')).toBe(trial.caller)
  const lever = { ...found, authority }
  const others = Object.fromEntries(
    Object.entries(trial.others ?? {}).map(([name, { call }]) => [name, call]),
  )
  const effects = await probeEach(world, lever, trial.operations)
  const otherEffects = await probeEach(world, lever, others)
  expect(
    Object.values({ ...effects, ...otherEffects }),
    `a call of ${template} fails without it`,
  ).not.toContain('unknown')
  const undo = await pullAndTakeBack(world, lever, { template, trial })
  const untried = (Object.keys(lever.claims) as OperationKind[]).filter((kind) => !(kind in effects))
  const state = lever.state.length === 0 ? 'no view' : 'said'
  return { probed: { template, effects, others: otherEffects, untried, state, undo }, lever }
}

async function find(world: World, template: string, { target, given, scope }: Trial): Promise<Lever> {
  const { rpc, chainId } = world
  const block = await latestBlock(world)
  const levers = await discoverLevers({
    rpc,
    chainId,
    target,
    block,
    ...(given === undefined ? {} : { given }),
  })
  const fitting = levers.filter(
    (lever) => lever.template === template && (scope === undefined || lever.scope.includes(scope)),
  )
  const [lever, ...more] = fitting
  if (lever === undefined) {
    const seen = levers.map((other) => `${other.template} (${other.scope})`).join(', ')
    throw new Error(`${template} is not found; found: ${seen}`)
  }
  expect(more, `${template} is found more than once: name its scope`).toEqual([])
  return lever
}

async function probeEach<Name extends string>(
  { sequencer, ...world }: World,
  lever: Lever,
  calls: Readonly<Partial<Record<Name, SimulatedCall>>>,
): Promise<Record<Name, OpEffect>> {
  const block = await latestBlock({ sequencer, ...world })
  const effects: Partial<Record<Name, OpEffect>> = {}
  for (const [name, call] of Object.entries(calls) as [Name, SimulatedCall][]) {
    const selector = selectorOf(call.data) ?? '0x'
    const probed = await probeLever({ sequencer, lever, block, operations: [{ ...call, selector }] })
    effects[name] = probed[selector] ?? 'unknown'
  }
  return effects as Record<Name, OpEffect>
}

/** Really sent, on this chain, and then undone by the chain's own snapshot in every case. */
async function pullAndTakeBack(
  world: World,
  lever: Lever,
  { template, trial }: { template: string; trial: Trial },
): Promise<Probed['undo']> {
  const snapshot = await world.rpc.request('evm_snapshot', [])
  try {
    const { target, calldata: data, undo } = lever
    await send(world, { from: trial.caller, to: target, data, value: 0n })
    expect(await saysPulled(world, lever), `${template} is pulled and its state does not say so`).toBe(
      lever.state.length > 0,
    )
    if (undo === null) return 'none'
    await send(world, { from: trial.undoBy ?? trial.caller, to: target, data: undo.calldata, value: 0n })
    expect(await saysPulled(world, lever), `${template} is taken back and says that it is pulled`).toBe(false)
    await expectOpen(world, trial)
    return 'restores'
  } finally {
    await world.rpc.request('evm_revert', [snapshot])
  }
}

async function saysPulled(world: World, { state }: Lever): Promise<boolean> {
  const answers = await readState(world.rpc, state, await latestBlock(world))
  return answers.length > 0 && answers.every(({ isPulled }) => isPulled)
}

async function expectOpen(world: World, { operations, others = {} }: Trial): Promise<void> {
  const block = await latestBlock(world)
  for (const call of [...Object.values(operations), ...Object.values(others).map(({ call }) => call)]) {
    const [result] = await world.sequencer.run(block, [call])
    expect(result?.succeeded, `${call.data.slice(0, 10)} fails after the undo`).toBe(true)
  }
}
