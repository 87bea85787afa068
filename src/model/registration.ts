import { z } from 'zod'

/** Options that a registration owns: which registration, and the fields that it validates itself. */
export const registeredSchema = z.looseObject({ kind: z.string() })
export type Registered = z.infer<typeof registeredSchema>

/** A problem with options, with the path to it inside them. */
export type OptionProblem = { path: PropertyKey[]; message: string }

type Registration = { kind: string; options: z.ZodType }

/** The registration that options name; undefined where there is none of that kind. */
export function registrationFor<T extends Registration>(
  registrations: readonly T[],
  { kind }: Registered,
): T | undefined {
  return registrations.find((one) => one.kind === kind)
}

/** The problems with options; empty where the registration accepts them. */
export function problemsOf(registrations: readonly Registration[], given: Registered): OptionProblem[] {
  const { kind, ...options } = given
  const registration = registrationFor(registrations, given)
  if (registration === undefined) {
    const known = registrations.map((one) => one.kind).join(', ')
    return [{ path: ['kind'], message: `there is no kind “${kind.slice(0, 40)}”; known are ${known}` }]
  }
  const parsed = registration.options.safeParse(options)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path, message }))
}
