import { recoverTypedDataAddress } from 'viem'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { Address, Hex } from '../model/hex.ts'
import type { Signal } from '../model/playbook.ts'
import type { Roles } from '../model/role.ts'

/** A person's answer to a run, before it is signed. */
export type Answer = Pick<Signal, 'runId' | 'target' | 'answer' | 'author' | 'note'>

/** The EIP-712 message of an answer. A run and its step are unique: so is the answer. */
export function answerTypedData({ runId, target, answer, author, note }: Answer) {
  return {
    domain: { name: 'Cordon', version: '1' },
    types: {
      RunAnswer: [
        { name: 'run', type: 'string' },
        { name: 'step', type: 'string' },
        { name: 'answer', type: 'string' },
        { name: 'by', type: 'string' },
        { name: 'note', type: 'string' },
      ],
    },
    primaryType: 'RunAnswer',
    message: { run: runId, step: target, answer, by: author, note },
  } as const
}

/** The address that the configuration gives the person of this name; undefined if it gives none. */
export function addressNamed(roles: Roles, name: string): Address | undefined {
  return Object.values(roles)
    .flat()
    .find((person) => person.name === name)?.address
}

/** The signer of an answer. */
export type AnswerSigner = {
  address: Address
  signTypedData(data: ReturnType<typeof answerTypedData>): Promise<Hex>
}

/** Signs an answer with a signer of the configuration. Throws `app.NoSuchSigner`. */
export async function signAnswer(
  answer: Answer,
  roles: Roles,
  signers: readonly AnswerSigner[],
): Promise<Hex> {
  const address = addressNamed(roles, answer.author)
  const signer = signers.find((known) => known.address === address)
  if (signer !== undefined) return signer.signTypedData(answerTypedData(answer))
  throw new CordonError({
    code: 'app.NoSuchSigner',
    message: `The configuration has no signer for ${printable(answer.author, 60)}.`,
    facts: { address: address ?? 'none in roles', known: signers.map((known) => known.address) },
    fix: 'Sign the message that --show prints in a wallet, and give the signature with --signature.',
  })
}

/**
 * The proof that an answer comes from its author. Throws `app.WrongSignature` if there is a signature and it is
 * invalid.
 */
export async function proofOf(answer: Answer, roles: Roles, signature: Hex | null): Promise<Signal['proof']> {
  const address = addressNamed(roles, answer.author)
  if (signature === null) return address === undefined ? 'named' : 'unsigned'
  const by = await recoverTypedDataAddress({ ...answerTypedData(answer), signature }).catch(() => undefined)
  if (address !== undefined && by?.toLowerCase() === address) return 'signed'
  throw new CordonError({
    code: 'app.WrongSignature',
    message: `This signature is not ${printable(answer.author, 60)}’s over this answer.`,
    facts: { expected: address ?? 'no address in roles', signedBy: by?.toLowerCase() ?? 'nobody' },
    fix: 'Sign exactly the message that --show prints, with your address in roles.',
  })
}
