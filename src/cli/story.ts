import { reportPath } from '../app/actions/report.ts'
import type { RunningDrill } from '../app/drill/run.ts'
import type { Hub, LiveEvent } from '../app/events.ts'
import { printable } from '../kit/text.ts'
import { atLeast } from '../model/finding.ts'
import type { Io } from './io.ts'
import { describeFinding } from './lines.ts'

/** Tells what goes on as it happens, each line with the milliseconds since the start. Gives how to add a line. */
export function drillStory(hub: Hub, io: Io): (line: string) => void {
  const began = performance.now()
  const say = (line: string): void =>
    io.say(`${String(Math.round(performance.now() - began)).padStart(7)} ms  ${line}`)
  let found: number | undefined
  hub.listen((event) => {
    io.emit(event)
    // Remarks in a low voice (somebody prepares) come long before: the clock starts at the alarm.
    if (event.type === 'finding' && atLeast(event.severity, 'medium')) found ??= performance.now()
    for (const line of tell(event, found)) say(line)
  })
  return say
}

/** The same for a real chain, where blocks are not news. */
export function liveStory(hub: Hub, io: Io): void {
  hub.listen((event) => {
    io.emit(event)
    const lines =
      event.type === 'finding' ? describeFinding(event) : event.type === 'block' ? [] : tell(event, undefined)
    for (const line of lines) io.say(line)
  })
}

function tell(event: LiveEvent, found: number | undefined): string[] {
  const since = found === undefined ? '' : ` (+${Math.round(performance.now() - found)} ms)`
  switch (event.type) {
    case 'block':
      return event.transactions === 0
        ? []
        : [
            `block ${event.blockNumber}: ${event.transactions} transactions, looked at in ${event.milliseconds.toFixed(1)} ms`,
          ]
    case 'finding':
      return [
        `${atLeast(event.severity, 'medium') ? '!!' : '  '} ${event.detector} in block ${event.blockNumber}: ${printable(event.message, 200)}`,
      ]
    case 'alert':
      return [
        `${atLeast(event.severity, 'medium') ? '!!' : '  '} alert: ${event.severity}, confidence ${event.confidence.toFixed(2)}, ${event.categories.join(' and ')}`,
      ]
    case 'incident':
      return []
    case 'timeline':
      return event.kind === 'alert' ? [] : [`   ${event.kind}: ${printable(event.message, 240)}${since}`]
    case 'reorg':
      return [`   reorg: ${event.removed} blocks after ${event.ancestor} were replaced`]
    case 'notice':
      return [`   notice: ${printable(event.message, 200)}`]
    case 'blind':
      return [`   BLIND: ${event.detector} has no ${event.missing} with this node`]
    case 'health':
      return healthLines(event)
  }
}

function healthLines({ status, reasons }: Extract<LiveEvent, { type: 'health' }>): string[] {
  const lines = reasons.map(({ message, detail }) => printable([message, detail].join(' ').trim(), 300))
  return [`   health: ${status}`, ...lines.map((line) => `     ${line}`)]
}

/** How it ended, and where the record is. */
export function drillEnd({ outcome, running }: RunningDrill, io: Io): void {
  const { incident, funds, attackTransactions } = outcome
  io.say('')
  io.say(outcome.contained ? 'CONTAINED' : 'NOT CONTAINED')
  if (funds !== null) tellFunds(funds, io)
  io.say(
    `  attack transactions        ${attackTransactions.mined} went through, ${attackTransactions.reverted} failed`,
  )
  if (incident === null) return
  io.say(`  incident                   ${incident.id}: npx cordon incidents show ${incident.id}`)
  io.say(
    `  report                     ${reportPath(running.app.config.dataDir, { incidentId: incident.id })}`,
  )
}

function tellFunds(funds: NonNullable<RunningDrill['outcome']['funds']>, io: Io): void {
  io.say(`  at risk before the attack  ${amount(funds.before, funds.asset)}`)
  io.say(
    `  left                       ${amount(funds.after, funds.asset)}  (${share(funds.after, funds.before)})`,
  )
  io.say(
    `  left without a response    ${amount(funds.withoutResponse, funds.asset)}  (${share(funds.withoutResponse, funds.before)})`,
  )
}

/** The drill's USDC has 6 decimals, its coin 18: shown with two. */
function amount(value: bigint, asset: string): string {
  const [unit, decimals] = asset === 'native' ? ['ETH', 18n] : ['USDC', 6n]
  const cents = (value * 100n) / 10n ** decimals
  const whole = (cents / 100n).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return `${whole}.${(cents % 100n).toString().padStart(2, '0')} ${unit}`.padStart(20)
}

function share(part: bigint, whole: bigint): string {
  return whole === 0n ? '–' : `${(Number((part * 1000n) / whole) / 10).toFixed(1)} %`
}
