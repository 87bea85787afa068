import { keccak256, parseAbiItem, toBytes, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { actionKinds } from '../../model/fact.ts'
import { type ActionPlan, callPlans, logPlans } from './compile.ts'
import { CALL_PLANS, families, LOG_PLANS } from './families.ts'

const selectorOf = (text: string): string => {
  const item = parseAbiItem([`function ${text}`] as readonly string[])
  if (item === undefined || !('type' in item) || item.type !== 'function') throw new Error(text)
  return toFunctionSelector(item)
}
const topicOf = (text: string): string => {
  const item = parseAbiItem([`event ${text}`] as readonly string[])
  if (item === undefined || !('type' in item) || item.type !== 'event') throw new Error(text)
  return toEventSelector(item)
}

describe.each(families.map((family) => [family.protocol ?? 'names that many share', family] as const))(
  '%s',
  (_name, family) => {
    test('every topic and selector is the keccak of its declaration', () => {
      for (const { event, topic, named } of family.logs) {
        expect([event, topic]).toEqual([event, topicOf(event)])
        if (named !== undefined) expect(named.topic).toBe(keccak256(toBytes(named.name)))
      }
      for (const rule of family.calls)
        expect([rule.function, rule.selector]).toEqual([rule.function, selectorOf(rule.function)])
    })

    test('every rule names parameters that its declaration has, in places that are known', () => {
      const plans = [...logPlans(family), ...callPlans(family)].map(([, plan]) => plan)
      for (const [i, rule] of [...family.logs, ...family.calls].entries()) {
        const plan = plans[i]
        if (plan === undefined) throw new Error('a plan a rule')
        expect(plan.given.length).toBe(rule.given?.length ?? 0)
        expect(plan.taken.length).toBe(rule.taken?.length ?? 0)
        expect(plan.where === null).toBe(rule.where === undefined)
        expect([plan.actor === null, plan.beneficiary === null, plan.contract === null]).toEqual([
          rule.actor === undefined,
          rule.beneficiary === undefined,
          rule.contract === undefined,
        ])
        const amounts = [...(rule.given ?? []), ...(rule.taken ?? [])]
        for (const [n, { asset }] of [...plan.given, ...plan.taken].entries())
          expect(asset === null).toBe(amounts[n]?.asset === undefined)
        expect([...actionKinds, 'swap']).toContain(rule.action)
      }
    })
  },
)

const shapeOf = ({ topics, words, exact, named }: ActionPlan): string =>
  `${topics} ${words} ${exact} ${named}`

test('no two families read the same log, so the order of the families means nothing', () => {
  for (const plans of LOG_PLANS.values()) {
    const owners = new Map<string, string | null>()
    for (const plan of plans) {
      const shape = shapeOf(plan)
      expect(owners.get(shape) ?? plan.protocol).toBe(plan.protocol)
      owners.set(shape, plan.protocol)
    }
  }
})

test('no two families have the same function', () => {
  for (const plans of CALL_PLANS.values()) expect(new Set(plans.map(({ protocol }) => protocol)).size).toBe(1)
})

test('every kind of action is told by some signature', () => {
  const told = new Set([...LOG_PLANS.values(), ...CALL_PLANS.values()].flat().map(({ action }) => action))
  for (const kind of actionKinds) expect([...told]).toContain(kind)
})
