import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { approvalDecisions } from '../model/approval.ts'
import { addressOf } from '../model/given-address.ts'
import type { ApprovalDesk, Given, OpenPlan, Wish } from '../respond/approvals/desk.ts'
import { openApprovalDesk } from '../respond/approvals/desk.ts'
import { atDesk } from './at-desk.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { withChain } from './options.ts'

type Options = CommonOptions & { decision: string; for?: string; as?: string }

export function registerApprovals(program: Command, run: RunCommand): void {
  const approvals = program
    .command('approvals')
    .description('approve or refuse plans that wait for signatures')
  const add = (
    name: string,
    description: string,
    act: (desk: ApprovalDesk, given: { id: string; options: Options }, io: Io) => Promise<number>,
  ): Command => {
    const command = approvals.command(name).description(description)
    return withChain(command).action((...given: unknown[]) => {
      const options = given.at(-2) as Options
      const id = typeof given[0] === 'string' ? given[0] : ''
      return run(options, (io) =>
        atDesk(openApprovalDesk, { options, io }, (desk) => act(desk, { id, options }, io)),
      )
    })
  }
  add('list', 'list plans of open incidents with the signatures so far', list)
  const wish = (command: Command): Command =>
    command
      .option('--decision <word>', approvalDecisions.join(', '), 'approve')
      .option('--for <duration>', 'how long it is valid: 30m (default and most: what the policy allows)')
  wish(add('show <plan>', 'show the exact call and the EIP-712 message for a wallet', show))
  wish(add('sign <plan>', 'sign with a configured signer', sign)).option('--as <address>', 'which signer')
  add('submit <file>', 'submit terms with `signer` and `signature` as JSON; - reads stdin', submit)
}

async function list(desk: ApprovalDesk, _given: unknown, io: Io): Promise<number> {
  const plans = await desk.list()
  for (const open of plans) {
    io.emit({ type: 'plan', ...open })
    io.say(lineOf(open))
  }
  if (plans.length === 0) io.say('no plans of open incidents')
  return EXIT.ok
}

function lineOf({ plan, incident, verdict, isSent }: OpenPlan): string {
  const state = isSent ? 'sent' : verdict.state
  const missing = !isSent && verdict.state === 'waiting' ? `; has ${verdict.missing.join(' and ')}` : ''
  const { lever } = plan
  return `${plan.id}  ${state.padEnd(9)} ${plan.purpose} ${lever.signature} on ${lever.target}, chain ${lever.chainId}${missing}  (${printable(incident.title, 80)})`
}

type ForPlan = { id: string; options: Options }

async function show(desk: ApprovalDesk, { id, options }: ForPlan, io: Io): Promise<number> {
  const { open, terms, typedData } = await desk.show(id, wishOf(options))
  io.emit({ type: 'approval-terms', terms, typedData, verdict: open.verdict })
  io.say(lineOf(open))
  const { plan, verdict } = open
  io.say(`  calls     ${plan.lever.target} with ${plan.lever.calldata}`)
  io.say(`  as        ${terms.authority}`)
  io.say(`  lane      ${terms.lane}, call ${terms.nonce}`)
  io.say(`  until     ${new Date(terms.validUntil * 1_000).toISOString()}`)
  if (plan.lever.trap !== null) io.say(`  trap      ${printable(plan.lever.trap, 300)}`)
  for (const { signer, reason } of verdict.rejected) io.say(`  not counted: ${signer}: ${reason}`)
  io.say('Sign it here (`cordon approvals sign`), or take the EIP-712 message with --json to a wallet.')
  return EXIT.ok
}

async function sign(desk: ApprovalDesk, { id, options }: ForPlan, io: Io): Promise<number> {
  const as = options.as === undefined ? undefined : addressOf(options.as)
  return told(await desk.sign(id, { ...wishOf(options), as }), io)
}

async function submit(desk: ApprovalDesk, { id: file }: { id: string }, io: Io): Promise<number> {
  const text = await readFile(file === '-' ? '/dev/stdin' : resolve(io.cwd, file), 'utf8').catch(() => '')
  return told(await desk.submit(text), io)
}

function told({ approval, verdict, notCounted }: Given, io: Io): number {
  io.emit({ type: 'approval', approval, verdict, notCounted })
  io.say(`kept: ${approval.signer} says ${approval.decision} to plan ${approval.planId}`)
  if (notCounted !== null) io.say(`It does not count: ${notCounted}.`)
  const missing = verdict.state === 'waiting' ? `: has ${verdict.missing.join(' and ')}` : ''
  io.say(`The plan is ${verdict.state}${missing}.`)
  return notCounted === null ? EXIT.ok : EXIT.failed
}

function wishOf(options: Options): Wish {
  const decision = approvalDecisions.find((word) => word === options.decision)
  if (decision !== undefined) return { decision, forText: options.for }
  throw new CordonError({
    code: 'app.InvalidAnswer',
    message: `“${options.decision.slice(0, 40)}” is not a decision.`,
    facts: { got: options.decision.slice(0, 40), decisions: approvalDecisions },
    fix: `Give one of ${approvalDecisions.join(', ')}.`,
  })
}
