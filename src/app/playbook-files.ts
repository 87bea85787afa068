import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CordonError, messageOf } from '../kit/error.ts'
import type { PinnedPlaybook } from '../model/playbook.ts'
import type { Action } from '../playbooks/action.ts'
import { parsePlaybook } from '../playbooks/parse.ts'
import { packageRoot } from './package-root.ts'

/**
 * The playbooks to run: the files named in the config, else the shipped ones. Each is checked whole before anything
 * starts. Throws `app.PlaybookUnreadable`, `playbooks.InvalidPlaybook`, `playbooks.UnknownAction`.
 */
export async function loadPlaybooks(
  files: readonly string[] | undefined,
  actions: readonly Action[],
): Promise<PinnedPlaybook[]> {
  const paths = files?.map((file) => resolve(file)) ?? (await shipped())
  return Promise.all(paths.map(async (file) => parsePlaybook(await read(file), file, actions)))
}

async function shipped(): Promise<string[]> {
  const folder = join(packageRoot(), 'playbooks')
  const names = await readdir(folder)
  return names.filter((name) => name.endsWith('.yaml')).map((name) => join(folder, name))
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CordonError({
      code: 'app.PlaybookUnreadable',
      message: `The playbook ${file} cannot be read: ${messageOf(cause)}`,
      facts: { file },
      fix: 'Correct respond.playbooks in cordon.config.ts.',
      cause,
    })
  }
}
