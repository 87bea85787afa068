import { CordonError } from '../../kit/error.ts'
import { printable } from '../../kit/text.ts'

export function refused(problem: string): CordonError {
  return new CordonError({
    code: 'playbooks.CacaoRefused',
    message: `Cordon cannot import this CACAO playbook: ${printable(problem, 300)}.`,
    fix: 'Change that in the tool that wrote the file, or write the playbook for Cordon: docs/guides/playbooks.md.',
  })
}
