import { z } from 'zod'

/** An error over HTTP: RFC 9457 problem details with the fields of a CordonError. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** The failure, in one sentence. */
  detail: z.string(),
  /** The requested path, without its query. */
  instance: z.string(),
  /** `room.Name` */
  code: z.string(),
  /** The observed values. */
  facts: z.record(z.string(), z.unknown()),
  /** The action that the reader can take now. */
  fix: z.string(),
  /** The page about this error, in the repository and the package. */
  docs: z.string(),
})
export type Problem = z.infer<typeof problemSchema>
