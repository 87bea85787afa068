import { z } from 'zod'

/** Options that a registration owns: which registration, and the fields that it validates itself. */
export const registeredSchema = z.looseObject({ kind: z.string() })
export type Registered = z.infer<typeof registeredSchema>

/** A problem with options, with the path to it inside them. */
export type OptionProblem = { path: PropertyKey[]; message: string }

type Registration = { kind: string; options: z.ZodType }

/** The registration that options name, and the options as it parses them; undefined where there is none of that kind. */
export function registeredAs<T extends Registration>(
  registrations: readonly T[],
  { kind: name, ...given }: Registered,
): { kind: T; options: unknown } | undefined {
  const kind = registrations.find((one) => one.kind === name)
  return kind === undefined ? undefined : { kind, options: kind.options.parse(given) }
}

/** The problems with options; empty where the registration accepts them. */
export function problemsOf(registrations: readonly Registration[], given: Registered): OptionProblem[] {
  const { kind, ...options } = given
  const registration = registrations.find((one) => one.kind === kind)
  if (registration === undefined) {
    const known = registrations.map((one) => one.kind).join(', ')
    return [{ path: ['kind'], message: `there is no kind “${kind.slice(0, 40)}”; known are ${known}` }]
  }
  const parsed = registration.options.safeParse(options)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path, message }))
}
