import type { Notification } from '../model/notification.ts'

/**
 * The title of a page: whether it is a drill, the severity in one word, then the event. It must be clear alone on one
 * line.
 */
export function pageTitle({ kind, severity }: Pick<Notification, 'kind' | 'severity'>, what: string): string {
  return `${drillMark({ kind })}${severity.toUpperCase()} · ${what.split(' · ').map(capitalised).join(' · ')}`
}

/** A first word that has capitals of its own (a token's symbol) stays as it is. */
function capitalised(part: string): string {
  return part.replace(/^[a-z]+(?![A-Za-z])/, (word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
}

export function drillMark({ kind }: Pick<Notification, 'kind'>): string {
  return kind === 'drill' ? 'DRILL: ' : ''
}
