import type { Command } from 'commander'
import { loadConfig } from '../app/config/load.ts'
import { CordonError } from '../kit/error.ts'
import type { LoadedConfig } from '../model/config.ts'
import type { Io } from './io.ts'

export type CommonOptions = {
  json?: boolean
  verbose?: boolean
  config?: string
  rpc?: string
  protect?: string
}

/** `--json` and `--verbose`, which every command has. */
export function withOutput(command: Command): Command {
  return command
    .option('--json', 'machine-readable: NDJSON on stdout, logs on stderr')
    .option('-v, --verbose', 'more detail on stderr')
}

/** Where the chain and the configuration come from. */
export function withChain(command: Command): Command {
  return withOutput(command)
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .option('--rpc <urls>', 'JSON-RPC URLs, separated by commas (default: CORDON_RPC_URL)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
}

export function load(options: CommonOptions, io: Io): Promise<LoadedConfig> {
  const { config: file, rpc } = options
  return loadConfig({ cwd: io.cwd, env: io.env, file, rpc, protect: listOf(options.protect) })
}

export function listOf(text: string | undefined): string[] {
  const items = text?.split(',').map((item) => item.trim()) ?? []
  return items.filter((item) => item !== '')
}

/** An option that must be a number above 0. Throws `app.InvalidNumber`. */
export function positive(text: string, option: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `${option} must be a number above 0, not “${text.slice(0, 40)}”.`,
    facts: { option, got: text.slice(0, 40) },
    fix: `Give a number, for example ${option} 180.`,
  })
}

/** For commands that read no configuration. */
export const RULES_OPTION: [string, string] = [
  '--rules <files>',
  'rule files, folders or patterns, separated by commas (default: the shipped ones; an empty list: none)',
]

export function rulesNamed({ rules }: { rules?: string }): string[] | undefined {
  return rules === undefined ? undefined : listOf(rules)
}
