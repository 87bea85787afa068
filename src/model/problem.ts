import { z } from 'zod'

/** An error over HTTP: RFC 9457 problem details with the fields of a CordonError. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** What failed, one sentence. */
  detail: z.string(),
  /** The path that was asked for, without its query. */
  instance: z.string(),
  /** `room.Name` */
  code: z.string(),
  /** What was seen. */
  facts: z.record(z.string(), z.unknown()),
  /** What the reader can do now. */
  fix: z.string(),
  /** The page about this error, in the repository and the package. */
  docs: z.string(),
})
export type Problem = z.infer<typeof problemSchema>
