import { expect, test } from 'vitest'
import { HOST, problemOf, TOKEN, testApi } from '../../test/harness/api.ts'

const SIGNED = {
  chainId: 1,
  target: `0x${'11'.repeat(20)}`,
  calldata: '0x8456cb59',
  authority: `0x${'99'.repeat(20)}`,
  lane: 'lane',
  nonce: 0,
  decision: 'approve',
  validUntil: 1_700_000_600,
  signer: `0x${'99'.repeat(20)}`,
  signature: `0x${'ab'.repeat(65)}`,
}

const post = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): RequestInit & { path: string } => ({
  path,
  method: 'POST',
  headers: { host: HOST, authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
  body,
})

test('what a person signed is taken with the token, and the answer says what it came to', async () => {
  const { ask } = await testApi()
  const { path, ...init } = post('/v1/plans/plan-1/approvals', JSON.stringify(SIGNED))
  const response = await ask(path, init)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ verdict: { state: 'approved' }, notCounted: null })
  const without = await ask(path, { ...init, headers: { host: HOST, 'content-type': 'application/json' } })
  expect(await problemOf(without)).toMatchObject({ status: 401 })
})

test('a signed approval that is not one, or of no plan, is refused with what is wrong', async () => {
  const { ask } = await testApi()
  const cases: [string, string, number][] = [
    ['/v1/plans/plan-1/approvals', JSON.stringify({ ...SIGNED, signature: '0xzz' }), 400],
    ['/v1/plans/plan-1/approvals', '{', 400],
    ['/v1/plans/plan-1/approvals', '', 400],
    ['/v1/plans/nowhere/approvals', JSON.stringify(SIGNED), 404],
  ]
  for (const [at, body, status] of cases) {
    const { path, ...init } = post(at, body)
    expect({ body, ...(await problemOf(await ask(path, init))) }).toMatchObject({ body, status })
  }
  const { path, ...plain } = post('/v1/plans/plan-1/approvals', JSON.stringify(SIGNED), {
    'content-type': 'text/plain',
  })
  const as = await ask(path, plain)
  expect(await problemOf(as)).toMatchObject({ status: 400, code: 'api.InvalidRequest' })
})
