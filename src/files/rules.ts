import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { CompiledRule } from '../detect/rules/compile.ts'
import { parseRule, refuseRepeated } from '../detect/rules/parse.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'

/** The source of rules: the paths in the configuration, or the shipped folder. */
export type RulePaths = readonly string[] | undefined

/**
 * The rules to run: from the named files, folders and patterns (`*` in the last part), else the shipped ones. Each is
 * fully validated. Throws `app.RulesUnreadable`, `detect.InvalidRule`, `detect.RepeatedRule`.
 */
export async function loadRules(paths: RulePaths): Promise<CompiledRule[]> {
  const files = await ruleFiles(paths)
  const rules = await Promise.all(files.map(async (file) => parseRule(await read(file), file)))
  refuseRepeated(rules)
  return rules
}

/** The options of the `rules` detector, in addition to those of the others. */
export async function withRules(
  detectors: Readonly<Record<string, unknown>>,
  paths: RulePaths,
): Promise<Record<string, unknown>> {
  return { ...detectors, rules: { rules: await loadRules(paths) } }
}

/** Absolute paths, in alphabetical order within each named path. Throws `app.RulesUnreadable`. */
export async function ruleFiles(paths: RulePaths): Promise<string[]> {
  if (paths === undefined) {
    const shipped = join(packageRoot(), 'rules')
    return existsSync(shipped) ? inFolder(shipped, '*') : []
  }
  const found = await Promise.all(paths.map((path) => filesOf(resolve(path))))
  return [...new Set(found.flat())]
}

async function filesOf(path: string): Promise<string[]> {
  if (basename(path).includes('*')) return inFolder(dirname(path), basename(path))
  try {
    return (await stat(path)).isDirectory() ? inFolder(path, '*') : [path]
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function inFolder(folder: string, pattern: string): Promise<string[]> {
  const matcher = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`)
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => /\.ya?ml$/.test(name) && matcher.test(name))
      .sort()
      .map((name) => join(folder, name))
  } catch (cause) {
    throw unreadable(folder, cause)
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(path: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'app.RulesUnreadable',
    message: `The rules at ${path} cannot be read: ${messageOf(cause)}`,
    facts: { path },
    fix: 'Correct `rules` in cordon.config.ts, or the path on the command line: a file, a folder, or a pattern as rules/*.yaml.',
    cause,
  })
}
