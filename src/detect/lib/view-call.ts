import { type AbiFunction, encodeFunctionData, parseAbiItem } from 'viem'
import { z } from 'zod'
import { messageOf } from '../../kit/error.ts'
import { givenAddressSchema } from '../../model/given-address.ts'
import { type Hex, hexSchema, wordAt } from '../../model/hex.ts'
import type { StateRead } from '../../model/state-read.ts'

const argument = z.union([z.string(), z.number(), z.boolean()])

/** A view call as a person writes it, encoded. */
export const viewCallSchema = z
  .strictObject({
    to: givenAddressSchema,
    /** Calldata, or `signature` and `args` instead. */
    data: hexSchema.optional(),
    signature: z.string().optional(),
    args: z.array(argument).default([]),
    /** Which 32-byte word of the answer, read as uint256. */
    word: z.number().int().min(0).default(0),
  })
  .transform(({ to, data, signature, args, word }, context) => {
    if ((data === undefined) === (signature === undefined)) {
      context.addIssue({ code: 'custom', message: 'give either data, or signature and args' })
      return z.NEVER
    }
    try {
      return { to, word, data: data ?? encode(signature ?? '', args) }
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: `cannot be encoded: ${messageOf(thrown)}` })
      return z.NEVER
    }
  })
export type ViewCall = z.infer<typeof viewCallSchema>

function encode(signature: string, args: readonly (string | number | boolean)[]): Hex {
  const item = parseAbiItem(`function ${signature}` as string) as unknown as AbiFunction
  const typed = args.map((arg, i) =>
    /^u?int\d*$/.test(item.inputs[i]?.type ?? '') && typeof arg !== 'boolean' ? BigInt(arg) : arg,
  )
  return encodeFunctionData({ abi: [item], functionName: item.name, args: typed })
}

/** Answers by call. */
export type Answers = ReadonlyMap<string, Hex | null>

export function answersOf(reads: readonly StateRead[]): Answers {
  return new Map(reads.map(({ to, data, answer }) => [`${to}:${data}`, answer]))
}

/** The word that a call answered, as uint256; undefined where it gave no answer. */
export function answerIn({ to, data, word }: ViewCall, answers: Answers): bigint | undefined {
  const answer = answers.get(`${to}:${data}`)
  const digits = answer === undefined || answer === null ? undefined : wordAt(answer, word)
  return digits === undefined ? undefined : BigInt(`0x${digits}`)
}
