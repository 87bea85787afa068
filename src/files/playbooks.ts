import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import type { PinnedPlaybook } from '../model/playbook.ts'
import type { KnownAction } from '../playbooks/check.ts'
import { linkPlaybooks } from '../playbooks/link.ts'
import { parsePlaybook } from '../playbooks/parse.ts'

/**
 * The playbooks to run: the files named in the config, else the shipped ones. Each is fully validated before anything
 * starts. Throws `app.PlaybookUnreadable`, `playbooks.InvalidPlaybook`, `playbooks.UnknownAction`.
 */
export async function loadPlaybooks(
  files: readonly string[] | undefined,
  actions: readonly KnownAction[],
): Promise<PinnedPlaybook[]> {
  const loaded = (await playbookFiles(files)).map(async (file) => ({
    file,
    pinned: parsePlaybook(await readPlaybook(file), file, actions),
  }))
  return linkPlaybooks(await Promise.all(loaded))
}

/** Paths of the named playbooks, else of the shipped ones, by name. */
export async function playbookFiles(files: readonly string[] | undefined): Promise<string[]> {
  if (files !== undefined) return files.map((file) => resolve(file))
  const folder = join(packageRoot(), 'playbooks')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  return names.sort().map((name) => join(folder, name))
}

/** Throws `app.PlaybookUnreadable`. */
export async function readPlaybook(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CordonError({
      code: 'app.PlaybookUnreadable',
      message: `The playbook ${file} cannot be read: ${messageOf(cause)}`,
      facts: { file },
      fix: 'Correct the path: respond.playbooks in cordon.config.ts, or the one on the command line.',
      cause,
    })
  }
}
